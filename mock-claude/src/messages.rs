//! `POST /v1/messages`: a decided answer, waited for as long as it takes, and put into HTTP.
//!
//! This is the way of nearly every request, so it takes the body as it comes from the connection
//! and holds nothing of the request once the answer is decided.

use std::convert::Infallible;
use std::sync::Arc;

use axum::BoxError;
use axum::body::Body;
use axum::extract::State as Extracted;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use tokio::time::Instant;

use crate::answer::{Answer, Outcome, Replied, State};
use crate::fault::{self, InFlight};
use crate::latency::wait_until;
use crate::limits::Account;
use crate::names;
use crate::routes::{JSON, MAX_BODY_BYTES, broken_off, refuse, respond, too_large, value};
use crate::stream::{Event, Events, Frame};
use crate::wire::Control;

/// The path.
pub(crate) const PATH: &str = "/v1/messages";

/// Answers one request.
pub(crate) async fn answer<B>(
    state: Arc<State>,
    request: Request<B>,
    control: Option<Control>,
) -> Response
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = body
        .map(Collected::to_bytes)
        .map_err(|error| if error.is::<LengthLimitError>() { too_large() } else { broken_off() });
    let started = Instant::now();
    let in_flight = state.injector.enter();
    let answer = state.decide(&head.headers, body.as_deref().map_err(Clone::clone));
    // What waits from here on, waits without its request.
    drop((head, body));
    let Answer { mut headers, request_id, outcome, effect, key } = answer;
    headers.insert(&names::REQUEST_ID, value(&request_id));
    let response = match outcome {
        Outcome::Refused { error, after_ms } => {
            tracing::debug!(request_id, status = error.status, message = ?error.message, "refused");
            wait_until(started, after_ms).await;
            refuse(&error, headers, &request_id)
        }
        Outcome::Replied(replied) => {
            let tokens_out = replied.reply.tokens_out;
            let tokens_in = replied.request.tokens_in;
            tracing::debug!(request_id, tokens_in, tokens_out, "replied");
            let writing = Writing {
                state: Arc::clone(&state),
                account: replied.account,
                class: &replied.request.model.class,
                tokens: tokens_out,
                _in_flight: in_flight,
            };
            if replied.request.stream {
                streamed(*replied, headers, &request_id, started, writing)
            } else {
                plain(&replied, headers, &request_id, started, writing).await
            }
        }
    };
    match effect {
        Some(effect) => {
            let spoiled = state.injector.spoiled(effect, &request_id, key, control);
            Box::pin(fault::spoil(response, spoiled)).await
        }
        None => response,
    }
}

/// The same for a request that comes by its route.
pub(crate) async fn by_route(
    Extracted(state): Extracted<Arc<State>>,
    mut request: axum::extract::Request,
) -> Response {
    let control = request.extensions_mut().remove();
    answer(state, request, control).await
}

/// Output tokens on their way: taken from the quota when they are written, or when the client
/// leaves, because the model goes on.
struct Writing {
    state: Arc<State>,
    account: Account,
    class: &'static str,
    tokens: u64,
    _in_flight: InFlight,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.state.finished(self.account, self.class, self.tokens);
    }
}

async fn plain(
    replied: &Replied,
    mut headers: HeaderMap,
    request_id: &str,
    started: Instant,
    writing: Writing,
) -> Response {
    let ends_ms = replied.schedule.at_ms(replied.reply.tokens_out);
    wait_until(started, ends_ms).await;
    drop(writing);
    let body = replied.message(request_id).to_json();
    headers.insert(header::CONTENT_TYPE, JSON);
    respond(StatusCode::OK, headers, Body::from(body))
}

fn streamed(
    replied: Replied,
    mut headers: HeaderMap,
    request_id: &str,
    started: Instant,
    writing: Writing,
) -> Response {
    let frame = Frame::of(&replied.message(request_id));
    let events = Events::new(frame, replied.reply, replied.schedule);
    let sent = stream::unfold((events, writing), move |(mut events, writing)| async move {
        let Event { at_ms, text } = events.next()?;
        wait_until(started, at_ms).await;
        Some((Ok::<_, Infallible>(Bytes::from(text)), (events, writing)))
    });
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    respond(StatusCode::OK, headers, Body::from_stream(sent))
}
