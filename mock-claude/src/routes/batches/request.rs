//! What a client may send to create a batch, and the refusals for what it may not.
//!
//! Requests stay slices of the body until they are processed, because their parameters are
//! checked then and not before; only what a batch can never have is refused at once.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::error::ApiError;

/// Requests in one batch, at most, as documented.
pub(crate) const MAX_REQUESTS: usize = 100_000;

/// The longest `custom_id`, as documented.
const MAX_CUSTOM_ID_BYTES: usize = 64;

/// One request of a batch.
#[derive(Debug, Clone)]
pub(crate) struct BatchRequest {
    pub(crate) custom_id: String,
    /// The body of the message request, a slice of the batch's body.
    pub(crate) params: Bytes,
}

#[derive(Deserialize)]
struct BatchFields<'a> {
    #[serde(borrow)]
    requests: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct ItemFields<'a> {
    custom_id: Option<Value>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// The parameters that decide whether a request may be in a batch at all.
#[derive(Deserialize)]
struct Params {
    stream: Option<Value>,
    speed: Option<Value>,
    max_tokens: Option<Value>,
}

/// Reads and checks the body of a new batch.
pub(crate) fn read(body: &Bytes, contract: bool) -> Result<Vec<BatchRequest>, ApiError> {
    let outer: BatchFields<'_> = serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            invalid("requests: Input should be a valid list")
        } else {
            invalid(format!("The request body is not valid JSON: {error}"))
        }
    })?;
    let raw = outer.requests.ok_or_else(|| invalid("requests: Field required"))?;
    if raw.is_empty() && !contract {
        return Err(invalid("requests: List should have at least 1 item after validation, not 0"));
    }
    if raw.len() > MAX_REQUESTS {
        return Err(invalid(format!(
            "requests: List should have at most {MAX_REQUESTS} items after validation, not {}",
            raw.len()
        )));
    }
    let mut seen = BTreeSet::new();
    let mut requests = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let request = read_one(index, raw, body, contract)?;
        if !seen.insert(request.custom_id.clone()) && !contract {
            let id = &request.custom_id;
            let message = format!("requests.{index}.custom_id: `{id}` is not unique in the batch");
            return Err(invalid(message));
        }
        requests.push(request);
    }
    Ok(requests)
}

fn read_one(
    index: usize,
    raw: &RawValue,
    body: &Bytes,
    contract: bool,
) -> Result<BatchRequest, ApiError> {
    let place = format!("requests.{index}");
    let dictionary = |place: &str| invalid(format!("{place}: Input should be a valid dictionary"));
    if !raw.get().starts_with('{') {
        return Err(dictionary(&place));
    }
    let inner: ItemFields<'_> =
        serde_json::from_str(raw.get()).map_err(|error| invalid(format!("{place}: {error}")))?;
    let custom_id = match inner.custom_id {
        Some(Value::String(id)) => id,
        Some(_) => {
            let message = format!("{place}.custom_id: Input should be a valid string");
            return Err(invalid(message));
        }
        None => return Err(invalid(format!("{place}.custom_id: Field required"))),
    };
    if !contract && !fits(&custom_id) {
        return Err(invalid(format!(
            "{place}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
        )));
    }
    let params = inner.params.ok_or_else(|| invalid(format!("{place}.params: Field required")))?;
    let place = format!("{place}.params");
    if !params.get().starts_with('{') {
        return Err(dictionary(&place));
    }
    if !contract {
        check(&place, params)?;
    }
    Ok(BatchRequest { custom_id, params: body.slice_ref(params.get().as_bytes()) })
}

fn fits(custom_id: &str) -> bool {
    (1..=MAX_CUSTOM_ID_BYTES).contains(&custom_id.len())
        && custom_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Refuses what no batch may ask for.
fn check(place: &str, params: &RawValue) -> Result<(), ApiError> {
    let params: Params =
        serde_json::from_str(params.get()).map_err(|error| invalid(format!("{place}: {error}")))?;
    if params.stream == Some(Value::Bool(true)) {
        return Err(invalid(format!("{place}.stream: Streaming is not supported in batches")));
    }
    if params.speed.is_some() {
        return Err(invalid(format!("{place}.speed: Extra inputs are not permitted")));
    }
    if params.max_tokens.as_ref().and_then(Value::as_i64) == Some(0) {
        let message = format!("{place}.max_tokens: Input should be greater than or equal to 1");
        return Err(invalid(message));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid_request(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn refusal(body: &Value) -> String {
        read(&Bytes::from(body.to_string()), false).unwrap_err().message
    }

    fn with(custom_id: &Value, params: &Value) -> Value {
        json!({"requests": [{"custom_id": custom_id, "params": params}]})
    }

    #[test]
    fn what_a_batch_can_never_have_is_refused_with_its_place() {
        let check = |body: &Value, words: &str| {
            let message = refusal(body);
            assert!(message.contains(words), "{words} is missing in: {message}");
        };
        let good = json!({"max_tokens": 1});
        check(&json!({}), "requests: Field required");
        check(&json!({"requests": 3}), "requests: Input should be a valid list");
        check(&json!({"requests": []}), "at least 1 item");
        check(&json!({"requests": [7]}), "requests.0: Input should be a valid dictionary");
        check(&json!({"requests": [{}]}), "requests.0.custom_id: Field required");
        check(&with(&json!("a b"), &good), "String should match pattern");
        check(&with(&json!(""), &good), "String should match pattern");
        check(&with(&json!("a".repeat(65)), &good), "String should match pattern");
        check(&with(&json!("a"), &json!([])), "requests.0.params: Input should be a valid");
        check(&with(&json!("a"), &json!({"stream": true})), "requests.0.params.stream");
        check(&with(&json!("a"), &json!({"speed": "fast"})), "requests.0.params.speed");
        check(&with(&json!("a"), &json!({"max_tokens": 0})), "requests.0.params.max_tokens");
        let twice = json!({"custom_id": "a", "params": good});
        check(&json!({"requests": [twice, twice]}), "requests.1.custom_id");
    }

    #[test]
    fn one_request_too_many_is_refused_and_the_last_allowed_one_is_not() {
        let body = |count: usize| {
            let one = |n| format!(r#"{{"custom_id":"{n}","params":{{}}}}"#);
            let all: Vec<String> = (0..count).map(one).collect();
            Bytes::from(format!(r#"{{"requests":[{}]}}"#, all.join(",")))
        };
        assert_eq!(read(&body(MAX_REQUESTS), false).unwrap().len(), MAX_REQUESTS);
        let error = read(&body(MAX_REQUESTS + 1), false).unwrap_err();
        assert!(error.message.contains("not 100001"), "{}", error.message);
    }

    #[test]
    fn parameters_are_checked_later_and_odd_bodies_pass_in_contract_mode() {
        let body = Bytes::from(with(&json!("a"), &json!({"model": 7})).to_string());
        assert_eq!(read(&body, false).unwrap()[0].params, Bytes::from(r#"{"model":7}"#));
        let odd = Bytes::from(with(&json!("a b"), &json!({"stream": true})).to_string());
        assert!(read(&odd, false).is_err() && read(&odd, true).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&Bytes::from(bytes), false);
        }
    }
}
