//! How a request reaches the API: whoever runs the engine brings the way.
//!
//! Everything above this trait (retries, deadlines, reading of answers, classification) is one code
//! path for all of them.

use std::io::{self, ErrorKind};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// A response whose body is still arriving.
pub type Response = http::Response<BoxStream<'static, Result<Bytes, TransportError>>>;

/// The connection failed, or broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TransportError {
    text: String,
    /// Where it broke.
    pub broke: Break,
}

/// Where a connection broke: some clients try again after one kind and not after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// It was never made.
    Connecting,
    /// The other side ended it early, or said what is no HTTP.
    Protocol,
    /// It was reset, or failed in another way while it was read or written.
    Transfer,
}

impl TransportError {
    /// The error with everything that caused it, outermost first.
    pub fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut broke = Break::Protocol;
        let mut cause = Some(error);
        while let Some(inner) = cause {
            broke = io_kind(inner).map_or(broke, Break::of);
            let words = inner.to_string();
            if !text.ends_with(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = inner.source();
        }
        Self { text, broke }
    }

    /// A body that is larger than anything the API sends.
    pub fn too_large(limit: usize) -> Self {
        let text = format!("the body is larger than {limit} bytes");
        Self { text, broke: Break::Protocol }
    }
}

/// The kind of an error of the operating system; none for an error of another layer.
fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

impl Break {
    const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::AddrNotAvailable => Self::Connecting,
            // A body that ends too early arrives as an I/O error, and is the other side's doing.
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
                Self::Protocol
            }
            _ => Self::Transfer,
        }
    }
}

/// Sends a request whose URI is a path.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the head of its response.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response, TransportError>>;
}
