//! What a credential looks like wherever it stands: known forms, and what stands where one belongs.
//!
//! It finds what follows a known form, no more: a password in the middle of a sentence stays. Every
//! expression is linear in the text, and its group `s` is what is masked.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use crate::cuts::MASK;
use crate::forms;
use crate::opaque::{is_literal, is_opaque};

/// What has to hold of the word as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// Nothing.
    Any,
    /// It looks drawn rather than written.
    Opaque,
    /// It is a literal and not code.
    Literal,
    /// It is more than the name under which everybody fetches from a server of git.
    NotGit,
}

/// One form.
struct Shape {
    form: Regex,
    only: Only,
}

/// The end of a name whose value is a credential.
const NAME: &str = "[\\w.-]*(?:(?:api|access|secret|private|auth|signing)[_-]?keys?|token|secret\
                    |passw(?:or)?d|authorization|cookie)";

/// What may stand before the credential in a header.
const SCHEME: &str = r"(?:(?:bearer|basic|token)\s+)?";

/// The same of a parameter in the query of a URL.
const PARAMETER: &str = r"[\w.-]*(?:key|token|secret|passw(?:or)?d|sig|signature|credentials?)";

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = |form: &str, only| {
        let form = Regex::new(&format!("(?-u){form}")).expect("the expression is tested");
        Shape { form, only }
    };
    let mut shapes = vec![
        shape(r"(?P<s>sk-ant-[\w-]+)", Only::Any),
        shape(r"\b(?P<s>sk-[\w-]{8,})", Only::Opaque),
        shape(
            r"(?x)\b(?P<s> [rs]k_(?:live|test)_\w{8,} | gh[pousr]_\w{20,} | github_pat_\w{20,}
              | glpat-[\w-]{16,} | xox[abeprs]-[\w-]{8,} | A[KS]IA[A-Z0-9]{16} | AIza[\w-]{30,}
              | eyJ[\w-]{8,}\.[\w-]+\.[\w-]* )",
            Only::Any,
        ),
        shape(r"(?i)\b(?:bearer|basic)\s+(?P<s>[\w.~+/-]{8,}=*)", Only::Opaque),
        // A value that is cut has no closing quote.
        shape(&format!(r#"(?i)"{NAME}"\s*:\s*"(?P<s>(?:[^"\\\x00]|\\[^\x00])*)"#), Only::Any),
        shape(&format!(r#"(?i)'{NAME}'\s*:\s*'(?P<s>(?:[^'"\\\x00]|\\[^"\x00])*)"#), Only::Any),
        // Headers, assignments and flags.
        shape(
            &format!(r#"(?i){NAME}["']?\s*[:=\x20]\s*["']?{SCHEME}(?P<s>[\w+/=~-]{{8,}})"#),
            Only::Literal,
        ),
        shape(&format!(r"(?i)[?&]{PARAMETER}=(?P<s>[\w.~%+/!*$@:-]+=*)"), Only::Any),
        shape(r#"\b[A-Za-z][A-Za-z0-9+.-]*://(?P<s>[^\s/?#"'`<>\\\x00]+)@"#, Only::NotGit),
        shape(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?P<s>(?:[A-Za-z0-9+/=\s]|\\[nr])*)",
            Only::Any,
        ),
    ];
    let coded = forms::base64(b"sk-ant-").into_iter().map(|digits| {
        let digits = regex::escape(&String::from_utf8_lossy(&digits.bytes));
        format!(r"(?P<s>[\w+/-]?{digits}[\w+/-]*=*)")
    });
    let digits = const_hex::encode("sk-ant-");
    let coded = coded.chain([format!("(?i)(?P<s>{digits}[0-9a-f]*)")]);
    shapes.extend(coded.map(|form| shape(&form, Only::Any)));
    shapes
});

/// What a text that is cut may end with: the beginning of a form.
static BEGINNINGS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u)\b(?P<s> sk-[\w-]* | [rs]k_(?:live|test)_\w* | gh[pousr]_\w* | github_pat_\w*
          | glpat-[\w-]* | xox[abeprs]-[\w-]* | A[KS]IA[A-Z0-9]* | AIza[\w-]* | eyJ[\w.-]* )$",
    )
    .expect("the expression is tested")
});

