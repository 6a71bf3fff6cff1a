//! Goal: usage and cost follow the API's rules of prompt caching. Method: real HTTP over a pipe in
//! paused time; time passes by sleeping, so lifetimes are exact.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use std::time::Duration;

use http::Request;
use mock_claude::MockClaude;
use serde_json::{Value, json};
use support::{mock, send, send_raw};
use tokio::time::sleep;

/// So that lengths of prompts say how many tokens they have.
const BY_LENGTH: &str = "tokens = \"length\"\n";

/// About 2,000 tokens, more than the 1,024 that this model caches.
fn long(letter: &str) -> String {
    letter.repeat(7_000)
}

fn block(text: &str, control: &Value) -> Value {
    json!({"type": "text", "text": text, "cache_control": control})
}

fn body(system: &Value) -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 16,
        "system": system,
        "messages": [{"role": "user", "content": "Go."}],
    })
}

fn marked(text: &str) -> Value {
    body(&json!([block(text, &json!({"type": "ephemeral"}))]))
}

/// Input, written and read tokens, which add up to the whole prompt.
async fn usage(mock: &MockClaude, body: &Value) -> [u64; 3] {
    let answer = send(mock, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let usage = &answer.json()["usage"];
    ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
        .map(|name| usage[name].as_u64().expect("a count"))
}

#[tokio::test(start_paused = true)]
async fn a_marked_prefix_is_written_once_and_read_until_five_unused_minutes_have_passed() {
    let mock = mock(BY_LENGTH);
    let request = marked(&long("a"));
    assert_eq!(usage(&mock, &request).await, [1, 2_000, 0]);
    for _ in 0..3 {
        sleep(Duration::from_secs(290)).await;
        assert_eq!(usage(&mock, &request).await, [1, 0, 2_000], "each use lasts it again");
    }
    sleep(Duration::from_secs(301)).await;
    assert_eq!(usage(&mock, &request).await, [1, 2_000, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_hour_lasts_an_hour_and_is_accounted_apart() {
    let mock = mock(BY_LENGTH);
    let control = json!({"type": "ephemeral", "ttl": "1h"});
    let request = body(&json!([block(&long("a"), &control)]));
    let first = send(&mock, &request).await.json();
    assert_eq!(first["usage"]["cache_creation"]["ephemeral_1h_input_tokens"], 2_000);
    sleep(Duration::from_mins(59)).await;
    assert_eq!(usage(&mock, &request).await, [1, 0, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn a_prefix_is_read_only_once_its_first_response_has_begun() {
    let mock = mock(BY_LENGTH);
    let request = marked(&long("a"));
    let (one, two) = tokio::join!(usage(&mock, &request), usage(&mock, &request));
    assert_eq!((one, two), ([1, 2_000, 0], [1, 2_000, 0]));
    assert_eq!(usage(&mock, &request).await, [1, 0, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn a_short_prefix_is_silently_not_cached() {
    let mock = mock(BY_LENGTH);
    let request = marked("short");
    for _ in 0..2 {
        assert_eq!(usage(&mock, &request).await, [3, 0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_conversation_reads_the_prefix_within_twenty_blocks_and_not_beyond() {
    for (blocks, expected_read) in [(19, true), (20, false)] {
        let mock = mock(BY_LENGTH);
        let control = json!({"type": "ephemeral"});
        let mut content = vec![block(&long("a"), &control)];
        let request = |content: &[Value]| {
            let mut request = body(&json!("Be brief."));
            request["messages"][0]["content"] = json!(content);
            request
        };
        assert_eq!(usage(&mock, &request(&content)).await[2], 0);
        content[0].as_object_mut().unwrap().remove("cache_control");
        content.extend((1..blocks).map(|_| json!({"type": "text", "text": "x"})));
        content.push(block("end", &control));
        let [_, _, read] = usage(&mock, &request(&content)).await;
        assert_eq!(read > 0, expected_read, "{blocks} blocks later");
    }
}

#[tokio::test(start_paused = true)]
async fn tools_invalidate_all_and_a_choice_of_tool_only_the_messages() {
    let mock = mock(BY_LENGTH);
    let mut request = marked(&long("a"));
    request["messages"][0]["content"] = json!([block(&long("m"), &json!({"type": "ephemeral"}))]);
    request["tools"] = json!([{"name": "one", "input_schema": {"type": "object"}}]);
    let [_, written, _] = usage(&mock, &request).await;
    request["tool_choice"] = json!({"type": "none"});
    let [_, rewritten, read] = usage(&mock, &request).await;
    assert_eq!((rewritten, rewritten + read), (2_000, written), "the system prompt is still read");
    request["tools"] = json!([{"name": "two", "input_schema": {"type": "object"}}]);
    assert_eq!(usage(&mock, &request).await[2], 0);
}

/// The API's documentation: a string is short for one block of text.
#[tokio::test(start_paused = true)]
async fn a_string_and_one_block_of_the_same_text_are_the_same_prefix() {
    let mock = mock(BY_LENGTH);
    let request = |first: Value| {
        let mut request = body(&json!("Be brief."));
        let last = block("Go.", &json!({"type": "ephemeral"}));
        request["messages"] = json!([
            {"role": "user", "content": first}, {"role": "user", "content": [last]},
        ]);
        request
    };
    let written = usage(&mock, &request(json!(long("a")))).await;
    let read = usage(&mock, &request(json!([{"type": "text", "text": long("a")}]))).await;
    assert_eq!((written[1], read[1]), (read[2], 0), "{written:?} {read:?}");
    let mut request = body(&json!(long("a")));
    request["cache_control"] = json!({"type": "ephemeral"});
    let written = usage(&mock, &request).await;
    request["system"] = json!([{"type": "text", "text": long("a")}]);
    assert_eq!(usage(&mock, &request).await, [written[0], 0, written[1]]);
}

#[tokio::test(start_paused = true)]
async fn the_role_is_part_of_a_prefix_and_the_border_between_messages_is_not() {
    let last = block("ok", &json!({"type": "ephemeral"}));
    let first = json!({"type": "text", "text": long("a")});
    let read = async |messages: Value| {
        let mock = mock(BY_LENGTH);
        let mut request = body(&json!("Be brief."));
        request["messages"] = json!([{"role": "user", "content": [first, last]}]);
        usage(&mock, &request).await;
        request["messages"] = messages;
        usage(&mock, &request).await[2]
    };
    let apart = |role: &str| {
        let first = json!({"role": "user", "content": [first]});
        json!([first, {"role": role, "content": [last]}])
    };
    assert_eq!(read(apart("assistant")).await, 0);
    assert!(read(apart("user")).await > 2_000);
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_what_another_key_wrote() {
    let mock = mock(BY_LENGTH);
    let request = marked(&long("a"));
    usage(&mock, &request).await;
    let other = Request::post("/v1/messages")
        .header("x-api-key", "another")
        .header("anthropic-version", "2023-06-01")
        .body(request.to_string())
        .unwrap();
    let answer = send_raw(&mock, other).await.json();
    assert_eq!(answer["usage"]["cache_read_input_tokens"], 0);
}

#[tokio::test(start_paused = true)]
async fn four_breakpoints_are_taken_and_a_fifth_is_refused_the_automatic_one_included() {
    let control = json!({"type": "ephemeral"});
    let four = json!([
        block("a", &control),
        block("b", &control),
        block("c", &control),
        block("d", &control),
    ]);
    let mut request = body(&four);
    assert_eq!(send(&mock(BY_LENGTH), &request).await.status, 200);
    request["cache_control"] = control;
    let answer = send(&mock(BY_LENGTH), &request).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["message"]),
        (400, &json!("A maximum of 4 blocks with cache_control may be provided. Found 5."))
    );
}

#[tokio::test(start_paused = true)]
async fn lifetimes_that_contradict_each_other_are_refused() {
    let (short, hour) = (json!({"type": "ephemeral"}), json!({"type": "ephemeral", "ttl": "1h"}));
    let late = body(&json!([block("a", &short), block("b", &hour)]));
    let answer = send(&mock(BY_LENGTH), &late).await;
    assert!(answer.status == 400 && answer.body.contains("must not come after"), "{}", answer.body);
    let mut both = body(&json!("x"));
    both["messages"][0]["content"] = json!([block("a", &short)]);
    both["cache_control"] = hour;
    let answer = send(&mock(BY_LENGTH), &both).await;
    assert!(answer.status == 400 && answer.body.contains("different ttl"), "{}", answer.body);
}

#[tokio::test(start_paused = true)]
async fn the_ledger_charges_writes_and_reads_at_their_own_prices() {
    let mock = mock(BY_LENGTH);
    let request = marked(&long("a"));
    let written = send(&mock, &request).await.json();
    let output = written["usage"]["output_tokens"].as_u64().unwrap();
    // $3 a million for one token, $3.75 for the write, $15 for the output.
    assert_eq!(mock.ledger().cost_microusd, 3 + 7_500 + 15 * output);
    send(&mock, &request).await;
    assert_eq!(mock.ledger().cost_microusd, 3 + 7_500 + 3 + 600 + 30 * output);
}

#[tokio::test(start_paused = true)]
async fn no_tokens_of_output_warm_the_cache() {
    let mock = mock(BY_LENGTH);
    let mut request = marked(&long("a"));
    request["max_tokens"] = json!(0);
    assert_eq!(usage(&mock, &request).await, [1, 2_000, 0]);
    request["max_tokens"] = json!(16);
    assert_eq!(usage(&mock, &request).await, [1, 0, 2_000]);
}

/// A fault that hits the third request.
fn losing(what: &str) -> MockClaude {
    mock(&format!(
        "{BY_LENGTH}[[fault]]\nkind = \"prompt_cache\"\nname = \"lost\"\nwhat = \"{what}\"\n\
         when = {{ nth = [3] }}\n"
    ))
}

#[tokio::test(start_paused = true)]
async fn a_miss_is_paid_as_a_write_and_an_eviction_loses_all_of_the_workspace() {
    let (one, other) = (marked(&long("a")), marked(&long("b")));
    for (what, other_later) in [("miss", [1, 0, 2_000]), ("evict", [1, 2_000, 0])] {
        let mock = losing(what);
        assert_eq!(usage(&mock, &one).await, [1, 2_000, 0]);
        assert_eq!(usage(&mock, &other).await, [1, 2_000, 0]);
        assert_eq!(usage(&mock, &one).await, [1, 2_000, 0], "{what}");
        assert_eq!(usage(&mock, &one).await, [1, 0, 2_000], "{what}: it is written again");
        assert_eq!(usage(&mock, &other).await, other_later, "{what}");
        let journal = mock.journal();
        assert_eq!(journal[2].fault.as_deref(), Some("lost"));
        assert_eq!(journal[2].cost_microusd, journal[0].cost_microusd);
    }
}
