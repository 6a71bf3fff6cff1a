//! The shipped presets, and how one of them is put in force: its latency, its limits and its
//! faults. Seed, replies and batches stay as they are.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use strict_toml::nearest;

use super::respond::{json_response, problem, problems};
use super::state::{OF_PROXY, Shared};
use crate::mock::presets::{PRESETS, Preset};

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
}

pub(super) async fn list(State(admin): Shared) -> Response {
    let now = admin.mock.core().config_now();
    let one = |preset: &Preset| {
        let is_in_force = preset.is_in_force(&now);
        json!({"name": preset.name, "about": preset.about(), "is_in_force": is_in_force})
    };
    json_response(StatusCode::OK, &PRESETS.iter().map(one).collect::<Vec<_>>())
}

pub(super) async fn apply(State(admin): Shared, body: Bytes) -> Response {
    let Wanted { name } = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => {
            let words = format!("no preset: {error}; it is `{{\"name\": NAME}}`");
            return problem(StatusCode::BAD_REQUEST, &words);
        }
    };
    if admin.mock.is_proxy() {
        return problem(StatusCode::CONFLICT, OF_PROXY);
    }
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        let near = nearest(&name, PRESETS.iter().map(|preset| preset.name));
        let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        return problem(StatusCode::NOT_FOUND, &format!("there is no preset `{name}`{hint}"));
    };
    match admin.mock.core().apply(&preset.config()) {
        Ok(()) => json_response(StatusCode::OK, &json!({"preset": preset.name})),
        Err(found) => problem(StatusCode::BAD_REQUEST, &problems(&found)),
    }
}
