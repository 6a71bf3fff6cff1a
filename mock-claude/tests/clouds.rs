//! Goal: clients of Bedrock, Vertex AI, Mantle and Foundry cannot tell the mock from their cloud.
//! Method: real HTTP over a pipe, in paused time; frames are read by AWS's own decoder.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mock_claude::internals::hex::Hex;
use mock_claude::{Config, MockClaude};
use proptest::prelude::*;
use serde_json::{Value, json};

const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=AKIATEST/20261130/us-east-1/bedrock/\
    aws4_request, SignedHeaders=host;x-amz-date, Signature=00ff";

const ID: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

const VERTEX: &str = "/v1/projects/p/locations/us-east5/publishers/anthropic/models";

/// A mock from the TOML that a scenario would hold.
fn mock(toml: &str) -> MockClaude {
    let config: Config = toml::from_str(toml).expect("the test's configuration is valid");
    assert_eq!(config.problems(), [], "the test's configuration is valid");
    MockClaude::new(config)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// Whether all of it came.
    whole: bool,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    /// Status, type and words of an error.
    fn error(&self) -> (u16, String, String) {
        let kind = self.header("x-amzn-errortype").unwrap_or_default();
        let kind = kind.split(':').next().unwrap_or_default().to_owned();
        (self.status, kind, self.json()["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The frames as their names and data.
    fn frames(&self) -> Vec<(String, Value)> {
        let (mut decoder, mut rest) = (MessageFrameDecoder::new(), self.body.clone());
        let mut frames = Vec::new();
        while let DecodedFrame::Complete(message) =
            decoder.decode_frame(&mut rest).expect("the checksums are right")
        {
            let name = |wanted: &str| {
                let headers = message.headers();
                let found = headers.iter().find(|header| header.name().as_str() == wanted);
                found.map(|header| {
                    header.value().as_string().expect("a name is text").as_str().to_owned()
                })
            };
            let name = name(":event-type").or_else(|| name(":exception-type")).expect("a name");
            let data = serde_json::from_slice(message.payload()).unwrap_or(Value::Null);
            frames.push((name, data));
        }
        frames
    }

    /// The API's events in the chunks of `InvokeModelWithResponseStream`.
    fn chunks(&self) -> Vec<Value> {
        let frames = self.frames().into_iter();
        let data = frames.map(|(name, data)| {
            assert_eq!(name, "chunk");
            BASE64.decode(data["bytes"].as_str().expect("bytes")).expect("base64")
        });
        data.map(|data| serde_json::from_slice(&data).unwrap_or(Value::Null)).collect()
    }
}

async fn post_as(mock: &MockClaude, path: &str, authorization: &str, body: Vec<u8>) -> Answer {
    let headers = [("authorization", authorization), ("x-amz-date", "20261130T000000Z")];
    post_with(mock, path, &headers, body).await
}

/// Asks the API itself.
async fn send(mock: &MockClaude, body: &Value) -> Answer {
    let headers = [("x-api-key", "key"), ("anthropic-version", "2023-06-01")];
    post_with(mock, "/v1/messages", &headers, body.to_string().into_bytes()).await
}

async fn post_with(
    mock: &MockClaude,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let io = TokioIo::new(mock.connect());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(io).await.expect("a pipe connects");
    tokio::spawn(connection);
    let mut request = Request::post(path).header("host", "mock");
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).expect("the request is valid");
    let response = sender.send_request(request).await.expect("there is a response");
    let (head, mut body) = response.into_parts();
    let (mut got, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            whole = false;
            break;
        };
        got.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    let (status, headers) = (head.status.as_u16(), head.headers);
    Answer { status, headers, body: got.into(), whole }
}

async fn post(mock: &MockClaude, path: &str, body: &Value) -> Answer {
    post_as(mock, path, SIGNATURE, body.to_string().into_bytes()).await
}

async fn bedrock(mock: &MockClaude, operation: &str, body: &Value) -> Answer {
    post(mock, &format!("/model/{ID}/{operation}"), body).await
}

fn invoked(prompt: &str) -> Value {
    json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100,
        "messages": [{"role": "user", "content": prompt}]})
}

