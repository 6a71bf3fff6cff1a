//! Signature Version 4 of AWS, computed over a request as it arrived.
//!
//! It is computed as for every service but S3: the path is encoded once more than it was sent, dots
//! and doubled slashes are taken out of it, and the hash is always that of the body. Who may sign,
//! for what and when is judged elsewhere (`verify`). Not here: signatures in a query, signatures
//! in chunks, and those that hold in several regions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::basis::percent;

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    /// The names of the headers that are signed, as the signature lists them.
    pub(super) signed_headers: &'a str,
    pub(super) body: &'a [u8],
}

/// For what a key signs: `20150830/us-east-1/bedrock/aws4_request`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) terminator: &'a str,
}

impl Scope<'_> {
    fn parts(&self) -> [&str; 4] {
        [self.date, self.region, self.service, self.terminator]
    }
}

/// The request in the one form that both sides compute with.
pub(super) fn canonical(request: &Request<'_>) -> String {
    let (path, query) = (path(request.path), query(request.query));
    let mut text = format!("{}\n{path}\n{query}\n", request.method);
    // AWS names each header once, also where a client has signed one twice.
    let names = request.signed_headers.split(';').map(str::to_ascii_lowercase);
    let names: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
    for name in &names {
        let values: Vec<String> = request.headers.get_all(name).iter().map(trimmed).collect();
        let _ = writeln!(text, "{name}:{}", values.join(","));
    }
    let _ = write!(text, "\n{}\n{}", names.join(";"), hash(request.body));
    text
}

/// A value without spaces around it, and with one where there are several.
fn trimmed(value: &HeaderValue) -> String {
    let value = String::from_utf8_lossy(value.as_bytes());
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is signed: the request's hash, when and for what.
pub(super) fn to_sign(at: &str, scope: &Scope<'_>, canonical: &str) -> String {
    let (scope, hash) = (scope.parts().join("/"), hash(canonical.as_bytes()));
    format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{hash}")
}

/// Whether this signature is the one that the secret key makes. It takes as long for a wrong one.
pub(super) fn is_signed_by(
    secret: &str,
    scope: &Scope<'_>,
    to_sign: &str,
    signature: &str,
) -> bool {
    let mut key = ["AWS4", secret].concat().into_bytes();
    for part in scope.parts() {
        key = mac(&key, part).finalize().into_bytes().to_vec();
    }
    let given = const_hex::decode(signature).unwrap_or_default();
    mac(&key, to_sign).verify_slice(&given).is_ok()
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text.as_bytes());
    mac
}

fn hash(bytes: &[u8]) -> String {
    const_hex::encode(Sha256::digest(bytes))
}

fn path(sent: &str) -> String {
    let mut segments = Vec::new();
    for segment in sent.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let end = if sent.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    percent::encoded(format!("/{}{end}", segments.join("/")).as_bytes(), b"/")
}

fn query(sent: &str) -> String {
    let again = |text: &str| {
        let plain = percent::decoded_bytes(text);
        percent::encoded(plain.as_deref().unwrap_or(text.as_bytes()), b"")
    };
    let mut pairs: Vec<(String, String)> = sent
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const AT: &str = "20150830T123600Z";
    const SCOPE: Scope<'_> = Scope {
        date: "20150830",
        region: "us-east-1",
        service: "service",
        terminator: "aws4_request",
    };

    /// A request of AWS's own test suite, as it stands in
    /// `awslabs/aws-c-auth/tests/aws-signing-test-suite/v4`, against the signature there.
    fn check(name: &str, (method, target): (&str, &str), others: &[(&str, &str)], signature: &str) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("host", "example.amazonaws.com"), ("x-amz-date", AT)].iter().chain(others)
        {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let body: &[u8] = if method == "POST" && others.len() > 1 { b"Param1=value1" } else { b"" };
        let signed_headers = &names.join(";");
        let request = Request { method, path, query, headers: &headers, signed_headers, body };
        let to_sign = to_sign(AT, &SCOPE, &canonical(&request));
        assert!(is_signed_by(SECRET, &SCOPE, &to_sign, signature), "{name}");
        assert!(!is_signed_by("another", &SCOPE, &to_sign, signature), "{name}");
        assert!(!is_signed_by(SECRET, &SCOPE, &to_sign, &signature[2..]), "{name}");
    }

    #[test]
    fn requests_of_the_test_suite_of_aws_have_the_signatures_there() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        check("get-vanilla", ("GET", "/"), &[], vanilla);
        check("get-relative-relative", ("GET", "/example1/example2/../.."), &[], vanilla);
        check(
            "get-slashes",
            ("GET", "//example//"),
            &[],
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        );
        check(
            "get-slash-pointless-dot",
            ("GET", "/./example"),
            &[],
            "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
        );
        check(
            "get-vanilla-query-order-key-case",
            ("GET", "/?Param2=value2&Param1=value1"),
            &[],
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        check(
            "get-vanilla-query-order-encoded",
            ("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
            &[],
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        );
        check(
            "get-header-key-duplicate",
            ("GET", "/"),
            &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        );
        check(
            "get-header-value-trim",
            ("GET", "/"),
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        );
        check(
            "get-vanilla-with-session-token",
            ("GET", "/"),
            &[(
                "x-amz-security-token",
                "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            )],
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        );
        let hash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        check(
            "post-x-www-form-urlencoded",
            ("POST", "/"),
            &[
                ("content-length", "13"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("x-amz-content-sha256", hash),
            ],
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        );
    }

    #[test]
    fn a_path_is_encoded_once_more_than_it_was_sent() {
        let sent = "/model/us.anthropic.claude-v1%3A0/invoke";
        assert_eq!(path(sent), "/model/us.anthropic.claude-v1%253A0/invoke");
        assert_eq!(path("/model/a:b@c/"), "/model/a%3Ab%40c/");
        assert_eq!((path(""), path("/"), path("/..")), ("/".into(), "/".into(), "/".into()));
    }
}
