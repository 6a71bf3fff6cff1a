//! A stand-in for the Claude API: the same requests, replies, headers, limits and errors, and
//! exactly the trouble that a fault plan asks for, twice the same.
//!
//! The modules in reading order: what a request is ([`request`], [`error`], [`error_codes`]), what
//! is decided about it ([`chance`], [`fault`], [`limits`], [`latency`]), what is answered
//! ([`definitions`], [`reply`], [`message`], [`stream`]), what it costs ([`tokens`], [`prices`],
//! [`prompt_cache`], [`journal`]), the order in which one request is decided ([`answer`]), what is
//! beside messages ([`api`]), what carries it ([`routes`], [`server`], [`pipe`]), what was seen of
//! it from outside ([`visit`], [`metrics`], [`verdict`], [`admin`], [`proxy`]), and what is typed
//! to start it ([`cli`]).
//!
//! Time comes from tokio's clock, so a paused runtime runs it in simulated time; chance comes
//! from the seed, the request and its attempt, so the order of arrival decides nothing.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mock = mock_claude::MockClaude::new(mock_claude::Config::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let url = format!("http://{}", listener.local_addr().unwrap());
//! let server = tokio::spawn(mock.clone().serve(listener, std::future::pending()));
//! // Point any client at `url`, then look at `mock.ledger()`.
//! # let _ = url; server.abort();
//! # });
//! ```

pub mod admin;
pub mod answer;
pub mod api;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod definitions;
pub mod error;
pub mod error_codes;
pub mod fault;
pub mod journal;
pub mod latency;
pub mod limits;
mod listener;
pub mod message;
mod messages;
pub mod metrics;
mod names;
mod patience;
pub mod pipe;
pub mod prices;
pub mod prompt_cache;
pub mod proxy;
pub mod reply;
pub mod request;
mod respond;
pub mod routes;
mod seen;
pub mod server;
mod service;
pub mod stream;
pub mod tokens;
pub mod verdict;
pub mod visit;
mod watch;
mod wire;

pub use config::Config;
pub use journal::{Entry, Ledger};
pub use server::MockClaude;
pub use strict_toml::Problem;
