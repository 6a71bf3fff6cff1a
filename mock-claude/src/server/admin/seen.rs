//! What the mock saw and what it is: its ledger, the verdict on its clients, metrics and
//! configuration.

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde_json::json;

use super::mask;
use super::query::asked;
use super::respond::{json_response, problem, text_response};
use super::state::Shared;
use crate::journal::{MAX_JOBS, conduct};

pub(super) async fn health() -> Response {
    json_response(StatusCode::OK, &json!({"status": "ok"}))
}

pub(super) async fn ledger(State(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &["job"], |query| {
        let Some(job) = query.job()? else {
            return Ok(json_response(StatusCode::OK, &admin.mock.ledger()));
        };
        Ok(match admin.mock.ledger_of(job) {
            Some(ledger) => json_response(StatusCode::OK, &ledger),
            None => problem(
                StatusCode::INSUFFICIENT_STORAGE,
                &format!(
                    "the ledgers of {MAX_JOBS} jobs are kept, and `{job}` came after them; \
                     `POST /reset` forgets them"
                ),
            ),
        })
    })
}

pub(super) async fn verdict(State(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &["job", "ended", "format"], |query| {
        let judge = if query.is("ended")? { conduct::judge_ended } else { conduct::judge };
        let conduct = match query.job()? {
            Some(job) => admin.mock.core().journal.conduct_of(job, judge),
            None => judge(&admin.mock.records()),
        };
        match query.text("format") {
            None | Some("json") => Ok(json_response(StatusCode::OK, &conduct)),
            Some("text") => Ok(text_response(StatusCode::OK, conduct.text())),
            Some(_) => Err("`format` is `json` or `text`".to_owned()),
        }
    })
}

pub(super) async fn metrics(State(admin): Shared) -> Response {
    let text = admin.mock.core().journal.metrics().text(&admin.mock.ledger());
    let mut response = text_response(StatusCode::OK, text);
    let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert("content-type", kind);
    response
}

pub(super) async fn config(State(admin): Shared) -> Response {
    let mut config = serde_json::to_value(admin.mock.core().config_now()).unwrap_or_default();
    mask::redact(&mut config);
    json_response(StatusCode::OK, &config)
}
