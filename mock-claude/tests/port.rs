//! Goal: the mock behind a real port behaves as it does over a pipe, and leaves nothing running.
//! Method: reqwest against port 0, and the binary itself.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use mock_claude::{Config, MockClaude};
use serde_json::json;

fn body() -> String {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "hello"}],
    })
    .to_string()
}

async fn post(url: &str) -> reqwest::Response {
    reqwest::Client::new()
        .post(format!("{url}/v1/messages"))
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(body())
        .send()
        .await
        .expect("there is a response")
}

const QUICK: &str = "[latency]\nfirst_token_ms = 1\ndecode_tokens_per_second = 100000\n";

#[tokio::test]
async fn a_server_answers_on_its_port_until_it_is_stopped() {
    let config: Config = toml::from_str(QUICK).unwrap();
    let server = MockClaude::new(config).start().await.unwrap();
    let mock = server.clone();
    let response = post(server.url()).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("request-id"));
    response.bytes().await.unwrap();
    assert_eq!(server.stop().await.requests, 1);
    assert_eq!(mock.ledger().requests, 1);
}

#[tokio::test]
async fn the_binary_prints_its_address_and_serves_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    std::fs::write(&config, QUICK).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--port", "0", "--seed", "7", "--config"])
        .arg(&config)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let status = post(url.trim()).await.status();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(status, 200);
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, code: i32, words: &str| {
        let path = folder.path().join("mock.toml");
        std::fs::write(&path, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
            .arg("--config")
            .arg(&path)
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(shown.contains(words), "{words} is missing in:\n{shown}");
    };
    check("[latency]\njitter = 2.0\n", 104, "`latency.jitter`: must be at most 1");
    check("[limits]\nrequests_burst = 4\n", 104, "needs `requests_per_minute`");
    check(
        "[latency]\ndecode_tokens_per_second = 0\n",
        104,
        ":2:28: `latency.decode_tokens_per_second`",
    );
    check("colour = 1\n", 104, "unknown key");
    let missing = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--config", "/nowhere.toml"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

/// Sends a head and then all of a body, and reads only then: most clients do.
fn send_first_and_read_later(url: &str, head: &str, chunked: bool) -> std::io::Result<String> {
    use std::io::{Read, Write};
    const MEGABYTES: usize = 40;
    let mut socket = std::net::TcpStream::connect(url.trim_start_matches("http://"))?;
    let framing = if chunked {
        "transfer-encoding: chunked".to_owned()
    } else {
        format!("content-length: {}", MEGABYTES << 20)
    };
    write!(socket, "{head}\r\nhost: mock\r\nconnection: close\r\n{framing}\r\n\r\n")?;
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..MEGABYTES {
        if chunked {
            write!(socket, "{:x}\r\n", megabyte.len())?;
        }
        socket.write_all(&megabyte)?;
        if chunked {
            socket.write_all(b"\r\n")?;
        }
    }
    if chunked {
        socket.write_all(b"0\r\n\r\n")?;
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refusal_is_seen_by_clients_that_send_all_of_a_large_body_first() {
    let server = MockClaude::builder().start().await.unwrap();
    let with_key = "x-api-key: key\r\nanthropic-version: 2023-06-01";
    let multipart = "content-type: multipart/form-data; boundary=b";
    for (head, status) in [
        (format!("POST /v1/messages HTTP/1.1\r\n{with_key}"), 413),
        (format!("POST /v1/messages/count_tokens HTTP/1.1\r\n{with_key}"), 413),
        (format!("POST /v1/messages/batches HTTP/1.1\r\n{with_key}"), 400),
        (format!("POST /v1/files HTTP/1.1\r\n{multipart}"), 401),
        (format!("POST /v1/files HTTP/1.1\r\n{with_key}\r\n{multipart}"), 400),
        (format!("POST /nowhere HTTP/1.1\r\n{with_key}"), 404),
    ] {
        for chunked in [false, true] {
            let (url, head) = (server.url().to_owned(), head.clone());
            let sending = move || send_first_and_read_later(&url, &head, chunked);
            let answer = tokio::task::spawn_blocking(sending).await.unwrap();
            let answer = answer.map(|text| text.lines().next().unwrap_or_default().to_owned());
            let first = answer.unwrap_or_else(|error| error.to_string());
            assert!(first.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {first}");
        }
    }
}
