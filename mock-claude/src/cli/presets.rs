//! The configurations that are shipped, each a TOML file of the `presets` folder.

use strict_toml::nearest;

use super::failure::Failure;

/// A shipped configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preset {
    /// Its name.
    pub(super) name: &'static str,
    /// The file.
    pub(super) text: &'static str,
}

/// Every preset, from the mildest to the harshest.
pub(super) const PRESETS: [Preset; 7] = [
    Preset { name: "instant", text: include_str!("../../presets/instant.toml") },
    Preset { name: "healthy", text: include_str!("../../presets/healthy.toml") },
    Preset { name: "realistic", text: include_str!("../../presets/realistic.toml") },
    Preset { name: "rate-limited", text: include_str!("../../presets/rate-limited.toml") },
    Preset { name: "brownout", text: include_str!("../../presets/brownout.toml") },
    Preset { name: "outage", text: include_str!("../../presets/outage.toml") },
    Preset { name: "stress", text: include_str!("../../presets/stress.toml") },
];

/// The preset of this name.
pub(super) fn find(name: &str) -> Result<&'static Preset, Failure> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| {
        let hint = match nearest(name, PRESETS.iter().map(|preset| preset.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`--list-presets` prints their names".to_owned(),
        };
        Failure::usage(format!("there is no preset `{name}`\nhint: {hint}"))
    })
}

/// One line for each preset: its name and the comment that its file begins with.
pub(super) fn list() -> String {
    let line = |preset: &Preset| {
        let comment = preset.text.lines().map_while(|line| line.strip_prefix("# "));
        format!("{:<14}{}\n", preset.name, comment.collect::<Vec<_>>().join(" "))
    };
    PRESETS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::file;

    #[test]
    fn every_preset_is_a_valid_configuration_that_says_what_it_is() {
        for preset in &PRESETS {
            file::config(preset.name, preset.text).unwrap();
            assert!(preset.text.starts_with("# "), "{}", preset.name);
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_gets_the_right_one_for_an_answer() {
        assert_eq!(
            find("realstic").unwrap_err().message,
            "there is no preset `realstic`\nhint: did you mean `realistic`?"
        );
        assert!(find("zzz").unwrap_err().message.contains("--list-presets"));
    }
}
