//! Goal: a proxy changes nothing but what it was asked to break, and a replay answers as the
//! upstream did; no key gets into the file. Method: a mock as the upstream, the proxy and a client
//! over real ports, with tiny latencies.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mock_claude::proxy::{Proxy, ProxyConfig, Recorder, Replay};
use mock_claude::{Config, MockClaude, server};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SECRET: &str = "sk-ant-very-secret";
const QUICK: &str =
    "[latency]\nfirst_token_ms = 2\ndecode_tokens_per_second = 20000\nrefusal_ms = 1\n";

fn body(words: &str, stream: bool) -> String {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 64,
        "stream": stream,
        "messages": [{"role": "user", "content": words}],
    })
    .to_string()
}

/// What a client sees, without what is between it and the next hop.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

async fn ask(url: &str, body: String) -> Seen {
    let response = reqwest::Client::new()
        .post(format!("{url}/v1/messages?beta=true"))
        .header("authorization", format!("Bearer {SECRET}"))
        .header("anthropic-version", "2023-06-01")
        .header("cookie", "session=very-secret")
        .body(body)
        .send()
        .await
        .expect("there is a response");
    let status = response.status().as_u16();
    let headers = response.headers().iter().filter(|(name, _)| *name != "transfer-encoding");
    let headers = headers.map(|(name, value)| {
        (name.to_string(), value.to_str().expect("the test's own parts work").to_owned())
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    Seen { status, headers, body: response.text().await.expect("the body is whole") }
}

fn listener() -> (TcpListener, String) {
    let listener = server::listen(([127, 0, 0, 1], 0).into()).expect("the test's own parts work");
    let url = format!("http://{}", listener.local_addr().expect("the test's own parts work"));
    (listener, url)
}

fn upstream() -> (MockClaude, String) {
    let (listener, url) = listener();
    let mock = MockClaude::new(toml::from_str(QUICK).expect("the test's own parts work"));
    tokio::spawn(mock.clone().serve(listener, std::future::pending()));
    (mock, url)
}

fn proxy(upstream: &str, faults: &str, record: Option<&Path>) -> (Proxy, String) {
    let recorder = record.map(|path| {
        Recorder::new(std::fs::File::create_new(path).expect("the test's own parts work"), upstream)
            .expect("the test's own parts work")
    });
    let config = ProxyConfig {
        upstream: upstream.to_owned(),
        timeout: Duration::from_millis(300),
        mock: toml::from_str::<Config>(faults).expect("the test's own parts work"),
        recorder,
    };
    let proxy = Proxy::new(config, 0).expect("the test's own parts work");
    let (listener, url) = listener();
    tokio::spawn(proxy.clone().serve(listener, std::future::pending()));
    (proxy, url)
}

fn replay(path: &Path, timing_percent: u32) -> String {
    let file = BufReader::new(std::fs::File::open(path).expect("the test's own parts work"));
    let replay = Replay::read(file, timing_percent).expect("the test's own parts work");
    let (listener, url) = listener();
    tokio::spawn(replay.serve(listener, std::future::pending()));
    url
}

#[tokio::test]
async fn what_was_recorded_is_replayed_byte_by_byte_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let (_, upstream) = upstream();
    let (_, proxied) = proxy(&upstream, "", Some(&path));
    let bodies = [body("hello", false), body("hello", true), body("hello", true), "{".to_owned()];
    let mut recorded = Vec::new();
    for body in &bodies {
        recorded.push(ask(&proxied, body.clone()).await);
    }
    assert_eq!(recorded.iter().map(|seen| seen.status).collect::<Vec<_>>(), [200, 200, 200, 400]);
    assert_ne!(recorded[1], recorded[2], "two attempts have two ids: the order matters");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let replayed = replay(&path, 100);
    for (body, recorded) in bodies.iter().zip(&recorded) {
        assert_eq!(&ask(&replayed, body.clone()).await, recorded);
    }
    assert_eq!(ask(&replayed, bodies[1].clone()).await, recorded[2], "the last one stays");
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(file.contains("hello") && !file.contains("very-secret"), "{file}");
    for name in ["authorization", "x-api-key", "cookie"] {
        assert!(!file.contains(name), "{name} is in {file}");
    }
}

#[tokio::test]
async fn a_request_that_was_not_recorded_is_told_what_is_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let (_, upstream) = upstream();
    let (_, proxied) = proxy(&upstream, "", Some(&path));
    ask(&proxied, body("hello", false)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let missing = ask(&replay(&path, 0), body("my secret plan", false)).await;
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("not_found_error"), "{}", missing.body);
    assert!(missing.body.contains("/messages/0/content"), "{}", missing.body);
    assert!(!missing.body.contains("secret plan"), "{}", missing.body);
}

