//! The API itself under a cloud's roof: Mantle of Bedrock, and Foundry of Azure. Paths may begin
//! with `/anthropic`, requests may be signed, and models may be named as Bedrock names them.

use http::HeaderMap;
use serde_json::Value;

use super::common::{Translated, fields};
use super::model;
use crate::api::headers::access_key;

/// What the paths begin with; the rest is the API's.
const PREFIX: &str = "/anthropic";

/// The path of the API that a path with the prefix stands for.
pub(crate) fn without_prefix(path_and_query: &str) -> Option<&str> {
    path_and_query.strip_prefix(PREFIX).filter(|rest| rest.starts_with("/v1/"))
}

/// `/anthropic/v1/messages`, and whether tokens are to be counted.
pub(super) fn call(path: &str) -> Option<bool> {
    match without_prefix(path)? {
        "/v1/messages" => Some(false),
        "/v1/messages/count_tokens" => Some(true),
        _ => None,
    }
}

/// The request for a message: the same, with the model's name of the API.
pub(super) fn translated(headers: &HeaderMap, body: &[u8]) -> Translated {
    let renamed = renamed(body).unwrap_or_else(|| body.to_vec());
    Translated { headers: headers.clone(), body: renamed }
}

/// The body of a signed request with the model's name of the API, where it had Bedrock's.
pub(crate) fn of_signed(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    access_key(headers).and_then(|_| renamed(body))
}

fn renamed(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = fields(body)?;
    let id = model::of_bedrock(fields.get("model")?.as_str()?)?.id.to_owned();
    fields.insert("model".into(), id.into());
    Some(Value::Object(fields).to_string().into_bytes())
}
