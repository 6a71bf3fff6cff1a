//! What every route beside messages has in common: checks before, journal, wait and headers after.
//!
//! Work is done at the moment of arrival and awaits nothing; the wait comes after it, so that a
//! slow answer holds no lock.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::answer::State;
use crate::error::ApiError;
use crate::fault;
use crate::latency::wait_until;
use crate::names;
use crate::request::Version;
use crate::routes::{JSON, refuse, respond, value};
use crate::wire::Control;

/// What a route gives when nothing is wrong.
#[derive(Debug)]
pub(crate) enum Given {
    /// An object of the API.
    Json(Value),
    /// Bytes with a type of their own.
    Bytes { mime_type: String, bytes: Bytes },
}

/// What a route's work may know of the request that it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The mock that is asked.
    pub(crate) state: &'a State,
    /// The headers of the request.
    pub(crate) headers: &'a HeaderMap,
    /// The id that the response carries.
    pub(crate) request_id: &'a str,
    /// The version of the API that the client speaks.
    pub(crate) version: Version,
    /// When the request came, in microseconds since the mock was made.
    pub(crate) now_us: u64,
}

/// Answers one request: refuses it, or does the work and gives its result.
pub(crate) async fn answer(
    state: &State,
    headers: &HeaderMap,
    subject: u64,
    work: impl FnOnce(Context<'_>) -> Result<Given, ApiError>,
) -> Response {
    let started = Instant::now();
    let _in_flight = state.injector.enter();
    let Asked { path, control } = ASKED.try_with(Asked::clone).unwrap_or_default();
    let call = state.begin(headers, &path, subject);
    let effect = call.effect();
    let request_id = call.request_id().to_owned();
    let now_us = state.clock().now_us();
    let given = call.admitted.clone().and_then(|version| {
        work(Context { state, headers, request_id: &request_id, version, now_us })
    });
    let mut headers = state.end(call, given.as_ref().err());
    headers.insert(&names::REQUEST_ID, value(&request_id));
    wait_until(started, state.config().latency.refusal_ms).await;
    let response = match given {
        Err(error) => {
            tracing::info!(request_id, status = error.status, message = error.message, "refused");
            refuse(&error, headers, &request_id)
        }
        Ok(Given::Json(object)) => {
            headers.insert(header::CONTENT_TYPE, JSON);
            respond(StatusCode::OK, headers, Body::from(object.to_string()))
        }
        Ok(Given::Bytes { mime_type, bytes }) => {
            headers.insert(header::CONTENT_TYPE, value(&mime_type));
            respond(StatusCode::OK, headers, Body::from(bytes))
        }
    };
    match effect {
        Some((effect, key)) => {
            let spoiled = state.injector.spoiled(effect, &request_id, key, control);
            fault::spoil_made(response, spoiled, started).await
        }
        None => response,
    }
}

/// What a fault may want of a request besides its headers.
#[derive(Debug, Clone, Default)]
struct Asked {
    path: String,
    control: Option<Control>,
}

tokio::task_local! {
    static ASKED: Asked;
}

/// Keeps path and connection of a request at hand while its route answers it.
pub(crate) async fn remember(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let control = request.extensions().get::<Control>().cloned();
    ASKED.scope(Asked { path, control }, next.run(request)).await
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

/// What a request is about: its method, its path and query, and a hash of its body.
pub(crate) fn subject(method: &str, path_and_query: &str, body: u64) -> u64 {
    let method = xxh3_64_with_seed(method.as_bytes(), body);
    xxh3_64_with_seed(path_and_query.as_bytes(), method)
}
