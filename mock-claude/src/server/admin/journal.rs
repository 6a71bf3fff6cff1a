//! The journal page by page, and one request of it with what it said and was answered.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use redact::Secrets;
use serde::Serialize;
use serde_json::{Value, json};

use super::query::{Query, asked};
use super::respond::{json_response, problem};
use super::state::Shared;
use crate::journal::Record;
use crate::journal::bodies::{Exchanged, MAX_BODY_BYTES, MAX_REQUESTS, Message};
use crate::journal::live::Took;

/// Records in one page of the journal unless asked for otherwise, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// One page of the journal.
#[derive(Serialize)]
struct Page {
    records: Vec<Record>,
    /// `after` for the page that follows; none after the last one.
    next_after: Option<u64>,
    /// From the request to the first content, over the streams of all that was asked for.
    first_token: Option<Took>,
}

/// Percentiles of the time from the request to the first content of a stream, by nearest rank;
/// none where there was no stream.
fn first_token(records: &[Record]) -> Option<Took> {
    let took = |record: &Record| {
        Some(record.trace.first_token_us?.saturating_sub(record.trace.started_us))
    };
    let mut took: Vec<u64> = records.iter().filter_map(took).collect();
    took.sort_unstable();
    let at =
        |percent: usize| took.get((took.len() * percent).div_ceil(100).checked_sub(1)?).copied();
    Some(Took { n: took.len() as u64, p50_us: at(50)?, p95_us: at(95)?, p99_us: at(99)? })
}

/// What may be asked of it.
const NAMES: [&str; 10] =
    ["job", "after", "limit", "status", "tag", "path", "model", "key", "fault", "error"];

pub(super) async fn pages(State(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &NAMES, |query| {
        let records = match query.job()? {
            Some(job) => admin.mock.records_of(job),
            None => admin.mock.records(),
        };
        page(records, query)
    })
}

/// The page that is asked for, as the records are now.
fn page(records: Vec<Record>, query: &Query) -> Result<Response, String> {
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
                && is("key", record.trace.key.map(|key| key.to_string()).as_deref())
                && is("fault", record.entry.fault.as_deref())
                && is("error", record.entry.error)
        })
        .collect();
    let first_token = first_token(&records);
    let more = records.len() > limit;
    records.truncate(limit);
    let next_after = records.last().filter(|_| more).map(|record| record.number);
    Ok(json_response(StatusCode::OK, &Page { records, next_after, first_token }))
}

/// One request, with what is kept of what it said and was answered.
pub(super) async fn one(State(admin): Shared, Path(number): Path<String>) -> Response {
    let Ok(number) = number.parse() else {
        let words = "`/journal/NUMBER` takes the `number` of a request in the journal";
        return problem(StatusCode::BAD_REQUEST, words);
    };
    let journal = &admin.mock.core().journal;
    let Some(record) = journal.record(number) else {
        let words = format!("the journal does not hold request {number}, or not any more");
        return problem(StatusCode::NOT_FOUND, &words);
    };
    let bodies = match journal.live().bodies.of(number) {
        Some(Exchanged { request, answer, .. }) => {
            json!({"request": message(&request), "answer": message(&answer)})
        }
        None => json!({"why": why_none(&record)}),
    };
    json_response(StatusCode::OK, &json!({"record": record, "bodies": bodies}))
}

fn why_none(record: &Record) -> String {
    if record.trace.ended_us.is_none() {
        return "The request is under way, or was part of a batch.".to_owned();
    }
    format!(
        "Not kept. Bodies are kept of the last {MAX_REQUESTS} requests that came while a page was \
         open and asked for them, and of 1,000 a second at most."
    )
}

/// One message as it is shown: masked, and whether it is all of it.
fn message(message: &Message) -> Value {
    let reading = message.reading();
    let shown = text_of(&message.body.bytes).map(|text| {
        let masked = Secrets::default().pieces(&[text.as_bytes()], reading);
        masked.map_or(Cow::Borrowed(text), |pieces| {
            Cow::Owned(String::from_utf8_lossy(&pieces.concat()).into_owned())
        })
    });
    json!({
        "headers": message.headers,
        "body": shown,
        "bytes": message.body.length,
        "cut_after": reading.is_cut.then_some(MAX_BODY_BYTES),
    })
}

/// The bytes as text, where they are text. What is cut may end inside a letter.
fn text_of(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_inside_a_letter_is_still_text() {
        assert_eq!(text_of("aé".as_bytes()), Some("aé"));
        assert_eq!(text_of(&"aé".as_bytes()[..2]), Some("a"));
        assert_eq!(text_of(&[0xff, b'a']), None);
    }
}
