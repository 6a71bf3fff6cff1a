//! A stand-in for the Claude API: the same requests, replies, headers, limits and errors, and
//! exactly the faults that are asked for, the same every time.
//!
//! ```
//! # use mock_claude::{MockClaude, fault, limits::Tier};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let overloaded_once = fault::status(529).first_attempts(1);
//! let mock =
//! MockClaude::builder().seed(7).limits(Tier::Start).fault(overloaded_once).start().await?;
//! # ask(mock.url()).await;
//! // Point the client under test at `mock.url()`, then:
//! mock.assert_clean();
//! # assert_eq!(mock.journal().len(), 2);
//! # Ok(()) }
//! # async fn ask(url: &str) {
//! #     use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! #     let body = r#"{"model":"claude-sonnet-4-5","max_tokens":9,
//! #         "messages":[{"role":"user","content":"hi"}]}"#;
//! #     for (wait_ms, status) in [(0, "529"), (100, "200")] {
//! #         tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
//! #         let address = url.trim_start_matches("http://");
//! #         let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
//! #         let head = format!("POST /v1/messages HTTP/1.1\r\nhost: {address}\r\nx-api-key: k\r\n\
//! #             anthropic-version: 2023-06-01\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
//! #             body.len());
//! #         socket.write_all((head + body).as_bytes()).await.unwrap();
//! #         let mut answer = String::new();
//! #         socket.read_to_string(&mut answer).await.unwrap();
//! #         assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
//! #     }
//! # }
//! ```
//!
//! The mock stops when it is dropped. [`MockServer::url`] is where it is, [`MockClaude::records`]
//! what it received, [`MockClaude::conduct`] what the client did wrong with it: whether it waited
//! as long as it was asked to, backed off, gave up on what cannot succeed. Without a port,
//! [`Builder::build`] and [`MockClaude::connect`] run it inside the process, and in simulated time
//! on a paused tokio runtime.
//!
//! # When to use something else
//!
//! [wiremock](https://docs.rs/wiremock) answers what a test tells it to answer, for any HTTP API.
//! Use it where a test is about one call: the exact request that is sent, or what becomes of one
//! reply that you write out. Use this crate where a test is about how a client behaves towards this
//! API: it answers any valid request as the API would, refuses invalid ones in the API's words,
//! counts tokens and money, limits, streams, fails on request, and judges the client's retries.
//! What an answer says can be chosen ([`Builder::reply`]), its form cannot, and it knows no other
//! API.
//!
//! # Features
//!
//! `cli` is the command line of the binary `mock-claude`, and `proxy` the proxy in front of a real
//! API with its recordings. Both are on by default, so that the binary installs as it is; a test
//! wants neither, nor clap and rustls which they bring: `default-features = false`.
//! `workspace-internals` is for the other crates of this workspace, and promises nothing.
//!
//! # The rooms
//!
//! From the bottom up: `basis` (chance, time, digits), `api` (what is said and heard), `model`
//! (what answers), [`limits`] and [`fault`] (what is in its way), [`journal`] and [`conduct`] (what
//! was seen), `exchange` (how one request is decided and answered), `routes` and `server` (what
//! brings it), `mock` (all of it as a value), and on top [`admin`], `proxy` and `cli`.
//!
//! Time comes from tokio's clock, so a paused runtime runs it in simulated time; chance comes
//! from the seed, the request and its attempt, so the order of arrival decides nothing.
#![cfg_attr(
    not(feature = "workspace-internals"),
    expect(unreachable_pub, dead_code, reason = "part of it is only used by the workspace")
)]

mod basis;

mod api;

mod model;

pub mod fault;
pub mod limits;

pub mod journal;

mod cloud;
mod exchange;

mod routes;
mod server;

mod mock;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "proxy")]
pub mod proxy;

pub use self::journal::conduct;
pub use self::journal::{Entry, Ledger};
pub use self::mock::config;
pub use self::mock::{Builder, Config, MockClaude, MockServer};
pub use self::server::admin;
pub use strict_toml::Problem;

/// What the other crates of this workspace take from the inside. It promises nothing: anything in
/// it may change with any commit.
#[cfg(feature = "workspace-internals")]
pub mod internals {
    pub use crate::api::headers::TAG_HEADER;
    pub use crate::api::sse::Sought;
    pub use crate::api::{prices, request, tokens};
    pub use crate::basis::{chance, clock, hex};
    pub use crate::model::{definitions, latency, reply};
    pub use crate::routes::{batches, files};
    pub use crate::server::{MAX_BODY_BYTES, listen};
}
