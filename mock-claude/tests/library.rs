//! Goal: a mock takes three lines of a Rust test, does what they ask for, says what the client did
//! wrong, and is gone with the test. Method: the builder and reqwest over a real port; time is
//! paused where time is the claim.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mock_claude::conduct::Judgement;
use mock_claude::limits::{Allowance, Tier};
use mock_claude::{MockClaude, fault};
use support::{asking, send};

async fn post(url: &str) -> u16 {
    let request = reqwest::Client::new().post(format!("{url}/v1/messages"));
    let request = request.header("x-api-key", "key").header("anthropic-version", "2023-06-01");
    let body = asking("def f(): ...\n").to_string();
    request.body(body).send().await.expect("there is a response").status().as_u16()
}

#[tokio::test]
async fn three_lines_are_a_mock_that_fails_once_and_keeps_what_it_received() {
    let overloaded_once = fault::status(529).first_attempts(1);
    let mock = MockClaude::builder().seed(7).limits(Tier::Start).fault(overloaded_once);
    let mock = mock.keep_prompts().start().await.unwrap();
    assert_eq!([post(mock.url()).await, post(mock.url()).await], [529, 200]);
    let records = mock.records();
    let fault: Vec<_> = records.iter().map(|record| record.entry.fault.as_deref()).collect();
    assert_eq!(fault, [Some("status_529"), None]);
    assert!(records[1].trace.prompt.as_deref().unwrap().contains("def f(): ..."));
    assert_eq!(records[1].trace.attempt, 1);
}

#[tokio::test]
async fn a_client_that_does_not_wait_is_named_where_the_test_asserts() {
    let mock = MockClaude::builder().fault(fault::rate_limited(30).first_attempts(1));
    let mock = mock.start().await.unwrap();
    assert_eq!([post(mock.url()).await, post(mock.url()).await], [429, 200]);
    let panic = catch_unwind(AssertUnwindSafe(|| mock.assert_clean())).unwrap_err();
    let words = panic.downcast::<String>().unwrap();
    assert!(words.contains("ignored_retry_after: 1 of 1"), "{words}");
    assert_eq!(mock.stop().await.verdict, Judgement::Faulty);
}

#[tokio::test]
async fn a_client_that_did_nothing_wrong_is_clean_however_little_it_did() {
    let mock = MockClaude::builder().start().await.unwrap();
    assert_eq!(post(mock.url()).await, 200);
    mock.assert_clean();
    assert_eq!(mock.stop().await.verdict, Judgement::Unproved, "one request is no evidence");
}

#[tokio::test]
async fn a_mock_that_is_dropped_gives_its_port_back() {
    let mock = MockClaude::builder().start().await.unwrap();
    let address = mock.url().trim_start_matches("http://").to_owned();
    drop(mock);
    let gone = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nobody listens any more");
}

#[tokio::test(start_paused = true)]
async fn a_mock_without_a_port_keeps_to_simulated_time() {
    let late = fault::delay(Duration::from_hours(1)).named("late").streamed(false);
    let mock = MockClaude::builder().fault(late).build();
    let answer = send(&mock, &asking("def f(): ...\n")).await;
    assert_eq!((answer.status, answer.took), (200, Duration::from_hours(1)));
    assert_eq!(mock.journal()[0].fault.as_deref(), Some("late"));
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_put_together_hold() {
    let mock = MockClaude::builder().limits(Allowance::requests_per_minute(60, 1)).build();
    let ask = async |code: &str| send(&mock, &asking(code)).await.status;
    assert_eq!([ask("def f(): ...\n").await, ask("def g(): ...\n").await], [200, 429]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask("def g(): ...\n").await, 200);
}
