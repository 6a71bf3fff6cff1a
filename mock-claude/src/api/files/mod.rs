//! Files: `POST|GET /v1/files`, `GET|DELETE` of one, and its content.
//!
//! A file is read part by part (`upload`) and only its beginning is ever held; what is kept, and
//! for how long, is decided in `store`.

mod store;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

pub(crate) use self::store::Store;
use self::store::{File, unknown};
pub use self::store::{KEPT_CONTENT_BYTES, MAX_FILE_BYTES};
use super::call::{Context, Given, Id};
use super::caller::Caller;
use super::paging::Query;
use crate::answer::State;
use crate::error::ApiError;

/// The beginning of every cursor.
const PAGE_PREFIX: &str = "page_";

/// The routes of this family.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/v1/files", get(list).post(upload::upload))
        .route("/v1/files/{id}", get(one).delete(delete))
        .route("/v1/files/{id}/content", get(content))
}

async fn list(caller: Caller) -> Response {
    let text = caller.query();
    let work = |context: Context<'_>| {
        let (state, query) = (context.state, Query(&text));
        let wanted: Vec<&str> = query.all("ids").collect();
        let object = |file: &File| object(state, file);
        if !wanted.is_empty() {
            let found = wanted.iter().filter_map(|id| state.stored.files.get(id, context.now_us));
            let data: Vec<Value> = found.map(|file| object(&file)).collect();
            return Ok(Given::Json(json!({"data": data, "next_page": null})));
        }
        let limit = query.limit()?;
        let before = match query.one("page").filter(|page| !page.is_empty()) {
            None => None,
            Some(page) => match page.strip_prefix(PAGE_PREFIX).map(str::parse::<u64>) {
                Some(Ok(before)) => Some(before),
                _ if state.config().contract => None,
                _ => return Err(ApiError::invalid_request("page: Invalid page cursor")),
            },
        };
        let (files, next) = state.stored.files.page(before, limit, context.now_us);
        let data: Vec<Value> = files.iter().map(object).collect();
        let next = next.map(|number| format!("{PAGE_PREFIX}{number}"));
        Ok(Given::Json(json!({"data": data, "next_page": next})))
    };
    caller.ask_page(work).await
}

async fn one(Id(id): Id, caller: Caller) -> Response {
    let work = |context: Context<'_>| {
        let file = find(&id, context)?;
        Ok(Given::Json(object(context.state, &file)))
    };
    caller.ask(work).await
}

async fn delete(Id(id): Id, caller: Caller) -> Response {
    let work = |context: Context<'_>| {
        let state = context.state;
        if !state.stored.files.delete(&id) && !state.config().contract {
            return Err(unknown(&id));
        }
        Ok(Given::Json(json!({"id": id, "type": "file_deleted"})))
    };
    caller.ask(work).await
}

async fn content(Id(id): Id, caller: Caller) -> Response {
    let work = |context: Context<'_>| {
        let file = find(&id, context)?;
        let mime_type = file.mime_type.clone();
        let bytes = file
            .content
            .ok_or_else(|| ApiError::invalid_request(format!("File {id} is not downloadable.")))?;
        Ok(Given::Bytes { mime_type, bytes })
    };
    caller.ask(work).await
}

/// The file of this id; in contract mode every id has one.
fn find(id: &str, context: Context<'_>) -> Result<File, ApiError> {
    match context.state.stored.files.get(id, context.now_us) {
        None if context.state.config().contract => Ok(File::made_up(id, context.now_us)),
        found => found.ok_or_else(|| unknown(id)),
    }
}

/// The API's object.
fn object(state: &State, file: &File) -> Value {
    let time = |at_us: u64| state.clock().rfc3339(at_us);
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
