//! A request that comes by a cloud: made into one for a message or a count, decided as that is, and
//! answered in the cloud's way.

use std::sync::Arc;

use axum::BoxError;
use axum::response::Response;
use bytes::Bytes;
use http::Request;

use super::core::Core;
use super::pending::{Asking, ByCloud};
use super::{Exchange, Origin};
use crate::cloud::{Call, Received, Translated};
use crate::server::body;

/// Answers one request.
pub(crate) async fn answer<B>(
    core: Arc<Core>,
    request: Request<B>,
    origin: Origin,
    call: Call,
) -> Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let (head, body) = request.into_parts();
    let body = body::read(body).await;
    let translated = body.and_then(|body| {
        let (account, clock) = (&core.config.bedrock, core.clock);
        call.translated(&Received { head: &head, body: &body, account, clock })
    });
    let (headers, body) = match translated {
        Ok(Translated { headers, body }) => (headers, Ok(body)),
        Err(error) => (head.headers, Err(error)),
    };
    let cloud = ByCloud { path: head.uri.path(), is_bedrock: call.is_of_bedrock() };
    let exchange = Exchange::begin(&core, origin, |core, trace| {
        let asking = Asking { cloud: Some(cloud), ..Asking::directly(&headers, Some(trace)) };
        let body = body.as_deref().map_err(Clone::clone);
        if call.counts() { core.count(asking, body) } else { core.message(asking, body) }
    });
    drop((headers, body));
    exchange.by_cloud(call, &core).end(&core).await
}
