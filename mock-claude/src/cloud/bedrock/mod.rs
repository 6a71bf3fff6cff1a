//! The runtime of Amazon Bedrock: `InvokeModel` and `Converse`, plain and streamed, and
//! `CountTokens`.
//!
//! The shapes are those of botocore's model of `bedrock-runtime`. Batch inference is not here.

mod asked;
mod converse;
mod error;
mod frame;
mod invoke;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderName, HeaderValue, header};
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_128;

use self::asked::Asked;
use self::error::Exception;
use super::account::BedrockAccount;
use super::common::{Came, Received, Translated, fields, whole};
use super::{credentials, model, stream};
use crate::api::error::ApiError;
use crate::api::headers::{API_KEY, BETA, JSON, REQUEST_ID, VERSION, text};
use crate::basis::percent;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A message in the words of the API.
    Invoke,
    /// The same, streamed.
    InvokeStream,
    /// A message in Bedrock's words, which all of its models share.
    Converse,
    /// The same, streamed.
    ConverseStream,
    /// A count of tokens.
    CountTokens,
    /// Nothing that is there.
    Unknown,
}

/// The largest body of `InvokeModel`, in bytes, as botocore's model of it says.
const MAX_INVOKE_BYTES: usize = 25_000_000;

static AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
static LATENCY: HeaderName = HeaderName::from_static("x-amzn-bedrock-invocation-latency");
static INPUT_TOKENS: HeaderName = HeaderName::from_static("x-amzn-bedrock-input-token-count");
static OUTPUT_TOKENS: HeaderName = HeaderName::from_static("x-amzn-bedrock-output-token-count");
static BODY_TYPE: HeaderName = HeaderName::from_static("x-amzn-bedrock-content-type");

impl Operation {
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::CountTokens)
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Invoke => "/model/ID/invoke",
            Self::InvokeStream => "/model/ID/invoke-with-response-stream",
            Self::Converse => "/model/ID/converse",
            Self::ConverseStream => "/model/ID/converse-stream",
            Self::CountTokens => "/model/ID/count-tokens",
            Self::Unknown => "other",
        }
    }

    const fn is_streamed(self) -> bool {
        matches!(self, Self::InvokeStream | Self::ConverseStream)
    }
}

/// `/model/ID/OPERATION`. An id may be an ARN, with its slashes encoded or not.
pub(super) fn call(path: &str) -> Option<(Operation, String)> {
    let (named, operation) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let operation = match operation {
        "invoke" => Operation::Invoke,
        "invoke-with-response-stream" => Operation::InvokeStream,
        "converse" => Operation::Converse,
        "converse-stream" => Operation::ConverseStream,
        "count-tokens" => Operation::CountTokens,
        _ => Operation::Unknown,
    };
    let model = percent::decoded(named).unwrap_or_else(|| named.to_owned());
    Some((operation, model))
}

/// The request for a message.
pub(super) fn translated(
    operation: Operation,
    named: &str,
    received: &Received<'_>,
) -> Result<Translated, ApiError> {
    let body = received.body;
    let caller = credentials::of_aws(received)?;
    let id = model_of(named, received.account)?;
    let asked = fields(body).ok_or_else(malformed);
    let mut asked = match operation {
        Operation::Invoke | Operation::InvokeStream => {
            if body.len() > MAX_INVOKE_BYTES {
                return Err(too_long());
            }
            invoke::message(asked?)?
        }
        Operation::Converse | Operation::ConverseStream => converse::message(&asked?, id)?,
        Operation::CountTokens => counted(&asked?, id)?,
        Operation::Unknown => {
            return Err(ApiError::of_status(404, "").code("UnknownOperationException"));
        }
    };
    let mut translated = received.head.headers.clone();
    translated.remove(&BETA);
    if let Ok(caller) = HeaderValue::try_from(caller) {
        translated.insert(&API_KEY, caller);
    }
    translated.insert(&VERSION, HeaderValue::from_static(asked.version));
    if let Ok(betas) = HeaderValue::try_from(asked.betas.join(","))
        && !betas.is_empty()
    {
        translated.insert(&BETA, betas);
    }
    asked.fields.insert("model".into(), id.into());
    if operation.is_streamed() {
        asked.fields.insert("stream".into(), true.into());
    }
    let body = Value::Object(asked.fields).to_string().into_bytes();
    Ok(Translated { headers: translated, body })
}

