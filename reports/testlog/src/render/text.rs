//! The page for a terminal: what was read, then each group of failures with its cause.
//!
//! Invariant: every id is whole, because it is what the reader copies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::words::{first_line, place, status_words};
use crate::triage::{Flakiness, Group, Triage};
use reports::Category;
use reports::render::{Exporter, ReportFormat, Style, past_words};
use reports::text::{counted, escape, percent, shortened, thousands, wrap};

/// The ids that a group names.
const SHOWN: usize = 5;

/// The groups that a screen has room for.
const SHOWN_GROUPS: usize = 20;

/// `--report text`.
#[derive(Debug)]
pub(super) struct Text;

impl Exporter<Triage<'_>> for Text {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "text",
            about: "For a terminal: each group of failures with its cause and remedy",
            file: "triage.txt",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, style: Style) -> String {
        render(triage, style)
    }
}

/// Renders everything, or every id of every group.
fn render(triage: &Triage<'_>, style: Style) -> String {
    let verbose = style.verbose;
    let mut page = String::new();
    for input in triage.inputs {
        if triage.inputs.len() > 1 {
            let _ = writeln!(page, "{}", escape(&input.name));
        }
        page.push_str(&super::runs::render(&input.log));
    }
    for note in &triage.notes {
        let _ = writeln!(page, "{}", wrap("note: ", &escape(note), style.width, 6));
    }
    if !triage.findings.is_empty() {
        let failures = counted(triage.findings.len(), "failure");
        let groups = counted(triage.groups.len(), "group");
        let _ = writeln!(page, "\n{failures} in {groups}: {}", by_category(triage));
    }
    let shown = if verbose { usize::MAX } else { SHOWN_GROUPS };
    for group in triage.groups.iter().take(shown) {
        render_group(&mut page, triage, group, verbose, style);
    }
    let hidden = triage.groups.len().saturating_sub(shown);
    if hidden > 0 {
        let groups = counted(hidden, "group");
        let _ = writeln!(page, "\n… and {groups} more, none more urgent (`--verbose`)");
    }
    if let Some(flakiness) = &triage.flakiness {
        render_flakiness(&mut page, flakiness);
    }
    page
}

/// How many failures each category has.
fn by_category(triage: &Triage<'_>) -> String {
    let counts = Category::ALL.map(|category| (triage.in_category(category), category.name()));
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, name)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

fn render_group(
    page: &mut String,
    triage: &Triage<'_>,
    group: &Group,
    verbose: bool,
    style: Style,
) {
    let finding = &triage.findings[group.ends().0];
    let (category, priority) = (finding.category.name(), finding.priority.name());
    let times = match group.members.len() {
        1 => String::new(),
        many => format!("  ×{}", thousands(many as u64)),
    };
    let prefix = format!("{category} {priority}{times}  ");
    let _ = writeln!(page, "\n{}", wrap(&prefix, &escape(&finding.reason), style.width, 4));
    let shown = if verbose { usize::MAX } else { SHOWN };
    let lines = members(triage, group);
    for (line, times) in lines.iter().take(shown) {
        let times = if *times > 1 { format!("  ×{}", thousands(*times)) } else { String::new() };
        let _ = writeln!(page, "  {line}{times}");
    }
    let hidden = lines.len().saturating_sub(shown);
    if hidden > 0 {
        let _ = writeln!(page, "  … and {} more (`--verbose`)", thousands(hidden as u64));
    }
    let (at, message) = (place(&finding.case), first_line(&finding.case.message));
    let separator = if at.is_empty() || message.is_empty() { "" } else { ": " };
    let message = escape(&format!("{at}{separator}{message}"));
    if !message.is_empty() {
        let _ = writeln!(page, "    {}", cut(&message, style.width.saturating_sub(4)));
    }
    if let Some(rule) = &finding.rule {
        let (confidence, rule) = (finding.confidence.name(), escape(rule));
        let prefix = format!("    {confidence}, by {rule}: ");
        let evidence = wrap(&prefix, &escape(&finding.evidence), style.width, 6);
        let _ = writeln!(page, "{evidence}");
    }
    if let Some(past) = &group.past {
        let words = past_words(past).map(|words| format!(": {words}")).unwrap_or_default();
        let _ = writeln!(page, "    {}{words}", past.standing.word());
    }
    let _ = writeln!(page, "{}", wrap("    → ", &escape(&finding.remedy), style.width, 6));
}

/// The failures of a group, each once, with how often it is there: several logs name a test again.
fn members(triage: &Triage<'_>, group: &Group) -> Vec<(String, u64)> {
    let mut lines: Vec<(String, u64)> = Vec::new();
    let mut places = BTreeMap::new();
    for member in &group.members {
        let case = &triage.findings[*member].case;
        let part = case.subtest.as_deref().filter(|part| !part.is_empty());
        let part = part.map(|part| format!(" {part}")).unwrap_or_default();
        let attempts = match case.attempts {
            1 => String::new(),
            attempts => format!(" · {attempts} attempts"),
        };
        let id = escape(&format!("{}{part}{attempts}", case.id.full));
        let line = format!("{}  {id}", status_words(case));
        let place = *places.entry(line.clone()).or_insert(lines.len());
        match lines.get_mut(place) {
            Some((_, times)) => *times += 1,
            None => lines.push((line, 1)),
        }
    }
    lines
}

/// A text that fits a width; one that does not ends after a whole word, where there is one.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let cut = shortened(text, width.saturating_sub(1));
    match cut.rfind(' ').filter(|end| *end > cut.len() / 2) {
        Some(end) => format!("{} …", &cut[..end]),
        None => cut,
    }
}

fn render_flakiness(page: &mut String, flakiness: &Flakiness) {
    let runs = counted(flakiness.runs, "run");
    let _ = writeln!(page, "\nflakiness over {runs}");
    if flakiness.left_out > 0 {
        let left_out = counted(flakiness.left_out, "run");
        let _ = writeln!(page, "  {left_out} left out: more than 80 % failed");
    }
    if flakiness.passes_missing {
        page.push_str(
            "  some logs name only what failed: what is not among it counts as passed, \
             unless it was skipped (`pytest -v` shows it)\n",
        );
    }
    for test in &flakiness.tests {
        let word = if test.is_flaky() { "quarantine" } else { "always fails" };
        let rate = percent(test.pass_rate_ppm());
        let (passes, of) = (test.passes(), test.passed.len());
        let title = test.title.as_deref().map(|title| format!("{title} ")).unwrap_or_default();
        let id = escape(&format!("{title}{}", test.id));
        let flips = counted(test.flips(), "flip");
        let failed = of - passes;
        let alone = match (test.alone, failed) {
            (_, 0) => String::new(),
            (0, _) => ", never alone".to_owned(),
            (alone, failed) if alone == failed => ", always alone".to_owned(),
            (alone, failed) => format!(", alone {alone} of {failed}"),
        };
        let _ = writeln!(page, "  {word}  {id}: passed {passes} of {of} ({rate}), {flips}{alone}");
    }
    if flakiness.runs == 0 {
        page.push_str("  nothing is said about single tests\n");
    } else if flakiness.tests.is_empty() {
        page.push_str("  no test failed\n");
    }
}
