//! What a page or a terminal shows several times a second: sums of the last minute and the latest
//! few requests.
//!
//! Its size does not follow the rate of requests. Asking for it says that somebody is watching.

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;

use super::query::asked;
use super::respond::json_response;
use super::state::Shared;
use crate::journal::bodies::{MAX_BODY_BYTES, MAX_BYTES, MAX_REQUESTS};
use crate::journal::live::Minute;
use crate::journal::{Ledger, Record};
use crate::mock::MockClaude;

/// Requests that are listed unless asked for otherwise, and at most.
const LATEST: usize = 50;
const MAX_LATEST: usize = 200;

/// The mock at this moment.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    /// Microseconds since the mock was made.
    pub(crate) now_us: u64,
    /// The calendar time of microsecond 0, in milliseconds since the Unix epoch.
    pub(crate) epoch_ms: i64,
    pub(crate) in_flight: u32,
    pub(crate) ledger: Ledger,
    #[serde(flatten)]
    pub(crate) minute: Minute,
    pub(crate) bodies: Bodies,
    /// Whether requests are forwarded, so that limits and latency are those of somebody else.
    pub(crate) is_proxy: bool,
    /// How often faults, limits or latency were changed.
    pub(crate) changes: u64,
    /// The latest requests, the latest first.
    pub(crate) latest: Vec<Row>,
}

/// What is kept of bodies, and how much of them may be.
#[derive(Debug, Serialize)]
pub(crate) struct Bodies {
    pub(crate) requests: usize,
    pub(crate) bytes: usize,
    pub(crate) max_requests: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_bytes_of_one: usize,
}

/// A request in one line.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) at_us: u64,
    /// How long it took; none while it is under way.
    pub(crate) took_us: Option<u64>,
    pub(crate) status: u16,
    #[serde(flatten)]
    pub(crate) what: What,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) cost_microusd: u64,
    pub(crate) client_left: bool,
    pub(crate) cut: bool,
}

/// What a request was about, as far as that is known.
#[derive(Debug, Serialize)]
pub(crate) struct What {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) model: Option<String>,
    pub(crate) job: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) error: Option<&'static str>,
    pub(crate) fault: Option<String>,
}

impl Snapshot {
    /// What is seen of `mock` now, with this many of the latest requests at most.
    pub(crate) fn of(mock: &MockClaude, most: usize) -> Self {
        let core = mock.core();
        let (journal, now_us) = (&core.journal, core.clock.now_us());
        let live = journal.live();
        let (requests, bytes) = live.bodies.held();
        Self {
            now_us,
            epoch_ms: core.clock.unix_ms(0),
            in_flight: journal.metrics().in_flight(),
            ledger: journal.ledger(),
            minute: live.minute(now_us),
            bodies: Bodies {
                requests,
                bytes,
                max_requests: MAX_REQUESTS,
                max_bytes: MAX_BYTES,
                max_bytes_of_one: MAX_BODY_BYTES,
            },
            is_proxy: mock.is_proxy(),
            changes: core.changes(),
            latest: journal.latest(most).into_iter().map(Row::of).collect(),
        }
    }
}

impl Row {
    pub(crate) fn of(record: Record) -> Self {
        let Record { number, entry, trace } = record;
        let is_of_batch = trace.method.is_empty();
        let at_us = if is_of_batch { entry.at_us } else { trace.started_us };
        Self {
            number,
            at_us,
            took_us: trace.ended_us.map(|ended_us| ended_us.saturating_sub(trace.started_us)),
            status: entry.status,
            what: What {
                method: trace.method.into_owned(),
                path: if is_of_batch { "(batch)".to_owned() } else { masked(&trace.path) },
                model: trace.model.map(|model| masked(&model)),
                job: trace.job.map(|job| masked(&job)),
                key: trace.key.map(|key| key.to_string()),
                error: entry.error,
                fault: entry.fault,
            },
            tokens_in: entry.tokens_in,
            tokens_out: entry.tokens_out,
            cost_microusd: entry.cost_microusd,
            client_left: trace.client_left,
            cut: trace.cut,
        }
    }
}

/// What a client wrote, where it is shown.
fn masked(text: &str) -> String {
    redact::text(text).into_owned()
}

pub(super) async fn snapshot(State(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &["latest", "bodies"], |query| {
        let most = query
            .number("latest")?
            .map_or(LATEST, |most| usize::try_from(most).unwrap_or(MAX_LATEST).min(MAX_LATEST));
        if query.text("bodies").is_some() {
            let core = admin.mock.core();
            core.journal.live().bodies.want(query.is("bodies")?, core.clock.now_us());
        }
        Ok(json_response(StatusCode::OK, &Snapshot::of(&admin.mock, most)))
    })
}
