//! The proxy: decides which fault each request meets, hands it to the upstream, and the answer
//! back, byte by byte as it comes and as the fault leaves it.
//!
//! A status fault answers in the upstream's place, which never hears of the request. Every other
//! fault acts on the bytes that the upstream sent: they are late, cut, corrupt or wrong, and
//! charged. The recording holds what the client was sent. Limits are not enforced here: the
//! upstream has its own. A request is held in memory; an answer only where a fault has to see the
//! whole of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use super::decide::decide;
use super::hop::passed_on;
use super::noting::Noting;
use super::record::Recorder;
use super::relay::Relay;
use super::upstream::{Address, ProxyError, connector};
use crate::api::error::ApiError;
use crate::exchange::{Answering, Exchange, Origin, refuse};
use crate::fault::injector::InFlight;
use crate::journal::Journal;
use crate::mock::MockClaude;
use crate::mock::config::{Config, LatencyConfig};
use crate::server::body;

/// What a proxy is made of.
#[derive(Debug)]
pub struct ProxyConfig {
    /// Where requests go: `https://api.anthropic.com`, or another mock.
    pub upstream: String,
    /// Certificates that are believed in place of Mozilla's, as a PEM file.
    pub certificates: Option<Vec<u8>>,
    /// How long the upstream may say nothing.
    pub timeout: Duration,
    /// Seed and faults; the other sections have no meaning here.
    pub mock: Config,
    /// Where exchanges are recorded, if they are.
    pub recorder: Option<Recorder>,
}

/// A proxy. Clones share everything.
#[derive(Debug, Clone)]
pub struct Proxy(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    upstream: Address,
    timeout: Duration,
    mock: MockClaude,
    recorder: Option<Arc<Recorder>>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Proxy {
    /// A proxy whose mock, which decides the faults and keeps the journal, began at `epoch_ms`.
    pub fn new(config: ProxyConfig, epoch_ms: i64) -> Result<Self, ProxyError> {
        let ProxyConfig { upstream, certificates, timeout, mock, recorder } = config;
        let connector = connector(certificates.as_deref())?;
        let latency = LatencyConfig::none();
        let upstream = Address::new(&upstream)?;
        let journal = Journal::of_proxy(upstream.secrets());
        let decide = Config { limits: None, latency, contract: true, ..mock };
        Ok(Self(Arc::new(Shared {
            upstream,
            timeout,
            mock: MockClaude::of_proxy(decide, epoch_ms, journal),
            recorder: recorder.map(Arc::new),
            client: Client::builder(TokioExecutor::new()).build(connector),
        })))
    }

    /// The mock that decides the faults: its journal is the proxy's, its ledger is an estimate.
    pub fn mock(&self) -> &MockClaude {
        &self.0.mock
    }

    /// The routes: whatever is asked for goes to the upstream.
    pub fn router(&self) -> Router {
        self.0.mock.router_of(self.routes())
    }

    fn routes(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// Serves connections until `shutdown` is ready.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let mock = self.0.mock.clone();
        mock.serve_routes(self.routes(), listener, shutdown).await;
    }

    async fn forward(
        &self,
        head: http::request::Parts,
        body: Bytes,
        in_flight: InFlight,
    ) -> Result<Response, ApiError> {
        let target = self.0.upstream.target(&head.uri);
        let target = target.ok_or_else(|| ApiError::invalid_request("the path is not valid"))?;
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = target;
        *request.headers_mut() = passed_on(&head.headers);
        // Its own is set by the client; and what is not compressed can be read in the recording.
        for own in [HOST, CONTENT_LENGTH, ACCEPT_ENCODING] {
            request.headers_mut().remove(own);
        }
        let answer = match timeout(self.0.timeout, self.0.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the upstream could not be reached");
                return Err(ApiError::of_status(502, "the upstream could not be reached"));
            }
            Err(_) => return Err(ApiError::of_status(504, "the upstream did not answer in time")),
        };
        let (mut answered, inner) = answer.into_parts();
        answered.headers = passed_on(&answered.headers);
        answered.version = http::Version::HTTP_11;
        answered.extensions.clear();
        let relay = Relay::new(inner, self.0.timeout, in_flight);
        Ok(Response::from_parts(answered, Body::new(relay)))
    }
}

async fn handle(Extracted(proxy): Extracted<Proxy>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let origin = head.extensions.remove::<Origin>().unwrap_or_default();
    let core = Arc::clone(proxy.0.mock.core());
    let body = match body::read(body).await {
        Ok(body) => body,
        Err(error) => return refuse(&error, HeaderMap::new(), "req_proxy"),
    };
    let exchange = Exchange::begin(&core, origin, |core, trace| {
        let (passed_on, bytes) = (head.clone(), body.clone());
        let forwarding = proxy.clone();
        let upstream = Box::new(move |_: Instant, in_flight: InFlight| -> Answering {
            Box::pin(async move { forwarding.forward(passed_on, bytes, in_flight).await })
        });
        decide(core, trace, &head, &body, upstream)
    });
    let Shared { recorder, upstream, .. } = &*proxy.0;
    let noting = recorder
        .as_ref()
        .map(|recorder| Noting::new(Arc::clone(recorder), upstream.secrets(), head, body));
    let response = exchange.end(&core).await;
    match noting {
        Some(noting) => noting.answered(response),
        None => response,
    }
}
