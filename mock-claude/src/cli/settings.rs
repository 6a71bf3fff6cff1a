//! What the flags mean: the preset, the file's sections over it, then the single flags.

use strict_toml::nearest;

use super::args::Args;
use super::failure::Failure;
use super::{file, presets, replies};
use crate::limits::{LimitsConfig, Tier};
use crate::mock::Config;

/// The configuration that the flags ask for.
pub(super) fn read(args: &Args) -> Result<Config, Failure> {
    let mut layers = Vec::new();
    if let Some(name) = &args.preset {
        let preset = presets::find(name)?;
        layers.push(file::config(preset.name, preset.text)?);
    }
    if let Some(path) = &args.config {
        layers.push(file::config_at(path)?);
    }
    let mut config = file::merged(layers)?;
    if let Some(name) = &args.limits {
        limit(&mut config, name)?;
    }
    if let Some(path) = &args.faults {
        file::put_before(&mut config, path)?;
    }
    replies::put_before(&mut config, &args.replies)?;
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    config.contract |= args.contract;
    Ok(config)
}

/// Puts a tier under the limits that are there, or switches them off.
fn limit(config: &mut Config, name: &str) -> Result<(), Failure> {
    let limits = config.limits.get_or_insert_with(LimitsConfig::default);
    if name == "off" {
        limits.enabled = Some(false);
        return Ok(());
    }
    let tier = Tier::ALL.into_iter().find(|tier| tier.name() == name).ok_or_else(|| {
        let names = Tier::ALL.map(Tier::name);
        let near = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| format!("one of `{}`, `off`", names.join("`, `")));
        Failure::usage(format!("there is no tier `{name}`\nhint: {hint}"))
    })?;
    limits.tier = Some(tier);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultConfig;
    use clap::Parser;

    fn config(flags: &[&str]) -> Result<Config, Failure> {
        read(&Args::try_parse_from(std::iter::once(&"mock-claude").chain(flags)).unwrap())
    }

    #[test]
    fn single_flags_come_last_and_leave_the_rest_of_the_preset() {
        let stress = config(&["--preset", "stress", "--limits", "scale", "--seed", "9"]).unwrap();
        let limits = stress.limits.unwrap();
        assert_eq!((limits.tier, stress.seed), (Some(Tier::Scale), 9));
        assert_eq!(limits.concurrent_requests, std::num::NonZeroU64::new(8));
        let off = config(&["--preset", "stress", "--limits", "off"]).unwrap();
        assert_eq!(off.limits.unwrap().enabled, Some(false));
        let error = config(&["--limits", "stat"]).unwrap_err();
        assert_eq!(error.message, "there is no tier `stat`\nhint: did you mean `start`?");
    }

    #[test]
    fn a_files_sections_replace_the_presets_and_its_faults_file_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let file = path("a.toml", "[latency]\nfirst_token_ms = 5\n");
        let faults =
            path("b.toml", "[[fault]]\nname = \"mine\"\nkind = \"status\"\nstatus = 418\n");
        let mixed =
            config(&["--preset", "realistic", "--config", &file, "--faults", &faults]).unwrap();
        assert_eq!(mixed.latency.first_token_ms, 5);
        assert_eq!(mixed.latency.decode_tokens_per_second.get(), 48, "the section's default");
        assert_eq!(mixed.limits.unwrap().tier, Some(Tier::Start), "the preset's");
        let names: Vec<String> = mixed.fault.iter().map(FaultConfig::name).collect();
        assert_eq!(names, ["mine", "overloaded", "internal-error"]);
    }
}
