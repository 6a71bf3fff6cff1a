//! Goal: what a client was sent is what is recorded, whatever a fault made of it, and a replay
//! sends it again. Method: every fault of the commented example, once for a plain answer and once
//! for a stream, with times that a test can wait for; what the client sees is compared with the
//! replay.

use std::time::Duration;

use mock_claude::Config;
use serde_json::{Value, json};

use crate::ends::{body, proxy, replay, upstream};

/// Nothing in these tests is silent for so long and goes on.
const PATIENCE: Duration = Duration::from_millis(400);

/// What a client gets of an answer.
#[derive(Debug, PartialEq)]
struct Got {
    /// The status and the headers; none where no head came.
    head: Option<(u16, Vec<(String, String)>)>,
    body: String,
    end: End,
}

#[derive(Debug, PartialEq)]
enum End {
    Whole,
    Broken,
    Silent,
}

/// Reads until the answer ends, breaks off, or nothing comes for so long.
async fn read(url: &str, body: String, patience: Duration) -> Got {
    let request = reqwest::Client::new().post(format!("{url}/v1/messages")).body(body);
    let request = request.header("x-api-key", "key").header("anthropic-version", "2023-06-01");
    let ended = |end| Got { head: None, body: String::new(), end };
    let mut response = match tokio::time::timeout(patience, request.send()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => return ended(End::Broken),
        Err(_) => return ended(End::Silent),
    };
    let recorded = ["content-type", "content-length", "retry-after", "request-id"];
    let headers = recorded.iter().filter_map(|name| {
        let value = response.headers().get(*name)?.to_str().expect("a test's header is text");
        Some(((*name).to_owned(), value.to_owned()))
    });
    let head = Some((response.status().as_u16(), headers.collect()));
    let mut body = String::new();
    let end = loop {
        match tokio::time::timeout(patience, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.push_str(&String::from_utf8_lossy(&chunk)),
            Ok(Ok(None)) => break End::Whole,
            Ok(Err(_)) => break End::Broken,
            Err(_) => break End::Silent,
        }
    };
    Got { head, body, end }
}

/// The faults of the example that meet a request, for every request, in a time that can be waited.
fn faults() -> Vec<Value> {
    let text = include_str!("../../faults.example.toml");
    let config: Config = toml::from_str(text).expect("the example is valid");
    let mut all = Vec::new();
    for fault in &config.fault {
        all.push(serde_json::to_value(fault).expect("a fault is JSON"));
    }
    all.retain(|fault| fault["kind"] != "refused_connection");
    for fault in &mut all {
        fault["when"] = json!({});
        if fault["kind"] == "latency" {
            fault["extra"] = json!({"fixed_ms": 5});
            if fault["stall"].is_object() {
                fault["stall"] = json!({"after_tokens": 5});
            }
        }
        if fault["what"]["slow_loris"].is_object() {
            fault["what"]["slow_loris"]["bytes_per_second"] = json!(20_000);
        }
        if let Some(what) = fault.get_mut("what").and_then(Value::as_object_mut) {
            // Early enough for the short answers of this test.
            for value in what.values_mut() {
                for key in ["after_tokens", "after_deltas", "delta"] {
                    if value[key].as_u64().is_some_and(|count| count > 2) {
                        value[key] = json!(2);
                    }
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn what_a_client_was_sent_under_any_fault_is_recorded_and_sent_again() {
    let faults = faults();
    assert!(faults.len() > 30, "{} faults", faults.len());
    for fault in faults {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let behind = upstream().await;
        let (proxy, proxied) = proxy(behind.url(), "", Some(&path));
        proxy.mock().set_faults(serde_json::from_value(json!([fault])).unwrap()).unwrap();
        let bodies = [body("hello", false), body("hello", true)];
        let mut sent = Vec::new();
        for body in &bodies {
            sent.push(read(&proxied, body.clone(), PATIENCE).await);
        }
        // The recording is written when the connection is seen to have ended.
        let mut looks = 0;
        while std::fs::read_to_string(&path).unwrap().lines().count() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            looks += 1;
            assert!(looks < 1_000, "{fault} is not recorded");
        }
        let again = replay(&path, 100);
        for (body, sent) in bodies.iter().zip(sent) {
            // Shorter than the client's patience was: what is silent in the recording is cut there.
            let got = read(&again, body.clone(), PATIENCE / 2).await;
            // A reset may overtake what was sent before it.
            let is_reset = fault["what"]["reset"].is_object();
            if is_reset {
                assert_eq!((got.end, sent.end), (End::Broken, End::Broken), "{fault}");
            } else {
                assert_eq!(got, sent, "{fault}\n{}", std::fs::read_to_string(&path).unwrap());
            }
        }
    }
}
