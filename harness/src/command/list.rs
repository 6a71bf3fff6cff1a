//! `chaos list`: the scenarios with the question that each asks, and the pipelines.

use std::fmt::Write;

use scenarios::{PlatformName, Scenario, library};

use crate::process::terminal;
use crate::{Exit, Failure};
use engine::Preset;
use engine::preset::SHIPPED;

/// Lists what ships.
pub fn execute() -> Result<Exit, Failure> {
    let mut text = String::from("Scenarios\n");
    for shipped in library::ALL {
        let scenario = Scenario::parse(shipped.name, shipped.text)?;
        let Scenario { title, question, .. } = scenario;
        let _ = writeln!(text, "  {:<15} {title}\n  {:<15} {question}", shipped.name, "");
    }
    text.push_str("\nPipelines\n");
    for (name, preset) in SHIPPED {
        let preset = Preset::parse(name, preset)?;
        let _ = writeln!(text, "  {name:<15} {}", preset.title);
    }
    let platforms = PlatformName::ALL.map(PlatformName::name).join(", ");
    let _ = writeln!(text, "\nPlatforms\n  {platforms}");
    text.push_str("\n`chaos show NAME` prints a file; `chaos run --scenario NAME` runs it.\n");
    terminal::print(&text)?;
    Ok(Exit::Pass)
}
