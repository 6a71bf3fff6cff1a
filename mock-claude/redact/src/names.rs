//! Names of headers, fields, parameters and flags whose value nobody else may see.

/// Whether a header, a field or a parameter with this name holds what nobody else may see.
pub fn is_secret(name: &str) -> bool {
    const LAST_WORDS: [&str; 16] = [
        "apikey",
        "auth",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "jwt",
        "key",
        "keys",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "sig",
        "signature",
        "token",
    ];
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    LAST_WORDS.iter().any(|word| last.eq_ignore_ascii_case(word)) || ends_in_camel_case(last)
}

/// Whether a name such as `apiKey` or `accessToken` ends with such a word.
fn ends_in_camel_case(name: &str) -> bool {
    ["Key", "Token", "Secret", "Password"].iter().any(|word| name.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_says_whether_a_value_is_secret() {
        for name in [
            "x-api-key",
            "X-Goog-Api-Key",
            "apiKey",
            "accessToken",
            "x-team-token",
            "set-cookie",
            "Proxy-Authorization",
            "client_secret",
            "sig",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["max_tokens", "input-tokens", "keyboard", "monkey", "request-id", "author"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
