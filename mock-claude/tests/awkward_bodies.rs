//! Goal: no body makes the mock panic, and each awkward one gets its documented status. Method: the
//! kept corpus, whose names begin with the status, and bodies that chance puts together.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

mod corpus;

use bytes::Bytes;
use http::Request;
use mock_claude::MockClaude;
use mock_claude::internals::request::{MessagesRequest, Rules, Version};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Answer, mock, send_bytes};

const CONTRACT: Rules =
    Rules { version: Version::V2026, beta: true, contract: true, ..Rules::of(Version::V2026) };

async fn post(mock: &MockClaude, path: &str, body: impl Into<Bytes>) -> Answer {
    let request = Request::post(path)
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(body.into())
        .expect("the request is valid");
    send_bytes(mock.connect(), request).await
}

#[test]
fn every_body_of_the_corpus_gets_the_status_in_its_name() {
    let mut count = 0;
    for (name, body) in corpus::read("bodies") {
        let expected: u16 = name.split('-').next().unwrap().parse().unwrap();
        let parsed = MessagesRequest::parse(&body, Version::V2023);
        let status = parsed.as_ref().map_or_else(|error| error.status, |_| 200);
        assert_eq!(status, expected, "{name}: {:?}", parsed.err());
        let _ = MessagesRequest::read(&body, CONTRACT);
        count += 1;
    }
    assert!(count >= 30, "{count} bodies: the corpus is there");
}

#[tokio::test(start_paused = true)]
async fn every_taken_body_of_the_corpus_is_answered() {
    for (name, body) in corpus::read("bodies") {
        let expected = name[..3].parse::<u16>().unwrap();
        let answer = post(&mock(""), "/v1/messages", body).await;
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn counting_tokens_agrees_with_usage_and_knows_fewer_fields() {
    let mock = mock("");
    let mut body = json!({
        "model": "claude-sonnet-4-5",
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hello there."}],
    });
    let counted = post(&mock, "/v1/messages/count_tokens", body.to_string()).await;
    assert_eq!(counted.status, 200, "{}", counted.body);
    assert!(counted.json()["input_tokens"].is_u64());
    assert_eq!(mock.ledger().cost_microusd, 0);
    body["max_tokens"] = json!(16);
    let message = post(&mock, "/v1/messages", body.to_string()).await.json();
    assert_eq!(message["usage"]["input_tokens"], counted.json()["input_tokens"]);
    let refused = post(&mock, "/v1/messages/count_tokens", body.to_string()).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["message"]),
        (400, &json!("max_tokens: Extra inputs are not permitted"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_and_one_messages_are_one_too_many() {
    let message = r#"{"role":"user","content":"x"}"#;
    let body = |count: usize| {
        let list = vec![message; count].join(",");
        format!(r#"{{"model":"claude-sonnet-4-5","max_tokens":1,"messages":[{list}]}}"#)
    };
    assert_eq!(post(&mock(""), "/v1/messages", body(100_000)).await.status, 200);
    assert_eq!(post(&mock(""), "/v1/messages", body(100_001)).await.status, 400);
}

/// Any JSON, with the API's own names among its keys and strings.
fn json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "model",
        "messages",
        "role",
        "user",
        "assistant",
        "content",
        "type",
        "text",
        "tool_use",
        "tool_result",
        "tool_use_id",
        "id",
        "name",
        "input",
        "input_schema",
        "cache_control",
        "ephemeral",
        "thinking",
        "enabled",
        "properties",
        "required",
        "items",
        "enum",
        "$ref",
        "#",
        "object",
        "array",
        "integer",
        "source",
        "data",
        "image",
        "document",
        "anyOf",
        "allOf",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let key = words.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = MessagesRequest::parse(&bytes, Version::V2023);
        let _ = MessagesRequest::read(&bytes, CONTRACT);
    }

    #[test]
    fn no_value_in_any_field_makes_the_mock_panic(
        field in prop::sample::select(vec![
            "messages", "system", "tools", "tool_choice", "thinking", "output_config",
            "cache_control", "stop_sequences", "metadata", "container", "stream",
        ]),
        value in json(),
        contract in any::<bool>(),
    ) {
        let mut body = json!({
            "model": "claude-sonnet-4-5", "max_tokens": 4096,
            "messages": [{"role": "user", "content": "Use name."}],
        });
        body[field] = value.clone();
        check(&body, contract)?;
        body["messages"] = json!([{"role": "user", "content": value.clone()}]);
        check(&body, contract)?;
        body["tools"] = json!([{
            "name": "name", "input_schema": {"type": "object", "properties": {"a": value}},
        }]);
        body["messages"] = json!([{"role": "user", "content": "Use name."}]);
        check(&body, contract)?;
    }
}

/// Sends a body; whatever it is, the answer is a message or a refusal that names a type.
fn check(body: &Value, contract: bool) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mock = mock(&format!("contract = {contract}"));
    let answer = runtime.block_on(post(&mock, "/v1/messages", body.to_string()));
    let known = matches!(answer.status, 200 | 400 | 404);
    prop_assert!(known, "{} {}", answer.status, answer.body);
    Ok(())
}
