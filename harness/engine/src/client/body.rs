//! A request of the client as the messages API reads it.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::request::Request;

/// The version of the API that the documented pipelines speak.
const API_VERSION: &str = "2023-06-01";

/// The same in a body for Bedrock.
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// What the messages API reads.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    /// Only to the API itself: Bedrock has it in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    /// Only to Bedrock: the API has it in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'static str>,
    max_tokens: u32,
    temperature: f32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[SystemBlock<'a>; 1]>,
    messages: [Message<'a>; 1],
}

#[derive(Debug, Serialize)]
struct SystemBlock<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
    cache_control: CacheControl,
}

#[derive(Debug, Serialize)]
struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> Body<'a> {
    /// The body of a request.
    pub(super) fn of(request: &Request<'a>) -> Self {
        Self {
            model: (!request.bedrock).then_some(request.model),
            anthropic_version: request.bedrock.then_some(BEDROCK_VERSION),
            max_tokens: request.max_tokens,
            temperature: 0.0,
            stream: request.stream && !request.bedrock,
            system: request.cached.map(|text| {
                let cache_control = CacheControl { kind: "ephemeral" };
                [SystemBlock { kind: "text", text, cache_control }]
            }),
            messages: [Message { role: "user", content: request.prompt }],
        }
    }
}

/// A request as HTTP sends it.
pub(super) fn encode(request: &Request<'_>) -> http::Request<Bytes> {
    let body = serde_json::to_vec(&Body::of(request)).expect("strings and numbers serialise");
    if !request.bedrock {
        return request_to(Method::POST, "/v1/messages", body, request.tag);
    }
    // A profile that may run anywhere, and a key of Bedrock's in place of a signature.
    let operation = if request.stream { "invoke-with-response-stream" } else { "invoke" };
    let path = format!("/model/global.anthropic.{}/{operation}", request.model);
    let mut sent = request_to(Method::POST, &path, body, request.tag);
    let key = http::HeaderValue::from_static("Bearer chaos");
    sent.headers_mut().insert(http::header::AUTHORIZATION, key);
    sent
}

/// A request to some path of the API.
pub(super) fn request_to(
    method: Method,
    path: &str,
    body: Vec<u8>,
    tag: &str,
) -> http::Request<Bytes> {
    http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-api-key", "chaos")
        .header("anthropic-version", API_VERSION)
        .header(mock_claude::internals::TAG_HEADER, tag)
        .body(Bytes::from(body))
        .expect("the parts of the request are valid")
}
