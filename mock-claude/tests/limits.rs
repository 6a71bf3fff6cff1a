//! Goal: every limit refuses as the API refuses, and says truthfully when it will not. Method:
//! real HTTP over a pipe, in paused time; every check is on what the client sees.

mod support;

use std::time::Duration;

use http::Request;
use mock_claude::MockClaude;
use serde_json::json;
use support::{Answer, asking, mock, send, send_raw};
use tokio::time::sleep;

/// No waiting, so that a test says when things happen.
const AT_ONCE: &str = "[latency]\nfirst_token_ms = 0\nprefill_tokens_per_second = 1000000000\n\
    decode_tokens_per_second = 1000000000\nrefusal_ms = 0\n";

fn limited(limits: &str) -> MockClaude {
    mock(&format!("{AT_ONCE}[limits]\n{limits}"))
}

/// A small request to `model` with `key`.
async fn ask(mock: &MockClaude, model: &str, key: &str) -> Answer {
    let mut body = asking("def f(): pass\n");
    body["model"] = json!(model);
    let request = Request::post("/v1/messages")
        .header("x-api-key", key)
        .header("anthropic-version", "2023-06-01")
        .body(body.to_string())
        .expect("the request is valid");
    send_raw(mock, request).await
}

async fn statuses(mock: &MockClaude, models: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for model in models {
        statuses.push(ask(mock, model, "key").await.status);
    }
    statuses
}

