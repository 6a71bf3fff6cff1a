//! Takes secrets out of what the admin API shows: fields that are named like one, here; texts that
//! look like one, in every answer (`respond`).

use redact::{MASK, is_secret};
use serde_json::{Value, json};

/// Replaces what is named like a secret by a mask.
pub(super) fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if is_secret(name) && !inner.is_null() {
                    *inner = json!(MASK);
                } else {
                    redact(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
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
                "api_key": "[masked]",
                "limits": {"input_tokens_per_minute": 5, "token": "[masked]"},
            })
        );
    }
}
