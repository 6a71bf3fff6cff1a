//! `chaos show`: a shipped file, comments included; its schema is one that `chaos schema` prints.

use scenarios::{PlatformName, library, suggest};

use super::schema;
use crate::process::terminal;
use crate::{Exit, Failure};
use engine::preset::{SHIPPED, shipped};

/// Prints a scenario, a pipeline, or the section of a platform.
pub fn execute(name: &str) -> Result<Exit, Failure> {
    let text = library::find(name).map(|shipped| shipped.text).or_else(|| shipped(name));
    let text = text.map(schema::pointed_at).or_else(|| PlatformName::shown(name));
    let Some(text) = text else {
        let scenarios = library::ALL.iter().map(|shipped| shipped.name);
        let names = scenarios.chain(SHIPPED.iter().map(|(name, _)| *name));
        let names = names.chain(PlatformName::ALL.map(PlatformName::name));
        let hint = suggest(name, names).unwrap_or_default();
        let message = format!("no scenario, pipeline or platform `{name}` ships\nhint: {hint}");
        return Err(Failure::usage(message));
    };
    terminal::print(&text)?;
    Ok(Exit::Pass)
}
