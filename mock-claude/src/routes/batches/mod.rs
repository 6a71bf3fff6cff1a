//! Message batches over their whole life: `POST|GET /v1/messages/batches`, `GET|DELETE` of one,
//! its cancellation and its results.
//!
//! A batch is created at once (`request`), lives in a task of its own (`life`) and is kept
//! with its results for as long as the API keeps them (`store`). The routes here only ask the
//! store; nothing in them takes time.

mod config;
mod life;
pub(super) mod rate;
mod request;
pub(super) mod store;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

pub use self::config::BatchConfig;
use self::store::View;
use super::caller::{Caller, Id};
use super::paging::{Query, by_id, page_by_id};
use super::stored::Stored;
use crate::api::error::ApiError;
use crate::exchange::Given;
use crate::exchange::core::Core;
use crate::exchange::route::{Context, subject};
use crate::fault::FAULT_HEADER;
use crate::server::body::unread;

/// The largest body of a new batch, as documented: 256 MB.
pub const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

/// The routes of this family.
pub(super) fn routes() -> Router<Arc<Stored>> {
    let large = DefaultBodyLimit::max(MAX_BODY_BYTES);
    Router::new()
        .route("/v1/messages/batches", post(create).layer(large).get(list))
        .route("/v1/messages/batches/{id}", get(one).delete(delete))
        .route("/v1/messages/batches/{id}/cancel", post(cancel))
        .route("/v1/messages/batches/{id}/results", get(results))
}

async fn create(caller: Caller, body: Result<Bytes, BytesRejection>) -> Response {
    let hash = body.as_ref().map_or(0, |body| xxh3_64(body));
    let about = subject("POST", "/v1/messages/batches", hash);
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        let body = body.map_err(|rejection| unread(&rejection))?;
        let config = &stored.core.config;
        let requests = request::read(&body, config.contract)?;
        let id = context.request_id.replacen("req_", "msgbatch_", 1);
        let total = requests.len();
        let queue = config.batch.queue_requests.get();
        let cancel = stored.batches.open(&id, total, body.len(), context.now_us, queue)?;
        let mut of_requests = context.headers.clone();
        // What the client asks for by name it asks for the creation.
        of_requests.remove(FAULT_HEADER);
        let version = context.version;
        let order = life::BatchTask { id: id.clone(), version, headers: of_requests, cancel };
        life::start(&stored, order, requests);
        show(&stored, context, &id)
    };
    caller.ask_about(about, work).await
}

async fn list(caller: Caller) -> Response {
    let query = caller.query();
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        let Stored { core, batches, .. } = &*stored;
        let newest = batches.newest_first();
        let ids: Vec<&str> = newest.iter().map(String::as_str).collect();
        let (range, more) = by_id(&ids, Query(&query), core.config.contract)?;
        let data: Vec<Value> = ids[range]
            .iter()
            .filter_map(|id| batches.view(id, context.now_us))
            .map(|view| object(core, context.headers, &view))
            .collect();
        Ok(Given::json(&page_by_id(&data, more)))
    };
    caller.ask_page(work).await
}

async fn one(Id(id): Id, caller: Caller) -> Response {
    let about = subject("GET batch", &id, 0);
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        show(&stored, context, &id)
    };
    caller.ask_about(about, work).await
}

async fn delete(Id(id): Id, caller: Caller) -> Response {
    let about = subject("DELETE batch", &id, 0);
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        match stored.batches.delete(&id) {
            Err(error) if error.status != 404 || !stored.core.config.contract => return Err(error),
            _ => {}
        }
        Ok(Given::json(&json!({"id": id, "type": "message_batch_deleted"})))
    };
    caller.ask_about(about, work).await
}

async fn cancel(Id(id): Id, caller: Caller) -> Response {
    let about = subject("POST cancel", &id, 0);
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        let Stored { core, batches, .. } = &*stored;
        match batches.cancel(&id, context.now_us) {
            Err(error) if error.status == 404 && core.config.contract => {
                let cancel_us = Some(context.now_us);
                let view = View { cancel_us, ended_us: None, ..made_up(&id, context.now_us) };
                Ok(Given::json(&object(core, context.headers, &view)))
            }
            Err(error) => Err(error),
            Ok(()) => show(&stored, context, &id),
        }
    };
    caller.ask_about(about, work).await
}

async fn results(Id(id): Id, caller: Caller) -> Response {
    let stored = Arc::clone(&caller.stored);
    let work = |context: Context<'_>| {
        stored.batch_rate.admit(context.now_us)?;
        let body = stored.batches.results(&id, context.now_us)?;
        let content_type = HeaderValue::from_static("application/x-jsonl");
        Ok(Given { content_type, body })
    };
    caller.ask(work).await
}

fn show(stored: &Stored, context: Context<'_>, id: &str) -> Result<Given, ApiError> {
    let Stored { core, batches, .. } = stored;
    let view = match batches.view(id, context.now_us) {
        None if core.config.contract => made_up(id, context.now_us),
        found => found.ok_or_else(|| store::unknown(id))?,
    };
    Ok(Given::json(&object(core, context.headers, &view)))
}

/// A batch that ended just now without a request in it, for an id that nobody was given.
fn made_up(id: &str, now_us: u64) -> View {
    let ended_us = Some(now_us);
    View { id: id.to_owned(), created_us: now_us, ended_us, ..View::default() }
}

/// The API's object.
fn object(core: &Core, headers: &HeaderMap, view: &View) -> Value {
    let time = |at_us: u64| core.clock.rfc3339(at_us);
    let ended = view.ended_us.is_some() && view.archived_us.is_none();
    let results_url = ended.then(|| {
        let host = headers.get("host").and_then(|host| host.to_str().ok());
        let base = host.map_or_else(String::new, |host| format!("http://{host}"));
        format!("{base}/v1/messages/batches/{}/results", view.id)
    });
    let status = match (view.ended_us, view.cancel_us) {
        (Some(_), _) => "ended",
        (None, Some(_)) => "canceling",
        (None, None) => "in_progress",
    };
    json!({
        "id": view.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": view.counts,
        "created_at": time(view.created_us),
        "expires_at": time(view.created_us.saturating_add(store::LIFE_US)),
        "ended_at": view.ended_us.map(time),
        "cancel_initiated_at": view.cancel_us.map(time),
        "archived_at": view.archived_us.map(time),
        "results_url": results_url,
    })
}
