//! The outermost layer of the routes: sees each request come and each answer go, and completes
//! the journal, the metrics and the log with what the client was in fact sent.
//!
//! It changes nothing on the way: no byte, no header, no time. What it writes down comes from the
//! answer itself, so it holds whoever made the answer: a reply, a refusal, a fault, an upstream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use crate::api::headers::{RETRY_AFTER_MS, SHOULD_RETRY, credential, text};
use crate::api::secrets;
use crate::api::sse::Sought;
use crate::basis::clock::Clock;
use crate::cloud::EVENT_STREAM_OF_AWS;
use crate::journal::Journal;
use crate::journal::bodies::{Copying, Reading};
use crate::journal::trace::{Handle, Limit, Trace};
use crate::server::date::dated;
use crate::server::wire::{Control, Loss};

/// Bytes of an error's body that are looked at, at most.
const MAX_ERROR_BYTES: usize = 4_096;

/// The answer to a request, seen on its way.
pub(crate) async fn traced(
    mut tracer: Tracer,
    handling: impl Future<Output = Response>,
) -> http::Response<Traced> {
    let response = handling.await;
    let now_us = tracer.clock.now_us();
    let response = dated(response, tracer.clock, now_us);
    tracer.answered(now_us, response.status(), response.headers());
    response.map(|inner| {
        tracer.seen.whole |= http_body::Body::is_end_stream(&inner);
        Traced { inner, tracer }
    })
}

/// What has been seen of an answer so far.
#[derive(Debug, Default)]
struct Seen {
    status: Option<u16>,
    whole: bool,
    broken: bool,
    error: Vec<u8>,
    /// Only of a stream. Boxed, because every request has room for it.
    events: Option<Box<Events>>,
}

/// What is looked for in a stream.
#[derive(Debug)]
struct Events {
    first_token: Sought,
    last: Sought,
}

/// Writes the trace down when its request ends, however it ends.
pub(crate) struct Tracer {
    journal: Arc<Journal>,
    clock: Clock,
    handle: Handle,
    seen: Seen,
    /// The bodies, where somebody wants to see them.
    copying: Option<Box<Copying>>,
    /// The connection, where faults can reach it.
    control: Option<Control>,
}

impl Tracer {
    /// The tracer of the request that comes now.
    pub(crate) fn of<B>(
        journal: Arc<Journal>,
        clock: Clock,
        request: &http::Request<B>,
        job: Option<String>,
        control: Option<Control>,
    ) -> Self {
        let mut trace = Trace::of(request.method(), request.uri().path(), request.headers());
        let key = || credential(request.headers());
        trace.job = job.map(|job| secrets::name(&job, key()).to_owned());
        trace.connection = control.as_ref().map_or(0, Control::number);
        trace.started_us = clock.now_us();
        trace.in_flight = journal.metrics().begin();
        let live = journal.live_if_watched();
        let copying = live.and_then(|live| {
            live.bodies.begin(request.headers(), trace.started_us, || {
                let mut collector = journal.own.clone();
                secrets::of_headers(request.headers(), &mut collector);
                collector.url(request.uri().path_and_query().map_or("/", |path| path.as_str()));
                collector
            })
        });
        let handle = Handle::new(trace);
        Self { journal, clock, handle, seen: Seen::default(), copying, control }
    }

    /// Where the body of the request is copied to, if it is.
    pub(crate) fn reading(&self) -> Option<Reading> {
        self.copying.as_ref().map(|copying| Arc::clone(&copying.request))
    }

    /// Where whoever handles the request notes what it knows.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    fn answered(&mut self, now_us: u64, status: StatusCode, headers: &HeaderMap) {
        self.seen.status = Some(status.as_u16());
        if let Some(copying) = &mut self.copying {
            copying.answered(headers);
        }
        let mut open = self.handle.open();
        let trace = &mut open.trace;
        if !trace.levels_noted {
            self.journal.metrics().announced(headers);
        }
        trace.answered_us = Some(now_us);
        let kind = text(headers, &header::CONTENT_TYPE);
        let is_of_api = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        trace.stream = is_of_api || kind == Some(EVENT_STREAM_OF_AWS);
        self.seen.events = (is_of_api && !trace.stream_notes).then(|| {
            Box::new(Events { first_token: Sought::first_token(), last: Sought::last_event() })
        });
        // Most answers have none of these headers, which is quicker seen than looked up.
        let of_retries = [&SHOULD_RETRY, &RETRY_AFTER_MS, &header::RETRY_AFTER];
        if headers.keys().any(|name| of_retries.contains(&name)) {
            trace.should_retry = text(headers, &SHOULD_RETRY).and_then(|value| value.parse().ok());
            trace.retry_after_ms = retry_after_ms(headers, self.clock.unix_ms(now_us));
        }
    }

    fn saw(&mut self, data: &[u8]) {
        if let Some(copying) = &mut self.copying {
            copying.answer.body.add(data);
        }
        let seen = &mut self.seen;
        if seen.status.is_some_and(|status| status >= 400) {
            let room = MAX_ERROR_BYTES - seen.error.len();
            seen.error.extend_from_slice(&data[..data.len().min(room)]);
        } else if let Some(events) = &mut seen.events {
            if events.first_token.look(data) {
                self.handle.open().trace.first_token_us = Some(self.clock.now_us());
            }
            events.last.look(data);
        }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let (journal, clock) = (Arc::clone(&self.journal), self.clock);
        let (handle, seen) = (self.handle.clone(), std::mem::take(&mut self.seen));
        let copying = self.copying.take();
        match self.control.take().filter(Control::is_ordered) {
            None => finish(&journal, clock, &handle, (&seen, copying), Loss::default()),
            // What was handed over may still be cut on its way.
            Some(control) => {
                control.tell(Box::new(move |loss| {
                    finish(&journal, clock, &handle, (&seen, copying), loss);
                }));
            }
        }
    }
}

