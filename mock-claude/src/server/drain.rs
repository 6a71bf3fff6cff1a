//! The body of a request, read to its end also where nobody wants the rest.
//!
//! Who answers before all of a body has come, as a refusal of one that is too large does, leaves
//! bytes unread; a connection that is closed over them is reset, and a client that was still
//! sending sees the reset in place of the answer. So the rest is read and thrown away, up to a
//! bound, while the answer is on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::runtime::Handle;

/// Bytes that are read and thrown away, at most.
const MAX_DRAINED_BYTES: usize = 1024 * 1024 * 1024;

/// A body whose rest is read when it is dropped.
#[derive(Debug)]
pub(crate) struct Drained<B: Body<Data = Bytes> + Unpin + Send + 'static> {
    /// Nothing once it has come to its end.
    rest: Option<B>,
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Drained<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self { rest: Some(inner).filter(|inner| !inner.is_end_stream()) }
    }
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Body for Drained<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *rest).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || rest.is_end_stream() {
            self.rest = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Drop for Drained<B> {
    fn drop(&mut self) {
        // Without a runtime the connection is going down with it.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(drain(rest));
        }
    }
}

async fn drain(mut rest: impl Body<Data = Bytes> + Unpin) {
    let mut left = MAX_DRAINED_BYTES;
    while let Some(Ok(frame)) = rest.frame().await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(less) => left = less,
            None => return,
        }
    }
}
