//! `POST /v1/messages/count_tokens`: the same headers, body rules and faults as a message, no
//! limits of messages, no reply and no charge.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use super::core::Core;
use super::identity::subject;
use super::pending::{Asking, Pending};
use super::{Decision, Exchange, Given, Origin, Outcome};
use crate::api::error::ApiError;
use crate::api::headers::{JSON, ORGANIZATION};
use crate::api::request::Purpose;
use crate::server::body;

/// The path.
pub(crate) const PATH: &str = "/v1/messages/count_tokens";

/// Answers one request.
pub(crate) async fn answer(core: Arc<Core>, request: axum::extract::Request) -> Response {
    let (mut head, body) = request.into_parts();
    let origin = head.extensions.remove::<Origin>().unwrap_or_default();
    let body = body::read(body).await;
    let exchange = Exchange::begin(&core, origin, |core, trace| {
        let asking = Asking::directly(&head.headers, Some(trace));
        core.count(asking, body.as_deref().map_err(Clone::clone))
    });
    drop((head, body));
    exchange.end(&core).await
}

impl Core {
    /// Decides a count. Refusals and faults are written into the journal; a count costs nothing.
    pub(crate) fn count(&self, asking: Asking<'_>, body: Result<&[u8], ApiError>) -> Decision {
        let hash = body.as_ref().map_or(0, |bytes| xxh3_64(bytes));
        let parsed = body.and_then(|bytes| self.read(&asking, bytes, Purpose::Count));
        let about = match &parsed {
            Ok(request) => subject(request) ^ xxh3_64(b"count_tokens"),
            Err(_) => hash,
        };
        let mut pending = Pending::open(self, asking, about);
        let counted = parsed.and_then(|request| {
            let path = asking.cloud.map_or(PATH, |cloud| cloud.path);
            pending.meet(path, &request.model_id, false)?;
            Ok(request.tokens_in)
        });
        if counted.is_err() || pending.injection.is_some() {
            pending.commit(pending.entry(counted.as_ref().err()));
        }
        let mut headers = HeaderMap::new();
        headers.insert(&ORGANIZATION, self.organization.clone());
        let outcome = counted.map_or_else(Outcome::Refused, |tokens| {
            let body = format!("{{\"input_tokens\":{tokens}}}").into();
            Outcome::Given(Given { content_type: JSON, body })
        });
        pending.decided(headers, outcome)
    }
}