/// Writes a trace down, once it is certain what was lost of the answer on its way.
fn finish(
    journal: &Journal,
    clock: Clock,
    handle: &Handle,
    (seen, copying): (&Seen, Option<Box<Copying>>),
    loss: Loss,
) {
    let now_us = clock.now_us();
    let mut open = handle.open();
    let trace = &mut open.trace;
    trace.ended_us = Some(now_us);
    trace.cut = loss.cut;
    trace.unheard = loss.unheard;
    trace.client_left = loss.hung || (!seen.whole && !seen.broken && !loss.cut);
    if trace.stream {
        let seen_last = seen.events.as_ref().is_some_and(|events| events.last.is_seen());
        let ended = trace.last_event || seen_last;
        trace.stream_complete = Some(seen.whole && ended && !loss.cut);
    }
    // Most answers are no error and have nothing to describe.
    let failed = seen.status.is_some_and(|status| status >= 400);
    let kind = failed.then(|| {
        let error = serde_json::from_slice(&seen.error).unwrap_or(Value::Null);
        describe_error(&error, seen.status, trace)
    });
    drop(open);
    journal.finish(handle, seen.status, kind.flatten().as_deref(), copying);
}

/// Notes what an error says, and returns its type.
fn describe_error(error: &Value, status: Option<u16>, trace: &mut Trace) -> Option<String> {
    let error = error.get("error");
    let words = |name: &str| error?.get(name)?.as_str();
    let short = |text: &str| text.chars().take(100).collect::<String>();
    let code = error.and_then(|error| error.get("details")?.get("error_code")?.as_str());
    trace.error_code = code.map(short);
    let code = trace.error_code.as_deref().unwrap_or_default();
    let message = words("message").unwrap_or_default();
    trace.limit = if trace.limit == Some(Limit::Request) {
        Some(Limit::Request)
    } else if code.contains("spend_limit") || message.contains("usage limits") {
        Some(Limit::Spend)
    } else if status == Some(429) && message.contains("concurrent") {
        Some(Limit::Concurrency)
    } else {
        (status == Some(429)).then_some(Limit::Rate)
    };
    words("type").map(short)
}

/// How long a client has to wait, by whichever of the two headers says so.
fn retry_after_ms(headers: &HeaderMap, unix_ms: i64) -> Option<u64> {
    let ms = text(headers, &RETRY_AFTER_MS).and_then(|value| value.trim().parse::<f64>().ok());
    if let Some(ms) = ms {
        return whole(ms);
    }
    let value = text(headers, &header::RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return whole(seconds * 1000.0);
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    u64::try_from(date.timestamp().as_millisecond().saturating_sub(unix_ms)).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative and endless waits are none, and a longer one than u64 saturates"
)]
fn whole(ms: f64) -> Option<u64> {
    (ms.is_finite() && ms >= 0.0).then_some(ms as u64)
}

/// A body on its way to the client.
pub(crate) struct Traced {
    inner: Body,
    tracer: Tracer,
}

impl http_body::Body for Traced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.tracer.saw(data);
                }
                // A body of known length is not asked again after its last byte.
                this.tracer.seen.whole |= this.inner.is_end_stream();
            }
            Some(Err(_)) => this.tracer.seen.broken = true,
            None => this.tracer.seen.whole = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn wait(name: &'static str, value: &'static str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        retry_after_ms(&headers, 1_767_225_600_000)
    }

    #[test]
    fn a_wait_is_read_in_all_three_of_its_forms() {
        assert_eq!(wait("retry-after-ms", "200.5"), Some(200));
        assert_eq!(wait("retry-after", "7"), Some(7_000));
        assert_eq!(wait("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT"), Some(9_000));
        assert_eq!(wait("retry-after", "Wed, 31 Dec 2025 00:00:00 GMT"), None, "it has passed");
        assert_eq!(wait("retry-after", "soon"), None);
        assert_eq!(wait("retry-after", "-1"), None);
        assert_eq!(wait("retry-after", "1e300"), Some(u64::MAX));
    }

    #[test]
    fn an_error_says_what_there_was_too_much_of() {
        let limit = |status: u16, code: &str, message: &str| {
            let mut trace = Trace::default();
            let error = serde_json::json!({"error": {
                "type": "rate_limit_error", "message": message, "details": {"error_code": code},
            }});
            let kind = describe_error(&error, Some(status), &mut trace);
            assert_eq!(kind.as_deref(), Some("rate_limit_error"));
            trace.limit
        };
        assert_eq!(limit(429, "enforced_spend_limit_reached", ""), Some(Limit::Spend));
        let reached = "You have reached your specified API usage limits.";
        assert_eq!(limit(400, "", reached), Some(Limit::Spend));
        assert_eq!(limit(429, "", "Number of concurrent connections"), Some(Limit::Concurrency));
        assert_eq!(limit(429, "", "50 requests per minute"), Some(Limit::Rate));
        assert_eq!(limit(529, "", "Overloaded"), None);
    }
}
