//! Goal: a message batch lives as the API's batches live, from its creation to the day when its
//! results are gone. Method: real HTTP over a pipe in paused time, so that days take no time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::client::{call, request};
use crate::support::{Answer, asking, mock, send, send_raw};
use mock_claude::MockClaude;
use serde_json::{Value, json};
use tokio::time::sleep;

/// Every request of a batch takes from one minute to ten.
const SLOW: &str = "[batch]\nshortest_ms = 60000\nlongest_ms = 600000\n";

/// Good requests about different code.
fn requests(count: usize) -> Vec<Value> {
    let one = |n: usize| {
        let params = asking(&format!("def f{n}(): pass\n"));
        json!({"custom_id": format!("r{n}"), "params": params})
    };
    (0..count).map(one).collect()
}

async fn create(mock: &MockClaude, requests: &[Value]) -> Answer {
    let body = json!({"requests": requests}).to_string();
    send_raw(mock, request("POST", "/v1/messages/batches", body)).await
}

async fn created(mock: &MockClaude, requests: &[Value]) -> String {
    let answer = create(mock, requests).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id"].as_str().expect("the mock answers as it should").to_owned()
}

async fn show(mock: &MockClaude, id: &str) -> Value {
    call(mock, "GET", &format!("/v1/messages/batches/{id}")).await.json()
}

/// The results by `custom_id`.
async fn results(mock: &MockClaude, id: &str) -> BTreeMap<String, Value> {
    let answer = call(mock, "GET", &format!("/v1/messages/batches/{id}/results?beta=true")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/x-jsonl"));
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("the mock answers as it should");
        (
            line["custom_id"].as_str().expect("the mock answers as it should").to_owned(),
            line["result"].clone(),
        )
    };
    answer.body.lines().map(line).collect()
}

