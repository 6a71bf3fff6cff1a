//! The admin API of the mock: its flags, and its start.
//!
//! Off unless a port is given. Where others can reach it, it has a token: the one that was given,
//! or one that is made and printed once.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

use super::failure::Failure;
use super::run::listen;
use crate::mock::MockClaude;
use crate::server::admin::{self, Token};

/// The admin API's flags.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_field_names, reason = "the fields are called as the flags are")]
pub(super) struct AdminArgs {
    /// Serves the admin API on this port; 0 takes a free one. Off without the flag.
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// The address of the admin API.
    #[arg(long, value_name = "HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    admin_host: IpAddr,
    /// What clients of the admin API have to send as `Authorization: Bearer TOKEN`.
    #[arg(long, value_name = "TOKEN", env = "MOCK_CLAUDE_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
}

impl AdminArgs {
    /// Starts the admin API of `mock`, where it is wanted. It ends with the runtime.
    pub(super) fn start(&self, mock: &MockClaude) -> Result<(), Failure> {
        let Some(port) = self.admin_port else { return Ok(()) };
        let (listener, bound) = listen(SocketAddr::new(self.admin_host, port))?;
        let _ = writeln!(io::stderr(), "admin http://{bound}");
        let token = match &self.admin_token {
            Some(token) if token.trim().is_empty() => {
                return Err(Failure::usage("`--admin-token` is empty".to_owned()));
            }
            Some(token) => Some(Token::new(token)),
            None if admin::needs_token(self.admin_host) => Some(made()?),
            None => None,
        };
        let serving = admin::serve(mock.clone(), token, listener, std::future::pending());
        tokio::spawn(serving);
        Ok(())
    }
}

/// A token of 128 bits from the system, printed this once.
fn made() -> Result<Token, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::internal("no token can be made", &error))?;
    let text = const_hex::encode(bytes);
    let _ = writeln!(io::stderr(), "admin token {text}");
    Ok(Token::new(&text))
}
