//! The journal page by page, and what is asked of it in the query.

use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;

use super::respond::{json_response, problem};
use crate::journal::Record;

/// Records in one page of the journal unless asked for otherwise, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// One page of the journal.
#[derive(Serialize)]
struct Page {
    records: Vec<Record>,
    /// `after` for the page that follows; none after the last one.
    next_after: Option<u64>,
}

/// The page that is asked for, as the records are now.
pub(super) fn page(records: Vec<Record>, uri: &Uri) -> Response {
    let (after, limit, status) =
        match (number(uri, "after"), number(uri, "limit"), number(uri, "status")) {
            (Ok(after), Ok(limit), Ok(status)) => (after, limit, status),
            (Err(wrong), ..) | (_, Err(wrong), _) | (.., Err(wrong)) => {
                return problem(StatusCode::BAD_REQUEST, &wrong);
            }
        };
    let limit = limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(MAX_PAGE));
    let limit = limit.clamp(1, MAX_PAGE);
    let is = |name: &str, actual: Option<&str>| {
        parameter(uri, name).is_none_or(|wanted| actual == Some(wanted))
    };
    let mut records: Vec<Record> = records
        .into_iter()
        .filter(|record| {
            after.is_none_or(|after| record.number > after)
                && status.is_none_or(|status| u64::from(record.entry.status) == status)
                && is("tag", record.entry.tag.as_deref())
                && is("path", Some(&record.trace.path))
                && is("model", record.trace.model.as_deref())
                && is("key", record.trace.key.as_deref())
                && is("fault", record.entry.fault.as_deref())
                && is("error", record.entry.error)
        })
        .take(limit + 1)
        .collect();
    let more = records.len() > limit;
    records.truncate(limit);
    let next_after = records.last().filter(|_| more).map(|record| record.number);
    json_response(StatusCode::OK, &Page { records, next_after })
}

/// A parameter of the query. Nothing that can be asked for needs to be escaped.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn number(uri: &Uri, name: &str) -> Result<Option<u64>, String> {
    let text = parameter(uri, name);
    text.map(str::parse).transpose().map_err(|_| format!("`{name}` is a whole number"))
}
