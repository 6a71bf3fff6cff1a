//! Goal: a client's own parser can use the mock's answers where their content was settled, whatever
//! way they are sent. Method: real HTTP over a pipe in paused time, with the section as in a file.

#[path = "support/sse.rs"]
#[expect(dead_code, reason = "each test file uses its part of the support")]
mod sse;
#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use http::Request;
use mock_claude::MockClaude;
use serde_json::{Value, json};
use support::{asking, mock, send, send_raw};

const SCHEMA: &str = r#"
[[reply.canned]]
[reply.canned.say.schema]
type = "object"
required = ["title", "score"]
properties.title = { type = "string" }
properties.score = { type = "integer", minimum = 0, maximum = 10 }
"#;

fn words(words: &str) -> Value {
    let mut body = asking("");
    body["messages"][0]["content"] = json!(words);
    body
}

fn with_tools(mut body: Value, choice: &Value) -> Value {
    let schema = json!({"type": "object", "properties": {"q": {"type": "string"}}});
    body["tools"] = json!([
        {"name": "search", "input_schema": schema},
        {"name": "look", "input_schema": schema},
    ]);
    body["tool_choice"] = choice.clone();
    body
}

async fn said(mock: &MockClaude, body: &Value) -> String {
    let answer = send(mock, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_reply_whose_model_and_prompt_fit_is_said() {
    let mock = mock(
        "[[reply.canned]]\nmodel = \"claude-haiku*\"\nsay = { text = \"small\" }\n\
         [[reply.canned]]\nprompt = \"(?i)\\\\bweather\\\\b\"\nsay = { text = \"sunny\" }\n\
         [[reply.canned]]\nprompt = \"^again: \"\nsay = \"echo\"\n",
    );
    assert_eq!(said(&mock, &words("The Weather?")).await, "sunny");
    assert_eq!(said(&mock, &words("again: é\n\"x\"")).await, "again: é\n\"x\"");
    assert!(said(&mock, &words("hello")).await.starts_with("# Documentation"));
    let mut small = words("The Weather?");
    small["model"] = json!("claude-haiku-4-5");
    assert_eq!(said(&mock, &small).await, "small");
}

#[tokio::test(start_paused = true)]
async fn only_the_last_user_turn_decides_and_is_echoed_on_both_ways_of_reading() {
    let mock = mock(
        "[[reply.canned]]\nprompt = \"weather\"\nsay = { text = \"sunny\" }\n\
                     [[reply.canned]]\nsay = \"echo\"\n",
    );
    let mut body = words("weather");
    body["messages"] = json!([
        {"role": "user", "content": "weather"},
        {"role": "assistant", "content": "sunny"},
        {"role": "user", "content": "thank "},
        {"role": "user", "content": [{"type": "text", "text": "you"}]},
    ]);
    assert_eq!(said(&mock, &body).await, "thank you");
    body["metadata"] = json!({"user_id": "u"});
    assert_eq!(said(&mock, &body).await, "thank you");
}

#[tokio::test(start_paused = true)]
async fn json_of_a_schema_parses_plain_streamed_and_in_a_batch_with_the_same_bytes() {
    let text = said(&mock(SCHEMA), &words("Rate it.")).await;
    let value: Value = serde_json::from_str(&text).expect("the answer is JSON");
    assert!(value["title"].is_string() && value["score"].as_u64().is_some_and(|score| score < 11));
    let mut streamed = words("Rate it.");
    streamed["stream"] = json!(true);
    assert_eq!(sse::text(&send(&mock(SCHEMA), &streamed).await.body), text);
    let mock = mock(&format!("{SCHEMA}[batch]\nshortest_ms = 0\nlongest_ms = 1\n"));
    let batch = json!({"requests": [{"custom_id": "a", "params": words("Rate it.")}]});
    let request = |method: &str, path: &str, body: String| {
        let request = Request::builder().method(method).uri(path).header("x-api-key", "key");
        request.header("anthropic-version", "2023-06-01").body(body).expect("it is valid")
    };
    let made = send_raw(&mock, request("POST", "/v1/messages/batches", batch.to_string())).await;
    let id = made.json()["id"].as_str().expect("there is an id").to_owned();
    tokio::time::sleep(std::time::Duration::from_mins(2)).await;
    let path = format!("/v1/messages/batches/{id}/results");
    let results = send_raw(&mock, request("GET", &path, String::new())).await;
    assert_eq!(results.json()["result"]["message"]["content"][0]["text"], text);
}

#[tokio::test(start_paused = true)]
async fn plain_json_parses_and_follows_the_requests_own_schema() {
    let mock = mock("[[reply.canned]]\nsay = \"json\"\n");
    let value: Value = serde_json::from_str(&said(&mock, &asking("def a(): ...\n")).await).unwrap();
    assert!(value["answer"].as_str().is_some_and(|words| words.contains("`a` (line 1)")));
    let mut own = words("Rate it.");
    own["output_config"] = json!({"format": {"type": "json_schema", "schema": {
        "type": "object", "properties": {"mine": {"type": "boolean"}}, "required": ["mine"],
        "additionalProperties": false,
    }}});
    let value: Value = serde_json::from_str(&said(&mock, &own).await).unwrap();
    assert!(value["mine"].is_boolean(), "{value}");
}

#[tokio::test(start_paused = true)]
async fn a_canned_reply_is_cut_counted_and_charged_as_any_other() {
    let mock = mock(&format!(
        "tokens = \"length\"\n[[reply.canned]]\nsay = {{ text = \"{}\" }}\n",
        "é".repeat(350)
    ));
    let whole = send(&mock, &words("x")).await.json();
    assert_eq!(
        (&whole["usage"]["output_tokens"], &whole["stop_reason"]),
        (&json!(200), &json!("end_turn"))
    );
    let mut short = words("x");
    short["max_tokens"] = json!(10);
    let cut = send(&mock, &short).await.json();
    assert_eq!(
        (&cut["usage"]["output_tokens"], &cut["stop_reason"]),
        (&json!(10), &json!("max_tokens"))
    );
    assert_eq!(mock.ledger().tokens_out, 210);
}

#[tokio::test(start_paused = true)]
async fn a_named_tool_is_called_once_a_turn_and_never_against_the_clients_choice() {
    let mock = mock(
        "[[reply.canned]]\nsay = { call = \"look\" }\n\
                     [[reply.canned]]\nsay = { text = \"done\" }\n",
    );
    let ask = async |body: &Value| send(&mock, body).await.json();
    let auto = with_tools(words("hello"), &json!({"type": "auto"}));
    let called = ask(&auto).await;
    assert_eq!(called["stop_reason"], "tool_use");
    let call = called["content"][1].clone();
    assert_eq!((&call["type"], &call["name"]), (&json!("tool_use"), &json!("look")));
    assert!(call["input"]["q"].is_string());
    let mut next = auto.clone();
    next["messages"] = json!([
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call["id"], "content": "ok"},
        ]},
    ]);
    assert_eq!(ask(&next).await["content"][0]["text"], "done");
    let any = ask(&with_tools(words("hello"), &json!({"type": "any"}))).await;
    assert_eq!(
        (&any["content"][0]["name"], &any["stop_reason"]),
        (&json!("look"), &json!("tool_use"))
    );
    let forced = with_tools(words("hello"), &json!({"type": "tool", "name": "search"}));
    assert_eq!(ask(&forced).await["content"][0]["name"], "search");
    let none = with_tools(words("hello"), &json!({"type": "none"}));
    assert_eq!(ask(&none).await["content"][0]["text"], "done");
    assert_eq!(ask(&words("hello")).await["content"][0]["text"], "done");
}
