//! A request whose answer is to be recorded: what the client was sent is noted from the moment the
//! fault has done to it what HTTP can show. What is done on the connection is noted by its name.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{StatusCode, request, response};
use redact::Collector;
use tokio::time::Instant;

use super::hop::passed_on;
use super::record::{Piece, Recorded, Recorder, adapt_length, coding, written};
use super::tape::{Recording, Taped, elapsed_us};
use crate::api::headers::text;
use crate::api::secrets;
use crate::fault::effect::wire::{OnTheWire, WireEffect};

/// A request whose answer is to be recorded. Dropped before there is one, because its client has
/// left, it is on record as silence.
pub(super) struct Noting {
    recorder: Arc<Recorder>,
    /// What is known to be a credential before the request is looked at.
    collector: Collector,
    head: request::Parts,
    body: Bytes,
    started: Instant,
    is_answered: bool,
}

impl Noting {
    /// A request that has just come.
    pub(super) fn new(
        recorder: Arc<Recorder>,
        collector: Collector,
        head: request::Parts,
        body: Bytes,
    ) -> Self {
        let started = Instant::now();
        Self { recorder, collector, head, body, started, is_answered: false }
    }

    /// Its answer, noted as it is sent.
    pub(super) fn answered(mut self, response: Response) -> Response {
        self.is_answered = true;
        let (mut answered, sent) = response.into_parts();
        // What is sent at once has its length in the head, where a replay could not know it.
        let has_body =
            !matches!(answered.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if let Some(length) = http_body::Body::size_hint(&sent).exact().filter(|_| has_body) {
            answered.headers.entry(CONTENT_LENGTH).or_insert(length.into());
        }
        let sent = match self.begun(&answered) {
            Some(recording) => Body::new(Taped::new(sent, recording, self.started)),
            None => sent,
        };
        Response::from_parts(answered, sent)
    }

    /// The recording of an exchange whose answer has begun. A body that cannot be looked into is
    /// not written, and neither is what it belongs to.
    fn begun(&self, answered: &response::Parts) -> Option<Recording> {
        let Self { head, body, .. } = self;
        if let Some(coding) = coding(&head.headers).or_else(|| coding(&answered.headers)) {
            let path = head.uri.path();
            tracing::error!(?path, ?coding, "an exchange in this coding is not recorded");
            return None;
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut collector = self.collector.clone();
        secrets::of_headers(&head.headers, &mut collector);
        secrets::of_headers(&answered.headers, &mut collector);
        collector.url(path);
        let secrets = collector.secrets();
        let mut request_headers = written(&passed_on(&head.headers), &secrets);
        let masked = secrets.pieces(&[body], redact::Body::default()).map(|pieces| pieces.concat());
        let request_body = masked.as_deref().unwrap_or(body);
        adapt_length(&mut request_headers, body.len(), request_body.len());
        let exchange = Recorded {
            method: head.method.to_string(),
            path: secrets.text(path).into_owned(),
            request_headers,
            request_body: Piece::of(request_body),
            status: answered.status.as_u16(),
            headers: written(&answered.headers, &secrets),
            head_us: elapsed_us(self.started),
            chunks: Vec::new(),
            complete: false,
            ended_us: None,
            wire: answered.extensions.get::<OnTheWire>().map(|OnTheWire(effect)| effect.clone()),
        };
        let kind = text(&answered.headers, &CONTENT_TYPE);
        let is_events = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        let recorder = Arc::clone(&self.recorder);
        Some(Recording { recorder, exchange, secrets, is_events, pieces: Vec::new() })
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let (mut nothing, ()) = Response::new(()).into_parts();
        nothing.extensions.insert(OnTheWire(WireEffect::Hang { after_body_bytes: None }));
        if let Some(recording) = self.begun(&nothing) {
            recording.write(false, elapsed_us(self.started));
        }
    }
}
