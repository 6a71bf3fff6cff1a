//! The answer that is a stream: each event at its moment, and the journal told of the first token
//! and of the last event where they are made, because nobody changes them on their way.
//!
//! Events of the same moment are written together. What a fault or a cloud changes comes event by
//! event, as they look at each, and cuts may count the bytes of every frame.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::time::Instant;

use crate::basis::clock::{Clock, wait_until};
use crate::journal::trace::Handle;
use crate::model::stream::{Event, Events};

/// The most that is written together, about.
const MAX_WRITE: usize = 16 * 1024;

/// Who is told of what is sent, where nobody changes it.
pub(super) struct Noting {
    pub(super) clock: Clock,
    pub(super) trace: Handle,
}

impl Noting {
    /// Takes the noting over from whoever would look for the events in the bytes.
    pub(super) fn of(clock: Clock, trace: Handle) -> Self {
        trace.open().trace.stream_notes = true;
        Self { clock, trace }
    }

    fn note(&self, name: &str) {
        self.trace.note_event(name, &self.clock);
    }
}

/// The events as a body; `kept` lasts as long as it does.
pub(super) fn body(
    events: Events,
    started: Instant,
    noting: Option<Noting>,
    kept: impl Send + 'static,
) -> Body {
    let writing = (events, noting, kept);
    Body::from_stream(stream::unfold(writing, move |mut writing| async move {
        let (events, noting, _) = &mut writing;
        wait_until(started, events.next_ms()?).await;
        let event = events.next()?;
        let bytes = match noting {
            None => event.text,
            Some(noting) => together(event, events, noting),
        };
        Some((Ok::<_, Infallible>(Bytes::from(bytes)), writing))
    }))
}

/// An event, and those that come with it.
fn together(first: Event, events: &mut Events, noting: &Noting) -> Vec<u8> {
    noting.note(first.name);
    let mut bytes = first.text;
    while bytes.len() < MAX_WRITE && events.next_ms() == Some(first.at_ms) {
        let Some(event) = events.next() else { break };
        noting.note(event.name);
        bytes.extend_from_slice(&event.text);
    }
    bytes
}
