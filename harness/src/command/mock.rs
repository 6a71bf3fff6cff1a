//! `chaos mock`: the mock of the Claude API on a port, with the flags of its own binary.

use mock_claude::cli::{self, Args};

use crate::{Exit, Failure};

/// Serves until a signal comes, or prints what was asked for.
pub fn execute(args: Args) -> Result<Exit, Failure> {
    match cli::execute(args) {
        Ok(()) => Ok(Exit::Pass),
        Err(failure) => {
            let exit = match failure.code {
                cli::USAGE => Exit::Usage,
                cli::INVALID_CONFIG => Exit::Invalid,
                _ => Exit::Internal,
            };
            Err(Failure::new(exit, failure.message))
        }
    }
}
