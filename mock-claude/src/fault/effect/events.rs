//! A stream of events on its way through an effect: something else in place of each event, at the
//! event's own moment.

use std::collections::VecDeque;

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header;

use crate::api::sse::{Frame, Reader};

/// What comes in place of one event.
#[derive(Debug)]
pub(super) enum Passed {
    /// These, and the stream goes on.
    Many(Vec<String>),
    /// These, and the stream is over.
    End(Vec<String>),
}

impl Passed {
    /// The same with the event itself after it, where the stream goes on.
    pub(super) fn then(self, frame: &Frame) -> Self {
        match self {
            Self::Many(mut texts) => {
                texts.push(frame.text.clone());
                Self::Many(texts)
            }
            Self::End(texts) => Self::End(texts),
        }
    }
}

/// A stream on its way.
struct Passing<P> {
    source: BodyDataStream,
    reader: Reader,
    ready: VecDeque<String>,
    over: bool,
    failure: Option<axum::Error>,
    pass: P,
}

/// The stream with something else in place of each of its events.
pub(super) fn by_event(
    response: Response,
    pass: impl FnMut(Frame) -> Passed + Send + 'static,
) -> Response {
    let mut response = response;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|body| {
        let passing = Passing {
            source: body.into_data_stream(),
            reader: Reader::default(),
            ready: VecDeque::new(),
            over: false,
            failure: None,
            pass,
        };
        Body::from_stream(stream::unfold(passing, async |mut passing| {
            let next = passing.next().await?;
            Some((next, passing))
        }))
    })
}

impl<P: FnMut(Frame) -> Passed> Passing<P> {
    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Some(Ok(text.into()));
            }
            if self.over {
                return self.failure.take().map(Err);
            }
            if let Some(frame) = self.reader.next() {
                let (texts, over) = match (self.pass)(frame) {
                    Passed::Many(texts) => (texts, false),
                    Passed::End(texts) => (texts, true),
                };
                self.ready.extend(texts.into_iter().filter(|text| !text.is_empty()));
                self.over = over;
                continue;
            }
            match self.source.next().await {
                Some(Ok(bytes)) => self.reader.feed(&bytes),
                // What came of an event before the stream broke off is passed on as it came.
                rest => {
                    self.over = true;
                    self.failure = rest.and_then(Result::err);
                    self.ready.extend(self.reader.rest());
                }
            }
        }
    }
}
