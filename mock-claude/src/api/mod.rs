//! The routes beside messages: models, message batches, files.
//!
//! Every route goes through `call`, so that credentials, version, faults, journal and headers
//! are the same everywhere. What is kept between requests is in `Stored`, and every part of it
//! has a named limit. The messages themselves are not here, nor is counting their tokens.

pub mod batches;
pub(crate) mod call;
mod caller;
pub mod files;
pub(crate) mod models;
pub(crate) mod paging;

use std::sync::Arc;

use axum::Router;

use crate::answer::State;
use crate::routes::wrong_method;

/// Everything that these routes keep between requests.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) batches: batches::Store,
    pub(crate) files: files::Store,
}

/// The routes of all families.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .merge(models::routes())
        .merge(batches::routes())
        .merge(files::routes())
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn(call::remember))
}
