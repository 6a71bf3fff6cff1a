//! Goal: the log holds one event a request, and nothing that a client sent can change a terminal
//! or give a key away. Method: one thread's log, written into memory, around requests over a pipe.

mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use serde_json::json;
use support::{asking, mock, send, send_raw};

#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_one_event_with_its_figures_and_without_keys_prompts_or_control_characters() {
    let memory = Memory::default();
    let writer = memory.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(log);
    let mock = mock(
        "[[fault]]\nname = \"a\\nb\"\nkind = \"status\"\nstatus = 529\nwhen = { every = 2 }\n",
    );
    let mut body = asking("def secret_prompt(): ...\n");
    let first = send(&mock, &body).await;
    send(&mock, &body).await;
    body["model"] = json!("claude-\u{1b}[31m-red");
    let request = Request::post("/v1/messages")
        .header("x-api-key", "sk-ant-very-secret")
        .header("anthropic-version", "2023-06-01")
        .body(body.to_string())
        .expect("the request is valid");
    assert_eq!(send_raw(&mock, request).await.status, 404);
    assert_eq!(first.json()["type"], "message", "{}", first.body);
    drop(guard);
    let bytes = memory.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8(bytes).expect("the log is text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let id = first.header("request-id").expect("there is an id");
    let took = format!("latency_us={}", first.took.as_micros());
    for part in [id, "path=\"/v1/messages\"", "model=\"claude-sonnet-4-5\"", "status=200", &took] {
        assert!(lines[0].contains(part), "{part} is missing in {}", lines[0]);
    }
    assert!(lines[1].contains(r#"fault="a\nb""#), "{}", lines[1]);
    for never in ["secret", "\u{1b}"] {
        assert!(!text.contains(never), "{never:?} is in {text}");
    }
}