/// Adds every place that looks like a credential.
pub(crate) fn find(text: &[u8], found: &mut Vec<Range<usize>>) {
    for Shape { form, only } in SHAPES.iter() {
        for captures in form.captures_iter(text) {
            let Some(range) = masked(&captures) else { continue };
            let (word, next) = (&text[range.clone()], text.get(range.end).copied());
            let holds = match only {
                Only::Any => true,
                Only::Opaque => is_opaque(word),
                Only::Literal => is_literal(word, next),
                Only::NotGit => word != b"git",
            };
            if holds && !word.starts_with(MASK.as_bytes()) {
                found.push(range);
            }
        }
    }
}

/// The beginning of a form that a text ends with.
pub(crate) fn beginning(text: &[u8]) -> Option<Range<usize>> {
    BEGINNINGS.captures(text).and_then(|captures| masked(&captures))
}

fn masked(captures: &Captures<'_>) -> Option<Range<usize>> {
    captures.name("s").map(|found| found.range()).filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::secrets::text;

    fn check(given: &str, shown: &str) {
        assert_eq!(text(given), shown);
        assert_eq!(text(shown), shown, "what is masked stays as it is");
    }

    fn stays(given: &str) {
        check(given, given);
    }

    #[test]
    fn forms_of_credentials_are_masked_wherever_they_stand() {
        check("my key sk-ant-api03-abcdefgh.", "my key [masked].");
        check("KEYsk-ant-x", "KEY[masked]");
        check("AKIAABCDEFGHIJKLMNOP", "[masked]");
        check("eyJhbGciOiJI.eyJzdWIi.abc", "[masked]");
        check("Authorization: Bearer abcdefgh12", "Authorization: Bearer [masked]");
        check("basic dXNlcjpwYXNz, then", "basic [masked], then");
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        check(pem, "-----BEGIN RSA PRIVATE KEY-----[masked]-----END RSA PRIVATE KEY-----");
        check("key=c2stYW50LWFwaTAzLXh4eHg=&", "key=[masked]&");
    }

    #[test]
    fn values_of_fields_that_are_named_like_one_are_masked() {
        check(r#"{"api_key": "abc", "a": 1}"#, r#"{"api_key": "[masked]", "a": 1}"#);
        check(r#"{"apiKey":"a\"b","x":"y"}"#, r#"{"apiKey":"[masked]","x":"y"}"#);
        check(r#"{"password":"it is c"#, r#"{"password":"[masked]"#);
        check(r#"{"t":"{\"token\": \"abc\"}"}"#, r#"{"t":"{\"token\": \"[masked]\"}"}"#);
        check("{'api_key': 'abc d'}", "{'api_key': '[masked]'}");
        check("x-api-key: abcdefg123", "x-api-key: [masked]");
        check("export ANTHROPIC_API_KEY=abcdefg123", "export ANTHROPIC_API_KEY=[masked]");
        check("prog --api-key abcdefg123 x", "prog --api-key [masked] x");
        check("GET /v1?beta=true&api_key=abc HTTP", "GET /v1?beta=true&api_key=[masked] HTTP");
    }

    #[test]
    fn what_is_between_a_scheme_and_a_host_is_masked() {
        check("at http://user:pa@ss@host:80/a@b", "at http://[masked]@host:80/a@b");
        check("redis://:secret@cache", "redis://[masked]@cache");
        check("https://token@example.com", "https://[masked]@example.com");
        check(r#"{"url":"http:\/\/u:p@h"}"#, r#"{"url":"http:\/\/[masked]@h"}"#);
        check("to=http%3A%2F%2Fu%3Ap%40h", "to=http%3A%2F%2F[masked]%40h");
        stays("https://example.com/@name and mail@example.com");
        stays("git+ssh://git@example.com/x");
    }

    #[test]
    fn words_and_code_stay() {
        stays(r#"{"max_tokens": 9, "key": "a", "input_tokens": 12345678}"#);
        stays("a task-runner asks the bearer for a basic understanding of sk-learning");
        stays("api_key = settings.ANTHROPIC_API_KEY or os.environ[\"ANTHROPIC_API_KEY\"]");
        stays("secret = base64.b64decode(text); token: Optional[str] = None");
        stays("the token counts of a page");
    }

    #[test]
    fn an_escape_hides_nothing() {
        check(r#"{"a":"sk\u002dant\u002Dapi03-x1"}"#, r#"{"a":"[masked]"}"#);
        check("/a?b=sk%2Dant-api03%2dx1&c", "/a?b=[masked]&c");
        check(r#""{\"a\":\"sk\\u002dant-x1\"}""#, r#""{\"a\":\"[masked]\"}""#);
    }
}
