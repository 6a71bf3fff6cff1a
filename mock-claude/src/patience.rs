//! A request's body that does not come for ever: a client that stops half-way, and keeps its
//! connection, would hold what its request holds until the mock ends.
//!
//! Silence is counted from the last byte, so a slow upload takes as long as it likes. What a
//! silent body is answered with is the route's to say, which reads it as broken off.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The longest silence in the middle of a body.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// A body that fails when nothing comes for [`SILENCE`].
#[derive(Debug)]
pub(crate) struct Patient<B> {
    inner: B,
    /// Only while something is waited for: nearly every body is there with its head.
    silence: Option<Pin<Box<Sleep>>>,
}

impl<B> Patient<B> {
    pub(crate) const fn new(inner: B) -> Self {
        Self { inner, silence: None }
    }
}

impl<B> Body for Patient<B>
where
    B: Body<Error: Into<BoxError>> + Unpin,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            self.silence = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(SILENCE)));
        ready!(silence.as_mut().poll(context));
        Poll::Ready(Some(Err("nothing came for a minute".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
