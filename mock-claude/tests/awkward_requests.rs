//! Goal: no bytes on a connection make the mock panic, and each awkward request gets its documented
//! status. Method: the kept corpus, whose names begin with the status (`none` where there is
//! nothing to answer), bytes that chance puts together, and clients that stop half-way; all of it
//! through the connection, the router and back.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

mod corpus;

use std::time::Duration;

use mock_claude::MockClaude;
use proptest::prelude::*;
use serde_json::Value;
use support::{asking, mock, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

/// Whatever is asked for, no answer takes longer than this in simulated time.
const PATIENCE: Duration = Duration::from_mins(10);

/// Sends bytes over a connection of their own and reads what comes back, until the mock hangs up.
/// Where it waits for more than it will ever get, the client hangs up.
async fn exchange(mock: &MockClaude, bytes: &[u8]) -> String {
    let mut pipe = mock.connect();
    // The mock may have refused, and hung up, before it has read everything.
    let _ = pipe.write_all(bytes).await;
    let mut answer = Vec::new();
    if timeout(PATIENCE, pipe.read_to_end(&mut answer)).await.is_err() {
        let _ = pipe.shutdown().await;
        let rest = timeout(PATIENCE, pipe.read_to_end(&mut answer)).await;
        rest.expect("the mock hangs up when the client does").ok();
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer, and `none` where there is no answer.
fn status(answer: &str) -> String {
    let line = answer.strip_prefix("HTTP/1.1 ").or_else(|| answer.strip_prefix("HTTP/1.0 "));
    line.map_or_else(|| "none".to_owned(), |line| line[..3].to_owned())
}

/// What every answer is: nothing, or HTTP whose errors are the API's unless HTTP itself was broken.
fn is_well_formed(answer: &str) -> bool {
    if answer.is_empty() {
        return true;
    }
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let code = status(answer);
    // What is no HTTP never reaches the API: the answer has no body, as from a server in front.
    let of_http = body.is_empty() && ["400", "414", "431"].contains(&code.as_str());
    let of_api = || {
        let body: Option<Value> = serde_json::from_str(body).ok();
        body.is_some_and(|body| body["error"]["type"].is_string() && head.contains("request-id"))
    };
    head.starts_with("HTTP/1.") && (code.starts_with('2') || of_http || of_api())
}

#[tokio::test(start_paused = true)]
async fn every_request_of_the_corpus_gets_the_status_in_its_name() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, request) in corpus::read("requests") {
        let answer = exchange(&mock(""), &request).await;
        let expected = name.split('-').next().unwrap();
        if status(&answer) != expected || !is_well_formed(&answer) {
            wrong.push(format!("{name}: {answer:?}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 25, "{count} requests: the corpus is there");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_never_finished_is_given_up_after_half_a_minute() {
    let mock = mock("");
    let started = Instant::now();
    let mut pipe = mock.connect();
    pipe.write_all(b"POST /v1/messages HTTP/1.1\r\nhost: mo").await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, pipe.read_to_end(&mut answer)).await.expect("the mock hangs up").unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_never_finished_holds_up_nobody_else() {
    let mock = mock("");
    let mut halves = Vec::new();
    for _ in 0..1_000 {
        let mut pipe = mock.connect();
        let head = "POST /v1/messages HTTP/1.1\r\nhost: mock\r\ncontent-length: 99\r\n\r\n{";
        pipe.write_all(head.as_bytes()).await.unwrap();
        halves.push(pipe);
    }
    sleep(Duration::from_mins(1)).await;
    assert_eq!(send(&mock, &asking("def f(): pass\n")).await.status, 200);
    drop(halves);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(send(&mock, &asking("def f(): pass\n")).await.status, 200);
}

/// What a client gets that stops in the middle of its body but not of its connection, and when.
async fn silent(route: &str) -> (String, Duration) {
    let mock = mock("");
    let mut pipe = mock.connect();
    let head = format!("POST {route} HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\n");
    let head = head + "anthropic-version: 2023-06-01\r\ncontent-length: 9\r\n\r\n";
    pipe.write_all(head.as_bytes()).await.expect("the mock reads");
    // Slow is not silent: the minute begins again with every byte.
    for _ in 0..3 {
        sleep(Duration::from_secs(59)).await;
        pipe.write_all(b"{").await.expect("the mock still reads");
    }
    let last_byte = Instant::now();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, pipe.read_to_end(&mut answer)).await.expect("the mock hangs up");
    end.expect("in order");
    (String::from_utf8_lossy(&answer).into_owned(), last_byte.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_falls_silent_for_a_minute_is_answered_and_its_connection_closed() {
    for route in ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches"] {
        let (answer, after) = silent(route).await;
        assert_eq!(status(&answer), "400", "{answer}");
        assert!(is_well_formed(&answer) && answer.contains("it ended too early"), "{answer}");
        // And the 50 ms that any refusal takes.
        assert_eq!(after, Duration::from_millis(60_050), "{route}");
    }
}

/// A request line, headers and a body, each good or not.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![
        5 => Just("POST".to_owned()), 5 => Just("GET".to_owned()), 2 => Just("DELETE".to_owned()),
        1 => "[A-Z]{1,8}",
    ];
    let path = prop_oneof![
        8 => prop::sample::select(vec![
            "/v1/messages", "/v1/messages?beta=true", "/v1/messages/count_tokens",
            "/v1/messages/batches", "/v1/messages/batches/x/results", "/v1/files", "/v1/models",
        ]).prop_map(str::to_owned),
        2 => "/v1/[a-z%/?&=.0-9]{0,40}",
        1 => "[!-~]{1,40}",
    ];
    let header = prop_oneof![
        4 => Just(b"x-api-key: key\r\nanthropic-version: 2023-06-01\r\n".to_vec()),
        1 => Just(b"x-mock-fault: no\r\n".to_vec()),
        1 => Just(b"content-type: multipart/form-data; boundary=x\r\n".to_vec()),
        1 => Just(b"transfer-encoding: chunked\r\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|mut line| {
            line.extend_from_slice(b"\r\n");
            line
        }),
    ];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        Just(br#"{"model":"claude-sonnet-4-5","max_tokens":1,"messages":[]}"#.to_vec()),
        Just(b"--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nhi\r\n--x--".to_vec()),
    ];
    let short = -9_i64..9;
    (method, path, prop::collection::vec(header, 0..4), body, short).prop_map(
        |(method, path, headers, body, short)| {
            let length = (body.len() as u64).saturating_add_signed(short.min(0));
            let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: mock\r\n").into_bytes();
            bytes.extend(headers.concat());
            bytes.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").bytes());
            bytes.extend(body);
            bytes
        },
    )
}

/// Sends bytes to a mock of their own, which has to answer a good request afterwards.
fn check(bytes: &[u8], contract: bool) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let (answer, after) = runtime.block_on(async {
        let mock = mock(&format!("contract = {contract}"));
        let answer = exchange(&mock, bytes).await;
        (answer, send(&mock, &asking("def f(): pass\n")).await.status)
    });
    // Bytes after the first request may be another one, whose answer follows.
    prop_assert!(answer.matches("HTTP/1.").count() > 1 || is_well_formed(&answer), "{answer:?}");
    prop_assert_eq!(after, 200);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_on_a_connection_make_the_mock_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400), contract in any::<bool>(),
    ) {
        check(&bytes, contract)?;
    }

    #[test]
    fn no_request_to_any_route_makes_the_mock_panic(
        bytes in request(), contract in any::<bool>(),
    ) {
        check(&bytes, contract)?;
    }
}
