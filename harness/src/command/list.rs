//! `chaos list`: the scenarios with the question that each asks, and the pipelines.

use scenarios::{Scenario, library};

use crate::failure::{Exit, Failure};
use crate::pipeline::Preset;
use crate::pipeline::preset::SHIPPED;
use crate::terminal;

/// Lists what ships.
pub fn execute() -> Result<Exit, Failure> {
    let mut text = String::from("Scenarios\n");
    for shipped in library::ALL {
        let scenario = Scenario::parse(shipped.name, shipped.text)?;
        text.push_str(&format!("  {:<15} {}\n", shipped.name, scenario.title));
        text.push_str(&format!("  {:<15} {}\n", "", scenario.question));
    }
    text.push_str("\nPipelines\n");
    for (name, preset) in SHIPPED {
        let preset = Preset::parse(name, preset)?;
        text.push_str(&format!("  {name:<15} {}\n", preset.title));
    }
    text.push_str("\n`chaos show NAME` prints a file; `chaos run --scenario NAME` runs it.\n");
    terminal::print(&text)?;
    Ok(Exit::Pass)
}
