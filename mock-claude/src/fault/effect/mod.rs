//! What a fault does to one request, and how a finished response is changed by it: in HTTP where
//! that is enough, and by an order to the connection where it is not.
//!
//! A response is changed as it goes by, whatever made it: a plain one as a JSON document, a
//! streamed one event by event and at its events' own moments.

mod delay;
mod events;
mod lines;
mod response;
pub(crate) mod semantic;
mod shorten;
pub(crate) mod stream;
pub(crate) mod touch;
pub(crate) mod wire;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::events::{Passed, by_event};
use self::response::{edited, is_lines, is_stream, with_body, with_header};
use self::semantic::SemanticEffect;
use self::shorten::Shortened;
use self::stream::{Stream, StreamEffect};
use self::touch::Touch;
use self::wire::{Sent, WireEffect};
use crate::api::error::ApiError;
use crate::basis::chance::{Chance, RequestKey};
use crate::basis::clock::Clock;
use crate::fault::kinds::prompt_cache::CacheLoss;
use crate::model::latency::Delay;
use crate::server::wire::Control;

/// What a fault does to one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// An error in place of the reply, not charged.
    Refuse { error: ApiError, touch: Touch },
    /// The reply comes later or more slowly.
    Delay(Delay),
    /// The reply's bytes are changed.
    Wire(WireEffect),
    /// The reply's events are changed.
    Stream(StreamEffect),
    /// The reply says something wrong.
    Semantic(SemanticEffect),
    /// The prompt cache does not give what it has, or has it no more.
    LoseCache(CacheLoss),
    /// No connection; never the effect on a request.
    RefuseConnection {
        /// Nor a word about it.
        hangs: bool,
    },
    /// None at all, and no other fault's either.
    Nothing,
}

impl Effect {
    /// The error in place of the reply, where there is one.
    pub(crate) fn refusal(&self) -> Option<&ApiError> {
        match self {
            Self::Refuse { error, .. } => Some(error),
            _ => None,
        }
    }

    /// What it adds to the schedule of a reply.
    pub(crate) const fn delay(&self) -> Option<Delay> {
        match self {
            Self::Delay(delay) => Some(*delay),
            _ => None,
        }
    }

    /// The most tokens that the model writes; what it writes is charged.
    pub(crate) const fn most_tokens(&self) -> Option<u64> {
        match self {
            Self::Semantic(effect) => effect.most_tokens(),
            _ => None,
        }
    }

    /// Whether it changes what is answered, and not only how the answer arrives.
    pub(crate) fn is_about_content(&self) -> bool {
        let empties = matches!(self, Self::Stream(StreamEffect::EmptyContent));
        empties || matches!(self, Self::Refuse { .. } | Self::Semantic(_) | Self::LoseCache(_))
    }

    /// The error under status 200 that takes the place of a message.
    pub(crate) fn error_body(&self) -> Option<ApiError> {
        match self {
            Self::Semantic(effect) => effect.error(),
            _ => None,
        }
    }

    /// Changes a message that is no response of its own.
    pub(crate) fn edit(&self, message: &mut Value) {
        match self {
            Self::Semantic(effect) => effect.edit(message),
            Self::Stream(StreamEffect::EmptyContent) => message["content"] = json!([]),
            _ => {}
        }
    }
}

/// An effect and what is known of the request whose response it changes.
#[derive(Debug)]
pub(crate) struct Applied<'a> {
    pub(crate) effect: Effect,
    pub(crate) request_id: &'a str,
    pub(crate) key: RequestKey,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    pub(crate) control: Option<&'a Control>,
}

/// The response as the fault leaves it.
pub(crate) async fn apply(response: Response, applied: Applied<'_>) -> Response {
    let Applied { effect, request_id, key, chance, clock, control } = applied;
    match effect {
        Effect::Refuse { touch, .. } => touch::apply(response, &touch, clock),
        Effect::Wire(effect) => wire::apply(response, &effect, Sent { key, chance, control }).await,
        Effect::Stream(effect) if is_stream(&response) => {
            let mut stream = Stream::new(effect);
            by_event(response, move |frame| stream.pass(&frame))
        }
        Effect::Stream(effect) if is_lines(&response) => {
            let (head, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let changed = lines::changed(&bytes, &effect);
            with_body(Response::from_parts(head, Body::empty()), changed)
        }
        Effect::Stream(StreamEffect::EmptyContent) => {
            let empty = |message: &mut Value| {
                if let Some(content) = message.get_mut("content") {
                    *content = json!([]);
                }
            };
            edited(response, empty).await
        }
        Effect::Semantic(effect) => said_wrongly(response, effect, request_id).await,
        Effect::Delay(_)
        | Effect::Stream(_)
        | Effect::LoseCache(_)
        | Effect::RefuseConnection { .. }
        | Effect::Nothing => response,
    }
}

/// The response as the fault leaves it, where no schedule and no model knew of the fault: what the
/// other routes give, and what an upstream sent to a request that came at `started`.
pub(crate) async fn apply_to_made(
    response: Response,
    applied: Applied<'_>,
    started: Instant,
) -> Response {
    if let Some(delay) = applied.effect.delay() {
        return delay::paced(response, delay, started).await;
    }
    let response = match applied.effect.most_tokens() {
        Some(most) if is_stream(&response) => {
            let mut shortened = Shortened::new(most);
            by_event(response, move |frame| shortened.pass(&frame))
        }
        Some(most) => edited(response, |value| shorten::message(value, most)).await,
        None => response,
    };
    apply(response, applied).await
}

/// The response as a wire fault leaves it that hit the same response once before.
#[cfg(feature = "proxy")]
pub(crate) async fn apply_again(
    response: Response,
    effect: &WireEffect,
    control: Option<&Control>,
) -> Response {
    let key = RequestKey { subject: 0, attempt: 0 };
    wire::apply(response, effect, Sent { key, chance: Chance::new(0), control }).await
}

async fn said_wrongly(response: Response, effect: SemanticEffect, request_id: &str) -> Response {
    if let Some(error) = effect.error() {
        let body = error.body(request_id);
        let json = HeaderValue::from_static("application/json");
        return with_body(with_header(response, header::CONTENT_TYPE, json), body);
    }
    if is_stream(&response) {
        by_event(response, move |frame| Passed::Many(vec![frame.edited(|data| effect.edit(data))]))
    } else {
        edited(response, |message| effect.edit(message)).await
    }
}
