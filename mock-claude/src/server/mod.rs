//! What carries a request: the listener and its connections ([`listener`], [`wire`], [`pipe`]), the
//! body and the service behind them ([`body`], [`drain`], [`tee`], [`service`]), what is seen of it
//! from outside ([`trace_layer`]), and the admin API on a listener of its own ([`admin`]).
//!
//! The caller owns the lifetime: it brings the listener and says when to stop, and nothing is
//! left running.

pub mod admin;
pub(crate) mod body;
mod date;
mod drain;
mod head;
pub(crate) mod idle;
pub(crate) mod listener;
pub(crate) mod pipe;
pub(crate) mod service;
mod tee;
mod trace_layer;
pub(crate) mod wire;

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

pub use self::body::MAX_BODY_BYTES;

/// Connections that may wait to be accepted, so that a burst is not lost in the kernel.
const BACKLOG: u32 = 4096;

/// A listener that holds a burst of connections.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
