//! Answers as the engine's client reads them: the first bytes choose status, kind and the size of
//! the pieces, the rest is the body. Sent as a batch, the first line is the batch.

use std::time::Duration;

use bytes::Bytes;
use engine::client::transport::{Response, Transport, TransportError};
use engine::client::{Client, Request};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use super::choices::Choices;
use super::pipe::in_paused_time;

const STATUSES: [u16; 8] = [200, 200, 200, 200, 400, 429, 500, 529];

const KINDS: [&str; 3] = ["text/event-stream", "application/json", ""];

/// Answers every request with the same bytes, in pieces.
struct Fixed {
    status: u16,
    kind: &'static str,
    hint: String,
    /// The answer to a POST, and to everything after it.
    bodies: [Vec<u8>; 2],
    size: usize,
}

impl Transport for Fixed {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response, TransportError>> {
        let body = &self.bodies[usize::from(request.method() != http::Method::POST)];
        let pieces: Vec<_> =
            body.chunks(self.size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut answer = http::Response::builder().status(self.status);
        for name in ["retry-after", "anthropic-ratelimit-requests-reset", "retry-after-ms"] {
            answer = answer.header(name, &self.hint);
        }
        let answer = answer.header("content-type", self.kind);
        let answer = answer.body(stream::iter(pieces).boxed()).expect("a response");
        std::future::ready(Ok(answer)).boxed()
    }
}

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let (status, kind) = (choices.one(&STATUSES), choices.one(&KINDS));
    let (size, batched) = (usize::from(choices.byte()) + 1, choices.byte() & 1 == 1);
    let hint: String = String::from_utf8_lossy(choices.line())
        .chars()
        .filter(|letter| letter.is_ascii_graphic() || *letter == ' ')
        .collect();
    let first = if batched { choices.line() } else { choices.0 };
    let bodies = [first.to_vec(), choices.0.to_vec()];
    let client = Client::new(Fixed { status, kind, hint, bodies, size });
    let request = Request {
        bedrock: false,
        model: "claude-sonnet-4-5",
        max_tokens: 64,
        stream: true,
        cached: None,
        prompt: "hi",
        tag: "1/1/1",
    };
    in_paused_time(async {
        let outcome = if batched {
            client.send_batched(&request, Duration::from_hours(1), |_| {}).await
        } else {
            client.send(&request).await
        };
        assert_eq!(outcome.status, Some(status));
        assert!(status == 200 || outcome.result.is_err(), "a refusal is no answer");
    });
}