fn conversed(prompt: &str) -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": {"maxTokens": 100}})
}

fn message(prompt: &str) -> Value {
    json!({"model": "claude-sonnet-4-5-20250929", "max_tokens": 100,
        "messages": [{"role": "user", "content": prompt}]})
}

#[tokio::test(start_paused = true)]
async fn bedrock_and_vertex_say_what_the_api_says_and_charge_the_same() {
    let direct = send(&mock(""), &message("Who are you?")).await.json();
    let said = mock("");
    let by_bedrock = bedrock(&said, "invoke", &invoked("Who are you?")).await;
    let mut said_by_bedrock = by_bedrock.json();
    assert!(said_by_bedrock["id"].as_str().unwrap().starts_with("msg_bdrk_"));
    said_by_bedrock["id"] = direct["id"].clone();
    assert_eq!(said_by_bedrock, direct);
    let tokens = direct["usage"]["output_tokens"].to_string();
    assert_eq!(by_bedrock.header("x-amzn-bedrock-output-token-count"), Some(&*tokens));
    assert_eq!(by_bedrock.header("x-amzn-requestid").map(str::len), Some(36));
    let of_api = ["request-id", "anthropic-organization-id", "x-should-retry"];
    assert!(
        of_api.iter().all(|name| by_bedrock.header(name).is_none()),
        "{:?}",
        by_bedrock.headers
    );

    let converse = bedrock(&mock(""), "converse", &conversed("Who are you?")).await.json();
    let usage = &converse["usage"];
    assert_eq!(converse["output"]["message"]["content"][0]["text"], direct["content"][0]["text"]);
    assert_eq!(converse["stopReason"], direct["stop_reason"]);
    assert_eq!(usage["outputTokens"], direct["usage"]["output_tokens"]);
    assert_eq!(
        usage["totalTokens"].as_u64(),
        Some(usage["inputTokens"].as_u64().unwrap() + usage["outputTokens"].as_u64().unwrap())
    );

    let mut body = invoked("Who are you?");
    body["anthropic_version"] = "vertex-2023-10-16".into();
    let path = format!("{VERTEX}/claude-sonnet-4-5@20250929:rawPredict");
    let vertex = post_as(&mock(""), &path, "Bearer t", body.to_string().into_bytes()).await;
    assert_eq!(vertex.json()["content"], direct["content"]);
    assert!(vertex.json()["id"].as_str().unwrap().starts_with("msg_vrtx_"));
    let cost = |mock: &MockClaude| mock.ledger().cost_microusd;
    let reference = mock("");
    send(&reference, &message("Who are you?")).await;
    assert_eq!(cost(&said), cost(&reference));
}

#[tokio::test(start_paused = true)]
async fn streams_come_in_frames_at_the_moments_of_their_events() {
    let slow = "[latency]\nfirst_token_ms = 500\ndecode_tokens_per_second = 50\n";
    let (plain, said) = (mock(slow), mock(slow));
    let whole = bedrock(&plain, "invoke", &invoked("Tell me more.")).await.json();
    let answer = bedrock(&said, "invoke-with-response-stream", &invoked("Tell me more.")).await;
    assert_eq!(answer.header("content-type"), Some("application/vnd.amazon.eventstream"));
    let chunks = answer.chunks();
    let text: String = chunks.iter().filter_map(|chunk| chunk["delta"]["text"].as_str()).collect();
    assert_eq!(text, whole["content"][0]["text"].as_str().unwrap());
    assert!(chunks.iter().all(|chunk| chunk["type"] != "ping"));
    let metrics = &chunks.last().unwrap()["amazon-bedrock-invocationMetrics"];
    assert_eq!(metrics["outputTokenCount"], whole["usage"]["output_tokens"]);
    assert_eq!(metrics["firstByteLatency"], 500);
    let took = 500 + 20 * metrics["outputTokenCount"].as_u64().unwrap();
    assert_eq!(metrics["invocationLatency"], took);
    let record = &said.records()[0].trace;
    assert_eq!((record.stream, record.stream_complete), (true, Some(true)));
    let first = record.first_token_us.unwrap() - record.started_us;
    assert!((500_000..1_000_000).contains(&first), "{first}");

    let answer = bedrock(&mock(slow), "converse-stream", &conversed("Tell me more.")).await;
    let frames = answer.frames();
    let names: Vec<&str> = frames.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names[0], names[1]), ("messageStart", "contentBlockDelta"));
    assert_eq!(names[names.len() - 3..], ["contentBlockStop", "messageStop", "metadata"]);
    let deltas = frames.iter().filter_map(|(_, data)| data["delta"]["text"].as_str());
    assert_eq!(deltas.collect::<String>(), text);
}

