//! The outermost layer of the routes: sees each request come and each answer go, and completes
//! the journal, the metrics and the log with what the client was in fact sent.
//!
//! It changes nothing on the way: no byte, no header, no time. What it writes down comes from the
//! answer itself, so it holds whoever made the answer: a reply, a refusal, a fault, an upstream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use crate::answer::State;
use crate::names;
use crate::visit::{Handle, Limit, Visit};

/// Bytes of an error's body that are looked at, at most.
const MAX_ERROR_BYTES: usize = 4_096;

/// What ends a stream that is whole.
const LAST_EVENT: &[u8] = b"event: message_stop";

/// The routes, with everything that passes through them written down.
pub(crate) fn watched(routes: Router, state: Arc<State>) -> Router {
    routes.layer(from_fn(move |request: Request, next: Next| {
        let state = Arc::clone(&state);
        async move {
            let watcher = Watcher::of(state, &request);
            watch(watcher, next.run(request)).await.map(Body::new)
        }
    }))
}

/// The answer to a request, seen on its way.
pub(crate) async fn watch(
    mut watcher: Watcher,
    handling: impl Future<Output = Response>,
) -> http::Response<Watched> {
    let response = watcher.handle.during(handling).await;
    watcher.answered(response.status(), response.headers());
    response.map(|inner| {
        watcher.seen.whole |= http_body::Body::is_end_stream(&inner);
        Watched { inner, watcher }
    })
}

/// What has been seen of an answer so far.
#[derive(Debug, Default)]
struct Seen {
    status: Option<u16>,
    whole: bool,
    broken: bool,
    error: Vec<u8>,
    /// The end of the last frame of a stream, while its last event is to come.
    tail: Option<Vec<u8>>,
    last_event: bool,
}

/// Writes the visit down when it ends, however it ends.
pub(crate) struct Watcher {
    state: Arc<State>,
    handle: Handle,
    seen: Seen,
}

impl Watcher {
    /// A watcher of the request that comes now.
    pub(crate) fn of<B>(state: Arc<State>, request: &http::Request<B>) -> Self {
        let mut visit = Visit::of(request.method(), request.uri().path(), request.headers());
        visit.started_us = state.clock().now_us();
        visit.in_flight = state.journal.metrics().begin();
        Self { state, handle: Handle::new(visit), seen: Seen::default() }
    }

    fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        let now_us = self.state.clock().now_us();
        self.seen.status = Some(status.as_u16());
        self.state.journal.metrics().announced(headers);
        let mut open = self.handle.open();
        let visit = &mut open.visit;
        visit.answered_us = Some(now_us);
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text(&header::CONTENT_TYPE);
        visit.stream = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        self.seen.tail = visit.stream.then(Vec::new);
        // Most answers have none of these headers, which is quicker seen than looked up.
        let of_retries = [&names::SHOULD_RETRY, &names::RETRY_AFTER_MS, &header::RETRY_AFTER];
        if headers.keys().any(|name| of_retries.contains(&name)) {
            visit.should_retry = text(&names::SHOULD_RETRY).and_then(|value| value.parse().ok());
            visit.retry_after_ms = retry_after_ms(headers, self.state.clock().unix_ms(now_us));
        }
    }

    fn saw(&mut self, data: &[u8]) {
        let seen = &mut self.seen;
        if seen.status.is_some_and(|status| status >= 400) {
            let room = MAX_ERROR_BYTES - seen.error.len();
            seen.error.extend_from_slice(&data[..data.len().min(room)]);
        } else if let Some(tail) = &mut seen.tail {
            // An event may be cut anywhere, so the end of the last frame is looked at again.
            tail.extend_from_slice(data);
            seen.last_event = tail.windows(LAST_EVENT.len()).any(|part| part == LAST_EVENT);
            let keep = tail.len().min(LAST_EVENT.len() - 1);
            tail.drain(..tail.len() - keep);
            if seen.last_event {
                seen.tail = None;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let now_us = self.state.clock().now_us();
        let mut open = self.handle.open();
        let visit = &mut open.visit;
        visit.ended_us = Some(now_us);
        visit.client_left = !self.seen.whole && !self.seen.broken;
        if visit.stream {
            visit.stream_complete = Some(self.seen.whole && self.seen.last_event);
        }
        // Most answers are no error and have nothing to describe.
        let failed = self.seen.status.is_some_and(|status| status >= 400);
        let kind = failed.then(|| {
            let error = serde_json::from_slice(&self.seen.error).unwrap_or(Value::Null);
            describe_error(&error, self.seen.status, visit)
        });
        drop(open);
        self.state.journal.finish(&self.handle, self.seen.status, kind.flatten().as_deref());
    }
}

/// Notes what an error says, and returns its type.
fn describe_error(error: &Value, status: Option<u16>, visit: &mut Visit) -> Option<String> {
    let error = error.get("error");
    let text = |name: &str| error?.get(name)?.as_str();
    let short = |text: &str| text.chars().take(100).collect::<String>();
    let code = error.and_then(|error| error.get("details")?.get("error_code")?.as_str());
    visit.error_code = code.map(short);
    let code = visit.error_code.as_deref().unwrap_or_default();
    let message = text("message").unwrap_or_default();
    visit.limit = if code.contains("spend_limit") || message.contains("usage limits") {
        Some(Limit::Spend)
    } else if status == Some(429) && message.contains("concurrent") {
        Some(Limit::Concurrency)
    } else {
        (status == Some(429)).then_some(Limit::Rate)
    };
    text("type").map(short)
}

/// How long a client has to wait, by whichever of the two headers says so.
fn retry_after_ms(headers: &HeaderMap, unix_ms: i64) -> Option<u64> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(ms) =
        text(&names::RETRY_AFTER_MS).and_then(|value| value.trim().parse::<f64>().ok())
    {
        return whole(ms);
    }
    let value = text(&header::RETRY_AFTER)?.trim();
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
pub(crate) struct Watched {
    inner: Body,
    watcher: Watcher,
}

impl http_body::Body for Watched {
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
                    this.watcher.saw(data);
                }
                // A body of known length is not asked again after its last byte.
                this.watcher.seen.whole |= this.inner.is_end_stream();
            }
            Some(Err(_)) => this.watcher.seen.broken = true,
            None => this.watcher.seen.whole = true,
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
            let mut visit = Visit::default();
            let error = serde_json::json!({"error": {
                "type": "rate_limit_error", "message": message, "details": {"error_code": code},
            }});
            let kind = describe_error(&error, Some(status), &mut visit);
            assert_eq!(kind.as_deref(), Some("rate_limit_error"));
            visit.limit
        };
        assert_eq!(limit(429, "enforced_spend_limit_reached", ""), Some(Limit::Spend));
        let reached = "You have reached your specified API usage limits.";
        assert_eq!(limit(400, "", reached), Some(Limit::Spend));
        assert_eq!(limit(429, "", "Number of concurrent connections"), Some(Limit::Concurrency));
        assert_eq!(limit(429, "", "50 requests per minute"), Some(Limit::Rate));
        assert_eq!(limit(529, "", "Overloaded"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_event_is_seen_wherever_it_is_cut() {
        let clock = crate::clock::Clock::starting_at(0);
        let state = State::new(crate::Config::default(), clock, crate::journal::Journal::default());
        let state = Arc::new(state);
        let text = b"event: ping\n\nevent: message_stop\ndata: {}\n\n";
        for at in 0..text.len() {
            let seen = Seen { tail: Some(Vec::new()), ..Seen::default() };
            let (state, handle) = (Arc::clone(&state), Handle::default());
            let mut watcher = Watcher { state, handle, seen };
            watcher.saw(&text[..at]);
            watcher.saw(&text[at..]);
            assert!(watcher.seen.last_event, "cut at {at}");
        }
    }
}
