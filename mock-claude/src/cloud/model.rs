//! Models by the names that clouds give them.

use std::collections::BTreeMap;

use crate::api::prices;

/// Where an inference profile of Bedrock may run, as its id begins.
const REGIONS: [&str; 10] = ["us-gov", "us", "eu", "apac", "global", "jp", "au", "ca", "sa", "me"];

/// A name that Bedrock knows a model by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BedrockId<'a> {
    /// The id of the API.
    pub(super) id: &'a str,
    /// Whether it is an inference profile.
    pub(super) is_profile: bool,
}

/// The model behind an id, an inference profile or an ARN; none where it names no Claude model.
pub(super) fn of_bedrock(named: &str) -> Option<BedrockId<'_>> {
    let id = match named.strip_prefix("arn:") {
        Some(arn) => arn.split_once('/')?.1,
        None => named,
    };
    let mut regions = REGIONS.into_iter();
    let profile = regions.find_map(|region| id.strip_prefix(region)?.strip_prefix('.'));
    let rest = profile.unwrap_or(id);
    let id = unversioned(rest.strip_prefix("anthropic.")?);
    prices::known(id)?;
    Some(BedrockId { id, is_profile: profile.is_some() })
}

/// The model behind the ARN of an application inference profile. Bedrock does not take its id alone
/// (tinovyatkin/amazon-bedrock-copilot-chat#28).
pub(super) fn of_profile<'a>(
    named: &str,
    profiles: &'a BTreeMap<String, String>,
) -> Option<BedrockId<'a>> {
    let [arn, _, service, _, _, resource] = named.splitn(6, ':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let id = resource.strip_prefix("application-inference-profile/")?;
    let id = profiles.get(id).filter(|_| arn == "arn" && service == "bedrock")?;
    Some(BedrockId { id, is_profile: true })
}

/// A name without Bedrock's version: `-v1:0`, `-v1`.
fn unversioned(name: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((id, version)) = name.rsplit_once("-v") else { return name };
    let (major, minor) = version.split_once(':').unwrap_or((version, "0"));
    if digits(major) && digits(minor) { id } else { name }
}

/// Whether a model can only be invoked by an inference profile: Bedrock's catalogue has the models
/// of these names in no other way.
pub(super) fn needs_a_profile(id: &str) -> bool {
    ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-1"]
        .iter()
        .any(|name| id.starts_with(name))
}

/// The id of the API for a name of Vertex AI: `claude-haiku-4-5@20251001`.
pub(super) fn of_vertex(named: &str) -> Option<String> {
    let id = match named.split_once('@') {
        Some((id, "default" | "latest")) => id.to_owned(),
        Some((id, date)) => format!("{id}-{date}"),
        None => named.to_owned(),
    };
    prices::known(&id).map(|_| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_every_name_that_bedrock_gives_it() {
        let found = |named| of_bedrock(named).map(|found| (found.id, found.is_profile));
        let dated = "claude-sonnet-4-5-20250929";
        assert_eq!(found("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), Some((dated, true)));
        assert_eq!(found("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"), Some((dated, true)));
        let arn = "arn:aws:bedrock:us-east-1:1234:inference-profile/global.anthropic.";
        let arn = format!("{arn}claude-sonnet-4-5-20250929-v1:0");
        assert_eq!(found(&arn), Some((dated, true)));
        assert_eq!(found("anthropic.claude-opus-4-7"), Some(("claude-opus-4-7", false)));
        assert_eq!(found("anthropic.claude-opus-4-7-v1"), Some(("claude-opus-4-7", false)));
        for wrong in [
            "claude-opus-4-7",
            "anthropic.claude-none",
            "usanthropic.claude-opus-4-7",
            "arn:aws:bedrock:us-east-1:1234:application-inference-profile/abcdef",
            "arn:",
            "",
            "amazon.nova-pro-v1:0",
        ] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_profile_of_the_account_is_known_by_its_arn_alone() {
        let model = "claude-sonnet-4-6".to_owned();
        let profiles = BTreeMap::from([("abcd1234".to_owned(), model.clone())]);
        let found = |named: &str| of_profile(named, &profiles).map(|found| found.id);
        let arn = "arn:aws:bedrock:us-east-1:1234:application-inference-profile/abcd1234";
        assert_eq!(found(arn), Some(model.as_str()));
        assert_eq!(found(&arn.replace("aws", "aws-us-gov")), Some(model.as_str()));
        for wrong in ["abcd1234", &arn.replace("abcd", "abce"), &arn.replace("bedrock", "s3")] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn vertex_writes_the_date_behind_an_at_sign() {
        let dated = Some("claude-haiku-4-5-20251001".to_owned());
        assert_eq!(of_vertex("claude-haiku-4-5@20251001"), dated);
        assert_eq!(of_vertex("claude-opus-5"), Some("claude-opus-5".to_owned()));
        assert_eq!(of_vertex("claude-opus-5@default"), Some("claude-opus-5".to_owned()));
        assert_eq!(of_vertex("gemini-3"), None);
    }
}
