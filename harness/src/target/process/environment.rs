//! What a command finds in its environment: the mock under every name that a client looks for, and
//! no key of the user's.

use std::collections::BTreeMap;
use std::ffi::OsString;

use redact::{Collector, is_secret};

/// Variables by which clients find the API. Each gets a path prefix of the job, so that every call
/// is known to belong to it.
const BASE_URLS: [&str; 7] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "AWS_BEDROCK_RUNTIME_ENDPOINT",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
];

/// Keys that clients want to have before they call anybody.
const FAKE_KEYS: [(&str, &str); 4] = [
    ("ANTHROPIC_API_KEY", FAKE_KEY),
    ("ANTHROPIC_FOUNDRY_API_KEY", FAKE_KEY),
    ("AWS_ACCESS_KEY_ID", "AKIAMOCKMOCKMOCKMOCK"),
    ("AWS_SECRET_ACCESS_KEY", "mock"),
];

const FAKE_KEY: &str = "sk-ant-mock";

/// Whatever else could lead a client to a real account.
const REAL_KEYS: [&str; 8] = [
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

/// What is set in an environment, in order; nothing for what is removed from it.
pub(in crate::target) type Environment = Vec<(OsString, Option<OsString>)>;

/// The environment of a process whose calls go to this URL. The user's own keys stay in it only
/// where that was asked for.
pub(in crate::target) fn to_mock(url: &str, keep_keys: bool) -> Environment {
    let set = |name: &str, value: Option<&str>| (name.into(), value.map(OsString::from));
    let urls = BASE_URLS.into_iter().map(|name| set(name, Some(url)));
    let fake = FAKE_KEYS.into_iter().filter(|(name, _)| {
        !keep_keys || std::env::var_os(name).is_none_or(|value| value.is_empty())
    });
    let fake = fake.map(|(name, key)| set(name, Some(key)));
    let removed = REAL_KEYS.into_iter().filter(|_| !keep_keys).map(|name| set(name, None));
    // A proxy of the user's knows no way to a port of this machine.
    let direct = ["NO_PROXY", "no_proxy"].map(|name| set(name, Some("127.0.0.1,localhost")));
    urls.chain(fake).chain(removed).chain(direct).collect()
}

/// The credentials that a process finds in its environment: the user's own, whether they go along
/// or not, and what is set for it.
pub(in crate::target) fn of_environment(set: &BTreeMap<String, String>) -> Collector {
    let mut collector = Collector::default();
    let inherited = std::env::vars().filter(|(name, _)| !set.contains_key(name));
    let set = set.iter().map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in inherited.chain(set) {
        if is_secret(&name) {
            collector.value(value.as_bytes());
        }
        collector.url(&value);
    }
    collector
}

/// What a job's calls have in front of their paths.
pub(in crate::target) fn url_of_job(mock: &str, job: u64) -> String {
    format!("{mock}/job/{job}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_is_sent_to_the_mock_and_no_real_key_goes_along() {
        let set = to_mock(&url_of_job("http://127.0.0.1:9", 7), false);
        for name in BASE_URLS {
            let found = set.iter().find(|(known, _)| known == name).unwrap();
            assert_eq!(found.1.as_deref(), Some("http://127.0.0.1:9/job/7".as_ref()), "{name}");
        }
        for name in REAL_KEYS {
            assert!(set.contains(&(name.into(), None)), "{name}");
        }
        // Where a variable is both set and removed, only one of the two is meant.
        let mut names: Vec<_> = set.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), set.len());
    }
}
