//! URLs and command lines as a user typed them: what is before a host, and what follows a flag that
//! is named like a credential.

use crate::collect::Collector;
use crate::cuts::MASK;
use crate::names::is_secret;
use crate::secrets::text;

/// A typed URL, whether it is one or not, without its user and password.
pub fn url(typed: &str) -> String {
    let start = typed.find("://").map_or(0, |at| at + 3);
    let masked = match typed[start..].rfind('@') {
        // In a URL it stands before the path; what is no URL may have it anywhere.
        Some(at) if at > 0 && !is_in_path(&typed[start..start + at]) => {
            format!("{}{MASK}{}", &typed[..start], &typed[start + at..])
        }
        _ => typed.to_owned(),
    };
    text(&masked).into_owned()
}

/// Whether what stands before an `@` has a host and a path of its own already.
fn is_in_path(before: &str) -> bool {
    let host = before.split(['/', '?', '#']).next().unwrap_or_default();
    host.len() < before.len() && !host.contains(':')
}

/// The words of a command line without its credentials.
pub fn words(typed: &[String]) -> Vec<String> {
    let mut is_value = false;
    let mut shown = Vec::with_capacity(typed.len());
    for word in typed {
        let masked = if is_value { MASK.to_owned() } else { one(word) };
        is_value = !is_value && announces(word);
        shown.push(masked);
    }
    shown
}

/// A word of a command line: `--token=X` and `TOKEN=X` without what follows the sign.
fn one(word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) if is_named(name) && !value.is_empty() => format!("{name}={MASK}"),
        _ => text(word).into_owned(),
    }
}

/// Whether a word is a flag whose value is the word that follows.
fn announces(word: &str) -> bool {
    word.starts_with('-') && is_named(word)
}

/// Whether a flag or a variable is named like a credential.
fn is_named(name: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().all(is_name) && is_secret(name.trim_start_matches('-'))
}

impl Collector {
    /// The credentials in the words of a command line.
    pub fn words(&mut self, typed: &[String]) {
        let mut is_value = false;
        for word in typed {
            match word.split_once('=') {
                _ if is_value => self.value(word.as_bytes()),
                Some((name, value)) if is_named(name) => self.value(value.as_bytes()),
                _ => {}
            }
            if let Some((name, value)) = word.split_once(':')
                && !word.contains("://")
            {
                self.header(name.trim(), value.as_bytes());
            }
            self.url(word);
            is_value = !is_value && announces(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_url_is_shown_without_what_is_before_its_host() {
        let check = |typed: &str, shown: &str| {
            assert_eq!(url(typed), shown);
            assert_eq!(url(shown), shown);
        };
        check("http://user:pa/ss@host/x", "http://[masked]@host/x");
        check("user:password@host:8080", "[masked]@host:8080");
        check(":password@host", "[masked]@host");
        check("http://host/@name", "http://host/@name");
        check("http://host:80/a?key=abc", "http://host:80/a?key=[masked]");
        check("no url", "no url");
        check("@", "@");
    }

    #[test]
    fn what_follows_a_flag_that_is_named_like_a_credential_is_masked() {
        let typed = [
            "prog",
            "--api-key",
            "hidden",
            "--token=hidden",
            "API_KEY=hidden",
            "--max-tokens",
            "99",
            "-H",
            "x-api-key: sk-ant-hidden",
            "redis://:hidden@h",
            "--password",
        ];
        let typed = typed.map(str::to_owned);
        let shown = words(&typed).join(" ");
        assert_eq!(
            shown,
            "prog --api-key [masked] --token=[masked] API_KEY=[masked] --max-tokens 99 -H \
             x-api-key: [masked] redis://[masked]@h --password"
        );
    }

    #[test]
    fn credentials_of_a_command_line_are_known_afterwards() {
        let typed = ["prog", "--api-key", "opaque-word", "-H", "x-api-key: other-word", "--k=v"];
        let mut collector = Collector::default();
        collector.words(&typed.map(str::to_owned));
        let secrets = collector.secrets();
        let said = secrets.text("opaque-word and other-word and --k=v");
        assert_eq!(said, "[masked] and [masked] and --k=v");
    }
}
