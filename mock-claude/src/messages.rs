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
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::Instant;

use crate::answer::{Answer, Outcome, Replied, State};
use crate::chance::RequestKey;
use crate::error::ApiError;
use crate::fault::{self, Effect, InFlight};
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
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    let body = whole(Limited::new(body, MAX_BODY_BYTES))
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { too_large() } else { broken_off() });
    let words = body.as_deref().map_err(Clone::clone);
    let decided = Decided::of(&state, &head.headers, words, control);
    drop((head, body));
    wait_until(decided.started, decided.ready_ms()).await;
    decided.respond(&state).await
}

/// All of a body. Nearly every one is a single piece, which is taken as it is.
async fn whole<B>(mut body: Limited<B>) -> Result<Bytes, BoxError>
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let Some(first) = body.frame().await else {
        return Ok(Bytes::new());
    };
    let first = first?.into_data().unwrap_or_default();
    if http_body::Body::is_end_stream(&body) {
        return Ok(first);
    }
    let rest = body.collect().await?.to_bytes();
    Ok(if rest.is_empty() { first } else { [first, rest].concat().into() })
}

/// The same for a request that comes by its route.
pub(crate) async fn by_route(
    Extracted(state): Extracted<Arc<State>>,
    mut request: axum::extract::Request,
) -> Response {
    let control = request.extensions_mut().remove();
    answer(state, request, control).await
}

/// An answer that is decided and not yet given. What waits, waits without its request.
struct Decided {
    started: Instant,
    headers: HeaderMap,
    request_id: String,
    saying: Saying,
    effect: Option<Effect>,
    key: RequestKey,
    control: Option<Control>,
}

/// What is said, and what ends when it is said.
enum Saying {
    Refusal { error: ApiError, after_ms: u64, _in_flight: InFlight },
    Reply { replied: Box<Replied>, writing: Writing },
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

impl Decided {
    /// Boxed, because it is moved and kept while it waits.
    fn of(
        state: &Arc<State>,
        headers: &HeaderMap,
        body: Result<&[u8], ApiError>,
        control: Option<Control>,
    ) -> Box<Self> {
        let started = Instant::now();
        let in_flight = state.injector.enter();
        let answer = state.decide(headers, body);
        let Answer { mut headers, request_id, outcome, effect, key } = answer;
        headers.insert(&names::REQUEST_ID, value(&request_id));
        let saying = match outcome {
            Outcome::Refused { error, after_ms } => {
                let (status, message) = (error.status, &error.message);
                tracing::debug!(request_id, status, ?message, "refused");
                Saying::Refusal { error, after_ms, _in_flight: in_flight }
            }
            Outcome::Replied(replied) => {
                let tokens_in = replied.request.tokens_in;
                let tokens_out = replied.reply.tokens_out;
                tracing::debug!(request_id, tokens_in, tokens_out, "replied");
                let writing = Writing {
                    state: Arc::clone(state),
                    account: replied.account,
                    class: &replied.request.model.class,
                    tokens: tokens_out,
                    _in_flight: in_flight,
                };
                Saying::Reply { replied, writing }
            }
        };
        Box::new(Self { started, headers, request_id, saying, effect, key, control })
    }

    /// When the answer can begin, in milliseconds after the request. A stream begins at once: its
    /// events wait.
    fn ready_ms(&self) -> u64 {
        match &self.saying {
            Saying::Refusal { after_ms, .. } => *after_ms,
            Saying::Reply { replied, .. } if replied.request.stream => 0,
            Saying::Reply { replied, .. } => replied.schedule.at_ms(replied.reply.tokens_out),
        }
    }

    async fn respond(self: Box<Self>, state: &State) -> Response {
        let Self { started, headers, request_id, saying, effect, key, control } = *self;
        let response = match saying {
            Saying::Refusal { error, .. } => refuse(&error, headers, &request_id),
            Saying::Reply { replied, writing } if replied.request.stream => {
                streamed(*replied, headers, &request_id, started, writing)
            }
            Saying::Reply { replied, writing } => {
                drop(writing);
                plain(&replied, headers, &request_id)
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
}

fn plain(replied: &Replied, mut headers: HeaderMap, request_id: &str) -> Response {
    headers.insert(header::CONTENT_TYPE, JSON);
    let body = Body::from(replied.message(request_id).to_json());
    respond(StatusCode::OK, headers, body)
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
