//! Goal: the verdict names what a client does wrong and leaves a good client alone. Method: clients
//! with well-known retry rules over real HTTP in paused time, judged by what the mock saw of them.

mod support;

use std::time::Duration;

use http::Request;
use mock_claude::MockClaude;
use mock_claude::conduct::{Conduct, Judgement, judge, judge_ended};
use mock_claude::internals::chance::{Chance, RequestKey};
use serde_json::Value;
use support::{Answer, asking, mock, send, send_raw};
use tokio::time::sleep;

/// One call by its number, as a client of this kind makes it.
type Wait = fn(number: u64, attempt: u32, answer: &Answer) -> Option<Duration>;

async fn call(mock: MockClaude, number: u64, wait: Wait) {
    for attempt in 0.. {
        let request = Request::post("/v1/messages")
            .header("x-api-key", "key")
            .header("anthropic-version", "2023-06-01")
            .header("x-stainless-retry-count", attempt.to_string())
            .body(asking(&format!("def f{number}(): ...\n")).to_string())
            .expect("the test's own parts work");
        let answer = send_raw(&mock, request).await;
        match wait(number, attempt, &answer) {
            Some(pause) => sleep(pause).await,
            None => return,
        }
    }
}

/// Twenty calls at once, to the end.
async fn judged(config: &str, wait: Wait) -> Conduct {
    let mock = mock(config);
    let calls: Vec<_> =
        (0..20).map(|number| tokio::spawn(call(mock.clone(), number, wait))).collect();
    for call in calls {
        call.await.expect("the test's own parts work");
    }
    judge(&mock.records())
}

fn names(verdict: &Conduct) -> Vec<&str> {
    verdict.findings.iter().map(|finding| finding.name).collect()
}

/// The rules of the official SDKs: two retries, `x-should-retry` first, `retry-after` obeyed
/// exactly, and otherwise half a second doubled and shortened by up to a quarter.
fn sdk(number: u64, attempt: u32, answer: &Answer) -> Option<Duration> {
    if attempt == 2 || answer.header("x-should-retry") != Some("true") {
        return None;
    }
    if let Some(seconds) = answer.header("retry-after").and_then(|value| value.parse().ok()) {
        return Some(Duration::from_secs(seconds));
    }
    let longest_us = 500_000 << attempt;
    let key = RequestKey { subject: number, attempt };
    let us = Chance::new(1).between("jitter of the test", key, longest_us * 3 / 4, longest_us);
    Some(Duration::from_micros(us))
}

/// Five attempts after 1, 2, 4 and 8 seconds, whatever was answered.
fn doubling(_: u64, attempt: u32, answer: &Answer) -> Option<Duration> {
    (answer.json()["type"] == "error" && attempt < 4).then(|| Duration::from_secs(1 << attempt))
}

/// Once a second, ten times.
fn stubborn(_: u64, attempt: u32, answer: &Answer) -> Option<Duration> {
    (answer.status != 200 && attempt < 9).then(|| Duration::from_secs(1))
}

fn fault(status: u16, rest: &str) -> String {
    format!("[[fault]]\nkind = \"status\"\nstatus = {status}\n{rest}")
}

#[tokio::test(start_paused = true)]
async fn a_client_with_the_sdks_rules_is_clean_whatever_goes_wrong() {
    let twice = "when = { first_attempts = 2 }\n";
    for config in [
        fault(429, &format!("retry_after_s = 3\n{twice}")),
        fault(429, twice),
        fault(529, twice),
        fault(500, ""),
        fault(400, ""),
    ] {
        let verdict = judged(&config, sdk).await;
        assert_eq!(verdict.verdict, Judgement::Clean, "{config}\n{}", verdict.text());
        assert!(verdict.failed >= 20, "the claim needs failures");
    }
}

