//! `chaos schema`: the published JSON schemas, which the binary has within it.
//!
//! They are derived from the types that files are checked against, as those in the tree are.

use std::fmt::Write;

use engine::Preset;
use scenarios::{Scenario, suggest};
use schemars::{Schema, schema_for};

use crate::process::terminal;
use crate::target::file::TargetFile;
use crate::{Exit, Failure};

/// A schema by its name.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// The name that is typed.
    pub name: &'static str,
    /// What it is of.
    pub about: &'static str,
    /// Makes it.
    pub make: fn() -> Schema,
}

/// Every schema, those of files that users write first.
pub const ALL: [Published; 9] = [
    of("scenario", "a scenario file", || schema_for!(Scenario)),
    of("pipeline", "a pipeline over the built-in engine", || schema_for!(Preset)),
    of("target", "a pipeline file for your own command or service", || schema_for!(TargetFile)),
    of("rules", "`chaos classify --rules`", || schema_for!(testlog::triage::RuleFile)),
    of("report", "`chaos report --format json`", || schema_for!(reports::render::json::Report)),
    of("compared", "`chaos gate` and `chaos compare --format json`", || {
        schema_for!(reports::render::compared_json::Document)
    }),
    of("card", "`chaos diagnose --format json`", || schema_for!(reports::card::Card)),
    of("history", "`chaos history show --format json`", || {
        schema_for!(reports::render::history_json::Document)
    }),
    of("triage", "`chaos classify --report json`", || schema_for!(testlog::render::json::Report)),
];

const fn of(name: &'static str, about: &'static str, make: fn() -> Schema) -> Published {
    Published { name, about, make }
}

impl Published {
    /// The schema as it is published.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&(self.make)()).expect("a schema is JSON") + "\n"
    }
}

/// Prints a schema, or the list of all.
pub fn execute(name: Option<&str>) -> Result<Exit, Failure> {
    let Some(name) = name else {
        terminal::print(&list())?;
        return Ok(Exit::Pass);
    };
    let Some(found) = ALL.iter().find(|schema| schema.name == name) else {
        let hint = suggest(name, ALL.map(|schema| schema.name)).unwrap_or_default();
        return Err(Failure::usage(format!("there is no schema `{name}`\nhint: {hint}")));
    };
    terminal::print(&found.text())?;
    Ok(Exit::Pass)
}

/// A shipped file as one outside of the source tree: its schema is one that this command prints.
pub fn pointed_at(text: &str) -> String {
    let Some((path, rest)) = text.strip_prefix("#:schema ").and_then(|text| text.split_once('\n'))
    else {
        return text.to_owned();
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.strip_suffix(".schema.json").unwrap_or(file);
    line(name) + rest
}

/// The line that points an editor at a schema, and the command that puts it there.
pub fn line(name: &str) -> String {
    format!(
        "#:schema ./{name}.schema.json\n\
         # For editors: `chaos schema {name} > {name}.schema.json` writes it.\n"
    )
}

fn list() -> String {
    let mut text = String::new();
    for Published { name, about, .. } in ALL {
        let _ = writeln!(text, "{name:<10}{about}");
    }
    text + "\n`chaos schema scenario > scenario.schema.json` writes one.\n"
}
