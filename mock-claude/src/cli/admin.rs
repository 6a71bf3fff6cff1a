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
use crate::server::admin::{self, Access, Token};

/// The admin API's flags.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_field_names, reason = "the fields are called as the flags are")]
pub(super) struct AdminArgs {
    /// Serves the admin API and its page on this port; 0 takes a free one. Off without the flag.
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// The address of the admin API.
    #[arg(long, value_name = "HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    admin_host: IpAddr,
    /// A further name that clients call the admin API by, as that of its container; it refuses
    /// every name but this, `localhost` and its address. May be given more than once.
    #[arg(long = "admin-name", value_name = "NAME")]
    admin_names: Vec<String>,
    /// What clients of the admin API have to send as `Authorization: Bearer TOKEN`.
    #[arg(long, value_name = "TOKEN", env = "MOCK_CLAUDE_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
}

impl AdminArgs {
    /// Starts the admin API of `mock`, where it is wanted, and says where its page is. It ends with
    /// the runtime.
    pub(super) fn start(&self, mock: &MockClaude) -> Result<Option<String>, Failure> {
        let Some(port) = self.admin_port else { return Ok(None) };
        let (listener, bound) = listen(SocketAddr::new(self.admin_host, port))?;
        let _ = writeln!(io::stderr(), "admin http://{bound}");
        let (token, page) = match &self.admin_token {
            Some(token) if token.trim().is_empty() => {
                return Err(Failure::usage("`--admin-token` is empty".to_owned()));
            }
            // The one that was given is known, and is printed nowhere.
            Some(token) => (Some(Token::new(token)), page(bound, None)),
            None if admin::needs_token(self.admin_host) => {
                let text = made()?;
                let _ = writeln!(io::stderr(), "admin token {text}");
                (Some(Token::new(&text)), page(bound, Some(&text)))
            }
            None => (None, page(bound, None)),
        };
        let _ = writeln!(io::stderr(), "page {page}");
        let named = |access: Access, name: &String| access.with_name(name);
        let access = self.admin_names.iter().fold(Access::from(token), named);
        let serving = admin::serve(mock.clone(), access, listener, std::future::pending());
        tokio::spawn(serving);
        Ok(Some(page))
    }
}

/// Where a browser on this machine finds the page. It keeps what follows `#` to itself.
fn page(bound: SocketAddr, token: Option<&str>) -> String {
    let host = match bound.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let token = token.map(|token| format!("#token={token}")).unwrap_or_default();
    format!("http://{host}:{}/{token}", bound.port())
}

/// A token of 128 bits from the system.
fn made() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::internal("no token can be made", &error))?;
    Ok(const_hex::encode(bytes))
}
