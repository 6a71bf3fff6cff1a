//! What is passed on, recorded and replayed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::ends::{ask, body, listener, proxy, replay, upstream};

#[tokio::test]
async fn what_was_recorded_is_replayed_byte_by_byte_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mock = upstream().await;
    let upstream = mock.url().to_owned();
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
    let mock = upstream().await;
    let upstream = mock.url().to_owned();
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
    let behind = upstream().await;
    let upstream = behind.url().to_owned();
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
    let mock = upstream().await;
    let upstream = mock.url().to_owned();
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
    let mock = upstream().await;
    let plain = mock.url().to_owned();
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
    let mock = upstream().await;
    let upstream = mock.url().to_owned();
    let proxy = Running::start(&["proxy", "--upstream", &upstream, "--record", file]);
    let recorded = ask(&proxy.1, body("hello", true)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(proxy);
    let faults = folder.path().join("faults.toml");
    let early = "[[fault]]\nkind = \"stream\"\nwhat = \"no_message_stop\"\n";
    std::fs::write(&faults, early).unwrap();
    let faults = faults.to_str().unwrap();
    let corrupting = Running::start(&["proxy", "--upstream", &upstream, "--faults", faults]);
    let corrupt = ask(&corrupting.1, body("hello", true)).await.body;
    assert!(corrupt.contains("message_delta") && !corrupt.contains("message_stop"), "{corrupt}");
    let replay = Running::start(&["replay", file, "--timing-percent", "0"]);
    assert_eq!(ask(&replay.1, body("hello", true)).await, recorded);
    let again = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["proxy", "--upstream", &upstream, "--record", file])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(2), "a recording is never overwritten");
}
