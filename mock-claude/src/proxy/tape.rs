//! An answer on its way to the client, noted for the recording as it is sent.
//!
//! The exchange is written when the body ends, however it ends: the client gets nothing later for
//! being recorded. Only then is it known whole, and credentials are taken out of it: one may begin
//! in a piece and end in another. A body beyond the bound is passed on whole and recorded as
//! incomplete.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use redact::Secrets;
use tokio::time::Instant;

use super::record::{Chunk, Piece, Recorded, Recorder, adapt_length};

/// Bytes of one answer that are recorded, at most.
const MAX_RECORDED_BYTES: usize = 64 * 1024 * 1024;

/// An exchange that is being recorded.
pub(super) struct Recording {
    pub(super) recorder: Arc<Recorder>,
    /// What is known of it when its answer begins.
    pub(super) exchange: Recorded,
    /// What must not be in it.
    pub(super) secrets: Secrets,
    /// Whether the body is a stream of events.
    pub(super) is_events: bool,
    /// The pieces of the body, with the microseconds from the request to each.
    pub(super) pieces: Vec<(u64, Bytes)>,
}

impl Recording {
    /// Writes the exchange; the answer is whole where it `ended`.
    pub(super) fn write(self, ended: bool, now_us: u64) {
        let Self { recorder, mut exchange, secrets, is_events, pieces } = self;
        exchange.complete = ended;
        exchange.ended_us = (!ended).then_some(now_us);
        let bytes: Vec<&[u8]> = pieces.iter().map(|(_, bytes)| &bytes[..]).collect();
        let masked = secrets.pieces(&bytes, redact::Body { is_events, is_cut: !ended });
        if let Some(masked) = &masked {
            let length = |lengths: &mut dyn Iterator<Item = usize>| lengths.sum::<usize>();
            let before = length(&mut bytes.iter().map(|piece| piece.len()));
            let after = length(&mut masked.iter().map(Vec::len));
            adapt_length(&mut exchange.headers, before, after);
        }
        let shown = |number: usize| masked.as_ref().map_or(bytes[number], |masked| &masked[number]);
        exchange.chunks = (0..pieces.len())
            .map(|number| Chunk { at_us: pieces[number].0, data: Piece::of(shown(number)) })
            .collect();
        recorder.write(&exchange);
    }
}

/// A body that is noted as it passes.
pub(super) struct Taped {
    inner: Body,
    recording: Option<Recording>,
    started: Instant,
    bytes: usize,
    ended: bool,
}

impl Taped {
    pub(super) fn new(inner: Body, recording: Recording, started: Instant) -> Self {
        let ended = http_body::Body::is_end_stream(&inner);
        Self { inner, recording: Some(recording), started, bytes: 0, ended }
    }

    fn saw(&mut self, data: &Bytes) {
        self.bytes = self.bytes.saturating_add(data.len());
        let Some(recording) = &mut self.recording else { return };
        if self.bytes <= MAX_RECORDED_BYTES {
            recording.pieces.push((elapsed_us(self.started), data.clone()));
        }
    }
}

/// Microseconds since a moment.
pub(super) fn elapsed_us(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Taped {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            let ended = self.ended && self.bytes <= MAX_RECORDED_BYTES;
            recording.write(ended, elapsed_us(self.started));
        }
    }
}

impl http_body::Body for Taped {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.saw(data);
                }
                self.ended |= self.inner.is_end_stream();
            }
            Some(Err(_)) => {}
            None => self.ended = true,
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
