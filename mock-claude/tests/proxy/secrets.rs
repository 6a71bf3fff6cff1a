//! Whatever a request, an answer or the upstream's address authenticates with, and whatever looks
//! like a key, is nowhere in what leaves the proxy but the answer itself.
//!
//! Method: an upstream that repeats everything it was sent, its answer cut at any places, between a
//! client and the proxy over real ports; then every output is searched for each credential as it
//! is, in base64, in percent signs and in JSON escapes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mock_claude::admin;
use mock_claude::proxy::Proxy;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::ends::{listener, proxy, replay};

/// Keys that have a form of their own, and tokens that have none.
fn keys() -> impl Strategy<Value = Vec<String>> {
    let shaped = "[A-Za-z0-9_-]{20,60}".prop_map(|key| format!("sk-ant-api03-{key}"));
    let opaque = "[A-Za-z][0-9][A-Za-z0-9]{18,58}";
    (shaped, proptest::collection::vec(opaque, 9)).prop_map(|(shaped, mut keys)| {
        keys.push(shaped);
        keys
    })
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\u{byte:04x}")).collect::<Vec<_>>().concat()
}

/// Whether an output holds a key in any of its forms.
fn assert_without(output: &str, keys: &[String], what: &str) {
    for (number, key) in keys.iter().enumerate() {
        let coded = STANDARD.encode(key);
        // The last digits of base64 depend on what follows.
        let coded = coded[..coded.len() - 4].to_owned();
        for form in [key.clone(), coded, percent(key), escaped(key)] {
            assert!(!output.contains(&form), "key {number} {form} is in the {what}: {output}");
        }
    }
}

/// A stream that says `text` in deltas of a few letters.
fn stream(text: &str, letters: usize) -> String {
    let letters_of: Vec<char> = text.chars().collect();
    let deltas = letters_of.chunks(letters).map(|delta| {
        let delta: String = delta.iter().collect();
        let data = json!({
            "type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": delta},
        });
        format!("event: content_block_delta\ndata: {data}\n\n")
    });
    deltas.collect::<Vec<_>>().concat() + "event: message_stop\ndata: {}\n\n"
}

/// An upstream that answers one request on each connection with these pieces.
fn upstream(head: String, pieces: Vec<Vec<u8>>) -> String {
    let (listening, url) = listener();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listening.accept().await {
            let (head, pieces) = (head.clone(), pieces.clone());
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                let _ = socket.read(&mut buffer).await;
                let _ = socket.write_all(head.as_bytes()).await;
                for piece in pieces {
                    let _ = socket.write_all(&piece).await;
                    let _ = socket.flush().await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        }
    });
    url
}

/// What one case plants.
struct Planted {
    keys: Vec<String>,
    letters: usize,
    lengths: Vec<usize>,
    is_stream: bool,
}

impl Planted {
    /// All keys, each in several forms, as one text.
    fn said(&self) -> String {
        Self::says(self.keys.iter())
    }

    fn says<'a>(keys: impl Iterator<Item = &'a String>) -> String {
        let forms = keys.map(|key| {
            format!("<{key}> {} {} \"{key}\"; ", STANDARD.encode(format!("x{key}y")), percent(key))
        });
        forms.collect::<Vec<_>>().concat()
    }

    /// The answer's head and body.
    fn answer(&self) -> (String, Vec<u8>) {
        let (kind, body) = if self.is_stream {
            ("text/event-stream", stream(&self.said(), self.letters))
        } else {
            ("application/json", json!({"said": self.said(), "again": self.said()}).to_string())
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nx-echo: {}\r\n\
             request-id: req_{}\r\nset-cookie: a={}\r\nconnection: close\r\n\r\n",
            body.len(),
            self.keys[0],
            self.keys[1],
            self.keys[8],
        );
        (head, body.into_bytes())
    }

    fn pieces(&self, body: &[u8]) -> Vec<Vec<u8>> {
        let (mut rest, mut pieces) = (body, Vec::new());
        for length in self.lengths.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*length));
            pieces.push(piece.to_vec());
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        pieces
    }

    /// A request that carries every key but the upstream's.
    fn request(&self, url: &str) -> reqwest::RequestBuilder {
        let keys = &self.keys;
        let basic = format!("Basic {}", STANDARD.encode(format!("me:{}", keys[3])));
        // No client knows what the upstream's address holds, or which cookie will be set.
        let known = || keys[..7].iter().chain(&keys[9..]);
        let body = json!({
            "model": keys[0], "max_tokens": 9, "system": Self::says(known()),
            "messages": [{
                "role": "user", "content": json!({"in": Self::says(known())}).to_string(),
            }],
        });
        reqwest::Client::new()
            .post(format!("{url}/v1/{}/messages?beta=true&api_key={}", keys[0], keys[1]))
            .header("x-api-key", &keys[0])
            .header("authorization", format!("Bearer {}", keys[2]))
            .header("proxy-authorization", basic)
            .header("cookie", format!("theme=dark; session={}", keys[4]))
            .header("x-team-token", &keys[5])
            .header("x-team", &keys[6])
            .header("user-agent", format!("mine/1.0 {}", keys[0]))
            .header("x-mock-tag", &keys[0])
            .body(body.to_string())
    }
}

async fn read(answer: reqwest::Response) -> (Option<String>, Vec<u8>) {
    let kind = answer.headers().get("content-type");
    let kind = kind.map(|kind| kind.to_str().expect("it is text").to_owned());
    (kind, answer.bytes().await.expect("the body is whole").to_vec())
}

