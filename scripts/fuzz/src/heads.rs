//! Whole connections: the bytes are what a client sends, to a mock whose faults break connections.

use super::choices::Choices;
use super::pipe::{in_paused_time, mock, talk};

/// Without a fault, and with those that act below HTTP.
const MOCKS: [&str; 5] = [
    "",
    "[[fault]]\nkind = \"wire\"\nwhat = { reset = {} }\n",
    "[[fault]]\nkind = \"wire\"\nwhat = \"garbage\"\n",
    "[[fault]]\nkind = \"stream\"\nwhat = { early_end = { after_deltas = 1 } }\n",
    "[limits]\ntier = \"start\"\n",
];

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let file = choices.one(&MOCKS);
    in_paused_time(async {
        let mock = mock(file);
        let answer = talk(mock.connect(), choices.0).await;
        if file.is_empty() && !answer.is_empty() {
            assert!(answer.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answer));
            assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
        }
        let _ = mock.conduct().text();
        // Whoever comes after is served.
        if file.is_empty() {
            let next = talk(mock.connect(), &super::pipe::get("/v1/models")).await;
            assert!(next.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&next));
        }
    });
}