#[tokio::test(start_paused = true)]
async fn doubling_without_jitter_is_named_for_ignoring_retry_after_and_for_coming_back_together() {
    let verdict =
        judged(&fault(429, "retry_after_s = 60\nwhen = { until_s = 10 }\n"), doubling).await;
    assert_eq!(verdict.verdict, Judgement::Faulty);
    let found = names(&verdict);
    for name in ["ignored_retry_after", "synchronised_retries", "no_jitter"] {
        assert!(found.contains(&name), "{name}\n{}", verdict.text());
    }
    assert!(!found.contains(&"no_backoff"), "the waits do grow");
    let early = &verdict.findings[0];
    assert_eq!((early.name, early.count, early.n), ("ignored_retry_after", 80, 80));
    assert_eq!(early.example.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_gives_up_is_a_storm_without_backoff() {
    let found = judged(&fault(529, ""), stubborn).await;
    for name in ["retry_storm", "no_backoff", "synchronised_retries"] {
        assert!(names(&found).contains(&name), "{name}\n{}", found.text());
    }
    let storm = found.findings.iter().find(|finding| finding.name == "retry_storm").unwrap();
    assert_eq!((storm.count, storm.n), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_that_is_sent_again_is_named() {
    let verdict = judged(&fault(400, "when = { first_attempts = 1 }\n"), doubling).await;
    assert!(names(&verdict).contains(&"retried_unretryable"), "{}", verdict.text());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_for_its_answer_is_named() {
    let mock = mock("");
    let wants = send(&support::mock(""), &asking("def f(): ...\n")).await.took;
    assert!(wants > Duration::from_millis(100), "the claim needs a slower answer than {wants:?}");
    for number in 0..20 {
        let sent = mock.clone();
        let client = tokio::spawn(call(sent, number, |_, _, _| None));
        sleep(Duration::from_millis(100)).await;
        client.abort();
        sleep(Duration::from_millis(1)).await;
    }
    let verdict = judge(&mock.records());
    assert_eq!(names(&verdict), ["closed_early"], "{}", verdict.text());
    assert_eq!((verdict.findings[0].count, verdict.findings[0].n), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn clients_that_were_never_in_trouble_are_clean_and_that_is_said() {
    let verdict = judged("", sdk).await;
    assert_eq!((verdict.verdict, verdict.failed), (Judgement::Clean, 0));
    assert!(verdict.text().contains("none of them failed"), "{}", verdict.text());
}

/// A wait of a client with jitter, from nothing or from a part of the longest on.
fn at_random(number: u64, attempt: u32, from_us: u64, longest_us: u64) -> Duration {
    let key = RequestKey { subject: number, attempt };
    Duration::from_micros(Chance::new(1).between("jitter of the test", key, from_us, longest_us))
}

/// Ten retries, as Claude Code has: half a second doubled up to 32 s, and up to a quarter more.
fn patient(number: u64, attempt: u32, answer: &Answer) -> Option<Duration> {
    let longest_us = 500_000_u64 << attempt.min(6);
    (answer.status != 200 && attempt < 10)
        .then(|| at_random(number, attempt, longest_us, longest_us * 5 / 4))
}

/// Five attempts with full jitter: any wait up to a bound that doubles.
fn full_jitter(number: u64, attempt: u32, answer: &Answer) -> Option<Duration> {
    (answer.status != 200 && attempt < 4)
        .then(|| at_random(number, attempt, 0, 1_000_000 << attempt))
}

#[tokio::test(start_paused = true)]
async fn patience_is_no_storm_and_full_jitter_is_a_backoff() {
    for wait in [patient as Wait, full_jitter] {
        let verdict = judged(&fault(529, ""), wait).await;
        assert_eq!(verdict.verdict, Judgement::Clean, "{}", verdict.text());
    }
}

/// Twenty questions, each asked in one way and then, where that fails, in another.
async fn one_way_or_another(config: &str, other: fn(&mut Value)) -> Conduct {
    let mock = mock(config);
    for number in 0..20 {
        let mut body = asking(&format!("def f{number}(): ...\n"));
        assert_ne!(send(&mock, &body).await.status, 200);
        other(&mut body);
        assert_eq!(send(&mock, &body).await.status, 200);
    }
    judge_ended(&mock.records())
}

#[tokio::test(start_paused = true)]
async fn another_model_or_another_request_is_neither_giving_up_nor_a_retry() {
    let sonnet = fault(529, "when = { model = \"claude-sonnet*\" }\n");
    let to_haiku: fn(&mut Value) = |body| body["model"] = "claude-haiku-4-5".into();
    let once = fault(400, "when = { first_attempts = 1 }\n");
    let to_less: fn(&mut Value) = |body| body["max_tokens"] = 512.into();
    for (config, other) in [(sonnet, to_haiku), (once.clone(), to_less)] {
        let verdict = one_way_or_another(&config, other).await;
        assert_eq!(verdict.verdict, Judgement::Clean, "{}", verdict.text());
    }
    let verdict = one_way_or_another(&once, |_| ()).await;
    assert!(names(&verdict).contains(&"retried_unretryable"), "{}", verdict.text());
}

#[tokio::test(start_paused = true)]
async fn thirty_users_with_one_prompt_and_no_count_of_retries_are_unclear() {
    let mock = mock(&fault(529, "when = { first_attempts = 30 }\n"));
    let user = |mock: MockClaude| async move {
        let body = asking("def f(): ...\n");
        if send(&mock, &body).await.status != 200 {
            sleep(Duration::from_secs(1)).await;
            send(&mock, &body).await;
        }
    };
    let users: Vec<_> = (0..30).map(|_| tokio::spawn(user(mock.clone()))).collect();
    for user in users {
        user.await.expect("the test's own parts work");
    }
    let verdict = judge_ended(&mock.records());
    assert_eq!(verdict.verdict, Judgement::Unproved, "{}", verdict.text());
    assert_eq!((verdict.outcomes.questions, verdict.outcomes.unclear), (60, 60));
}
