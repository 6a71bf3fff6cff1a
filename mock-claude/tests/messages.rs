//! Goal: a client cannot tell the mock from the API by its answers. Method: real HTTP over a pipe,
//! in paused time, so that latencies are exact and nothing depends on the machine.

#[path = "support/sse.rs"]
mod sse;
mod support;

use http::Request;
use serde_json::json;
use support::{asking, mock, send, send_raw};

const CODE: &str = "def parse(text):\n    return text\n\nclass Ledger:\n    def add(self): ...\n";

#[tokio::test(start_paused = true)]
async fn a_message_has_the_fields_of_the_api_and_names_the_code_it_was_shown() {
    let answer = send(&mock(""), &asking(CODE)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let request_id = answer.header("request-id").unwrap();
    assert!(request_id.starts_with("req_011C") && request_id.len() == 28, "{request_id}");
    assert!(answer.header("anthropic-organization-id").is_some());
    let message = answer.json();
    assert_eq!(message["id"], request_id.replacen("req_", "msg_", 1));
    assert_eq!(message["type"], "message");
    assert_eq!(message["role"], "assistant");
    assert_eq!(message["model"], "claude-sonnet-4-5");
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["usage"]["service_tier"], "standard");
    assert_eq!(message["usage"]["cache_creation"]["ephemeral_5m_input_tokens"], 0);
    let text = message["content"][0]["text"].as_str().unwrap();
    for name in ["`parse` (line 1)", "`Ledger` (line 4)", "`add` (line 5)"] {
        assert!(text.contains(name), "{name} is missing in:\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn latency_is_first_token_plus_prefill_plus_decode_to_the_millisecond() {
    let mock = mock(
        "[latency]\nfirst_token_ms = 700\nprefill_tokens_per_second = 1000\n\
         decode_tokens_per_second = 100\n",
    );
    let answer = send(&mock, &asking(CODE)).await;
    let usage = &answer.json()["usage"];
    let expected = 700
        + usage["input_tokens"].as_u64().unwrap()
        + usage["output_tokens"].as_u64().unwrap() * 10;
    assert_eq!(answer.took.as_millis(), u128::from(expected));
}

#[tokio::test(start_paused = true)]
async fn a_stream_says_the_same_as_the_plain_answer_and_takes_as_long() {
    let plain = send(&mock(""), &asking(CODE)).await;
    let mut body = asking(CODE);
    body["stream"] = json!(true);
    let streamed = send(&mock(""), &body).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(streamed.header("cache-control"), Some("no-cache"));
    let events = sse::data(&streamed.body);
    assert_eq!(events.len(), sse::names(&streamed.body).len(), "an event is JSON");
    assert_eq!(sse::text(&streamed.body), plain.json()["content"][0]["text"]);
    assert_eq!(events[0]["type"], "message_start");
    assert_eq!(events[0]["message"]["stop_reason"], json!(null));
    let last = &events[events.len() - 2];
    assert_eq!(last["delta"]["stop_reason"], "end_turn");
    assert_eq!(last["usage"], plain.json()["usage"], "usage is cumulative at the end");
    assert_eq!(events[events.len() - 1]["type"], "message_stop");
    assert_eq!(streamed.took, plain.took);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let first = send(&mock("seed = 7"), &asking(CODE)).await;
    let again = send(&mock("seed = 7"), &asking(CODE)).await;
    let other = send(&mock("seed = 8"), &asking(CODE)).await;
    assert_eq!((&first.body, &first.headers), (&again.body, &again.headers));
    assert_ne!(first.body, other.body);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_arrival_changes_no_answer() {
    let codes: Vec<String> = (0..20).map(|n| format!("def f{n}(): pass\n")).collect();
    let config = "[[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { share = 0.4 }\n";
    let (forward, backward) = (mock(config), mock(config));
    let mut answers = Vec::new();
    for code in &codes {
        answers.push(send(&forward, &asking(code)).await.body);
    }
    for (code, answer) in codes.iter().zip(&answers).rev() {
        assert_eq!(&send(&backward, &asking(code)).await.body, answer);
    }
    let failed = answers.iter().filter(|body| body.contains("overloaded_error")).count();
    assert!((1..20).contains(&failed), "{failed} of 20 failed: the claim needs both kinds");
}

#[tokio::test(start_paused = true)]
async fn credentials_and_version_are_wanted_and_either_credential_will_do() {
    let mock = mock("");
    let body = asking(CODE).to_string();
    let with = |headers: &[(&str, &str)]| {
        let builder =
            headers.iter().fold(Request::post("/v1/messages"), |builder, (name, value)| {
                builder.header(*name, *value)
            });
        builder.body(body.clone()).unwrap()
    };
    let version = ("anthropic-version", "2026-10-21");
    let none = send_raw(&mock, with(&[version])).await;
    assert_eq!((none.status, &none.json()["error"]["type"]), (401, &json!("authentication_error")));
    assert_eq!(none.json()["request_id"], none.header("request-id").unwrap());
    let bearer = send_raw(&mock, with(&[version, ("authorization", "Bearer key")])).await;
    assert_eq!(bearer.status, 200);
    let unversioned = send_raw(&mock, with(&[("x-api-key", "key")])).await;
    assert_eq!(unversioned.status, 400);
    let unknown =
        send_raw(&mock, with(&[("x-api-key", "key"), ("anthropic-version", "1999-01-01")])).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test(start_paused = true)]
async fn paths_and_methods_that_do_not_exist_are_refused_as_the_api_refuses_them() {
    let mock = mock("");
    let missing = send_raw(&mock, Request::get("/v1/nothing").body(String::new()).unwrap()).await;
    assert_eq!(
        (missing.status, &missing.json()["error"]["type"]),
        (404, &json!("not_found_error"))
    );
    let method = send_raw(&mock, Request::get("/v1/messages").body(String::new()).unwrap()).await;
    assert_eq!(method.status, 405);
    assert!(method.header("request-id").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_body_over_32_megabytes_is_refused_with_its_own_status() {
    let request = Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body("x".repeat(mock_claude::internals::MAX_BODY_BYTES + 1))
        .unwrap();
    let answer = send_raw(&mock(""), request).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["type"], "request_too_large");
}

#[tokio::test(start_paused = true)]
async fn the_ledger_is_the_sum_of_the_usages_at_the_models_prices() {
    let mock = mock("");
    let mut expected = 0;
    for code in ["def a(): pass\n", "def b(): pass\n", CODE] {
        let usage = send(&mock, &asking(code)).await.json()["usage"].clone();
        let count = |name: &str| usage[name].as_u64().unwrap();
        expected += count("input_tokens") * 3 + count("output_tokens") * 15;
    }
    send(&mock, &json!({"model": "claude-sonnet-4-5"})).await;
    let ledger = mock.ledger();
    assert_eq!(ledger.cost_microusd, expected);
    assert_eq!((ledger.requests, ledger.errors), (4, 1));
}
