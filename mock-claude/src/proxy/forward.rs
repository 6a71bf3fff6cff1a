//! The proxy: decides each request as the mock would, answers it where a fault hits it, and
//! otherwise hands it to the upstream and the answer back, byte by byte as it comes.
//!
//! Faults are the mock's own, by the same seed and the same attempts; one that hits replaces the
//! upstream's answer whole. Limits are not enforced here: the upstream has its own. A request is
//! held in memory, an answer is not.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderName};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use super::record::{Exchange, Piece, Recorder, without, written};
use super::relay::Relay;
use crate::answer::error_headers;
use crate::config::Config;
use crate::error::ApiError;
use crate::latency::LatencyConfig;
use crate::routes::{self, MAX_BODY_BYTES};
use crate::server::{MAX_CONNECTIONS, MockClaude};
use crate::{listener, visit, watch};

/// Headers that belong to one connection and are not passed on.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a proxy is made of.
#[derive(Debug)]
pub struct ProxyConfig {
    /// Where requests go: `https://api.anthropic.com`, or another mock.
    pub upstream: String,
    /// How long the upstream may say nothing.
    pub timeout: Duration,
    /// Seed and faults; the other sections have no meaning here.
    pub mock: Config,
    /// Where exchanges are recorded, if they are.
    pub recorder: Option<Recorder>,
}

/// An upstream that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyError(String);

impl Display for ProxyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not an http or https address", self.0)
    }
}

impl std::error::Error for ProxyError {}

/// A proxy. Clones share everything.
#[derive(Debug, Clone)]
pub struct Proxy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    scheme: Scheme,
    authority: Authority,
    prefix: String,
    timeout: Duration,
    mock: MockClaude,
    recorder: Option<Arc<Recorder>>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Proxy {
    /// A proxy whose mock, which decides the faults and keeps the journal, began at `epoch_ms`.
    pub fn new(config: ProxyConfig, epoch_ms: i64) -> Result<Self, ProxyError> {
        let ProxyConfig { upstream, timeout, mock, recorder } = config;
        let refused = || ProxyError(upstream.clone());
        let parts = upstream.parse::<Uri>().map_err(|_| refused())?.into_parts();
        let scheme = parts.scheme.filter(|scheme| ["http", "https"].contains(&scheme.as_str()));
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let decide = Config { limits: None, latency: LatencyConfig::none(), ..mock };
        Ok(Self(Arc::new(Inner {
            scheme: scheme.ok_or_else(refused)?,
            authority: parts.authority.ok_or_else(refused)?,
            prefix: path.trim_end_matches('/').to_owned(),
            timeout,
            mock: MockClaude::with(decide, epoch_ms, crate::journal::Journal::default()),
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
        let routes = Router::new().fallback(handle).with_state(self.clone());
        watch::watched(routes, Arc::clone(self.0.mock.state()))
    }

    /// Serves connections until `shutdown` is ready.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        listener::serve(self.router(), listener, MAX_CONNECTIONS, shutdown).await;
    }

    fn target(&self, asked: &Uri) -> Option<Uri> {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        Uri::builder()
            .scheme(self.0.scheme.clone())
            .authority(self.0.authority.clone())
            .path_and_query(format!("{}{path}", self.0.prefix))
            .build()
            .ok()
    }

    async fn forward(
        &self,
        head: http::request::Parts,
        body: Bytes,
        started: Instant,
    ) -> Result<Response, ApiError> {
        let target = self.target(&head.uri);
        let target = target.ok_or_else(|| ApiError::invalid_request("the path is not valid"))?;
        let mut request = http::Request::new(Full::new(body.clone()));
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
        let exchange = self.0.recorder.as_ref().map(|recorder| {
            let secret = secret(&head.headers);
            let exchange = begun(&head, &body, &answered, secret.as_deref(), started);
            (Arc::clone(recorder), exchange, secret)
        });
        let relay = Relay::new(inner, exchange, started, self.0.timeout);
        Ok(Response::from_parts(answered, Body::new(relay)))
    }
}

async fn handle(Extracted(proxy): Extracted<Proxy>, request: Request) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        let message = "Request exceeds the maximum allowed number of bytes";
        return refuse(&ApiError::of_status(413, message), "req_proxy");
    };
    let mut shown = Request::new(Body::from(body.clone()));
    *shown.method_mut() = head.method.clone();
    *shown.uri_mut() = head.uri.clone();
    *shown.headers_mut() = head.headers.clone();
    let state = proxy.0.mock.state();
    let deciding = TowerToHyperService::new(routes::router(Arc::clone(state)));
    let decided = hyper::service::Service::call(&deciding, shown).await;
    let (request_id, fault) = state.journal.decided().unwrap_or_default();
    if let (Some(_), Ok(answer)) = (fault, decided) {
        return answer;
    }
    visit::note(|visit| visit.prompt = None);
    match proxy.forward(head, body, started).await {
        Ok(response) => response,
        Err(error) => refuse(&error, &request_id),
    }
}

fn refuse(error: &ApiError, request_id: &str) -> Response {
    let mut response = Response::new(Body::from(error.body(request_id)));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    error_headers(error, headers);
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    if let Ok(id) = http::HeaderValue::try_from(request_id) {
        headers.insert("request-id", id);
    }
    response
}

/// The headers without those that belong to one connection.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<String> =
        named.flat_map(|names| names.split(',')).map(|name| name.trim().to_lowercase()).collect();
    let stays = |name: &HeaderName| {
        !HOP_BY_HOP.contains(&name.as_str()) && !named.iter().any(|other| other == name.as_str())
    };
    let mut passed = HeaderMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| stays(name)) {
        passed.append(name.clone(), value.clone());
    }
    passed
}

fn secret(headers: &HeaderMap) -> Option<String> {
    let key = visit::credential(headers)?;
    str::from_utf8(key).ok().map(str::to_owned)
}

fn begun(
    head: &http::request::Parts,
    body: &Bytes,
    answered: &http::response::Parts,
    secret: Option<&str>,
    started: Instant,
) -> Exchange {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    Exchange {
        method: head.method.to_string(),
        path: without(path, secret),
        request_headers: written(&passed_on(&head.headers), secret),
        request_body: Piece::of(body, secret),
        status: answered.status.as_u16(),
        headers: written(&answered.headers, secret),
        head_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        chunks: Vec::new(),
        complete: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_one_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("transfer-encoding", "chunked"),
            ("request-id", "req_1"),
        ] {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        let passed = passed_on(&headers);
        assert_eq!(passed.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["request-id"]);
    }

    #[tokio::test]
    async fn an_upstream_is_an_address_with_a_scheme() {
        let proxy = |upstream: &str| {
            let config = ProxyConfig {
                upstream: upstream.to_owned(),
                timeout: Duration::from_secs(1),
                mock: Config::default(),
                recorder: None,
            };
            Proxy::new(config, 0)
        };
        let prefixed = proxy("https://api.example.com/base/").unwrap();
        let target = prefixed.target(&Uri::from_static("/v1/messages?beta=true")).unwrap();
        assert_eq!(target, "https://api.example.com/base/v1/messages?beta=true");
        for wrong in ["api.example.com", "ftp://api.example.com", "", "http://"] {
            assert!(proxy(wrong).is_err(), "{wrong}");
        }
    }
}
