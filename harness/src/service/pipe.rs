//! The transport of simulated time: hyper's client on one end of a pipe, the mock on the other.
//!
//! Real bytes of HTTP, no sockets. A connection serves one request, so that an attempt of the
//! pipeline is exactly one request to the mock: no pool retries behind our back.

use bytes::Bytes;
use engine::client::transport::{Response, Transport, TransportError};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mock_claude::MockClaude;

/// Connections to a mock in this process.
#[derive(Debug, Clone)]
pub struct Pipe {
    mock: MockClaude,
}

impl Pipe {
    /// Connections to `mock`.
    pub const fn new(mock: MockClaude) -> Self {
        Self { mock }
    }

    async fn call(&self, request: http::Request<Bytes>) -> Result<Response, TransportError> {
        let error = |error: hyper::Error| TransportError::of(&error);
        let io = TokioIo::new(self.mock.connect());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(error)?;
        let driver = AbortOnDrop(tokio::spawn(connection));
        let mut request = request.map(Full::new);
        request.headers_mut().insert(http::header::HOST, http::HeaderValue::from_static("mock"));
        let response = sender.send_request(request).await.map_err(error)?;
        Ok(response.map(|body| {
            body.into_data_stream()
                .map(move |piece| {
                    // The connection lives as long as the body that it carries.
                    let _ = &driver;
                    piece.map_err(error)
                })
                .boxed()
        }))
    }
}

impl Transport for Pipe {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.call(request).boxed()
    }
}

/// A task that ends with its owner: a call that is given up closes its connection.
struct AbortOnDrop(tokio::task::JoinHandle<Result<(), hyper::Error>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
