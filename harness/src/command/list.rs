//! `chaos list`: the scenarios with the question that each asks, and the pipelines.

use std::fmt::Write;

use engine::Preset;
use engine::preset::SHIPPED;
use reports::text::wrap;
use scenarios::{PlatformName, Scenario, library};
use serde::Serialize;

use crate::process::terminal;
use crate::{Exit, Failure};

/// Everything that ships, as `--json` prints it.
#[derive(Serialize)]
struct Listed {
    scenarios: Vec<Named>,
    pipelines: Vec<Named>,
    platforms: Vec<&'static str>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
}

/// Lists what ships.
pub fn execute(json: bool) -> Result<Exit, Failure> {
    let listed = listed()?;
    terminal::print(&if json {
        serde_json::to_string_pretty(&listed).expect("plain data with text keys") + "\n"
    } else {
        text(&listed)
    })?;
    Ok(Exit::Pass)
}

fn listed() -> Result<Listed, Failure> {
    let mut scenarios = Vec::new();
    for shipped in library::ALL {
        let Scenario { title, question, .. } = Scenario::parse(shipped.name, shipped.text)?;
        scenarios.push(Named { name: shipped.name, title, question: Some(question) });
    }
    let mut pipelines = Vec::new();
    for (name, preset) in SHIPPED {
        let title = Preset::parse(name, preset)?.title;
        pipelines.push(Named { name, title, question: None });
    }
    Ok(Listed { scenarios, pipelines, platforms: PlatformName::ALL.map(PlatformName::name).into() })
}

fn text(listed: &Listed) -> String {
    let all = || listed.scenarios.iter().chain(&listed.pipelines);
    let names = all().map(|named| named.name.len()).max().unwrap_or(0);
    let mut text = String::from("Scenarios\n");
    for (index, named) in all().enumerate() {
        if index == listed.scenarios.len() {
            text.push_str("\nPipelines\n");
        }
        let prefix = format!("  {:<names$}  ", named.name);
        let _ = writeln!(text, "{}", wrap(&prefix, &named.title, terminal::width(), names + 4));
        if let Some(question) = &named.question {
            let prefix = " ".repeat(names + 4);
            let _ = writeln!(text, "{}", wrap(&prefix, question, terminal::width(), names + 4));
        }
    }
    let platforms = wrap("  ", &listed.platforms.join(", "), terminal::width(), 2);
    let _ = writeln!(text, "\nPlatforms\n{platforms}");
    let hint = "`chaos show NAME` prints a file; `chaos run NAME` runs a scenario.";
    text + "\n" + &wrap("", hint, terminal::width(), 0) + "\n"
}
