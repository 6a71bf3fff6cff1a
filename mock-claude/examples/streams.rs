//! Opens many streams at once against a mock, waits until every one of them is under way, says what
//! memory the server takes at that moment, and reads each to its end. `scripts/bench memory`
//! starts a mock with a decode slow enough and runs this.
//!
//! `cargo run --release -p mock-claude --example streams -- 127.0.0.1:8080 10000 PID`

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

const BODY: &str = concat!(
    r#"{"model":"claude-sonnet-4-6","max_tokens":64,"stream":true,"#,
    r#""messages":[{"role":"user","content":"hello"}]}"#,
);

/// How many streams are under way, of how many.
struct Progress {
    begun: Cell<usize>,
    count: usize,
    pid: String,
}

impl Progress {
    /// Counts a stream that is under way, and reports once all of them are.
    fn begin(&self) {
        self.begun.set(self.begun.get() + 1);
        if self.begun.get() == self.count {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid));
            let status = status.unwrap_or_default();
            let memory = status.lines().filter(|line| line.starts_with("VmRSS"));
            let memory: Vec<&str> = memory.map(str::trim).collect();
            let _ = writeln!(io::stdout(), "{} under way, {}", self.count, memory.join(""));
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let count = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let pid = arguments.next().unwrap_or_else(|| "self".to_owned());
    let progress = Rc::new(Progress { begun: Cell::new(0), count, pid });
    let local = LocalSet::new();
    let mut streams = JoinSet::new();
    for _ in 0..count {
        streams.spawn_local_on(stream(address.clone(), Rc::clone(&progress)), &local);
    }
    let all = async {
        let (mut whole, mut broken) = (0, 0);
        while let Some(ended) = streams.join_next().await {
            if matches!(ended, Ok(Ok(true))) { whole += 1 } else { broken += 1 }
        }
        writeln!(io::stdout(), "{whole} whole, {broken} broken")
    };
    local.run_until(all).await
}

/// Reads one stream; true where it ended with `message_stop`.
async fn stream(address: String, progress: Rc<Progress>) -> io::Result<bool> {
    let mut socket = TcpStream::connect(address).await?;
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\nconnection: close\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    socket.write_all(head.as_bytes()).await?;
    let mut text = Vec::new();
    let holds = |text: &[u8], word: &[u8]| text.windows(word.len()).any(|part| part == word);
    let mut begun = false;
    while socket.read_buf(&mut text).await? > 0 {
        if !begun && holds(&text, b"content_block_delta") {
            begun = true;
            progress.begin();
        }
    }
    Ok(holds(&text, b"message_stop"))
}
