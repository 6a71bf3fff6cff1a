//! The one reader of server-sent events of these tests: names and data, line by line.

use serde_json::Value;

/// The names of a stream's events.
pub(crate) fn names(stream: &str) -> Vec<&str> {
    stream.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
}

/// The data of a stream's events, as far as it is JSON.
pub(crate) fn data(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

/// The text of a stream's deltas.
pub(crate) fn text(stream: &str) -> String {
    data(stream).iter().filter_map(|data| data["delta"]["text"].as_str()).collect()
}
