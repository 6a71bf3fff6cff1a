//! How a request reaches the API: over a pipe inside the process, or over a socket.
//!
//! Everything above this trait (retries, deadlines, reading of answers, classification) is one code
//! path for both.

mod pipe;
mod socket;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use pipe::Pipe;
pub use socket::Socket;

/// A response whose body is still arriving.
pub type Response = http::Response<BoxStream<'static, Result<Bytes, TransportError>>>;

/// The connection failed, or broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TransportError(String);

impl TransportError {
    /// The error with everything that caused it, outermost first.
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let words = inner.to_string();
            if !text.ends_with(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = inner.source();
        }
        Self(text)
    }

    /// A body that is larger than anything the API sends.
    pub fn too_large(limit: usize) -> Self {
        Self(format!("the body is larger than {limit} bytes"))
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
