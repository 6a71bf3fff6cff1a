//! The recording: one JSON object a line, a header first, then one exchange a line as it ends.
//!
//! It may be shown to anybody. Of the headers it holds those of a list and no others, not even
//! their names; what a request authenticated with is masked in whatever form it is repeated, and so
//! is what only looks like a credential. Bodies are in it, streams piece by piece with the time of
//! each, so that a replay can send the same bytes at the same moments. Optional fields may be added
//! under the same format; a change of meaning raises it.

use std::io::{self, Write};

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use parking_lot::Mutex;
use redact::Secrets;
use serde::{Deserialize, Serialize};

use crate::fault::effect::wire::WireEffect;

/// The version of the file.
pub const FORMAT: u32 = 1;

/// The longest line, in bytes: an exchange that would take more is not recorded.
pub(super) const MAX_LINE_BYTES: u64 = 256 * 1024 * 1024;

/// Headers of either direction that are written; so are those that begin as [`BEGINNINGS`] say.
const WRITTEN: [&str; 14] = [
    "accept",
    "allow",
    "cache-control",
    "content-disposition",
    "content-length",
    "content-type",
    "date",
    "location",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "server",
    "user-agent",
    "x-should-retry",
];

const BEGINNINGS: [&str; 2] = ["anthropic-", "x-stainless-"];

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
    /// Of an answer that did not come to its end: microseconds until it broke off or the client had
    /// left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_us: Option<u64>,
    /// What was done to it on the connection: a reset, a wrong length and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<WireEffect>,
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
    /// These bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
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
pub(crate) fn written(headers: &HeaderMap, secrets: &Secrets) -> Vec<(String, String)> {
    let may = |name: &str| {
        let named = || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
        WRITTEN.contains(&name) || named() && !redact::is_secret(name)
    };
    headers
        .iter()
        .filter(|(name, _)| may(name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), secrets.text(value.to_str().ok()?).into_owned()))
        })
        .collect()
}

/// How a body is coded, where that hides what it holds: it cannot be looked into for credentials.
pub(crate) fn coding(headers: &HeaderMap) -> Option<&str> {
    let coding = headers.get(CONTENT_ENCODING)?.to_str().unwrap_or("unreadable").trim();
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

/// Adapts the length that the headers announce to a body that is longer or shorter by this much.
pub(crate) fn adapt_length(headers: &mut [(String, String)], before: usize, after: usize) {
    let length = headers.iter_mut().find(|(name, _)| *name == CONTENT_LENGTH.as_str());
    if let Some((_, length)) = length
        && let Ok(announced) = length.parse::<u64>()
    {
        *length = (announced + after as u64).saturating_sub(before as u64).to_string();
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
        let header = Header { format: FORMAT, upstream: redact::url(upstream) };
        writeln!(file, "{}", serde_json::to_string(&header)?)?;
        file.flush()?;
        Ok(Self(Mutex::new(Box::new(file))))
    }

    /// Writes one exchange at once, so that a crash loses none that has ended.
    pub(crate) fn write(&self, exchange: &Recorded) {
        let written = serde_json::to_string(exchange).map_err(io::Error::from).and_then(|line| {
            if line.len() as u64 >= MAX_LINE_BYTES {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"));
            }
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
    use http::HeaderValue;

    #[test]
    fn bytes_survive_whether_they_are_text_or_not() {
        for bytes in [&b"plain"[..], &[0xff, 0x00, 0x7f], b""] {
            assert_eq!(Piece::of(bytes).bytes().unwrap(), bytes);
        }
        assert_eq!(Piece::Hex("zz".to_owned()).bytes(), None);
    }

    #[test]
    fn headers_are_written_by_a_list_and_without_credentials() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-api-key", "opaque-key-1"),
            ("set-cookie", "a=b"),
            ("x-team", "gold"),
            ("anthropic-token", "abc"),
            ("anthropic-version", "2023-06-01"),
            ("user-agent", "me opaque-key-1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let secrets = crate::api::secrets::of_request(&headers, "/");
        let written = written(&headers, &secrets);
        let expected = [("anthropic-version", "2023-06-01"), ("user-agent", "me [masked]")];
        assert_eq!(written, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn the_announced_length_follows_the_body() {
        let mut headers = vec![("content-length".to_owned(), "100".to_owned())];
        adapt_length(&mut headers, 60, 40);
        assert_eq!(headers[0].1, "80");
    }

    #[test]
    fn a_coding_that_hides_the_body_is_named() {
        let coded = |value| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
            coding(&headers).map(str::to_owned)
        };
        assert_eq!(coded("gzip").as_deref(), Some("gzip"));
        assert_eq!((coded("Identity"), coding(&HeaderMap::new())), (None, None));
    }
}
