//! Goal: limits and faults do to a client exactly what was asked for. Method: real HTTP over a
//! pipe, in paused time; every check is on what the client sees.

mod support;

use std::time::Duration;

use serde_json::json;
use support::{asking, mock, send};
use tokio::time::{Instant, sleep, sleep_until};

#[tokio::test(start_paused = true)]
async fn a_burst_beyond_the_bucket_gets_429_with_a_retry_after_that_holds() {
    let mock =
        mock("[limits]\nrequests_per_minute = 50\nrequests_burst = 4\n[latency]\nrefusal_ms = 0\n");
    for number in 0..4 {
        let sent = mock.clone();
        let body = asking(&format!("def f{number}(): pass\n"));
        tokio::spawn(async move { send(&sent, &body).await });
    }
    sleep(Duration::from_millis(1)).await;
    let refused = send(&mock, &asking("def g(): pass\n")).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("2"), "1.2 s, rounded up");
    assert_eq!(refused.header("x-should-retry"), Some("true"));
    assert_eq!(refused.header("anthropic-ratelimit-requests-remaining"), Some("0"));
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("rate limit of 50 requests per minute"), "{message}");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(send(&mock, &asking("def g(): pass\n")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_window_gives_everything_back_at_its_end() {
    let mock = mock(
        "[limits]\nalgorithm = \"fixed_window\"\nrequests_per_minute = 2\n\
         [latency]\nfirst_token_ms = 0\ndecode_tokens_per_second = 1000000\nrefusal_ms = 0\n",
    );
    let started = Instant::now();
    let mut statuses = Vec::new();
    for at_s in [0, 1, 2, 59, 60, 61, 62] {
        sleep_until(started + Duration::from_secs(at_s)).await;
        statuses.push(send(&mock, &asking("def f(): pass\n")).await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 429, 200, 200, 429]);
}

#[tokio::test(start_paused = true)]
async fn input_tokens_are_limited_too_and_the_message_says_so() {
    let mock = mock("[limits]\ninput_tokens_per_minute = 1000\n");
    let body = asking(&"x = 1\n".repeat(2000));
    let refused = send(&mock, &body).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("1,000 input tokens per minute"), "{}", refused.body);
    assert_eq!(mock.ledger().cost_microusd, 0, "a refusal costs nothing");
    assert_eq!(refused.took, Duration::from_millis(50), "and little time");
}

#[tokio::test(start_paused = true)]
async fn output_tokens_block_the_next_request_once_they_are_written() {
    let mock = mock("[limits]\noutput_tokens_per_minute = 60\n");
    let first = send(&mock, &asking("def f(): pass\n")).await;
    let written = first.json()["usage"]["output_tokens"].as_u64().unwrap();
    assert!(written > 60 + 2, "the claim needs an overdrawn limit, and {written} do not overdraw");
    let refused = send(&mock, &asking("def f(): pass\n")).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("60 output tokens per minute"), "{}", refused.body);
}

#[tokio::test(start_paused = true)]
async fn a_fault_answers_with_the_status_type_and_header_that_were_asked_for() {
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ] {
        let mock =
            mock(&format!("[[fault]]\nkind = \"status\"\nstatus = {status}\nretry_after_s = 9\n"));
        let answer = send(&mock, &asking("def f(): pass\n")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["type"], kind, "{status}");
        assert_eq!(answer.header("retry-after"), Some("9"), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_two_attempts_fail_and_the_third_succeeds() {
    let mock = mock("[[fault]]\nkind = \"status\"\nstatus = 503\nwhen = { first_attempts = 2 }\n");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&mock, &asking("def f(): pass\n")).await.status);
    }
    assert_eq!(statuses, [503, 503, 200]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_hits_everything_between_its_start_and_its_end() {
    let mock = mock(
        "[[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { from_s = 60, until_s = 120 }\n\
         [latency]\nrefusal_ms = 0\n",
    );
    let status = async || send(&mock, &asking("def f(): pass\n")).await.status;
    assert_eq!(status().await, 200);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(status().await, 529);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(status().await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_outage_can_begin_with_the_first_request_however_late_that_comes() {
    let fault = |from_s: u64, status: u16| {
        let until_s = from_s + 60;
        serde_json::json!({"kind": "status", "status": status, "when": {
            "from_first_request": true, "from_s": from_s, "until_s": until_s}})
    };
    let mock = mock("[latency]\nrefusal_ms = 0\n");
    let status = async || send(&mock, &asking("def f(): pass\n")).await.status;
    assert_eq!(status().await, 200);
    // Both see the first request, although the first fault hits it.
    let faults = serde_json::json!([fault(0, 503), fault(60, 529)]);
    mock.set_faults(serde_json::from_value(faults).expect("faults")).expect("sensible ones");
    sleep(Duration::from_mins(10)).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(status().await);
        sleep(Duration::from_mins(1)).await;
    }
    assert_eq!(seen, [503, 529, 200]);
}

#[tokio::test(start_paused = true)]
async fn the_outage_and_the_brownout_that_ship_hit_from_the_first_request_on() {
    let (outage, brownout) =
        (include_str!("../presets/outage.toml"), include_str!("../presets/brownout.toml"));
    for (text, kinds) in [(outage, &[503][..]), (brownout, &[200, 529])] {
        let mock = mock(text);
        sleep(Duration::from_mins(30)).await;
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..10 {
            seen.insert(send(&mock, &asking(&format!("def f{number}(): pass\n"))).await.status);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), kinds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_in_the_journal_with_its_name_and_costs_neither_money_nor_quota() {
    let mock = mock(
        "[limits]\nrequests_per_minute = 1\n[[fault]]\nname = \"brownout\"\nkind = \"status\"\n\
         status = 500\nwhen = { first_attempts = 1 }\n",
    );
    assert_eq!(send(&mock, &asking("def f(): pass\n")).await.status, 500);
    assert_eq!(send(&mock, &asking("def f(): pass\n")).await.status, 200, "the quota is whole");
    let journal = mock.journal();
    assert_eq!(journal[0].fault.as_deref(), Some("brownout"));
    assert_eq!((journal[0].cost_microusd, journal[1].fault.as_deref()), (0, None));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_cut_says_max_tokens() {
    let mut body = asking(&"def f(): pass\n".repeat(200));
    body["max_tokens"] = json!(200);
    let message = send(&mock(""), &body).await.json();
    assert_eq!(message["stop_reason"], "max_tokens");
    assert_eq!(message["usage"]["output_tokens"], 200);
}
