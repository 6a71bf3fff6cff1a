//! Every route of the API but that of messages, which needs none: models, message batches, files,
//! the count of tokens, and what is not there.

pub mod batches;
mod caller;
pub mod files;
mod models;
mod paging;
mod stored;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::{any, post};
use http::{HeaderMap, Uri};

use self::stored::Stored;
use crate::api::error::ApiError;
use crate::exchange::core::Core;
use crate::exchange::pending::Asking;
use crate::exchange::{Exchange, Origin, count_tokens, message};
use crate::server::MAX_BODY_BYTES;

/// Every route of the API.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route(message::PATH, any(wrong_method))
        .route(count_tokens::PATH, post(count).fallback(wrong_method))
        .merge(models::routes())
        .merge(batches::routes())
        .merge(files::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Stored::new(core)))
}

async fn count(State(stored): State<Arc<Stored>>, request: Request) -> Response {
    count_tokens::answer(Arc::clone(&stored.core), request).await
}

async fn not_found(stored: State<Arc<Stored>>, uri: Uri, request: Request) -> Response {
    let path = uri.path();
    let error = ApiError::of_status(404, format!("Not found: {path}"));
    unrouted(&stored, request, &error).await
}

async fn wrong_method(stored: State<Arc<Stored>>, request: Request) -> Response {
    let error = ApiError { status: 405, ..ApiError::invalid_request("Method Not Allowed") };
    unrouted(&stored, request, &error).await
}

/// Refuses a request that is none of the API's, and looks at nothing else of it.
async fn unrouted(Stored { core, .. }: &Stored, request: Request, error: &ApiError) -> Response {
    let mut extensions = request.into_parts().0.extensions;
    let origin = extensions.remove::<Origin>().unwrap_or_default();
    let exchange = Exchange::begin(core, origin, |core, trace| {
        let nothing = HeaderMap::new();
        core.message(Asking::directly(&nothing, Some(trace)), Err(error.clone()))
    });
    exchange.end(core).await
}
