//! What is asked of a model, in the words of the API.

use serde_json::{Map, Value};

/// The fields of a message, without its model, and what the API reads in headers.
pub(super) struct Asked {
    pub(super) fields: Map<String, Value>,
    pub(super) version: &'static str,
    pub(super) betas: Vec<String>,
}
