//! Collects the credentials of one request, or of one command, from the places where they belong.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::known::MIN_KEY;
use crate::names::is_secret;
use crate::opaque::is_opaque;
use crate::secrets::Secrets;
use crate::view::View;

/// The least length of a word in a place that is not known to hold credentials.
const MIN_OPAQUE: usize = 16;

/// Credentials as they are found.
#[derive(Clone, Default)]
pub struct Collector(BTreeSet<Vec<u8>>);

impl std::fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Collector(..)")
    }
}

impl Collector {
    /// What was collected, to be looked for.
    pub fn secrets(self) -> Secrets {
        Secrets::of(self.0)
    }

    /// A credential.
    pub fn value(&mut self, value: &[u8]) {
        let value = value.trim_ascii();
        if value.len() >= MIN_KEY {
            self.0.insert(value.to_vec());
        }
    }

    /// A header whose name says that it holds a credential; of others nothing is taken.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        if name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie") {
            value.split(|byte| *byte == b';').for_each(|pair| self.pair(pair));
        } else if is_authorization(name) {
            self.authorization(value);
        } else if is_secret(name) {
            self.value(value);
        }
    }

    /// A header that nobody knows: its value is taken if it looks drawn.
    pub fn unknown_header(&mut self, value: &[u8]) {
        let value = value.trim_ascii();
        let is_word = !value.iter().any(u8::is_ascii_whitespace);
        if value.len() >= MIN_OPAQUE && is_word && is_opaque(value) {
            self.value(value);
        }
    }

    /// What stands in the query of a path or a URL, and before the host of a URL.
    pub fn url(&mut self, url: &str) {
        if let Some((_, rest)) = url.split_once("://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            if let Some((user_and_password, _)) = authority.rsplit_once('@') {
                self.user_and_password(user_and_password.as_bytes());
            }
        }
        let query = url.split_once('?').map_or("", |(_, query)| query);
        for parameter in query.split('#').next().unwrap_or_default().split('&') {
            if let Some((name, value)) = parameter.split_once('=')
                && is_secret(name)
            {
                self.encoded(value.as_bytes());
            }
        }
    }

    /// A value as it is, and with its percent signs undone.
    fn encoded(&mut self, value: &[u8]) {
        self.value(value);
        if let Some(view) = View::percent_decoded(value) {
            self.value(&view.bytes);
        }
    }

    /// `user:password`. Who has no password is a token; a name that is a word is no secret.
    fn user_and_password(&mut self, both: &[u8]) {
        let at = both.iter().position(|byte| *byte == b':');
        let (user, password) = at.map_or((both, &[][..]), |at| (&both[..at], &both[at + 1..]));
        if !user.is_empty() && !password.is_empty() {
            self.encoded(both);
        }
        self.encoded(password);
        if password.is_empty() || is_opaque(user) {
            self.encoded(user);
        }
    }

    fn authorization(&mut self, value: &[u8]) {
        let value = value.trim_ascii();
        let at = value.iter().position(u8::is_ascii_whitespace);
        let Some((scheme, token)) = at.map(|at| (&value[..at], value[at..].trim_ascii())) else {
            self.value(value);
            return;
        };
        self.value(token);
        if scheme.eq_ignore_ascii_case(b"basic")
            && let Some(both) = decoded(token)
        {
            self.user_and_password(&both);
        }
        // `Credential=…, Signature=…` and the like.
        for pair in token.split(|byte| matches!(byte, b',' | b' ')) {
            if pair.len() >= MIN_OPAQUE && is_opaque(pair) {
                self.pair(pair);
            }
        }
    }

    /// The value of `name=value`.
    fn pair(&mut self, pair: &[u8]) {
        if let Some(at) = pair.iter().position(|byte| *byte == b'=') {
            let value = pair[at + 1..].trim_ascii();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            self.encoded(value.strip_suffix(b"\"").unwrap_or(value));
        }
    }
}

fn is_authorization(name: &str) -> bool {
    ["authorization", "proxy-authorization"].iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// What base64 in either alphabet, with or without its padding, stands for.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let read = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    read(&STANDARD).or_else(|| read(&URL_SAFE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(collect: impl FnOnce(&mut Collector)) -> Vec<String> {
        let mut collector = Collector::default();
        collect(&mut collector);
        collector.0.into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    fn header(name: &str, value: &str) -> Vec<String> {
        collected(|collector| collector.header(name, value.as_bytes()))
    }

    #[test]
    fn headers_give_what_they_authenticate_with() {
        assert_eq!(header("x-api-key", " opaque-1234 "), ["opaque-1234"]);
        assert_eq!(header("Authorization", "Bearer abcdefgh"), ["abcdefgh"]);
        assert_eq!(header("authorization", "plain-token"), ["plain-token"]);
        assert_eq!(
            header("authorization", "Basic dXNlcjpwYXNzd29yZDE="),
            ["dXNlcjpwYXNzd29yZDE=", "password1", "user:password1"]
        );
        assert_eq!(header("cookie", "theme=dark; session=\"abcd1234\""), ["abcd1234"]);
        assert_eq!(header("x-team-token", "short"), Vec::<String>::new());
        assert_eq!(header("content-type", "application/json"), Vec::<String>::new());
    }

    #[test]
    fn urls_give_passwords_tokens_and_parameters() {
        let url = |url: &str| collected(|collector| collector.url(url));
        assert_eq!(url("redis://:p%40ssword@h/0"), ["p%40ssword", "p@ssword"]);
        assert_eq!(url("https://token-of-mine@h/a"), ["token-of-mine"]);
        assert_eq!(url("/v1?beta=12345678&api_key=k1234567#x"), ["k1234567"]);
        assert_eq!(url("http://127.0.0.1:80/a@b?x=y"), Vec::<String>::new());
    }

    #[test]
    fn of_a_header_that_nobody_knows_only_what_looks_drawn_is_taken() {
        let unknown =
            |value: &str| collected(|collector| collector.unknown_header(value.as_bytes()));
        assert_eq!(unknown("a1b2c3d4e5f6a7b8").len(), 1);
        assert!(unknown("no-cache-and-no-store").is_empty() && unknown("a1b2").is_empty());
        assert!(unknown("en, de with q=0.8 and 9 more").is_empty());
    }
}
