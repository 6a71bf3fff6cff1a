//! The three ends of a proxy: an upstream, the proxy itself, and a client.

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use mock_claude::internals::listen;
use mock_claude::proxy::{Proxy, ProxyConfig, Recorder, Replay};
use mock_claude::{Config, MockClaude, MockServer};
use serde_json::json;
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "sk-ant-very-secret";
pub(crate) const QUICK: &str =
    "[latency]\nfirst_token_ms = 2\ndecode_tokens_per_second = 20000\nrefusal_ms = 1\n";

pub(crate) fn body(words: &str, stream: bool) -> String {
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
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) async fn ask(url: &str, body: String) -> Seen {
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

pub(crate) fn listener() -> (TcpListener, String) {
    let listener = listen(([127, 0, 0, 1], 0).into()).expect("the test's own parts work");
    let url = format!("http://{}", listener.local_addr().expect("the test's own parts work"));
    (listener, url)
}

pub(crate) async fn upstream() -> MockServer {
    let mock = MockClaude::new(toml::from_str(QUICK).expect("the test's own parts work"));
    mock.start().await.expect("the test's own parts work")
}

pub(crate) fn proxy(upstream: &str, faults: &str, record: Option<&Path>) -> (Proxy, String) {
    let recorder = record.map(|path| {
        Recorder::new(std::fs::File::create_new(path).expect("the test's own parts work"), upstream)
            .expect("the test's own parts work")
    });
    let config = ProxyConfig {
        upstream: upstream.to_owned(),
        certificates: None,
        timeout: Duration::from_millis(300),
        mock: toml::from_str::<Config>(faults).expect("the test's own parts work"),
        recorder,
    };
    let proxy = Proxy::new(config, 0).expect("the test's own parts work");
    let (listener, url) = listener();
    tokio::spawn(proxy.clone().serve(listener, std::future::pending()));
    (proxy, url)
}

pub(crate) fn replay(path: &Path, timing_percent: u32) -> String {
    let file = BufReader::new(std::fs::File::open(path).expect("the test's own parts work"));
    let replay = Replay::read(file, timing_percent).expect("the test's own parts work");
    let (listener, url) = listener();
    tokio::spawn(replay.serve(listener, std::future::pending()));
    url
}
