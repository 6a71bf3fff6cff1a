//! The recording: one JSON object a line, a header first, then one exchange a line as it ends.
//!
//! Keys and cookies are never in it. Bodies are, streams piece by piece with the time of each, so
//! that a replay can send the same bytes at the same moments. Optional fields may be added under
//! the same format; a change of meaning raises it.

use std::io::{self, Write};

use http::HeaderMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// The version of the file.
pub const FORMAT: u32 = 1;

/// Headers of either direction that are never written: secrets, and what belongs to one
/// connection only.
const UNWRITTEN: [&str; 6] = [
    "authorization",
    "cookie",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
];

/// What stands where a key stood.
const REMOVED: &str = "[key removed]";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the file.
    pub format: u32,
    /// Where the answers came from.
    pub upstream: String,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The request's headers that are no secret.
    pub request_headers: Vec<(String, String)>,
    /// The request's body.
    pub request_body: Piece,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers that are no secret.
    pub headers: Vec<(String, String)>,
    /// Microseconds until the head of the answer.
    pub head_us: u64,
    /// The answer's body, piece by piece.
    pub chunks: Vec<Chunk>,
    /// Whether the answer came to its end.
    pub complete: bool,
}

/// A piece of a body and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Microseconds from the request to this piece.
    pub at_us: u64,
    /// The bytes.
    pub data: Piece,
}

/// Bytes: text where they are text, so that a reader can read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Valid UTF-8.
    Text(String),
    /// Anything else, in hexadecimal.
    Hex(String),
}

impl Piece {
    /// The bytes without `secret`, wherever they hold it.
    pub(crate) fn of(bytes: &[u8], secret: Option<&str>) -> Self {
        let holds = |secret: &str| {
            !secret.is_empty() && bytes.windows(secret.len()).any(|part| part == secret.as_bytes())
        };
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(without(text, secret)),
            Err(_) if secret.is_some_and(holds) => Self::Text(REMOVED.to_owned()),
            Err(_) => Self::Hex(const_hex::encode(bytes)),
        }
    }

    /// The bytes; nothing where the hexadecimal is none.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Hex(digits) => const_hex::decode(digits).ok(),
        }
    }
}

/// The headers that may be written.
pub(crate) fn written(headers: &HeaderMap, secret: Option<&str>) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !UNWRITTEN.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), without(value.to_str().ok()?, secret)))
        })
        .collect()
}

pub(crate) fn without(text: &str, secret: Option<&str>) -> String {
    match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, REMOVED),
        None => text.to_owned(),
    }
}

/// Where exchanges are written to, one line at a time.
pub struct Recorder(Mutex<Box<dyn Write + Send>>);

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Recorder(..)")
    }
}

impl Recorder {
    /// A recording that begins with its header.
    pub fn new(mut file: impl Write + Send + 'static, upstream: &str) -> io::Result<Self> {
        let header = Header { format: FORMAT, upstream: upstream.to_owned() };
        writeln!(file, "{}", serde_json::to_string(&header)?)?;
        file.flush()?;
        Ok(Self(Mutex::new(Box::new(file))))
    }

    /// Writes one exchange at once, so that a crash loses none that has ended.
    pub(crate) fn write(&self, exchange: &Recorded) {
        let written = serde_json::to_string(exchange).map_err(io::Error::from).and_then(|line| {
            let mut file = self.0.lock();
            file.write_all(format!("{line}\n").as_bytes())?;
            file.flush()
        });
        if let Err(error) = written {
            tracing::error!(%error, "an exchange could not be recorded");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_whether_they_are_text_or_not() {
        for bytes in [&b"plain"[..], &[0xff, 0x00, 0x7f], b""] {
            assert_eq!(Piece::of(bytes, None).bytes().unwrap(), bytes);
        }
        assert_eq!(Piece::Hex("zz".to_owned()).bytes(), None);
    }

    #[test]
    fn a_key_is_removed_wherever_it_is_repeated() {
        let piece = Piece::of(b"invalid key sk-1 given", Some("sk-1"));
        assert_eq!(piece, Piece::Text("invalid key [key removed] given".to_owned()));
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", http::HeaderValue::from_static("sk-1"));
        headers.insert("set-cookie", http::HeaderValue::from_static("a=b"));
        headers.insert("x-echo", http::HeaderValue::from_static("sk-1"));
        let expected = vec![("x-echo".to_owned(), "[key removed]".to_owned())];
        assert_eq!(written(&headers, Some("sk-1")), expected);
    }
}
