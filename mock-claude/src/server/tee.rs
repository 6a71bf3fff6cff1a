//! The body of a request on its way, copied for whoever wants to see it on the page. Without such
//! a reader nothing is copied.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::journal::bodies::Reading;

/// A body, and where it is copied to.
#[derive(Debug)]
pub(crate) struct Tee<B> {
    inner: B,
    copy: Option<Reading>,
}

impl<B> Tee<B> {
    pub(crate) const fn new(inner: B, copy: Option<Reading>) -> Self {
        Self { inner, copy }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Tee<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let (Some(copy), Some(Ok(frame))) = (&self.copy, &frame)
            && let Some(data) = frame.data_ref()
        {
            copy.lock().add(data);
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
