//! The `[bedrock]` section: what clients name of an account at AWS, its access keys and its
//! application inference profiles.
//!
//! A secret key leaves it by one way only, to be computed with: it is masked wherever the section
//! is shown or written.

use std::collections::BTreeMap;
use std::fmt;

use redact::MASK;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use strict_toml::{Problem, nearest};

use crate::api::prices;

/// The `[bedrock]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BedrockAccount {
    /// Access keys and their secret keys. With any, every signature is verified, and other access
    /// keys are refused; without, no signature is.
    pub keys: BTreeMap<String, SecretKey>,
    /// Application inference profiles: the id at the end of the ARN, and the model behind it.
    pub profiles: BTreeMap<String, String>,
}

/// The secret key that goes with an access key.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretKey(String);

impl BedrockAccount {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let keys = self.keys.iter().filter_map(|(id, secret)| {
            let message = if !is_word(id, b"_") {
                "is no access key: it has letters, digits and `_`"
            } else if secret.0.is_empty() {
                "must not be empty"
            } else {
                return None;
            };
            Some(Problem::new(format!("keys.{id}"), message))
        });
        let profiles = self.profiles.iter().filter_map(|(id, model)| {
            let key = format!("profiles.{id}");
            if !is_word(id, b":.-") {
                let message = "is no id of a profile: it is what follows \
                               `application-inference-profile/` in the ARN";
                return Some(Problem::new(key, message));
            }
            if prices::known(model).is_some() {
                return None;
            }
            let near = nearest(model, prices::all().iter().map(|model| model.id.as_str()));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            Some(Problem::new(key, format!("the API has no model `{model}`")).hint(hint))
        });
        keys.chain(profiles).collect()
    }
}

fn is_word(id: &str, others: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    !id.is_empty() && id.bytes().all(fits)
}

impl SecretKey {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

impl Serialize for SecretKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_is_masked_wherever_it_is_written() {
        let account: BedrockAccount = toml::from_str("keys = { AKIA = \"wJalrXUt\" }").unwrap();
        assert_eq!(account.keys["AKIA"].expose(), "wJalrXUt");
        let written = [format!("{account:?}"), serde_json::to_string(&account).unwrap()];
        assert!(written.iter().all(|text| text.contains("AKIA") && !text.contains("wJalrXUt")));
    }

    #[test]
    fn what_cannot_be_a_key_or_a_profile_is_a_problem() {
        let problem = |text: &str| {
            let account: BedrockAccount = toml::from_str(text).unwrap();
            let Problem { key, message, hint, .. } =
                account.problems().pop().unwrap_or_else(|| {
                    panic!("{text} has no problem");
                });
            format!("{key}: {message}{}", hint.map(|hint| format!(", {hint}")).unwrap_or_default())
        };
        let word = "keys.AKIA/1: is no access key: it has letters, digits and `_`";
        assert_eq!(problem("keys = { \"AKIA/1\" = \"x\" }"), word);
        assert_eq!(problem("keys = { AKIA = \"\" }"), "keys.AKIA: must not be empty");
        let near = "profiles.a: the API has no model `claude-sonet-4-6`, did you mean \
                    `claude-sonnet-4-6`?";
        assert_eq!(problem("profiles = { a = \"claude-sonet-4-6\" }"), near);
        let arn = "profiles.inference/a: is no id of a profile: it is what follows \
                   `application-inference-profile/` in the ARN";
        assert_eq!(problem("profiles = { \"inference/a\" = \"claude-sonnet-4-6\" }"), arn);
    }
}
