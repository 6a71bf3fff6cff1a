//! The rate limits in force, and their changes. New limits are whole: what was used of the old ones
//! is forgotten, money spent included.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::mask;
use super::respond::{json_response, problem, problems};
use super::state::{Admin, OF_PROXY, Shared};
use crate::limits::{LimitsConfig, Tier};

pub(super) async fn show(State(admin): Shared) -> Response {
    let mut limits = now(&admin);
    mask::redact(&mut limits);
    let tiers = Tier::ALL.map(Tier::name);
    json_response(StatusCode::OK, &json!({"limits": limits, "tiers": tiers}))
}

/// Puts these limits in place of those in force; `null` is none.
pub(super) async fn replace(State(admin): Shared, body: Bytes) -> Response {
    match serde_json::from_slice::<Option<Map<String, Value>>>(&body) {
        Ok(limits) => set(&admin, limits),
        Err(error) => problem(StatusCode::BAD_REQUEST, &format!("no limits: {error}")),
    }
}

/// Changes the keys that are given and leaves the others; `null` removes one.
pub(super) async fn change(State(admin): Shared, body: Bytes) -> Response {
    let given: Map<String, Value> = match serde_json::from_slice(&body) {
        Ok(given) => given,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("no limits: {error}")),
    };
    let mut limits = match now(&admin) {
        Value::Object(limits) => limits,
        _ => Map::new(),
    };
    for (key, value) in given {
        if value.is_null() && LimitsConfig::deserialize(json!({&key: null})).is_ok() {
            limits.remove(&key);
        } else {
            limits.insert(key, value);
        }
    }
    set(&admin, Some(limits))
}

fn now(admin: &Admin) -> Value {
    let settings = admin.mock.core().settings();
    serde_json::to_value(&settings.limits_config).unwrap_or_default()
}

fn set(admin: &Admin, limits: Option<Map<String, Value>>) -> Response {
    if admin.mock.is_proxy() {
        return problem(StatusCode::CONFLICT, OF_PROXY);
    }
    let read = limits.map(read).transpose();
    let set = read
        .and_then(|limits| admin.mock.core().set_limits(limits).map_err(|found| problems(&found)));
    match set {
        Ok(()) => json_response(StatusCode::OK, &json!({"status": "set"})),
        Err(wrong) => problem(StatusCode::BAD_REQUEST, &wrong),
    }
}

/// Reads limits key by key, to name each that is wrong.
fn read(limits: Map<String, Value>) -> Result<LimitsConfig, String> {
    let one = |(key, value): (&String, &Value)| {
        let wrong = LimitsConfig::deserialize(json!({key: value})).err()?;
        Some(format!("`limits.{key}`: {wrong}"))
    };
    let wrong: Vec<String> = limits.iter().filter_map(one).collect();
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    LimitsConfig::deserialize(Value::Object(limits)).map_err(|error| error.to_string())
}