/// The id of the API, or why there is none.
fn model_of<'a>(named: &'a str, account: &'a BedrockAccount) -> Result<&'a str, ApiError> {
    let of_profile = || model::of_profile(named, &account.profiles);
    let Some(found) = model::of_bedrock(named).or_else(of_profile) else {
        return Err(ApiError::invalid_request("The provided model identifier is invalid."));
    };
    if !found.is_profile && model::needs_a_profile(found.id) {
        return Err(ApiError::invalid_request(format!(
            "Invocation of model ID {named} with on-demand throughput isn\u{2019}t supported. \
             Retry your request with the ID or ARN of an inference profile that contains this \
             model."
        )));
    }
    Ok(found.id)
}

/// What `CountTokens` wraps: the body of one of the other two.
fn counted(asked: &Map<String, Value>, id: &str) -> Result<Asked, ApiError> {
    let input = asked.get("input").unwrap_or(&Value::Null);
    let mut asked = if let Some(body) = input.pointer("/invokeModel/body") {
        let body = body.as_str().and_then(|body| BASE64.decode(body).ok());
        invoke::message(body.and_then(|body| fields(&body)).ok_or_else(malformed)?)?
    } else if let Some(Value::Object(conversation)) = input.get("converse") {
        converse::message(conversation, id)?
    } else {
        return Err(malformed());
    };
    asked.fields.retain(|name, _| !matches!(name.as_str(), "max_tokens" | "temperature" | "top_p"));
    Ok(asked)
}

fn malformed() -> ApiError {
    let message = "Malformed input request, please reformat your input and try again.";
    ApiError::invalid_request(message)
}

fn too_long() -> ApiError {
    ApiError::invalid_request(format!(
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must \
         have length less than or equal to {MAX_INVOKE_BYTES}"
    ))
}

/// The answer to a message as Bedrock gives it.
pub(super) async fn dressed(operation: Operation, came: Came, response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let request_id = text(&head.headers, &REQUEST_ID).map(uuid).unwrap_or_default();
    let own = [header::CONTENT_TYPE, header::RETRY_AFTER];
    let kept = own.map(|name| (head.headers.get(&name).cloned(), name));
    head.headers.clear();
    head.headers.extend(kept.into_iter().filter_map(|(value, name)| Some((name, value?))));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        head.headers.insert(&AMZN_REQUEST_ID, id);
    }
    let kind = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_stream = kind.is_some_and(|kind| kind.starts_with(b"text/event-stream"));
    if is_stream {
        head.headers.insert(header::CONTENT_TYPE, frame::CONTENT_TYPE);
        head.headers.insert(&BODY_TYPE, JSON);
        return Response::from_parts(head, streamed(operation, came, body));
    }
    let body = whole(body).await;
    if !head.status.is_success() {
        return Exception::of(head.status.as_u16(), &body).response(head);
    }
    head.headers.insert(header::CONTENT_TYPE, JSON);
    let latency_ms = came.elapsed_ms();
    head.headers.insert(&LATENCY, latency_ms.into());
    let Ok(mut message) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(head, body.into());
    };
    if operation.counts() {
        let count = json!({"inputTokens": message["input_tokens"]});
        return Response::from_parts(head, Body::from(count.to_string()));
    }
    for (name, field) in [(&INPUT_TOKENS, "input_tokens"), (&OUTPUT_TOKENS, "output_tokens")] {
        if let Some(tokens) = message["usage"][field].as_u64() {
            head.headers.insert(name, tokens.into());
        }
    }
    if operation == Operation::Converse {
        message = converse::answer(&message, latency_ms);
    } else {
        invoke::rename(&mut message);
    }
    Response::from_parts(head, Body::from(message.to_string()))
}

fn streamed(operation: Operation, came: Came, body: Body) -> Body {
    let noted = (came.clock, came.trace.clone());
    if operation == Operation::ConverseStream {
        let mut conversation = converse::Stream::default();
        stream::by_event(body, noted, move |event| conversation.pass(event, came.elapsed_ms()))
    } else {
        let mut chunks = invoke::Stream::default();
        stream::by_event(body, noted, move |event| chunks.pass(event, came.elapsed_ms()))
    }
}

/// The form that request ids have at AWS, made of the id that the journal has.
fn uuid(request_id: &str) -> String {
    let hash = const_hex::encode(xxh3_128(request_id.as_bytes()).to_be_bytes());
    let parts = [&hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..]];
    let [first, second, third, fourth, last] = parts;
    format!("{first}-{second}-4{third}-8{fourth}-{last}")
}
