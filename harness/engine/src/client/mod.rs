//! A client of the messages API: builds the request, reads the answer, names the failure.
//!
//! It tries once; trying again is the pipeline's business. An answer counts only when it is whole:
//! a body that breaks off or is no message is a failure, whatever the status said. How a request
//! reaches the API is a [`transport`]'s business; [`batch`] sends it by way of a batch.

pub mod answer;
pub mod batch;
mod body;
mod decode;
mod frames;
pub mod outcome;
pub mod request;
pub mod server_hints;
pub mod transport;
pub mod usage;

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use mock_claude::internals::Sought;
use reports::Cause;

use self::body::encode;
use self::decode::{decode, is_framed, is_stream, refused};
use self::frames::Frames;
use self::server_hints::ServerHints;
use self::transport::{Response, Transport, TransportError};

pub use self::outcome::{Head, Outcome, Sight};
pub use self::request::Request;

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A client over some transport.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client that sends through `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport) }
    }

    /// Sends one request and reads its answer to the end.
    pub async fn send(&self, request: &Request<'_>) -> Outcome {
        self.send_noting(request, |_| {}).await
    }

    /// The same; `note` gets what can be seen of the response as soon as it is there. The request
    /// is taken in at once, so that nobody has to keep its text for as long as the answer takes.
    pub fn send_noting<'a>(
        &'a self,
        request: &Request<'_>,
        note: impl FnMut(Sight<'_>) + Send + 'a,
    ) -> BoxFuture<'a, Outcome> {
        self.exchange(encode(request), note).boxed()
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        mut note: impl FnMut(Sight<'_>),
    ) -> Outcome {
        let response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(error) => return Outcome::broken(&error),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let hints = ServerHints::of(&headers);
        note(Sight::Head(Head { status, hints: &hints }));
        let outcome = match read_body(response, note).await {
            Err(unread) => unread.outcome(),
            Ok(body) if status == 200 => {
                let (cause, detail) = (Cause::MalformedReply, "");
                let (result, usage) = decode(&headers, &body);
                Outcome { usage, result, ..Outcome::without_response(cause, detail) }
            }
            Ok(body) => refused(status, &body),
        };
        outcome.under(status, &headers, hints)
    }
}

/// Why an answer has no body.
enum Unread {
    /// The connection ended too early, or the body is too large.
    Broken(TransportError),
    /// A stream whose frames cannot be read.
    Damaged(String),
}

impl Unread {
    /// The outcome of an attempt whose answer could not be read.
    fn outcome(self) -> Outcome {
        match self {
            Self::Broken(error) => Outcome::broken(&error),
            Self::Damaged(detail) => Outcome::without_response(Cause::MalformedReply, detail),
        }
    }
}

async fn read_body(response: Response, mut note: impl FnMut(Sight<'_>)) -> Result<Bytes, Unread> {
    let headers = response.headers();
    let mut frames = is_framed(headers).then(Frames::default);
    let mut first_token = (is_stream(headers) || frames.is_some()).then(Sought::first_token);
    let mut pieces = response.into_body();
    let mut body = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let mut piece = piece.map_err(Unread::Broken)?;
        if let Some(frames) = &mut frames {
            piece = frames.events(&piece).map_err(Unread::Damaged)?.into();
        }
        if first_token.as_mut().is_some_and(|sought| sought.look(&piece)) {
            first_token = None;
            note(Sight::FirstToken);
        }
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(Unread::Broken(TransportError::too_large(MAX_ANSWER_BYTES)));
        }
    }
    Ok(body.freeze())
}
