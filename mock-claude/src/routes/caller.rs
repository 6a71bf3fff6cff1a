//! How a route hands its request over to an exchange: who asks, and what for.
//!
//! What a request is about names it among all others, so it is said in one place: the method with
//! the path, or with the path and the query, or whatever the route says.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use super::stored::Stored;
use crate::api::error::ApiError;
use crate::exchange::pending::Asking;
use crate::exchange::route::{Context, subject};
use crate::exchange::{Exchange, Given, Origin};

/// A request without its body.
pub(super) struct Caller {
    pub(super) stored: Arc<Stored>,
    pub(super) headers: HeaderMap,
    method: Method,
    uri: Uri,
    origin: Origin,
}

impl FromRequestParts<Arc<Stored>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        stored: &Arc<Stored>,
    ) -> Result<Self, Infallible> {
        // What only asks for the head of an answer is about the same.
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        Ok(Self {
            stored: Arc::clone(stored),
            headers: parts.headers.clone(),
            method: method.clone(),
            uri: parts.uri.clone(),
            origin: parts.extensions.remove().unwrap_or_default(),
        })
    }
}

impl Caller {
    /// The query, empty where there is none.
    pub(super) fn query(&self) -> String {
        self.uri.query().unwrap_or_default().to_owned()
    }

    /// Answers a request about what its path names.
    pub(super) async fn ask(
        self,
        work: impl FnOnce(Context<'_>) -> Result<Given, ApiError>,
    ) -> Response {
        let about = subject(self.method.as_str(), self.uri.path(), 0);
        self.ask_about(about, work).await
    }

    /// Answers a request about one page of a list.
    pub(super) async fn ask_page(
        self,
        work: impl FnOnce(Context<'_>) -> Result<Given, ApiError>,
    ) -> Response {
        let page = format!("{}?{}", self.uri.path(), self.query());
        let about = subject(self.method.as_str(), &page, 0);
        self.ask_about(about, work).await
    }

    /// Answers a request about `about`.
    pub(super) async fn ask_about(
        self,
        about: u64,
        work: impl FnOnce(Context<'_>) -> Result<Given, ApiError>,
    ) -> Response {
        let Self { stored, headers, uri, origin, .. } = self;
        let exchange = Exchange::begin(&stored.core, origin, |core, trace| {
            let asking = Asking::directly(&headers, Some(trace));
            core.route(asking, uri.path(), about, work)
        });
        exchange.end(&stored.core).await
    }
}

/// The id in a path. What is no text once it is decoded is taken as it was written: an id that
/// nothing has, so that the answer is the API's and not the router's.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let decoded = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(decoded.map_or_else(
            |_| {
                let mut segments = parts.uri.path().split('/');
                segments.find(|segment| segment.contains('%')).unwrap_or_default().to_owned()
            },
            |Path(id)| id,
        )))
    }
}