#[tokio::test]
async fn a_fault_hits_on_the_way_and_the_upstream_never_hears_of_it() {
    let (behind, upstream) = upstream();
    let faults = "[[fault]]\nname = \"early\"\nkind = \"status\"\nstatus = 529\n\
                  when = { first_attempts = 1 }\n";
    let (proxy, proxied) = proxy(&upstream, faults, None);
    let direct = ask(&upstream, body("other", false)).await;
    let hit = ask(&proxied, body("hello", false)).await;
    assert_eq!(hit.status, 529);
    assert!(hit.body.contains("overloaded_error"), "{}", hit.body);
    assert_eq!(behind.ledger().requests, 1, "only the direct one");
    let second = ask(&proxied, body("hello", false)).await;
    assert_eq!((second.status, direct.status), (200, 200));
    let journal = proxy.mock().journal();
    assert_eq!(journal.iter().map(|entry| entry.status).collect::<Vec<_>>(), [529, 200]);
    assert_eq!(journal[0].fault.as_deref(), Some("early"));
}

#[tokio::test]
async fn what_the_upstream_refuses_is_passed_on_and_is_in_the_journal_as_it_was() {
    let (_, upstream) = upstream();
    let (proxy, proxied) = proxy(&upstream, "", None);
    // The proxy's own mock would refuse it too; the answer is the upstream's.
    let wrong = body("hello", false).replace("claude-sonnet-4-5", "claude-nobody");
    let seen = ask(&proxied, wrong).await;
    assert_eq!(seen.status, 404);
    assert!(seen.headers.iter().any(|(name, _)| name == "request-id"));
    assert_eq!(proxy.mock().journal()[0].error, Some("not_found_error"));
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_502_and_one_that_is_silent_is_504() {
    let (free, gone) = listener();
    drop(free);
    let (_, proxied) = proxy(&gone, "", None);
    let refused = ask(&proxied, body("hello", false)).await;
    assert_eq!(refused.status, 502);
    assert!(refused.body.contains("\"api_error\""), "{}", refused.body);
    let (_, plain) = upstream();
    let (_, proxied) = proxy(&plain.replace("http:", "https:"), "", None);
    assert_eq!(ask(&proxied, body("hello", false)).await.status, 502, "no TLS is no upstream");
    let (silent, url) = listener();
    let (_, proxied) = proxy(&url, "", None);
    let late = ask(&proxied, body("hello", false)).await;
    drop(silent);
    assert_eq!(late.status, 504);
    assert!(late.body.contains("\"timeout_error\""), "{}", late.body);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_and_in_the_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let (listening, url) = listener();
    tokio::spawn(async move {
        let (mut socket, _) = listening.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = socket.read(&mut buffer).await;
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
        socket.write_all(format!("{head}{{\"half").as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    let (_, proxied) = proxy(&url, "", Some(&path));
    let read = async |url: &str| {
        let request = reqwest::Client::new().post(format!("{url}/v1/messages")).body("{}");
        let mut response = request.send().await.unwrap();
        let mut text = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                Ok(None) => return (text, true),
                Err(_) => return (text, false),
            }
        }
    };
    assert_eq!(read(&proxied).await, (b"{\"half".to_vec(), false));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(read(&replay(&path, 0)).await, (b"{\"half".to_vec(), false));
}

/// A child that does not outlive its test.
struct Running(Child, String);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the test's own parts work");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("the test's own parts work"))
            .read_line(&mut url)
            .expect("the test's own parts work");
        Self(child, url.trim().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_binary_records_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let file = path.to_str().unwrap();
    let (_, upstream) = upstream();
    let proxy = Running::start(&["proxy", "--upstream", &upstream, "--record", file]);
    let recorded = ask(&proxy.1, body("hello", true)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(proxy);
    let replay = Running::start(&["replay", file, "--timing-percent", "0"]);
    assert_eq!(ask(&replay.1, body("hello", true)).await, recorded);
    let again = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["proxy", "--upstream", &upstream, "--record", file])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(2), "a recording is never overwritten");
}
