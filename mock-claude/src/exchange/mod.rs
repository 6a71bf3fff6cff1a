//! One exchange: a request is decided, written down, waited for, answered, and the answer changed
//! as the fault that hits it demands. Every route of the mock and of the proxy goes through
//! [`Exchange`], each with a decision of its own ([`message`], [`count_tokens`], [`route`]); the
//! requests of a batch are decided alike and answered together ([`batch_item`]).
//!
//! Deciding takes no time and awaits nothing; the wait comes after it, so that a slow answer holds
//! no lock. A fault is decided before the limits, so that an overloaded API costs no quota.

pub(crate) mod batch_item;
pub(crate) mod cloud;
pub(crate) mod core;
pub(crate) mod count_tokens;
mod identity;
pub(crate) mod message;
pub(crate) mod pending;
pub(crate) mod route;
pub(crate) mod settings;
mod streamed;
mod threads;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use tokio::time::Instant;

use self::core::Core;
use self::streamed::Noting;
use crate::api::error::ApiError;
use crate::api::headers::{JSON, REQUEST_ID, SHOULD_RETRY, value};
use crate::api::prices::InputTokens;
use crate::api::request::MessagesRequest;
use crate::basis::chance::RequestKey;
use crate::basis::clock::wait_until;
use crate::cloud::{Call, Voice};
use crate::fault::effect::semantic::SemanticEffect;
use crate::fault::effect::{Effect, apply, apply_to_made};
use crate::fault::injector::InFlight;
use crate::journal::trace::Handle;
use crate::limits::Admission;
use crate::model::latency::Schedule;
use crate::model::message::{Message, Usage};
use crate::model::reply::{Reply, StopReason};
use crate::model::stream::{Bookends, Events};
use crate::server::wire::Control;

/// Where a request came from, as far as its answer has to know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// The connection, where faults can reach it.
    pub(crate) control: Option<Control>,
    /// What is noted of the request.
    pub(crate) trace: Handle,
}

/// What is decided about one request.
pub(crate) struct Decision {
    /// The headers of the answer, as far as they do not follow from the outcome.
    pub(crate) headers: HeaderMap,
    /// The id that the answer carries.
    pub(crate) request_id: String,
    pub(crate) outcome: Outcome,
    /// What a fault does to the answer.
    pub(crate) effect: Option<Effect>,
    /// Whether the schedule and the model knew of the effect, as those of a message do.
    pub(crate) is_foreseen: bool,
    /// The request and its attempt.
    pub(crate) key: RequestKey,
}

/// What a request gets.
pub(crate) enum Outcome {
    /// An error.
    Refused(ApiError),
    /// A message.
    Replied(Box<Replied>),
    /// Something that is there as a whole.
    Given(Given),
    /// What somebody else answers.
    #[cfg(feature = "proxy")]
    Elsewhere(Elsewhere),
}

/// An answer that is there as a whole.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
}

impl Given {
    /// A JSON document.
    pub(crate) fn json(document: &Value) -> Self {
        Self { content_type: JSON, body: document.to_string().into() }
    }
}

/// Gets an answer from somewhere else, for a request that came at this moment and is under way
/// until the answer has gone.
#[cfg(feature = "proxy")]
pub(crate) type Elsewhere = Box<dyn FnOnce(Instant, InFlight) -> Answering + Send>;

/// An answer that is on its way from somewhere else.
#[cfg(feature = "proxy")]
pub(crate) type Answering =
    std::pin::Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;

/// A reply on its way.
#[derive(Debug)]
pub(crate) struct Replied {
    pub(crate) request: MessagesRequest,
    pub(crate) reply: Reply,
    pub(crate) schedule: Schedule,
    /// What the prompt cache made of the input.
    pub(crate) input: InputTokens,
    /// Fields of the response that are there because the request had them.
    pub(crate) echoed: Map<String, Value>,
    /// What the limits admitted, where there are any.
    pub(crate) admission: Option<Admission>,
}

impl Replied {
    /// The reply as the API's message object.
    pub(crate) fn message(&self, request_id: &str) -> Message<'_> {
        let echo = &self.request.echo;
        let inference_geo = Some(echo.inference_geo);
        let usage = Usage::cached(&self.input, &self.reply);
        let usage = Usage { inference_geo, speed: echo.speed, ..usage };
        let letters = request_id.strip_prefix("req_").unwrap_or(request_id);
        let id = ["msg_", letters].concat();
        let message = Message::new(id, &self.request.model_id, &self.reply, usage);
        Message { echoed: self.echoed.clone(), ..message }
    }
}

/// A request that is decided and not yet answered. What waits, waits without its request.
pub(crate) struct Exchange {
    started: Instant,
    in_flight: InFlight,
    decision: Decision,
    origin: Origin,
    /// How the answer has to sound that goes by a cloud.
    voice: Option<Box<Voice>>,
}

