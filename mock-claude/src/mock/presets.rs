//! The configurations that are shipped, each a TOML file of the `presets` folder, and the faults
//! that are shipped to choose from.

use strict_toml::Document;

use super::config::Config;
use crate::fault::FaultConfig;

/// A shipped configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Preset {
    /// Its name.
    pub(crate) name: &'static str,
    /// The file.
    pub(crate) text: &'static str,
}

/// Every preset, from the mildest to the harshest.
pub(crate) const PRESETS: [Preset; 7] = [
    Preset { name: "instant", text: include_str!("../../presets/instant.toml") },
    Preset { name: "healthy", text: include_str!("../../presets/healthy.toml") },
    Preset { name: "realistic", text: include_str!("../../presets/realistic.toml") },
    Preset { name: "rate-limited", text: include_str!("../../presets/rate-limited.toml") },
    Preset { name: "brownout", text: include_str!("../../presets/brownout.toml") },
    Preset { name: "outage", text: include_str!("../../presets/outage.toml") },
    Preset { name: "stress", text: include_str!("../../presets/stress.toml") },
];

/// One fault of every kind, with every key.
const EXAMPLES: &str = include_str!("../../faults.example.toml");

impl Preset {
    /// The comment that the file begins with: what the preset is.
    pub(crate) fn about(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("# "));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Whether a configuration has the latency, the limits and the faults of this one.
    pub(crate) fn is_in_force(&self, now: &Config) -> bool {
        let parts =
            |config: &Config| (config.latency.clone(), config.limits.clone(), config.fault.clone());
        parts(&self.config()) == parts(now)
    }

    /// What the file says.
    pub(crate) fn config(&self) -> Config {
        config(self.name, self.text)
    }
}

/// Every fault that is shipped, with the file that it is from: one of every kind, then those of
/// the presets.
pub(crate) fn faults() -> Vec<(&'static str, FaultConfig)> {
    let examples = config("faults.example.toml", EXAMPLES).fault.into_iter();
    let of_presets = PRESETS.iter().flat_map(|preset| {
        preset.config().fault.into_iter().map(move |fault| (preset.name, fault))
    });
    examples.map(|fault| ("examples", fault)).chain(of_presets).collect()
}

fn config(name: &str, text: &str) -> Config {
    let read = Document::parse(name, text).and_then(|document| document.read());
    read.expect("the shipped files are valid, which a test holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_valid_and_says_what_it_is() {
        for preset in &PRESETS {
            assert_eq!(preset.config().problems(), [], "{}", preset.name);
            assert!(!preset.about().is_empty(), "{}", preset.name);
        }
        let faults = faults();
        assert!(faults.iter().any(|(from, fault)| *from == "stress" && fault.name() == "timeout"));
        assert!(faults.iter().any(|(from, _)| *from == "examples"));
    }
}
