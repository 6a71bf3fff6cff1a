//! Files: `POST|GET /v1/files`, `GET|DELETE` of one, and its content.
//!
//! A file is read part by part (`upload`) and only its beginning is ever held; what is kept, and
//! for how long, is decided in `store`.

pub(super) mod store;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use self::store::{File, unknown};
#[cfg(feature = "workspace-internals")]
pub use self::store::{KEPT_CONTENT_BYTES, MAX_FILE_BYTES};
use super::caller::{Caller, Id};
use super::paging::Query;
use super::stored::Stored;
use crate::api::error::ApiError;
use crate::api::headers::value;
use crate::basis::clock::Clock;
use crate::exchange::Given;
use crate::exchange::route::Context;

/// The beginning of every cursor.
const PAGE_PREFIX: &str = "page_";

/// The routes of this family.
pub(super) fn routes() -> Router<Arc<Stored>> {
    Router::new()
        .route("/v1/files", get(list).post(upload::upload))
        .route("/v1/files/{id}", get(one).delete(delete))
        .route("/v1/files/{id}/content", get(content))
}

async fn list(caller: Caller) -> Response {
    let text = caller.query();
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        let (Stored { core, files, .. }, query) = (&*stored, Query(&text));
        let wanted: Vec<&str> = query.all("ids").collect();
        let object = |file: &File| object(&core.clock, file);
        if !wanted.is_empty() {
            let found = wanted.iter().filter_map(|id| files.get(id, context.now_us));
            let data: Vec<Value> = found.map(|file| object(&file)).collect();
            return Ok(Given::json(&json!({"data": data, "next_page": null})));
        }
        let limit = query.limit()?;
        let before = match query.one("page").filter(|page| !page.is_empty()) {
            None => None,
            Some(page) => match page.strip_prefix(PAGE_PREFIX).map(str::parse::<u64>) {
                Some(Ok(before)) => Some(before),
                _ if core.config.contract => None,
                _ => return Err(ApiError::invalid_request("page: Invalid page cursor")),
            },
        };
        let (page, next) = files.page(before, limit, context.now_us);
        let data: Vec<Value> = page.iter().map(object).collect();
        let next = next.map(|number| format!("{PAGE_PREFIX}{number}"));
        Ok(Given::json(&json!({"data": data, "next_page": next})))
    };
    caller.ask_page(work).await
}

async fn one(Id(id): Id, caller: Caller) -> Response {
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        let file = find(&stored, &id, context.now_us)?;
        Ok(Given::json(&object(&stored.core.clock, &file)))
    };
    caller.ask(work).await
}

async fn delete(Id(id): Id, caller: Caller) -> Response {
    let stored = Arc::clone(&caller.stored);
    let work = |_: Context<'_>| {
        if !stored.files.delete(&id) && !stored.core.config.contract {
            return Err(unknown(&id));
        }
        Ok(Given::json(&json!({"id": id, "type": "file_deleted"})))
    };
    caller.ask(work).await
}

async fn content(Id(id): Id, caller: Caller) -> Response {
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        let file = find(&stored, &id, context.now_us)?;
        let content_type = value(&file.mime_type);
        let body = file
            .content
            .ok_or_else(|| ApiError::invalid_request(format!("File {id} is not downloadable.")))?;
        Ok(Given { content_type, body })
    };
    caller.ask(work).await
}

/// The file of this id; in contract mode every id has one.
fn find(stored: &Stored, id: &str, now_us: u64) -> Result<File, ApiError> {
    match stored.files.get(id, now_us) {
        None if stored.core.config.contract => Ok(File::made_up(id, now_us)),
        found => found.ok_or_else(|| unknown(id)),
    }
}

/// The API's object.
fn object(clock: &Clock, file: &File) -> Value {
    let time = |at_us: u64| clock.rfc3339(at_us);
    json!({
        "id": file.id,
        "type": "file",
        "filename": file.filename,
        "mime_type": file.mime_type,
        "size_bytes": file.size_bytes,
        "created_at": time(file.created_us),
        "downloadable": file.content.is_some(),
        "expires_at": file.expires_us.map(time),
    })
}
