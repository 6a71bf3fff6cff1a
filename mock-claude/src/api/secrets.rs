//! The credentials that one request carries, wherever it carries them.

use http::HeaderMap;
use redact::{Collector, MASK, MIN_KEY, Secrets, is_secret};

/// Headers whose values say nothing secret, although they look drawn; so do those that begin as
/// [`PLAIN_BEGINNINGS`] say.
const PLAIN: [&str; 13] = [
    "baggage",
    "connection",
    "date",
    "etag",
    "host",
    "last-modified",
    "origin",
    "referer",
    "request-id",
    "traceparent",
    "user-agent",
    "via",
    "x-request-id",
];

const PLAIN_BEGINNINGS: [&str; 7] =
    ["accept", "access-control-", "anthropic-", "content-", "if-", "sec-", "x-stainless-"];

/// The credentials of a message with these headers: what is named like one, and whatever looks
/// drawn in a header that nobody knows.
pub(crate) fn of_headers(headers: &HeaderMap, collector: &mut Collector) {
    for (name, value) in headers {
        let name = name.as_str();
        if is_secret(name) {
            collector.header(name, value.as_bytes());
        } else if !is_plain(name) {
            collector.unknown_header(value.as_bytes());
        }
    }
}

/// The credentials of a request: those of its headers and of its query.
pub(crate) fn of_request(headers: &HeaderMap, target: &str) -> Secrets {
    let mut collector = Collector::default();
    of_headers(headers, &mut collector);
    collector.url(target);
    collector.secrets()
}

/// A name that a client gives itself or its work, or a mask where it repeats the client's key. It
/// costs nothing where the name is shorter than the key.
pub(crate) fn name<'a>(name: &'a str, key: Option<&[u8]>) -> &'a str {
    let repeats = |key: &[u8]| name.as_bytes().windows(key.len()).any(|part| part == key);
    match key.filter(|key| (MIN_KEY..=name.len()).contains(&key.len())) {
        Some(key) if repeats(key) => MASK,
        _ => name,
    }
}

fn is_plain(name: &str) -> bool {
    PLAIN.contains(&name) || PLAIN_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn credentials_are_known_by_the_name_of_their_header_or_by_their_looks() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-api-key", "opaque-key"),
            ("x-team", "a0b1c2d3e4f5a6b7"),
            ("x-mode", "fast-and-loose-it-is"),
            ("user-agent", "Anthropic/Python_2.12.0"),
            ("anthropic-beta", "files-api-2025-04-14"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let secrets = of_request(&headers, "/v1/messages?access_token=in-the-query");
        let said = "opaque-key a0b1c2d3e4f5a6b7 in-the-query fast-and-loose-it-is \
                    Anthropic/Python_2.12.0 files-api-2025-04-14";
        let masked = secrets.text(said);
        assert_eq!(
            masked,
            "[masked] [masked] [masked] fast-and-loose-it-is Anthropic/Python_2.12.0 \
             files-api-2025-04-14"
        );
    }
}
