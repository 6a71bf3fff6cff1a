//! Opens many streams at once against a mock and reads each to its end: how much memory does the
//! server take for them? Start the server with a slow decode, then look at its peak memory.
//!
//! `cargo run --release -p mock-claude --example streams -- 127.0.0.1:8080 10000`

use std::io::{self, Write};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const BODY: &str = concat!(
    r#"{"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"#,
    r#""messages":[{"role":"user","content":"hello"}]}"#,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let count = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let mut streams = JoinSet::new();
    for _ in 0..count {
        streams.spawn(stream(address.clone()));
    }
    let (mut whole, mut broken) = (0, 0);
    while let Some(ended) = streams.join_next().await {
        if matches!(ended, Ok(Ok(true))) { whole += 1 } else { broken += 1 }
    }
    writeln!(io::stdout(), "{whole} whole, {broken} broken")
}

/// Reads one stream; true where it ended with `message_stop`.
async fn stream(address: String) -> io::Result<bool> {
    let mut socket = TcpStream::connect(address).await?;
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\nconnection: close\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    socket.write_all(head.as_bytes()).await?;
    let mut text = Vec::new();
    socket.read_to_end(&mut text).await?;
    Ok(text.windows(12).any(|window| window == b"message_stop"))
}