/// Every page of the admin API.
async fn pages(proxy: &Proxy) -> String {
    let mut all = String::new();
    for path in [
        "/live",
        "/journal",
        "/journal/0",
        "/verdict",
        "/verdict?format=text",
        "/ledger",
        "/metrics",
        "/faults",
        "/config",
    ] {
        let mut pipe = admin::connect(proxy.mock().clone(), admin::Access::default());
        let ask = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        pipe.write_all(ask.as_bytes()).await.expect("the pipe takes it");
        let mut text = String::new();
        pipe.read_to_string(&mut text).await.expect("it is text");
        assert!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
        all += &text;
    }
    all
}

async fn check(planted: &Planted, file: &Path) {
    let (head, body) = planted.answer();
    let url = upstream(head, planted.pieces(&body));
    let host = url.trim_start_matches("http://");
    let with_user = format!("http://me:{}@{host}", planted.keys[7]);
    let (proxy, proxied) = proxy(&with_user, "", Some(file));
    let mut watching = admin::connect(proxy.mock().clone(), admin::Access::default());
    let watch = b"GET /live?bodies=true HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    watching.write_all(watch).await.expect("the pipe takes it");
    watching.read_to_end(&mut Vec::new()).await.expect("it answers");
    let (kind, seen) = read(planted.request(&proxied).send().await.expect("it answers")).await;
    assert!(seen == body, "what the client gets is not masked");
    let recorded = recorded(file).await;
    assert_without(&recorded, &planted.keys, "recording");
    for name in ["x-team", "x-echo", "set-cookie", "x-api-key", "authorization"] {
        assert!(!recorded.contains(&format!("\"{name}")), "{name} is in {recorded}");
    }
    assert_without(&pages(&proxy).await, &planted.keys, "admin API");
    // A replay answers the same question, whatever key it is asked with.
    let again = planted.request(&replay(file, 0)).send().await.expect("it answers");
    let (replayed_kind, replayed) = read(again).await;
    assert_eq!(replayed_kind, kind);
    let replayed = String::from_utf8(replayed).expect("it is text");
    assert_without(&replayed, &planted.keys, "replay");
    let said = if planted.is_stream {
        let lines = replayed.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let texts = events.filter_map(|event| event["delta"]["text"].as_str().map(str::to_owned));
        texts.collect::<Vec<_>>().concat()
    } else {
        let answer: Value = serde_json::from_str(&replayed).expect("it is still JSON");
        answer["said"].as_str().expect("a text").to_owned()
    };
    assert_eq!(said.matches("<[masked]> ").count(), planted.keys.len(), "{said}");
}

/// The recording once its exchange is in it.
async fn recorded(file: &Path) -> String {
    loop {
        let text = std::fs::read_to_string(file).expect("the recording is there");
        if text.lines().count() > 1 {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn no_credential_leaves_by_a_recording_a_replay_or_the_admin_api() {
    let runtime = tokio::runtime::Runtime::new().expect("the test's own parts work");
    let case = (keys(), 1_usize..12, proptest::collection::vec(1_usize..400, 2..6), any::<bool>());
    let cases =
        Cases { cases: 12, failure_persistence: None, max_shrink_iters: 16, ..Cases::default() };
    TestRunner::new(cases)
        .run(&case, |(keys, letters, lengths, is_stream)| {
            let folder = tempfile::tempdir().expect("the test's own parts work");
            let planted = Planted { keys, letters, lengths, is_stream };
            runtime.block_on(check(&planted, &folder.path().join("run.jsonl")));
            Ok(())
        })
        .expect("every case holds");
}

#[tokio::test]
async fn no_credential_is_in_what_the_binary_logs_and_prints() {
    let keys = ["sk-ant-api03-0123456789abcdef", "pa55word-of-upstream"].map(str::to_owned);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let (free, gone) = listener();
    drop(free);
    let upstream = gone.replace("http://", &format!("http://me:{}@", keys[1]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["proxy", "--upstream", &upstream, "--record"])
        .arg(&path)
        .env("RUST_LOG", "trace")
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let ask = format!("{}/v1/{}/http://me:{}@host", url.trim(), percent(&keys[0]), keys[1]);
    assert_eq!(reqwest::get(ask).await.unwrap().status(), 502);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("the upstream could not be reached"), "{log}");
    assert!(log.contains("[masked]"), "{log}");
    assert_without(&log, &keys, "log");
    let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["run.jsonl"], "nothing else is written to disk");
    assert_without(&std::fs::read_to_string(&path).unwrap(), &keys, "recording");
    for wrong in [&["proxy", "--upstream", &upstream.replace("http:", "ftp:")][..], &[&keys[0]]] {
        let ran = Command::new(env!("CARGO_BIN_EXE_mock-claude")).args(wrong).output().unwrap();
        assert_eq!(ran.status.code(), Some(2));
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(said.contains("[masked]"), "{said}");
        assert_without(&said, &keys, "error");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_looked_into_is_passed_on_and_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\
                connection: close\r\n\r\n";
    let url = upstream(head.to_owned(), vec![b"\x1f\x8bab".to_vec()]);
    let (_, proxied) = proxy(&url, "", Some(&path));
    let answer = reqwest::get(format!("{proxied}/v1/models")).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), &b"\x1f\x8bab"[..]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let recorded = std::fs::read_to_string(&path).unwrap();
    assert_eq!(recorded.lines().count(), 1, "the header alone: {recorded}");
}
