//! How a route hands its request over to `call`: who asks, and what for.
//!
//! What a request is about names it among all others, so it is said in one place: the method with
//! the path, or with the path and the query, or whatever the route says.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use super::call::{Context, Given, answer, subject};
use crate::answer::State;
use crate::error::ApiError;

/// A request without its body.
pub(super) struct Caller {
    pub(super) state: Arc<State>,
    pub(super) headers: HeaderMap,
    method: Method,
    uri: Uri,
}

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Infallible> {
        // What only asks for the head of an answer is about the same.
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        Ok(Self {
            state: Arc::clone(state),
            headers: parts.headers.clone(),
            method: method.clone(),
            uri: parts.uri.clone(),
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
        answer(&self.state, &self.headers, about, work).await
    }
}
