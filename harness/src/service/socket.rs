//! The transport of real time: reqwest to a real port.

use bytes::Bytes;
use engine::client::transport::{Response, Transport, TransportError};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use reqwest::Client;

use crate::process::exhausted;

/// Connections to a base URL.
#[derive(Debug, Clone)]
pub struct Socket {
    client: Client,
    base: String,
}

impl Socket {
    /// Connections to `base`, for example `http://127.0.0.1:8080`. Proxies are not used: load
    /// goes where it is meant to go.
    pub fn new(base: impl Into<String>) -> Result<Self, TransportError> {
        let client =
            Client::builder().no_proxy().build().map_err(|error| TransportError::of(&error))?;
        Ok(Self { client, base: base.into() })
    }

    async fn call(&self, request: http::Request<Bytes>) -> Result<Response, TransportError> {
        let (head, body) = request.into_parts();
        let url = format!("{}{}", self.base, head.uri);
        let response = self
            .client
            .request(head.method, url)
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let pieces =
            http_body_util::BodyExt::into_data_stream(body).map(|piece| piece.map_err(failed));
        Ok(http::Response::from_parts(head, pieces.boxed()))
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    exhausted::note(&error);
    TransportError::of(&error)
}

impl Transport for Socket {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.call(request).boxed()
    }
}
