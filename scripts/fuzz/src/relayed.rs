//! What an upstream sends, through the proxy and every fault that changes it on the way: the first
//! bytes choose the fault and the head, the rest is the body, or the whole answer. What was
//! recorded of it can be replayed.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use mock_claude::proxy::{Proxy, ProxyConfig, Recorder, Replay};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::choices::Choices;
use super::pipe::{config, through};

const FAULTS: [&str; 22] = [
    "[[fault]]\nkind = \"none\"",
    "[[fault]]\nkind = \"stream\"\nwhat = { error_event = { after_deltas = 1 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = { early_end = { after_deltas = 2 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = \"no_message_stop\"",
    "[[fault]]\nkind = \"stream\"\nwhat = { duplicated_delta = { delta = 1 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = { reordered_delta = { delta = 1 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = { malformed_event = { after_deltas = 1 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = { unknown_event = { after_deltas = 1 } }",
    "[[fault]]\nkind = \"stream\"\nwhat = \"empty_content\"",
    "[[fault]]\nkind = \"semantic\"\nwhat = { truncated = { after_tokens = 2 } }",
    "[[fault]]\nkind = \"semantic\"\nwhat = { refusal = { after_tokens = 1 } }",
    "[[fault]]\nkind = \"semantic\"\nwhat = { pause_turn = { after_tokens = 1 } }",
    "[[fault]]\nkind = \"semantic\"\nwhat = { wrong_model = { model = \"claude-x\" } }",
    "[[fault]]\nkind = \"semantic\"\nwhat = { wrong_usage = { output_percent = 4294967295 } }",
    "[[fault]]\nkind = \"semantic\"\nwhat = { error_body = {} }",
    "[[fault]]\nkind = \"wire\"\nwhat = { reset = { after_body_bytes = 9 } }",
    "[[fault]]\nkind = \"wire\"\nwhat = { close = { after_body_bytes = 9 } }",
    "[[fault]]\nkind = \"wire\"\nwhat = { truncate = { after_body_bytes = 9 } }",
    "[[fault]]\nkind = \"wire\"\nwhat = { content_length = { off_by = -9 } }",
    "[[fault]]\nkind = \"wire\"\nwhat = { content_type = { value = \"text/html\" } }",
    "[[fault]]\nkind = \"wire\"\nwhat = \"garbage\"",
    "[[fault]]\nkind = \"status\"\nstatus = 529",
];

const KINDS: [&str; 4] =
    ["text/event-stream; charset=utf-8", "application/json", "application/x-jsonl", "text/html"];

const BODY: &[u8] = b"{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\"stream\":true,\
                      \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

const PATHS: [&str; 2] = ["/v1/messages", "/v1/messages/batches/msgbatch_1/results"];

/// The answer of the upstream, as it goes over the wire.
fn answer(choices: &mut Choices<'_>) -> Vec<u8> {
    let kind = choices.one(&KINDS);
    let (framing, size) = (choices.byte(), usize::from(choices.byte()) + 1);
    let body = choices.0;
    let status = if framing & 1 == 0 { "200 OK" } else { "503 Service Unavailable" };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n");
    let mut wire = head.into_bytes();
    match framing >> 1 & 3 {
        0 => {
            wire.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
            wire.extend(body);
        }
        1 => {
            wire.extend(b"transfer-encoding: chunked\r\n\r\n");
            for chunk in body.chunks(size) {
                wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
                wire.extend([chunk, b"\r\n"].concat());
            }
            wire.extend(b"0\r\n\r\n");
        }
        2 => {
            wire.extend(b"\r\n");
            wire.extend(body);
        }
        // Whatever it likes.
        _ => return body.to_vec(),
    }
    wire
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let (fault, path) = (choices.one(&FAULTS), choices.one(&PATHS));
    let answer = answer(&mut choices);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let kept = Kept::default();
    runtime.enable_all().build().expect("a runtime can be made").block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let upstream = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.expect("somebody comes");
            // Ports come back at once.
            socket.set_zero_linger().expect("a socket takes options");
            let mut heard = Vec::new();
            while !heard.ends_with(BODY) && socket.read_buf(&mut heard).await.is_ok_and(|n| n > 0) {
            }
            let _ = socket.write_all(&answer).await;
            let _ = socket.shutdown().await;
            // Until the proxy has heard all of it.
            let _ = socket.read_to_end(&mut heard).await;
        });
        let url = format!("http://{address}");
        let config = ProxyConfig {
            recorder: Some(Recorder::new(kept.clone(), &url).expect("memory is written")),
            upstream: url,
            certificates: None,
            timeout: Duration::from_millis(500),
            mock: config(fault),
        };
        let proxy = Proxy::new(config, 0).expect("the upstream has a URL");
        let service = TowerToHyperService::new(proxy.router());
        assert!(through(service, path, BODY).await.is_some(), "an answer that never ends");
        upstream.abort();
    });
    let recorded = kept.0.lock().expect("nobody panicked").clone();
    Replay::read(&recorded[..], 0).expect("what was recorded can be replayed");
}
