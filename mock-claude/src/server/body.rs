//! The body of a request: no larger and no longer silent than a bound.
//!
//! A client that stops half-way, and keeps its connection, would hold what its request holds until
//! the mock ends. Silence is counted from the last byte, so a slow upload takes as long as it
//! likes. What a silent body is answered with is the route's to say, which reads it as broken off.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::extract::rejection::BytesRejection;
use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{Sleep, sleep};

use crate::api::error::ApiError;

/// The largest request body, as documented: 32 MB.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The longest silence in the middle of a body.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A body that fails when nothing comes for [`IDLE_TIMEOUT`].
#[derive(Debug)]
pub(crate) struct IdleTimeout<B> {
    inner: B,
    /// Only while something is waited for: nearly every body is there with its head.
    idle: Option<Pin<Box<Sleep>>>,
}

impl<B> IdleTimeout<B> {
    pub(crate) const fn new(inner: B) -> Self {
        Self { inner, idle: None }
    }
}

impl<B> Body for IdleTimeout<B>
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
            self.idle = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let idle = self.idle.get_or_insert_with(|| Box::pin(sleep(IDLE_TIMEOUT)));
        ready!(idle.as_mut().poll(context));
        Poll::Ready(Some(Err("nothing came for a minute".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// All of a body, within the bound of [`MAX_BODY_BYTES`]. Nearly every one is a single piece, which
/// is taken as it is.
pub(crate) async fn read<B>(body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let refused = |error: BoxError| {
        let too_large = error.is::<LengthLimitError>();
        if too_large { ApiError::too_large_for_the_edge() } else { ApiError::broken_off() }
    };
    let mut body = Limited::new(body, MAX_BODY_BYTES);
    let Some(first) = body.frame().await else {
        return Ok(Bytes::new());
    };
    let first = first.map_err(refused)?.into_data().unwrap_or_default();
    if body.is_end_stream() {
        return Ok(first);
    }
    let rest = body.collect().await.map_err(refused)?.to_bytes();
    Ok(if rest.is_empty() { first } else { [first, rest].concat().into() })
}

/// Why a route's body could not be read: it is too large, or it broke off.
pub(crate) fn unread(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::too_large_for_the_edge()
    } else {
        ApiError::broken_off()
    }
}
