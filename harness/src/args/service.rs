//! What is typed for a service of the user's, wherever a target is asked for.

use std::num::NonZeroU16;

use clap::Args as Section;

/// A service of the user's.
#[derive(Debug, Section)]
pub struct ServiceArgs {
    /// Your own service: posted each file; it finds the mock in its environment
    #[arg(long, value_name = "URL")]
    pub http: Option<String>,
    /// The command that starts it, for a shell
    #[arg(long, value_name = "COMMAND", requires = "http")]
    pub start: Option<String>,
    /// The port at which a service that is running already finds the mock
    #[arg(long, value_name = "PORT", requires = "http", conflicts_with = "start")]
    pub mock_port: Option<NonZeroU16>,
    /// Your service may be on another machine
    #[arg(long)]
    pub allow_remote: bool,
}
