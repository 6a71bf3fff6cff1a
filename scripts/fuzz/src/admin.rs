//! The admin API: the first byte chooses a method, the first line is the rest of the address, what
//! follows is the body. The API is asked after it, under whatever was set.

use std::time::Duration;

use mock_claude::admin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::choices::Choices;
use super::pipe::{check, get, in_paused_time, mock, post, talk};

const METHODS: [&str; 6] = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"];

const PATHS: [&str; 16] = [
    "/",
    "/health",
    "/live",
    "/journal",
    "/journal?",
    "/journal/",
    "/ledger?job=",
    "/verdict?ended=true&job=",
    "/config",
    "/metrics",
    "/faults",
    "/faults?",
    "/faults/shipped",
    "/limits",
    "/presets",
    "/reset",
];

const BODY: &str = "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\
                    \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let (method, path) = (choices.one(&METHODS), choices.one(&PATHS));
    let more: String =
        String::from_utf8_lossy(choices.line()).chars().filter(char::is_ascii_graphic).collect();
    let body = choices.0;
    in_paused_time(async {
        let mock = mock("");
        let message = post("/job/7/v1/messages", "application/json", BODY.as_bytes());
        talk(mock.connect(), &message).await;
        let head = format!(
            "{method} {path}{more} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let pipe = admin::connect(mock.clone(), None);
        let asked = [head.as_bytes(), body].concat();
        let answer = talk(pipe, &asked).await;
        check(&answer);
        // Whatever was set, the mock works: it answers, or breaks off as a fault asks.
        let mut client = mock.connect();
        let _ = client.write_all(&message).await;
        let mut said = Vec::new();
        let _ = timeout(Duration::from_hours(48), client.read_to_end(&mut said)).await;
        for path in ["/journal", "/config", "/metrics", "/verdict", "/live", "/limits"] {
            let answer = talk(admin::connect(mock.clone(), None), &get(path)).await;
            let (status, _) = check(&answer);
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&answer));
        }
    });
}