#[tokio::test(start_paused = true)]
async fn converse_carries_tools_thoughts_and_cache_points_both_ways() {
    let tool = json!({"toolSpec": {"name": "weather", "description": "d", "inputSchema": {"json": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}});
    let mut body = conversed("The weather in Paris?");
    body["toolConfig"] = json!({"tools": [tool], "toolChoice": {"any": {}}});
    let said = mock("");
    let first = bedrock(&said, "converse", &body).await.json();
    assert_eq!(first["stopReason"], "tool_use");
    let asked = &first["output"]["message"]["content"][0]["toolUse"];
    assert_eq!(asked["name"], "weather");
    assert!(asked["input"]["city"].is_string());
    let streamed = bedrock(&said, "converse-stream", &body).await.frames();
    let start = streamed.iter().find(|(name, _)| name == "contentBlockStart").unwrap();
    assert_eq!(start.1["start"]["toolUse"]["name"], "weather");

    body["messages"].as_array_mut().unwrap().extend([
        first["output"]["message"].clone(),
        json!({"role": "user", "content": [{"toolResult": {"toolUseId": asked["toolUseId"],
            "content": [{"json": {"celsius": 21}}], "status": "success"}}]}),
    ]);
    body["toolConfig"].as_object_mut().unwrap().remove("toolChoice");
    let second = bedrock(&said, "converse", &body).await;
    assert_eq!(second.status, 200, "{:?}", second.body);

    let mut body = conversed("Think.");
    body["inferenceConfig"]["maxTokens"] = 4_000.into();
    body["system"] = json!([{"text": "long ".repeat(4_000)}, {"cachePoint": {"type": "default"}}]);
    body["additionalModelRequestFields"] =
        json!({"thinking": {"type": "enabled", "budget_tokens": 1_024}});
    let thought = bedrock(&said, "converse", &body).await.json();
    let content = &thought["output"]["message"]["content"];
    assert!(content[0]["reasoningContent"]["reasoningText"]["signature"].is_string());
    let written = thought["usage"]["cacheWriteInputTokens"].as_u64().unwrap();
    assert!(written > 1_000, "{thought}");
    let again = bedrock(&said, "converse", &body).await.json();
    assert_eq!(again["usage"]["cacheReadInputTokens"], written);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted_of_both_kinds_of_body() {
    let said = mock("");
    let inner = BASE64.encode(invoked("Count me.").to_string());
    let of_invoke = json!({"input": {"invokeModel": {"body": inner}}});
    let of_converse = json!({"input": {"converse": conversed("Count me.")}});
    for body in [of_invoke, of_converse] {
        assert_eq!(bedrock(&said, "count-tokens", &body).await.json(), json!({"inputTokens": 3}));
    }
    let body = json!({"anthropic_version": "vertex-2023-10-16", "model": "claude-opus-5",
        "messages": [{"role": "user", "content": "Count me."}]});
    let path = format!("{VERTEX}/count-tokens:rawPredict");
    let counted = post_as(&said, &path, "Bearer t", body.to_string().into_bytes()).await;
    assert_eq!(counted.json(), json!({"input_tokens": 4}));
    assert_eq!(said.ledger().cost_microusd, 0);
}

#[tokio::test(start_paused = true)]
async fn bedrock_refuses_in_its_own_words() {
    let said = mock("");
    let check = async |path: &str, authorization: &str, body: Vec<u8>, expected: &str| {
        let (status, kind, message) = post_as(&said, path, authorization, body).await.error();
        assert_eq!(format!("{status} {kind}: {message}"), expected, "{path}");
    };
    let path = format!("/model/{ID}/invoke");
    let good = || invoked("Hi.").to_string().into_bytes();
    let missing = "403 MissingAuthenticationTokenException: Missing Authentication Token";
    check(&path, "", good(), missing).await;
    let incomplete = "403 IncompleteSignatureException: Authorization header requires \
                      'SignedHeaders' parameter. Authorization header requires 'Signature' \
                      parameter.";
    let cut = "AWS4-HMAC-SHA256 Credential=AKIA/20261130/us-east-1/bedrock/aws4_request";
    check(&path, cut, good(), incomplete).await;
    let wrong = SIGNATURE.replace("/us-east-1", "");
    let incomplete = "403 IncompleteSignatureException: Credential must have exactly 5 \
                      slash-delimited elements, e.g. keyid/date/region/service/term, got 4.";
    check(&path, &wrong, good(), incomplete).await;
    let algorithm = "403 IncompleteSignatureException: Unsupported AWS 'algorithm'.";
    check(&path, "Basic eDp5", good(), algorithm).await;
    let unknown = "400 ValidationException: The provided model identifier is invalid.";
    check("/model/claude-sonnet-4-5/invoke", SIGNATURE, good(), unknown).await;
    check("/model/%ff/converse", SIGNATURE, good(), unknown).await;
    let bare = ID.trim_start_matches("us.");
    let on_demand = format!(
        "400 ValidationException: Invocation of model ID {bare} with on-demand throughput isn’t \
         supported. Retry your request with the ID or ARN of an inference profile that contains \
         this model."
    );
    check(&format!("/model/{bare}/invoke"), SIGNATURE, good(), &on_demand).await;
    let operation = format!("/model/{ID}/apply");
    check(&operation, SIGNATURE, good(), "404 UnknownOperationException: ").await;
    let malformed = "400 ValidationException: Malformed input request, please reformat your input \
                     and try again.";
    check(&path, SIGNATURE, good()[..40].to_vec(), malformed).await;
    let field = |name: &str, value: Value| {
        let mut body = invoked("Hi.");
        body[name] = value;
        body.to_string().into_bytes()
    };
    let check_field = async |name: &str, value: Value, expected: &str| {
        check(
            &path,
            SIGNATURE,
            field(name, value),
            &format!("400 ValidationException: {expected}"),
        )
        .await;
    };
    check_field("stream", json!(true), "stream: Extra inputs are not permitted").await;
    check_field("model", json!("x"), "model: Extra inputs are not permitted").await;
    check_field("anthropic_version", Value::Null, "anthropic_version: Field required").await;
    check_field("anthropic_beta", json!(["made-up-2020-01-01"]), "invalid beta flag").await;
    check_field("max_tokens", json!("x"), "max_tokens: Input should be a valid integer").await;
    let long = json!([{"role": "user", "content": "word ".repeat(250_000)}]);
    check_field("messages", long, "Input is too long for requested model.").await;
    let too_large = "1 validation error detected: Value at 'body' failed to satisfy constraint: \
                     Member must have length less than or equal to 25000000";
    let large = json!([{"role": "user", "content": "x".repeat(25_000_000)}]);
    check_field("messages", large, too_large).await;
    let path = format!("/model/{ID}/converse");
    let body = json!({"messages": [{"role": "user", "content": [{"video": {}}]}]});
    let video = "400 ValidationException: messages.0.content.0: this model doesn't support \
                 `video` content.";
    check(&path, SIGNATURE, body.to_string().into_bytes(), video).await;
}

#[tokio::test(start_paused = true)]
async fn faults_come_as_the_cloud_would_send_them() {
    let fault = |lines: &str| mock(&format!("[[fault]]\n{lines}\n"));
    let check = async |lines: &str, expected: (u16, &str)| {
        let answer = bedrock(&fault(lines), "invoke", &invoked("Hi.")).await;
        let (status, kind, message) = answer.error();
        assert_eq!((status, kind.as_str()), expected, "{lines}");
        assert!(!message.is_empty() && answer.header("retry-after").is_none(), "{lines}");
        // The body as botocore reads it: nothing but the message.
        assert_eq!(answer.json().as_object().unwrap().len(), 1, "{lines}");
    };
    let status = |status: u16| format!("kind = \"status\"\nstatus = {status}");
    check(&status(429), (429, "ThrottlingException")).await;
    check(&status(500), (500, "InternalServerException")).await;
    check(&status(529), (503, "ServiceUnavailableException")).await;
    check(&status(504), (408, "ModelTimeoutException")).await;
    check(&status(401), (403, "UnrecognizedClientException")).await;
    let not_ready = status(429) + "\nerror_code = \"ModelNotReadyException\"";
    check(&not_ready, (429, "ModelNotReadyException")).await;
    let model = status(500) + "\nerror_code = \"ModelErrorException\"";
    check(&model, (424, "ModelErrorException")).await;

    let path = format!("{VERTEX}/claude-opus-5:rawPredict");
    let mut body = invoked("Hi.");
    body["anthropic_version"] = "vertex-2023-10-16".into();
    let body = body.to_string().into_bytes();
    let quota = post_as(&fault(&status(429)), &path, "Bearer t", body.clone()).await.json();
    assert_eq!(quota["error"]["status"], "RESOURCE_EXHAUSTED");
    let overloaded = post_as(&fault(&status(529)), &path, "Bearer t", body).await.json();
    assert_eq!(overloaded["error"]["type"], "overloaded_error", "Anthropic says it, not Google");

    let stream = "invoke-with-response-stream";
    let lines = "kind = \"stream\"\nwhat = { error_event = { after_deltas = 1, status = 529 } }";
    let said = fault(lines);
    let frames = bedrock(&said, stream, &invoked("Hi.")).await.frames();
    let (name, data) = frames.last().unwrap();
    assert_eq!(name, "serviceUnavailableException");
    assert_eq!(data["message"], "Bedrock is unable to process your request.");
    assert_eq!(said.records()[0].trace.stream_complete, Some(false));
    let lines = "kind = \"stream\"\nwhat = { malformed_event = { after_deltas = 1 } }";
    let chunks = bedrock(&fault(lines), stream, &invoked("Hi.")).await.chunks();
    assert!(chunks.contains(&Value::Null), "a chunk that is no JSON");
    let lines = "kind = \"wire\"\nwhat = { reset = { after_body_bytes = 700 } }";
    let cut = bedrock(&fault(lines), stream, &invoked("Hi.")).await;
    assert!(!cut.whole && !cut.body.is_empty());
    let lines = "kind = \"semantic\"\nwhat = { refusal = {} }";
    let refused = bedrock(&fault(lines), "converse", &conversed("Hi.")).await.json();
    assert_eq!(refused["stopReason"], "content_filtered");
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_bedrock_takes_max_tokens_until_the_answer_is_there() {
    let limits = "[limits.bedrock]\ntokens_per_minute = 130_000\n[latency]\nfirst_token_ms = 900\n";
    for (max_tokens, expected) in [(64_000, 2), (4_096, 20)] {
        let said = mock(limits);
        let mut body = invoked("Hi.");
        body["max_tokens"] = max_tokens.into();
        let calls = (0..20).map(|_| bedrock(&said, "invoke", &body));
        let answers = futures_util::future::join_all(calls).await;
        let answered = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(answered, expected, "max_tokens {max_tokens}");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            let words = "Too many tokens, please wait before trying again.".to_owned();
            assert_eq!(refused.error(), (429, "ThrottlingException".to_owned(), words));
        }
        // All that was not used is back.
        let after = bedrock(&said, "invoke", &body).await;
        assert_eq!(after.status, 200, "max_tokens {max_tokens}");
    }
    let direct = mock("[limits.bedrock]\nrequests_per_minute = 1\n");
    for _ in 0..3 {
        assert_eq!(send(&direct, &message("Hi.")).await.status, 200, "not by way of Bedrock");
    }
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_the_api_hold_for_bedrock_where_it_has_none_of_its_own() {
    let said = mock("[limits]\nrequests_per_minute = 1\n");
    assert_eq!(bedrock(&said, "invoke", &invoked("Hi.")).await.status, 200);
    let (status, kind, message) = bedrock(&said, "invoke", &invoked("Hi.")).await.error();
    let words = "Too many requests, please wait before trying again.";
    assert_eq!((status, kind.as_str(), message.as_str()), (429, "ThrottlingException", words));
}

#[tokio::test(start_paused = true)]
async fn a_job_a_key_and_a_path_are_known_whatever_the_cloud() {
    let said = mock("[[fault]]\nkind = \"status\"\nstatus = 500\nwhen = { path = \"/model/*\" }\n");
    let path = format!("/job/7/model/{ID}/invoke");
    assert_eq!(post(&said, &path, &invoked("Hi.")).await.status, 500);
    let record = &said.records_of("7")[0].trace;
    assert_eq!(record.path, format!("/model/{ID}/invoke"));
    assert_eq!(record.model.as_deref(), Some("claude-sonnet-4-5-20250929"));
    let key = record.key;
    assert!(key.is_some() && key != said_key_of_other().await, "told apart by access key");
    let path = format!("{VERTEX}/claude-opus-5:rawPredict");
    let mut body = invoked("Hi.");
    body["anthropic_version"] = "vertex-2023-10-16".into();
    let vertex = post_as(&said, &path, "Bearer t", body.to_string().into_bytes()).await;
    assert_eq!(vertex.status, 200);
}

async fn said_key_of_other() -> Option<Hex<6>> {
    let said = mock("");
    let other = SIGNATURE.replace("AKIATEST", "AKIAOTHER");
    let path = format!("/model/{ID}/invoke");
    post_as(&said, &path, &other, invoked("Hi.").to_string().into_bytes()).await;
    said.records()[0].trace.key
}

#[tokio::test(start_paused = true)]
async fn mantle_and_foundry_are_the_api_under_another_path() {
    let said = mock("");
    let mut body = message("Hi.");
    body["model"] = "anthropic.claude-opus-4-7".into();
    for path in ["/anthropic/v1/messages", "/v1/messages"] {
        let headers = [("authorization", SIGNATURE), ("anthropic-version", "2023-06-01")];
        let body = body.to_string().into_bytes();
        assert_eq!(post_with(&said, path, &headers, body).await.status, 200, "{path}");
    }
    let answer = send(&said, &body).await;
    assert_eq!(answer.status, 404, "the API itself has no model of this name");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_to_a_cloud_is_answered(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0_usize..200,
        path in "/(model|projects|anthropic)/[a-z.:%/0-9-]{0,40}(invoke|converse|:rawPredict|)",
        authorization in "(AWS4-HMAC-SHA256 )?[A-Za-z=/, ]{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let said = mock("");
            let good = conversed("Hi.").to_string().into_bytes();
            let cut = good[..cut.min(good.len())].to_vec();
            for body in [body, cut] {
                let answer = post_as(&said, &path, authorization.trim(), body).await;
                prop_assert!(answer.status >= 400);
            }
            Ok(())
        })?;
    }
}
