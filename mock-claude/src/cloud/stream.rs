//! A streamed answer on its way through a cloud: something else in place of each event, at the
//! event's own moment, and the journal told of the first token and of the last event.

use std::collections::VecDeque;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::api::sse::{Frame, Reader};
use crate::basis::clock::Clock;
use crate::journal::trace::Handle;

/// A stream on its way.
struct Passing<P> {
    source: BodyDataStream,
    reader: Reader,
    ready: VecDeque<Bytes>,
    clock: Clock,
    trace: Handle,
    pass: P,
}

/// The events of `body` as `pass` writes them.
pub(super) fn by_event(
    body: Body,
    (clock, trace): (Clock, Handle),
    pass: impl FnMut(&Frame) -> Vec<Bytes> + Send + 'static,
) -> Body {
    let source = body.into_data_stream();
    let (reader, ready) = (Reader::default(), VecDeque::new());
    let passing = Passing { source, reader, ready, clock, trace, pass };
    Body::from_stream(stream::unfold(passing, async |mut passing| {
        let next = passing.next().await?;
        Some((next, passing))
    }))
}

impl<P: FnMut(&Frame) -> Vec<Bytes>> Passing<P> {
    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(Ok(bytes));
            }
            if let Some(frame) = self.reader.next() {
                self.trace.note_event(frame.kind(), &self.clock);
                self.ready.extend((self.pass)(&frame));
                continue;
            }
            match self.source.next().await? {
                Ok(bytes) => self.reader.feed(&bytes),
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}
