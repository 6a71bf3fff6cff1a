//! The same request by way of the message batches API: half the price, some minutes later.
//!
//! Each request is a batch of its own, so that its charge is known apart from the others. A
//! batch goes on whether or not anybody asks after it, so a question that fails is asked again.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderMap, Method};
use reports::Cause;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::answer::Failure;
use super::body::{Body, request_to};
use super::decode::{ErrorBody, PlainMessage, cause_of_kind, refused, shorten};
use super::outcome::{Head, Outcome, Sight};
use super::request::Request;
use super::server_hints::ServerHints;
use super::{Client, Unread, read_body};

const PATH: &str = "/v1/messages/batches";

/// How long a batch is asked after: it expires after a day.
const PATIENCE: Duration = Duration::from_hours(25);

/// The longest id of a batch that is asked after; real ones have 33 characters.
const MAX_ID: usize = 200;

/// The mark of requests that only ask after a batch.
pub const ASKING_TAG: &str = "batch";

#[derive(Serialize)]
struct NewBatch<'a> {
    requests: [NewRequest<'a>; 1],
}

#[derive(Serialize)]
struct NewRequest<'a> {
    custom_id: &'static str,
    params: Body<'a>,
}

#[derive(Deserialize)]
struct Batch {
    id: String,
    processing_status: String,
}

impl Batch {
    fn read(body: &[u8]) -> Result<Self, String> {
        let batch: Self =
            serde_json::from_slice(body).map_err(|error| format!("not a batch: {error}"))?;
        // The id becomes part of a path, and whoever answers may say what it likes.
        let of_path = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MAX_ID).contains(&batch.id.len()) && batch.id.bytes().all(of_path) {
            Ok(batch)
        } else {
            Err(format!("not a batch: its id is `{}`", batch.id))
        }
    }
}

#[derive(Deserialize)]
struct ResultLine {
    result: BatchResult,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BatchResult {
    Succeeded { message: PlainMessage },
    Errored { error: ErrorBody },
    Canceled,
    Expired,
}

/// A response that was read to its end.
struct Whole {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// Sends one request as a batch, and asks after it every `poll` until it has ended. `note` gets
    /// the head of the response to the sending.
    pub fn send_batched<'a>(
        &'a self,
        request: &Request<'_>,
        poll: Duration,
        note: impl FnOnce(Sight<'_>) + Send + 'a,
    ) -> BoxFuture<'a, Outcome> {
        let new =
            NewBatch { requests: [NewRequest { custom_id: "part", params: Body::of(request) }] };
        let body = serde_json::to_vec(&new).expect("strings and numbers serialise");
        self.batched(request_to(Method::POST, PATH, body, request.tag), poll, note).boxed()
    }

    async fn batched(
        &self,
        request: http::Request<Bytes>,
        poll: Duration,
        note: impl FnOnce(Sight<'_>),
    ) -> Outcome {
        let sent = match self.whole(request).await {
            Ok(sent) => sent,
            Err(broken) => return broken,
        };
        let hints = ServerHints::of(&sent.headers);
        note(Sight::Head(Head { status: sent.status, hints: &hints }));
        let outcome = match sent.status {
            200 => match Batch::read(&sent.body) {
                Ok(batch) => self.follow(batch, poll).await,
                Err(detail) => Outcome::without_response(Cause::MalformedReply, shorten(&detail)),
            },
            status => refused(status, &sent.body),
        };
        outcome.under(sent.status, &sent.headers, hints)
    }

    /// Asks after a batch until it has ended, and reads its result.
    async fn follow(&self, mut batch: Batch, poll: Duration) -> Outcome {
        let path = format!("{PATH}/{}", batch.id);
        let times = PATIENCE.as_millis().div_ceil(poll.as_millis().max(1));
        for _ in 0..times {
            if batch.processing_status == "ended" {
                if let Some(result) = self.result(&format!("{path}/results")).await {
                    return result;
                }
                sleep(poll).await;
                continue;
            }
            sleep(poll).await;
            let asked = self.whole(request_to(Method::GET, &path, Vec::new(), ASKING_TAG)).await;
            if let Ok(Whole { status: 200, body, .. }) = asked
                && let Ok(found) = serde_json::from_slice(&body)
            {
                batch = found;
            }
        }
        Outcome::without_response(Cause::CallTimeout, "the batch has not ended in a day")
    }

    /// The result of a batch that has ended; none where the question failed.
    async fn result(&self, path: &str) -> Option<Outcome> {
        let asked = self.whole(request_to(Method::GET, path, Vec::new(), ASKING_TAG)).await.ok()?;
        if asked.status != 200 {
            return None;
        }
        let mut usage = None;
        let result = match serde_json::from_slice::<ResultLine>(&asked.body) {
            Ok(ResultLine { result }) => match result {
                BatchResult::Succeeded { message } => {
                    usage = message.usage();
                    message.answer()
                }
                BatchResult::Errored { error: ErrorBody { error } } => {
                    Err(Failure::new(cause_of_kind(&error.kind), shorten(&error.message)))
                }
                BatchResult::Canceled => Err(Failure::new(Cause::ServerError, "canceled")),
                BatchResult::Expired => Err(Failure::new(Cause::ServerError, "expired")),
            },
            Err(error) => {
                Err(Failure::new(Cause::MalformedReply, format!("not a result: {error}")))
            }
        };
        Some(Outcome { usage, result, ..Outcome::without_response(Cause::MalformedReply, "") })
    }

    async fn whole(&self, request: http::Request<Bytes>) -> Result<Whole, Outcome> {
        let response = self.transport.send(request).await;
        let response = response.map_err(|error| Outcome::broken(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_body(response, |_| {}).await.map_err(Unread::outcome)?;
        Ok(Whole { status, headers, body })
    }
}
