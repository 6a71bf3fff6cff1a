//! An upstream's body on its way to the client: it breaks off where the upstream falls silent, and
//! its request is under way until it ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use crate::fault::injector::InFlight;

/// A body that passes through.
pub(super) struct Relay {
    inner: Incoming,
    timeout: Duration,
    idle_timeout: Pin<Box<Sleep>>,
    failure: Option<BoxError>,
    _in_flight: InFlight,
}

impl Relay {
    pub(super) fn new(inner: Incoming, timeout: Duration, in_flight: InFlight) -> Self {
        let idle_timeout = Box::pin(sleep(timeout));
        Self { inner, timeout, idle_timeout, failure: None, _in_flight: in_flight }
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
        polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
