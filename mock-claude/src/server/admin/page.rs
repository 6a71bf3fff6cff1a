//! The journal page by page.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::query::Query;
use super::respond::json_response;
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

/// What may be asked of it.
pub(super) const NAMES: [&str; 10] =
    ["job", "after", "limit", "status", "tag", "path", "model", "key", "fault", "error"];

/// The page that is asked for, as the records are now.
pub(super) fn page(records: Vec<Record>, query: &Query) -> Result<Response, String> {
    let (after, status) = (query.number("after")?, query.number("status")?);
    let limit = query.number("limit")?;
    let limit = limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(MAX_PAGE));
    let limit = limit.clamp(1, MAX_PAGE);
    let is = |name: &str, actual: Option<&str>| {
        query.text(name).is_none_or(|wanted| actual == Some(wanted))
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
    Ok(json_response(StatusCode::OK, &Page { records, next_after }))
}
