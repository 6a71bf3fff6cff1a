//! Takes secrets out of what the admin API shows: fields that are named like one, and texts that
//! look like one.
//!
//! It finds what follows a known form, no more: a password in the middle of a sentence stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use crate::api::headers::is_secret;
use crate::journal::bodies::MASKED;

/// Replaces what looks like a secret by its name.
pub(super) fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if is_secret(name) && !inner.is_null() {
                    *inner = json!("[redacted]");
                } else {
                    redact(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

/// The end of a JSON field's name whose value is a secret.
const NAME: &str = "[\\w.-]*(?:(?:api|access|secret|private|auth|signing)[_-]?keys?|token|secret\
                    |password|passwd|authorization|cookie)";

/// What a secret looks like, and what is put in its place.
static SECRETS: LazyLock<[(Regex, String); 5]> = LazyLock::new(|| {
    let masked = |form: &str, shown: &str| {
        let form = Regex::new(form).expect("the expression is valid, which a test holds");
        (form, shown.replace("MASKED", MASKED))
    };
    [
        // A value that is cut has no closing quote.
        masked(&format!(r#"(?i)("{NAME}"\s*:\s*")(?:[^"\\]|\\.)*"#), "${1}MASKED"),
        // The same in JSON that is itself a text in JSON.
        masked(&format!(r#"(?i)(\\"{NAME}\\"\s*:\s*\\")[^"\\]*"#), "${1}MASKED"),
        masked(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/-]{8,}=*", "${1}MASKED"),
        masked(
            r"(?x)\b(?: sk-[\w-]{8,} | gh[pousr]_\w{20,} | github_pat_\w{20,}
              | xox[abprs]-[\w-]{8,} | A[KS]IA[A-Z0-9]{16} | AIza[\w-]{30,}
              | eyJ[\w-]{8,}\.[\w-]+\.[\w-]* )",
            "MASKED",
        ),
        masked(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*", "MASKED"),
    ]
});

/// A text without what looks like a secret.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    SECRETS.iter().fold(Cow::Borrowed(text), |text, (form, shown)| match text {
        Cow::Borrowed(borrowed) => form.replace_all(borrowed, shown),
        Cow::Owned(owned) => Cow::Owned(form.replace_all(&owned, shown).into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_like_a_secret_is_not_shown() {
        let mut config =
            json!({"api_key": "sk", "limits": {"input_tokens_per_minute": 5, "token": "t"}});
        redact(&mut config);
        assert_eq!(
            config,
            json!({
                "api_key": "[redacted]",
                "limits": {"input_tokens_per_minute": 5, "token": "[redacted]"},
            })
        );
    }

    #[test]
    fn what_looks_like_a_secret_is_masked_and_nothing_else() {
        for (given, shown) in [
            (r#"{"api_key": "abc", "a": 1}"#, r#"{"api_key": "[masked]", "a": 1}"#),
            (r#"{"apiKey":"a\"b","x":"y"}"#, r#"{"apiKey":"[masked]","x":"y"}"#),
            (r#"{"password":"it is c"#, r#"{"password":"[masked]"#),
            (r#"{"t":"{\"token\": \"abc\"}"}"#, r#"{"t":"{\"token\": \"[masked]\"}"}"#),
            ("my key sk-ant-api03-abcdefgh.", "my key [masked]."),
            ("Authorization: Bearer abcdefgh12", "Authorization: Bearer [masked]"),
            ("AKIAABCDEFGHIJKLMNOP", "[masked]"),
            ("eyJhbGciOiJI.eyJzdWIi.abc", "[masked]"),
            (r#"{"max_tokens": 9, "key": "a"}"#, r#"{"max_tokens": 9, "key": "a"}"#),
            ("a task-runner asks the bearer", "a task-runner asks the bearer"),
        ] {
            assert_eq!(text(given), shown);
        }
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        assert!(!text(pem).contains("MIIE"));
    }
}