impl Exchange {
    /// Counts a request as under way and decides it. Boxed, because it is moved and kept while it
    /// waits.
    pub(crate) fn begin(
        core: &Core,
        origin: Origin,
        decide: impl FnOnce(&Core, &Handle) -> Decision,
    ) -> Box<Self> {
        let started = Instant::now();
        let in_flight = core.injector.enter();
        let decision = decide(core, &origin.trace);
        let request_id = &decision.request_id;
        match &decision.outcome {
            Outcome::Refused(ApiError { status, message, .. }) => {
                tracing::debug!(request_id, status, ?message, "refused");
            }
            Outcome::Replied(replied) => {
                let tokens_in = replied.request.tokens_in;
                let tokens_out = replied.reply.tokens_out;
                if replied.reply.stop_reason == StopReason::MaxTokens {
                    let trace = &mut origin.trace.open().trace;
                    match &decision.effect {
                        Some(Effect::Semantic(SemanticEffect::PauseTurn { .. })) => {
                            trace.paused = true;
                        }
                        // What a refusal had begun to say is no answer that was cut.
                        Some(Effect::Semantic(SemanticEffect::Refusal { .. })) => {
                            trace.refused = true;
                        }
                        _ => trace.truncated = true,
                    }
                }
                tracing::debug!(request_id, tokens_in, tokens_out, "replied");
            }
            Outcome::Given(_) => {}
            #[cfg(feature = "proxy")]
            Outcome::Elsewhere(_) => {}
        }
        Box::new(Self { started, in_flight, decision, origin, voice: None })
    }

    /// The same for a request that came by a cloud, whose answer goes back by it.
    pub(crate) fn by_cloud(mut self: Box<Self>, call: Call, core: &Core) -> Box<Self> {
        let trace = self.origin.trace.clone();
        self.voice = Some(Box::new(call.voice(self.started, core.clock, trace)));
        self
    }

    /// Waits until the answer can begin, gives it, and does to it what the fault demands.
    pub(crate) async fn end(self: Box<Self>, core: &Core) -> Response {
        wait_until(self.started, self.decision.outcome.ready_ms(core)).await;
        let Self { started, in_flight, decision, origin, voice } = *self;
        let Decision { mut headers, request_id, outcome, effect, is_foreseen, key } = decision;
        headers.insert(&REQUEST_ID, value(&request_id));
        let (response, _in_flight) = match outcome {
            Outcome::Refused(error) => (refuse(&error, headers, &request_id), Some(in_flight)),
            Outcome::Replied(replied) if replied.request.stream => {
                let is_changed = effect.is_some() || voice.is_some();
                let noting = (!is_changed).then(|| Noting::of(core.clock, origin.trace));
                (streamed(*replied, headers, &request_id, (started, in_flight, noting)), None)
            }
            Outcome::Replied(replied) => (plain(&replied, headers, &request_id), Some(in_flight)),
            Outcome::Given(Given { content_type, body }) => {
                headers.insert(header::CONTENT_TYPE, content_type);
                (respond(StatusCode::OK, headers, Body::from(body)), Some(in_flight))
            }
            #[cfg(feature = "proxy")]
            Outcome::Elsewhere(elsewhere) => {
                let answer = elsewhere(started, in_flight).await;
                (answer.unwrap_or_else(|error| refuse(&error, headers, &request_id)), None)
            }
        };
        // What an answer says is changed before it goes by a cloud, and how it arrives after.
        let (voice_first, voice_last) = match &effect {
            Some(Effect::Stream(_) | Effect::Semantic(_)) => (None, voice),
            _ => (voice, None),
        };
        let response = dressed(voice_first, response).await;
        let Some(effect) = effect else { return response };
        let applied = core.injector.applied(effect, &request_id, key, origin.control.as_ref());
        let response = if is_foreseen {
            Box::pin(apply(response, applied)).await
        } else {
            Box::pin(apply_to_made(response, applied, started)).await
        };
        dressed(voice_last, response).await
    }
}

/// The answer as it goes by a cloud, if it does.
async fn dressed(voice: Option<Box<Voice>>, response: Response) -> Response {
    match voice {
        Some(voice) => Box::pin(voice.dressed(response)).await,
        None => response,
    }
}

impl Outcome {
    /// When the answer can begin, in milliseconds after the request. A stream begins at once: its
    /// events wait.
    fn ready_ms(&self, core: &Core) -> u64 {
        match self {
            Self::Refused(_) | Self::Given(_) => core.settings().latency.refusal_ms,
            Self::Replied(replied) if replied.request.stream => 0,
            Self::Replied(replied) => replied.schedule.at_ms(replied.reply.tokens_out),
            #[cfg(feature = "proxy")]
            Self::Elsewhere(_) => 0,
        }
    }
}

/// The response to a request that is refused.
pub(crate) fn refuse(error: &ApiError, mut headers: HeaderMap, request_id: &str) -> Response {
    if error.is_of_edge {
        headers.clear();
        headers.insert(header::CONTENT_TYPE, JSON);
        return respond(StatusCode::PAYLOAD_TOO_LARGE, headers, Body::from(error.body(request_id)));
    }
    let should_retry = if error.should_retry() { "true" } else { "false" };
    headers.insert(&SHOULD_RETRY, HeaderValue::from_static(should_retry));
    if let Some(seconds) = error.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.insert(header::CONTENT_TYPE, JSON);
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, Body::from(error.body(request_id)))
}

fn plain(replied: &Replied, mut headers: HeaderMap, request_id: &str) -> Response {
    headers.insert(header::CONTENT_TYPE, JSON);
    let body = Body::from(replied.message(request_id).to_json());
    respond(StatusCode::OK, headers, body)
}

/// A stream whose request is under way, and admitted, until its last event is sent or dropped.
fn streamed(
    replied: Replied,
    mut headers: HeaderMap,
    request_id: &str,
    (started, in_flight, noting): (Instant, InFlight, Option<Noting>),
) -> Response {
    let frame = Bookends::of(&replied.message(request_id));
    let Replied { reply, schedule, admission, .. } = replied;
    let events = Events::new(frame, reply, schedule);
    let body = streamed::body(events, started, noting, (admission, in_flight));
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    respond(StatusCode::OK, headers, body)
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