/// Seconds from the beginning of simulated time to the end of a batch.
fn ended_s(batch: &Value) -> i64 {
    let ended: jiff::Timestamp = batch["ended_at"]
        .as_str()
        .expect("the mock answers as it should")
        .parse()
        .expect("the mock answers as it should");
    ended.as_second() - mock_claude::internals::clock::SIMULATED_EPOCH_MS / 1000
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_in_progress_until_its_last_request_and_has_results_afterwards() {
    let mock = mock(SLOW);
    let mut wanted = requests(5);
    wanted.push(json!({"custom_id": "wrong", "params": {"model": "claude-sonnet-4-5"}}));
    let first = create(&mock, &wanted).await.json();
    let id = first["id"].as_str().unwrap();
    assert!(id.starts_with("msgbatch_011C"), "{id}");
    assert_eq!(
        (&first["type"], &first["processing_status"]),
        (&json!("message_batch"), &json!("in_progress"))
    );
    assert_eq!(
        first["request_counts"],
        json!({"processing": 6, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0})
    );
    assert_eq!(
        (&first["created_at"], &first["expires_at"]),
        (&json!("2026-01-01T00:00:00Z"), &json!("2026-01-02T00:00:00Z"))
    );
    assert_eq!((&first["results_url"], &first["ended_at"]), (&Value::Null, &Value::Null));
    let early = call(&mock, "GET", &format!("/v1/messages/batches/{id}/results")).await;
    assert_eq!(early.status, 404);
    sleep(Duration::from_secs(59)).await;
    assert_eq!(show(&mock, id).await["processing_status"], "in_progress");
    sleep(Duration::from_secs(541)).await;
    let last = show(&mock, id).await;
    assert_eq!(last["processing_status"], "ended");
    assert_eq!(
        last["request_counts"],
        json!({"processing": 0, "succeeded": 5, "errored": 1, "canceled": 0, "expired": 0})
    );
    assert_eq!(last["results_url"], format!("http://mock/v1/messages/batches/{id}/results"));
    assert!((60..=600).contains(&ended_s(&last)), "{last}");
    let results = results(&mock, id).await;
    let message = &results["r3"]["message"];
    assert!(message["content"][0]["text"].as_str().unwrap().contains("`f3` (line 1)"));
    assert_eq!(message["usage"]["service_tier"], "batch");
    let wrong = &results["wrong"];
    assert_eq!(
        (&wrong["type"], &wrong["error"]["error"]["message"]),
        (&json!("errored"), &json!("max_tokens: Field required"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_costs_half_of_what_the_same_messages_cost() {
    let (plain, batched) = (mock(""), mock(""));
    for request in requests(3) {
        send(&plain, &request["params"]).await;
    }
    created(&batched, &requests(3)).await;
    sleep(Duration::from_secs(301)).await;
    let (plain, batched) = (plain.ledger(), batched.ledger());
    assert_eq!((plain.tokens_in, plain.tokens_out), (batched.tokens_in, batched.tokens_out));
    assert!(plain.cost_microusd > 0);
    assert!(batched.cost_microusd.abs_diff(plain.cost_microusd / 2) <= 3, "{batched:?}");
    assert_eq!(batched.requests, 4, "the creation and three messages");
}

/// A batch whose requests share a marked prefix of about 2,000 tokens, and ask for one token.
fn marked(count: usize) -> Vec<Value> {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let system = json!([{"type": "text", "text": "a".repeat(7_000), "cache_control": mark}]);
    let one = |n: usize| {
        let params = json!({
            "model": "claude-sonnet-4-5", "max_tokens": 1, "system": system,
            "messages": [{"role": "user", "content": format!("Go {n}.")}],
        });
        json!({"custom_id": format!("r{n}"), "params": params})
    };
    (0..count).map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn a_marked_prefix_is_written_once_and_read_by_the_rest_of_the_batch_at_half_price() {
    let mock = mock("tokens = \"length\"\n");
    let id = created(&mock, &marked(3)).await;
    sleep(Duration::from_secs(301)).await;
    let results = results(&mock, &id).await;
    let mut usages: Vec<[u64; 3]> = results
        .values()
        .map(|result| {
            let usage = &result["message"]["usage"];
            let read = usage["cache_read_input_tokens"].as_u64().expect("a count");
            let written = usage["cache_creation"]["ephemeral_1h_input_tokens"].as_u64();
            [read, written.expect("a count"), usage["input_tokens"].as_u64().expect("a count")]
        })
        .collect();
    usages.sort_unstable();
    assert_eq!(usages, [[0, 2_000, 2], [2_000, 0, 2], [2_000, 0, 2]]);
    // $3 in, $6 for an hour's write, $0.30 for a read, $15 out a million; a batch pays half. Each
    // request is rounded on its own.
    let write = (2_000 * 6 + 2 * 3 + 15_u64).div_ceil(2);
    let read = (600 + 2 * 3 + 15_u64).div_ceil(2);
    assert_eq!(mock.ledger().cost_microusd, write + 2 * read);
}

#[tokio::test(start_paused = true)]
async fn a_batch_reads_what_a_batch_of_its_owner_cached_and_nothing_else() {
    let mock = mock("tokens = \"length\"\n");
    let requests = marked(1);
    assert_eq!(send(&mock, &requests[0]["params"]).await.status, 200);
    let read = async |key: &str| {
        let body = json!({ "requests": requests }).to_string();
        let mut asked = request("POST", "/v1/messages/batches", body);
        asked.headers_mut().insert("x-api-key", key.parse().expect("a key"));
        let id = send_raw(&mock, asked).await.json()["id"].as_str().expect("an id").to_owned();
        sleep(Duration::from_secs(301)).await;
        let usage = results(&mock, &id).await["r0"]["message"]["usage"].clone();
        usage["cache_read_input_tokens"].as_u64()
    };
    assert_eq!(read("key").await, Some(0), "nothing of what a message wrote");
    assert_eq!(read("another").await, Some(0));
    assert_eq!(read("key").await, Some(2_000));
}

#[tokio::test(start_paused = true)]
async fn a_canceled_batch_keeps_what_was_done_and_charges_nothing_else() {
    let mock = mock(&format!("{SLOW}cancel_ms = 5000\n"));
    let id = created(&mock, &requests(40)).await;
    sleep(Duration::from_mins(5)).await;
    let path = format!("/v1/messages/batches/{id}/cancel");
    let canceling = call(&mock, "POST", &path).await.json();
    assert_eq!(canceling["processing_status"], "canceling");
    assert!(canceling["cancel_initiated_at"].is_string());
    assert_eq!(call(&mock, "POST", &path).await.status, 200, "twice is as good as once");
    sleep(Duration::from_secs(5)).await;
    let ended = show(&mock, &id).await;
    assert_eq!(ended["processing_status"], "ended");
    let count = |name: &str| ended["request_counts"][name].as_u64().unwrap();
    let (done, canceled) = (count("succeeded"), count("canceled"));
    assert_eq!(done + canceled, 40);
    assert!(done > 5 && canceled > 5, "{done} done, {canceled} canceled");
    let results = results(&mock, &id).await;
    let kept = results.values().filter(|result| result["type"] == "succeeded").count();
    assert_eq!(kept as u64, done);
    let charged = mock.journal().iter().filter(|entry| entry.cost_microusd > 0).count();
    assert_eq!(charged as u64, done);
    assert_eq!(call(&mock, "POST", &path).await.status, 400, "it has ended");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_in_24_hours_expires() {
    let mock = mock("[batch]\nshortest_ms = 3600000\nlongest_ms = 172800000\n");
    let id = created(&mock, &requests(20)).await;
    sleep(Duration::from_hours(24)).await;
    let ended = show(&mock, &id).await;
    assert_eq!((&ended["processing_status"], ended_s(&ended)), (&json!("ended"), 24 * 3600));
    let expired = ended["request_counts"]["expired"].as_u64().unwrap();
    assert!((1..20).contains(&expired), "{ended}: the claim needs both kinds");
    let results = results(&mock, &id).await;
    assert!(results.values().any(|result| result == &json!({"type": "expired"})));
}

#[tokio::test(start_paused = true)]
async fn results_are_kept_for_29_days_and_the_batch_is_still_known_afterwards() {
    let mock = mock("");
    let id = created(&mock, &requests(1)).await;
    sleep(Duration::from_mins(29 * 24 * 60 - 1)).await;
    assert_eq!(results(&mock, &id).await.len(), 1);
    sleep(Duration::from_mins(1)).await;
    let gone = call(&mock, "GET", &format!("/v1/messages/batches/{id}/results")).await;
    assert_eq!(gone.status, 404);
    let batch = show(&mock, &id).await;
    assert_eq!(batch["results_url"], Value::Null);
    assert_eq!(batch["archived_at"], "2026-01-30T00:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_batch_can_be_deleted_when_it_has_ended_and_not_before() {
    let mock = mock("");
    let id = created(&mock, &requests(1)).await;
    let path = format!("/v1/messages/batches/{id}");
    assert_eq!(call(&mock, "DELETE", &path).await.status, 400);
    sleep(Duration::from_secs(301)).await;
    let deleted = call(&mock, "DELETE", &path).await.json();
    assert_eq!(deleted, json!({"id": id, "type": "message_batch_deleted"}));
    assert_eq!(call(&mock, "GET", &path).await.status, 404);
    assert_eq!(call(&mock, "DELETE", &path).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn batches_are_listed_the_newest_first() {
    let mock = mock("");
    let mut ids = Vec::new();
    for count in 1..=3 {
        ids.insert(0, created(&mock, &requests(count)).await);
    }
    let page = call(&mock, "GET", "/v1/messages/batches?limit=2").await.json();
    assert_eq!((&page["first_id"], &page["last_id"]), (&json!(ids[0]), &json!(ids[1])));
    assert_eq!(page["has_more"], true);
    let path = format!("/v1/messages/batches?limit=2&after_id={}", ids[1]);
    let rest = call(&mock, "GET", &path).await.json();
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&json!(ids[2]), &json!(false)));
}

#[tokio::test(start_paused = true)]
async fn a_bad_batch_is_refused_and_a_full_queue_is_a_rate_limit() {
    let mock = mock("[batch]\nqueue_requests = 3\n");
    let check = async |requests: Value, status: u16, words: &str| {
        let answer = create(&mock, requests.as_array().unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(words), "{words} is missing in {}", answer.body);
    };
    check(json!([]), 400, "at least 1 item").await;
    check(json!([{"custom_id": "a b", "params": {}}]), 400, "requests.0.custom_id").await;
    check(json!([{"custom_id": "a", "params": {"stream": true}}]), 400, "params.stream").await;
    check(json!(requests(4)), 429, "processing queue").await;
    check(json!(requests(3)), 200, "in_progress").await;
    check(json!(requests(1)), 429, "processing queue").await;
    sleep(Duration::from_secs(301)).await;
    check(json!(requests(1)), 200, "in_progress").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_over_256_megabytes_is_refused_and_one_over_32_is_not() {
    let mock = mock("contract = true");
    let padded = |bytes: usize| {
        let body = format!("{{\"requests\":[]{}}}", " ".repeat(bytes));
        request("POST", "/v1/messages/batches", body)
    };
    assert_eq!(send_raw(&mock, padded(33 << 20)).await.status, 200);
    let over = send_raw(&mock, padded(256 << 20)).await;
    assert_eq!((over.status, &over.json()["error"]["type"]), (413, &json!("request_too_large")));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_results_whatever_came_before() {
    let (alone, busy) = (mock("seed = 7"), mock("seed = 7"));
    let one = created(&alone, &requests(9)).await;
    created(&busy, &[json!({"custom_id": "x", "params": asking("def other(): pass\n")})]).await;
    let other = created(&busy, &requests(9)).await;
    assert_eq!(one, other);
    sleep(Duration::from_secs(301)).await;
    let path = format!("/v1/messages/batches/{one}/results");
    let (one, other) = (call(&alone, "GET", &path).await, call(&busy, "GET", &path).await);
    assert_eq!(one.body, other.body);
}

#[tokio::test(start_paused = true)]
async fn injected_errors_are_results_of_their_requests() {
    let mock =
        mock("[[fault]]\nkind = \"status\"\nstatus = 500\nwhen = { from_s = 10, until_s = 400 }\n");
    let id = created(&mock, &requests(2)).await;
    sleep(Duration::from_secs(400)).await;
    for result in results(&mock, &id).await.values() {
        assert_eq!(result["error"]["error"]["type"], "api_error");
    }
    assert_eq!(mock.ledger().cost_microusd, 0);
}

#[tokio::test(start_paused = true)]
async fn semantic_faults_corrupt_what_the_results_say() {
    let mock = mock(
        "[[fault]]\nkind = \"semantic\"\nwhat = { truncated = { after_tokens = 9 } }\n\
         when = { attempts = { from = 1, to = 1 }, path = \"/v1/messages\" }\n\
         [[fault]]\nkind = \"semantic\"\nwhat = { error_body = {} }\n\
         when = { attempts = { from = 2, to = 2 }, path = \"/v1/messages\" }\n\
         [[fault]]\nkind = \"stream\"\nwhat = \"empty_content\"\n\
         when = { attempts = { from = 3, to = 3 }, path = \"/v1/messages\" }\n",
    );
    let result = async || {
        let id = created(&mock, &requests(1)).await;
        sleep(Duration::from_secs(301)).await;
        results(&mock, &id).await["r0"].clone()
    };
    let cut = result().await;
    assert_eq!(cut["message"]["stop_reason"], "max_tokens");
    assert_eq!(cut["message"]["usage"]["output_tokens"], 9);
    assert_eq!(result().await["error"]["error"]["type"], "overloaded_error");
    assert_eq!(result().await["message"]["content"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn in_contract_mode_every_id_is_a_batch() {
    let mock = mock("contract = true");
    let batch = show(&mock, "message_batch_id").await;
    assert_eq!(
        (&batch["id"], &batch["processing_status"]),
        (&json!("message_batch_id"), &json!("ended"))
    );
    let path = "/v1/messages/batches/message_batch_id";
    assert_eq!(call(&mock, "DELETE", path).await.json()["type"], "message_batch_deleted");
    let canceled = call(&mock, "POST", &format!("{path}/cancel")).await.json();
    assert_eq!(canceled["processing_status"], "canceling");
}

#[tokio::test(start_paused = true)]
async fn polls_have_a_limit_of_their_own() {
    let own = "[batch]\nrequests_per_minute = 3\n[limits]\nrequests_per_minute = 1\n";
    for (config, most) in [(own, 3), ("[limits]\ntier = \"start\"\n", 1_000)] {
        let mock = mock(&format!("{config}[latency]\nrefusal_ms = 0\n"));
        let id = created(&mock, &requests(1)).await;
        let poll = async || call(&mock, "GET", &format!("/v1/messages/batches/{id}")).await;
        for _ in 1..most {
            assert_eq!(poll().await.status, 200);
        }
        let refused = poll().await;
        assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
        assert!(refused.body.contains("to the Message Batches API"), "{}", refused.body);
        let message = send(&mock, &asking("def f(): pass\n")).await;
        assert_eq!(message.status, 200, "messages have theirs");
        sleep(Duration::from_mins(1)).await;
        assert_eq!(poll().await.status, 200);
    }
}
