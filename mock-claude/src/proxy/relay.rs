//! An upstream's body on its way to the client, noted for the recording as it passes.
//!
//! The exchange is written when the body ends, however it ends: the client gets nothing later for
//! being recorded. Only then is it known whole, and credentials are taken out of it: one may begin
//! in a piece and end in another. A body beyond the bound is passed on whole and recorded as
//! incomplete.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use redact::Secrets;
use tokio::time::{Instant, Sleep, sleep};

use super::record::{Chunk, Piece, Recorded, Recorder, adapt_length};
use crate::fault::injector::InFlight;

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
    fn write(self, ended: bool) {
        let Self { recorder, mut exchange, secrets, is_events, pieces } = self;
        exchange.complete = ended;
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

/// A body that passes through.
pub(super) struct Relay {
    inner: Incoming,
    recording: Option<Recording>,
    started: Instant,
    timeout: Duration,
    idle_timeout: Pin<Box<Sleep>>,
    bytes: usize,
    ended: bool,
    failure: Option<BoxError>,
    _in_flight: InFlight,
}

impl Relay {
    pub(super) fn new(
        inner: Incoming,
        recording: Option<Recording>,
        started: Instant,
        timeout: Duration,
        in_flight: InFlight,
    ) -> Self {
        let ended = inner.is_end_stream();
        let idle_timeout = Box::pin(sleep(timeout));
        Self {
            inner,
            recording,
            started,
            timeout,
            idle_timeout,
            bytes: 0,
            ended,
            failure: None,
            _in_flight: in_flight,
        }
    }

    fn saw(&mut self, data: &Bytes) {
        self.bytes = self.bytes.saturating_add(data.len());
        let Some(recording) = &mut self.recording else { return };
        if self.bytes <= MAX_RECORDED_BYTES {
            let at_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
            recording.pieces.push((at_us, data.clone()));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.write(self.ended && self.bytes <= MAX_RECORDED_BYTES);
        }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        let polled = Pin::new(&mut this.inner).poll_frame(context);
        if polled.is_pending() {
            ready!(this.idle_timeout.as_mut().poll(context));
            return Poll::Ready(Some(Err("the upstream fell silent".into())));
        }
        this.idle_timeout.as_mut().reset(Instant::now() + this.timeout);
        if let Poll::Ready(Some(Err(error))) = polled {
            // An error that is seen together with data takes the data away: one turn later.
            this.failure = Some(error.into());
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        polled.map(|frame| match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.saw(data);
                }
                this.ended |= this.inner.is_end_stream();
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(error.into())),
            None => {
                this.ended = true;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