#[tokio::test(start_paused = true)]
async fn models_of_one_class_share_a_bucket_and_other_classes_have_their_own() {
    let mock = limited("requests_per_minute = 1\n");
    let opus = ["claude-opus-4-5", "claude-opus-4-8", "claude-opus-5", "claude-opus-5-5"];
    assert_eq!(statuses(&mock, &opus).await, [200, 429, 200, 200]);
    let sonnet = ["claude-sonnet-4-5-20250929", "claude-sonnet-4-6", "claude-sonnet-5"];
    assert_eq!(statuses(&mock, &sonnet).await, [200, 429, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_tier_announces_its_numbers_and_a_key_beside_it_overrides_them() {
    let answer = ask(&limited("tier = \"evaluation\"\n"), "claude-sonnet-4-5", "key").await;
    let header = |name: &str| answer.header(&format!("anthropic-ratelimit-{name}")).unwrap();
    assert_eq!([header("requests-limit"), header("requests-remaining")], ["50", "49"]);
    assert_eq!([header("tokens-limit"), header("tokens-remaining")], ["38000", "38000"]);
    assert_eq!([header("input-tokens-limit"), header("output-tokens-limit")], ["30000", "8000"]);
    let both = limited(
        "tier = \"start\"\nrequests_per_minute = 7\n[[limits.class]]\nname = \"opus-5-5\"\n\
         rates = { input_tokens_per_minute = 9000 }\n",
    );
    let fable = ask(&both, "claude-fable-5", "key").await;
    assert_eq!(fable.header("anthropic-ratelimit-requests-limit"), Some("7"));
    assert_eq!(fable.header("anthropic-ratelimit-input-tokens-limit"), Some("500000"));
    let opus = ask(&both, "claude-opus-5-5", "key").await;
    assert_eq!(opus.header("anthropic-ratelimit-input-tokens-limit"), Some("9000"));
    assert_eq!(opus.header("anthropic-ratelimit-output-tokens-limit"), None, "not established");
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_switched_off_neither_refuse_nor_announce() {
    let mock = limited("enabled = false\ntier = \"start\"\nrequests_per_minute = 1\n");
    assert_eq!(statuses(&mock, &["claude-opus-5"; 3]).await, [200; 3]);
    let answer = ask(&mock, "claude-opus-5", "key").await;
    assert!(!answer.headers.keys().any(|name| name.as_str().contains("ratelimit")));
}

#[tokio::test(start_paused = true)]
async fn organisations_have_quotas_and_ids_of_their_own() {
    let mock = limited(
        "requests_per_minute = 1\n[[limits.organization]]\nname = \"b\"\napi_keys = [\"key-b\"]\n\
         rates = { requests_per_minute = 2 }\n",
    );
    let model = "claude-opus-5";
    let first = ask(&mock, model, "key-a").await;
    assert_eq!(ask(&mock, model, "key-c").await.status, 429, "unlisted keys share one quota");
    let second = ask(&mock, model, "key-b").await;
    assert_eq!([first.status, second.status, ask(&mock, model, "key-b").await.status], [200; 3]);
    let refused = ask(&mock, model, "key-b").await;
    assert_eq!(refused.status, 429);
    let id = "anthropic-organization-id";
    assert_ne!(first.header(id), second.header(id));
    assert!(refused.body.contains(refused.header(id).unwrap()), "{}", refused.body);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_limited_below_its_organisation_and_the_headers_show_the_tightest() {
    let mock = limited(
        "tier = \"start\"\n[[limits.workspace]]\nid = \"wrkspc_01\"\napi_keys = [\"key-w\"]\n\
         rates = { requests_per_minute = 1, input_tokens_per_minute = 5000 }\n",
    );
    let outside = ask(&mock, "claude-opus-5", "key").await;
    assert_eq!(outside.header("anthropic-ratelimit-tokens-limit"), Some("2400000"));
    assert_eq!(outside.header("anthropic-workspace-id"), None);
    let inside = ask(&mock, "claude-opus-5", "key-w").await;
    assert_eq!(inside.header("anthropic-ratelimit-tokens-limit"), Some("5000"));
    assert_eq!(inside.header("anthropic-ratelimit-input-tokens-limit"), Some("2000000"));
    assert_eq!(inside.header("anthropic-workspace-id"), Some("wrkspc_01"));
    let refused = ask(&mock, "claude-sonnet-5", "key-w").await;
    assert!(refused.body.contains("your workspace's rate limit of 1 requests"), "{}", refused.body);
    assert_eq!(ask(&mock, "claude-sonnet-5", "key").await.status, 200, "the others go on");
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_are_limited_until_they_end() {
    let mock = mock("[limits]\nconcurrent_requests = 2\n[latency]\nrefusal_ms = 0\n");
    let sent: Vec<_> = (0..2)
        .map(|_| {
            let mock = mock.clone();
            tokio::spawn(async move { ask(&mock, "claude-opus-5", "key").await.status })
        })
        .collect();
    sleep(Duration::from_millis(10)).await;
    let refused = ask(&mock, "claude-haiku-4-5", "key").await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("Number of concurrent connections"), "{}", refused.body);
    for one in sent {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_gives_its_place_back() {
    let mock = mock("[limits]\nconcurrent_requests = 1\n[latency]\nrefusal_ms = 0\n");
    let body = asking("def f(): pass\n");
    let gone = tokio::time::timeout(Duration::from_millis(100), send(&mock, &body)).await;
    assert!(gone.is_err());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn sharp_growth_is_refused_with_its_code_and_a_retry_after_that_holds() {
    let mock = limited("ramp_growth_percent = 50\nramp_floor_per_minute = 2\n");
    let model = "claude-opus-5";
    assert_eq!(statuses(&mock, &[model; 3]).await, [200, 200, 429]);
    let refused = ask(&mock, model, "key").await;
    assert_eq!(refused.json()["error"]["details"]["error_code"], "ramp_limit_exceeded");
    let wait_s: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    sleep(Duration::from_secs(wait_s - 1)).await;
    assert_eq!(ask(&mock, model, "key").await.status, 429, "earlier retries fail");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(statuses(&mock, &[model; 4]).await, [200, 200, 200, 429], "half as many again");
}

#[tokio::test(start_paused = true)]
async fn a_spend_cap_says_not_to_retry_and_holds_until_the_first_of_the_month() {
    let mock = limited("spend_limit_microusd = 1\n");
    assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200, "the one that reaches it");
    for day in 0..31 {
        let refused = ask(&mock, "claude-haiku-4-5", "key").await;
        assert_eq!((refused.status, refused.took), (429, Duration::ZERO), "on day {day}");
        assert_eq!(refused.header("x-should-retry"), Some("false"));
        assert_eq!(refused.header("retry-after"), None);
        let code = &refused.json()["error"]["details"]["error_code"];
        assert_eq!(code, "enforced_spend_limit_reached");
        sleep(Duration::from_hours(24)).await;
    }
    assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200, "it is February");
}

#[tokio::test(start_paused = true)]
async fn the_users_own_cap_is_a_400_that_names_the_day() {
    let users = limited("user_spend_limit_microusd = 1\n");
    let workspaces = limited(
        "[[limits.workspace]]\nid = \"w\"\napi_keys = [\"key\"]\nspend_limit_microusd = 1\n",
    );
    for (mock, words) in [
        (users, "You have reached your specified API usage limits."),
        (workspaces, "You have reached your specified workspace API usage limits."),
    ] {
        assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200);
        let refused = ask(&mock, "claude-opus-5", "key").await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains(words), "{}", refused.body);
        assert!(refused.body.contains("2026-02-01 at 00:00 UTC"), "{}", refused.body);
        assert_eq!(refused.header("x-should-retry"), Some("false"));
    }
}

#[tokio::test(start_paused = true)]
async fn prompt_bytes_are_refused_as_recorded_without_a_single_rate_limit_header() {
    let mock = limited("tier = \"start\"\nprompt_bytes_per_hour = 200\n");
    assert_eq!(ask(&mock, "claude-opus-5", "key").await.status, 200);
    let refused = ask(&mock, "claude-opus-5", "key").await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("rate limit of 200 prompt bytes per hour"), "{}", refused.body);
    assert_eq!(refused.header("x-should-retry"), Some("true"));
    let extra = |name: &str| name.contains("ratelimit") || name == "retry-after";
    assert!(!refused.headers.keys().any(|name| extra(name.as_str())), "{:?}", refused.headers);
}

#[tokio::test(start_paused = true)]
async fn a_retired_model_is_not_found_like_one_that_never_was() {
    let mock = mock("");
    for model in ["claude-sonnet-4-20250514", "claude-3-5-haiku-latest", "claude-sonnet-4-5-2025"] {
        let refused = ask(&mock, model, "key").await;
        assert_eq!(refused.status, 404);
        assert_eq!(refused.json()["error"]["message"], format!("model: {model}"));
    }
}

/// A code size that is more than a limit ever holds, asked for again after a minute of rest.
#[tokio::test(start_paused = true)]
async fn a_request_larger_than_a_limit_is_promised_no_time() {
    for algorithm in ["token_bucket", "fixed_window"] {
        let mock = limited(&format!(
            "algorithm = \"{algorithm}\"\ninput_tokens_per_minute = 100\nrequests_per_minute = 9\n"
        ));
        let code = "def f():\n    return 'a line of code that is read'\n".repeat(20);
        for _ in 0..2 {
            let answer = send(&mock, &asking(&code)).await;
            assert_eq!((answer.status, answer.header("retry-after")), (429, None), "{algorithm}");
            assert_eq!(answer.header("anthropic-ratelimit-input-tokens-limit"), Some("100"));
            sleep(Duration::from_mins(1)).await;
        }
        assert_eq!(send(&mock, &asking("def f(): pass\n")).await.status, 200);
    }
}
