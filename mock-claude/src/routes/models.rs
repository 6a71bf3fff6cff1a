//! `GET /v1/models` and `GET /v1/models/{id}`, from the catalogue in `models.toml` in this
//! folder.
//!
//! Windows come from the price list, so that what a model announces is what its messages are
//! checked against. An id without its date is found as the API finds it.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller::{Caller, Id};
use super::paging::{Query, by_id, page_by_id};
use super::stored::Stored;
use crate::api::error::ApiError;
use crate::api::prices;
use crate::exchange::Given;
use crate::exchange::route::Context;

/// Every value of `thinking.type` that a catalogue entry may name.
const THINKING: [&str; 4] = ["adaptive", "between_tools", "disabled", "enabled"];

/// Every effort level that a catalogue entry may name.
const EFFORT: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// Strategies of context management, which every model of the catalogue has.
const STRATEGIES: [&str; 3] =
    ["clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRow {
    id: String,
    display_name: String,
    created_at: String,
    line: Option<String>,
    thinking: Vec<String>,
    effort: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    model: Vec<ModelRow>,
}

static CATALOGUE: LazyLock<Vec<ModelRow>> = LazyLock::new(|| {
    let catalogue: Catalogue =
        toml::from_str(include_str!("models.toml")).expect("the shipped catalogue parses");
    catalogue.model
});

/// The routes of this family.
pub(super) fn routes() -> Router<Arc<Stored>> {
    Router::new().route("/v1/models", get(list)).route("/v1/models/{id}", get(one))
}

async fn list(caller: Caller) -> Response {
    let query = caller.query();
    let contract = caller.stored.core.config.contract;
    let work = |_: Context<'_>| {
        let ids: Vec<&str> = CATALOGUE.iter().map(|row| row.id.as_str()).collect();
        let (range, more) = by_id(&ids, Query(&query), contract)?;
        let data: Vec<Value> = CATALOGUE[range].iter().map(|row| row.object(None)).collect();
        Ok(Given::json(&page_by_id(&data, more)))
    };
    caller.ask_page(work).await
}

async fn one(Id(id): Id, caller: Caller) -> Response {
    let contract = caller.stored.core.config.contract;
    let work = |_: Context<'_>| {
        let found = CATALOGUE.iter().find(|row| row.is(&id));
        match found.or_else(|| CATALOGUE.first().filter(|_| contract)) {
            Some(row) if row.is(&id) => Ok(Given::json(&row.object(None))),
            Some(row) => Ok(Given::json(&row.object(Some(&id)))),
            None => Err(ApiError::of_status(404, format!("model: {id}"))),
        }
    };
    caller.ask(work).await
}

impl ModelRow {
    /// Whether this is the model of that id, with its date or without.
    fn is(&self, id: &str) -> bool {
        self.id == id
            || self.id.strip_prefix(id).is_some_and(|rest| {
                rest.strip_prefix('-').is_some_and(|date| {
                    date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit())
                })
            })
    }

    /// The API's object, under another id where one is given.
    fn object(&self, id: Option<&str>) -> Value {
        let limits = prices::model(&self.id);
        json!({
            "type": "model",
            "id": id.unwrap_or(&self.id),
            "display_name": self.display_name,
            "created_at": self.created_at,
            "lifecycle": limits.map(|model| model.lifecycle),
            "line": self.line,
            // No public source says when a deprecation was announced.
            "deprecated_at": null,
            "retires_at": limits.and_then(retires_at),
            "max_input_tokens": limits.map(|model| model.context_tokens),
            "max_tokens": limits.map(|model| model.max_output_tokens),
            "allowed_fallback_models": [],
            "capabilities": self.capabilities(),
        })
    }

    fn capabilities(&self) -> Value {
        let yes = json!({"supported": true});
        let mut effort = among(&EFFORT, &self.effort);
        effort.insert("supported".to_owned(), json!(!self.effort.is_empty()));
        let strategies = STRATEGIES.map(str::to_owned);
        let mut context = among(&STRATEGIES, &strategies);
        context.insert("supported".to_owned(), json!(true));
        let thinks = self.thinking.iter().any(|kind| kind != "disabled");
        json!({
            "batch": yes,
            "citations": yes,
            "code_execution": yes,
            "context_management": context,
            "effort": effort,
            "image_input": yes,
            "pdf_input": yes,
            "server_tools": {"supported": true, "code_execution": yes, "web_search": yes},
            "structured_outputs": yes,
            "thinking": {"supported": thinks, "types": among(&THINKING, &self.thinking)},
        })
    }
}

/// The moment of a model's announced end.
fn retires_at(model: &prices::Model) -> Option<String> {
    model.retires_on.as_ref().map(|day| format!("{day}T00:00:00Z"))
}

/// Of every known name, whether it is among the supported ones.
fn among(known: &[&str], supported: &[String]) -> Map<String, Value> {
    let entry = |name: &&str| {
        let supported = supported.iter().any(|candidate| candidate == name);
        ((*name).to_owned(), json!({"supported": supported}))
    };
    known.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_model_answers_messages_and_names_only_known_capabilities() {
        for entry in CATALOGUE.iter() {
            assert!(prices::model(&entry.id).is_some(), "{}", entry.id);
            assert!(entry.thinking.iter().all(|kind| THINKING.contains(&kind.as_str())));
            assert!(entry.effort.iter().all(|level| EFFORT.contains(&level.as_str())));
            assert!(entry.created_at.parse::<jiff::Timestamp>().is_ok());
        }
    }

    #[test]
    fn the_catalogue_lists_no_thinking_that_messages_refuse() {
        for entry in CATALOGUE.iter() {
            let generation = prices::model(&entry.id).unwrap().generation;
            let lists = |kind: &str| entry.thinking.iter().any(|listed| listed == kind);
            assert_eq!(lists("adaptive"), !generation.refuses_adaptive(), "{}", entry.id);
            assert_eq!(lists("enabled"), !generation.refuses_enabled(), "{}", entry.id);
            assert_eq!(lists("disabled"), !generation.refuses_disabled(), "{}", entry.id);
            assert!(!lists("between_tools") || !generation.refuses_between_tools());
            assert_eq!(!entry.effort.is_empty(), generation.takes_effort(), "{}", entry.id);
        }
    }

    #[test]
    fn an_id_without_its_date_is_its_model_and_half_an_id_is_not() {
        let sonnet = &CATALOGUE.iter().find(|row| row.id.contains("sonnet-4-5")).unwrap();
        assert!(sonnet.is("claude-sonnet-4-5") && sonnet.is("claude-sonnet-4-5-20250929"));
        assert!(!sonnet.is("claude-sonnet") && !sonnet.is("claude-sonnet-4-5-2025"));
    }
}
