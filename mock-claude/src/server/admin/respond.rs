//! Plain answers of the admin API: JSON, text, and what is wrong in one sentence. None of them
//! holds what looks like a credential: paths, names and prompts come from clients.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use strict_toml::Problem;

pub(super) fn json_response(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_string(value).unwrap_or_default();
    with_type(status, masked(body), "application/json")
}

pub(super) fn text_response(status: StatusCode, text: String) -> Response {
    with_type(status, masked(text), "text/plain; charset=utf-8")
}

fn masked(text: String) -> String {
    match redact::text(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => masked,
    }
}

pub(super) fn problem(status: StatusCode, message: &str) -> Response {
    json_response(status, &serde_json::json!({ "error": message }))
}

/// What is wrong with what was given, in one sentence.
pub(super) fn problems(problems: &[Problem]) -> String {
    let one = |problem: &Problem| format!("`{}` {}", problem.key, problem.message);
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

pub(super) fn with_type(status: StatusCode, body: String, kind: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
