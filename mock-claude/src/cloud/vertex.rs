//! Vertex AI of Google: `rawPredict` and `streamRawPredict`, whose bodies are the API's own with
//! the model in the path. Google answers itself where it does not let a request through.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::common::{self, Came, Translated, error_in, fields, version, whole};
use super::{model, stream};
use crate::api::error::ApiError;
use crate::api::headers::{API_KEY, BETA, JSON, VERSION, bearer};
use crate::basis::percent;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A message.
    Predict,
    /// A streamed message, if the body wants it streamed.
    StreamPredict,
    /// A count of tokens.
    CountTokens,
}

impl Operation {
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::CountTokens)
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Predict => "/models/MODEL:rawPredict",
            Self::StreamPredict => "/models/MODEL:streamRawPredict",
            Self::CountTokens => "/models/count-tokens:rawPredict",
        }
    }
}

/// The model of the path that counts tokens.
const COUNTER: &str = "count-tokens";

/// `…/projects/P/locations/L/publishers/anthropic/models/M:rawPredict`.
pub(super) fn call(path: &str) -> Option<(Operation, String)> {
    let versions = ["/v1", "/v1beta1", ""];
    let rest = versions.iter().find_map(|v| path.strip_prefix(v)?.strip_prefix("/projects/"))?;
    let (_, named) = rest.split_once("/publishers/anthropic/models/")?;
    let (named, verb) = named.rsplit_once(':')?;
    let operation = match verb {
        "rawPredict" if named == COUNTER => Operation::CountTokens,
        "rawPredict" => Operation::Predict,
        "streamRawPredict" => Operation::StreamPredict,
        _ => return None,
    };
    let model = percent::decoded(named).unwrap_or_else(|| named.to_owned());
    Some((operation, model))
}

/// The request for a message.
pub(super) fn translated(
    operation: Operation,
    named: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Translated, ApiError> {
    let token = bearer(headers).map(str::trim).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| ApiError::of_status(401, "no token"))?;
    let Some(mut asked) = fields(body) else {
        return Err(ApiError::invalid_request("Invalid JSON payload received."));
    };
    let version = version(&mut asked, "vertex-2023-10-16")?;
    if operation != Operation::CountTokens {
        if asked.contains_key("model") {
            let message = "model: Extra inputs are not permitted";
            return Err(ApiError::invalid_request(message));
        }
        asked.insert("model".into(), named.into());
    }
    let known = asked.get("model").and_then(Value::as_str).map(|named| {
        let unknown = || ApiError::of_status(404, format!("model: {named}"));
        model::of_vertex(named).ok_or_else(unknown)
    });
    if let Some(known) = known {
        asked.insert("model".into(), known?.into());
    }
    let mut translated = headers.clone();
    // Betas may stand in the body as well.
    if let Some(Value::Array(betas)) = asked.remove("anthropic_beta") {
        let betas: Vec<&str> = betas.iter().filter_map(Value::as_str).collect();
        if let Ok(betas) = HeaderValue::try_from(betas.join(",")) {
            translated.insert(&BETA, betas);
        }
    }
    translated.insert(&VERSION, HeaderValue::from_static(version));
    if let Ok(token) = HeaderValue::try_from(token) {
        translated.insert(&API_KEY, token);
    }
    Ok(Translated { headers: translated, body: Value::Object(asked).to_string().into_bytes() })
}

/// The answer to a message as it comes by way of Google.
pub(super) async fn dressed(operation: Operation, came: Came, response: Response) -> Response {
    let status = response.status();
    let (mut head, body) = response.into_parts();
    if status.is_client_error() || status.is_server_error() {
        let body = whole(body).await;
        let Some((status, body)) = of_google(status.as_u16(), &body, &came.model) else {
            return Response::from_parts(head, body.into());
        };
        head.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        head.headers.clear();
        head.headers.insert(header::CONTENT_TYPE, JSON);
        return Response::from_parts(head, body.into());
    }
    if operation.counts() {
        return Response::from_parts(head, body);
    }
    let kind = head.headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let renamed = |frame: &crate::api::sse::Frame| {
            let renamed = frame.kind() == "message_start";
            vec![Bytes::from(if renamed { frame.edited(rename) } else { frame.text.clone() })]
        };
        let body = stream::by_event(body, (came.clock, came.trace), renamed);
        return Response::from_parts(head, body);
    }
    let body = whole(body).await;
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut message) => {
            rename(&mut message);
            Body::from(message.to_string())
        }
        Err(_) => body.into(),
    };
    Response::from_parts(head, body)
}

/// A message's id is Vertex's own, also of one that has only begun.
fn rename(value: &mut Value) {
    let message = if value.get("message").is_some() { &mut value["message"] } else { value };
    common::rename(message, "vrtx");
}

/// What Google says itself: that nobody is known, that a model is not there, that a quota is used
/// up. Everything else passes as the API says it.
fn of_google(status: u16, body: &[u8], named: &str) -> Option<(u16, String)> {
    let (_, message, _) = error_in(body)?;
    let (status, name, message) = match status {
        401 => (
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
             cookie or other valid authentication credential."
                .to_owned(),
        ),
        404 if message.starts_with("model: ") => (
            404,
            "NOT_FOUND",
            format!(
                "Publisher Model `publishers/anthropic/models/{named}` was not found or your \
                 project does not have access to it."
            ),
        ),
        429 => (
            429,
            "RESOURCE_EXHAUSTED",
            format!(
                "Quota exceeded for aiplatform.googleapis.com/\
                 online_prediction_requests_per_base_model with base model: anthropic-{named}. \
                 Please submit a quota increase request."
            ),
        ),
        _ => return None,
    };
    let error = json!({"error": {"code": status, "message": message, "status": name}});
    Some((status, error.to_string()))
}
