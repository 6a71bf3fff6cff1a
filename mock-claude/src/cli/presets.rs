//! The shipped presets as the command line names and lists them.

use strict_toml::nearest;

use super::failure::Failure;
use crate::mock::presets::{PRESETS, Preset};

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
    let line = |preset: &Preset| format!("{:<14}{}\n", preset.name, preset.about());
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
