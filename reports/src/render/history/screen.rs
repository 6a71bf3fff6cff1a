//! A history on a terminal: what moved, when, and whether that was accepted.
//!
//! Invariants: a step is shown with every digit; what did not move is counted; of real time no step
//! is claimed; what is unknown is called so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::sparkline::sparkline;
use super::{mark_words, suite, time_words};
use crate::compare::Unit;
use crate::history::{Acceptance, Flaky, History, Line, Series, Step};
use crate::render::compared::amount::exact;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::text::counted;
use crate::text::{duration, escape, thousands, usd, wrap};

/// `--format terminal`.
#[derive(Debug)]
pub(in crate::render) struct HistoryScreen;

impl Exporter<History> for HistoryScreen {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "terminal",
            about: "The screen of the command",
            file: "history.txt",
            kept: false,
        }
    }

    fn text(&self, history: &History, style: Style) -> String {
        render(history, style)
    }
}

fn render(history: &History, style: Style) -> String {
    let mut parts = Vec::new();
    for (count, noun) in [(history.runs, "run"), (history.logs, "test log")] {
        if count > 0 {
            parts.push(counted(usize::try_from(count).unwrap_or(usize::MAX), noun));
        }
    }
    let days = history.days.as_ref().map_or_else(String::new, |(first, last)| {
        format!(", {}", span(&escape(first), &escape(last)))
    });
    let mut text = format!("HISTORY  {}{days}\n", parts.join(", "));
    for series in &history.series {
        one(&mut text, series, style);
    }
    for suite in &history.suites {
        suite::render(&mut text, suite, style);
    }
    let mut lines = history.series.iter().flat_map(|series| &series.lines);
    if !history.checked && lines.any(|line| !line.steps.is_empty()) {
        text.push_str("\nhint: `--baseline FILE` shows which steps were accepted, and why\n");
    }
    text
}

fn span(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

fn one(text: &mut String, series: &Series, style: Style) {
    let basis = &series.basis;
    let runs = counted(series.points.len(), "run");
    let (scenario, pipeline) = (escape(&basis.scenario), escape(&basis.pipeline));
    let time = time_words(basis);
    let _ = writeln!(text, "\n{scenario} · {pipeline} · seed {} · {time} · {runs}", basis.seed);
    if !series.parted_by.is_empty() {
        let since = mark_words(&series.began);
        let words = format!("since {since}: before, {}", series.parted_by.join(", "));
        let _ = writeln!(text, "{}", wrap("  not comparable ", &words, style.width, 4));
    }
    if series.points.len() == 1 {
        let figures = if style.verbose { "" } else { " (`--verbose` shows its figures)" };
        let _ = writeln!(text, "  one run: there is nothing to compare it with{figures}");
    }
    let shown = |line: &&Line| style.verbose || line.moved();
    let rows: Vec<Vec<String>> = series.lines.iter().filter(shown).map(row).collect();
    let hidden = series.lines.len() - rows.len();
    if !rows.is_empty() {
        let header = ["metric", "line", "first", "last", "range", "runs", "n"];
        text.push_str(&table(header.map(str::to_owned).to_vec(), rows, 2, style));
    }
    if hidden > 0 && series.points.len() > 1 {
        let metrics = counted(hidden, "metric");
        let _ = writeln!(text, "  {metrics} did not move (`--verbose` lists them)");
    }
    steps(text, series, style);
    flaky(text, series, style);
}

/// A run of a series in words: by its label, or by its place where it has none.
fn point_words(series: &Series, place: usize) -> String {
    let mark = &series.points[place].mark;
    if mark.label.is_some() {
        return mark_words(mark);
    }
    format!("run {} ({})", place + 1, escape(&mark.day))
}

/// A line in units that are read at a glance; every digit is with the step.
fn row(line: &Line) -> Vec<String> {
    let amount =
        |value: Option<u64>| value.map_or_else(|| "—".to_owned(), |value| brief(line.unit, value));
    let mut present = line.present();
    let (first, last) = (present.next(), line.present().next_back());
    let count = |of: Option<u64>| of.map_or_else(String::new, thousands);
    let n = || line.samples.iter().flatten().copied();
    vec![
        escape(&line.metric),
        sparkline(&line.values),
        amount(first),
        amount(last),
        range(&amount(line.present().min()), &amount(line.present().max())),
        line.present().count().to_string(),
        range(&count(n().min()), &count(n().max())),
    ]
}

fn brief(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Count => thousands(value),
        Unit::Microusd => usd(value),
        Unit::Microseconds => duration(value),
    }
}

/// From the least to the greatest, or the one that both are.
fn range(least: &str, most: &str) -> String {
    if least == most { least.to_owned() } else { format!("{least} – {most}") }
}

/// The steps, a table for each run in which something moved.
fn steps(text: &mut String, series: &Series, style: Style) {
    let mut by_run: BTreeMap<(usize, usize), Vec<(&Line, &Step)>> = BTreeMap::new();
    for line in &series.lines {
        for step in &line.steps {
            by_run.entry((step.to, step.from)).or_default().push((line, step));
        }
    }
    for ((to, from), steps) in by_run {
        let notes = steps[0].1.notes.join(", ");
        let notes = if notes.is_empty() { notes } else { format!(": {notes}") };
        let (to, from) = (point_words(series, to), point_words(series, from));
        let words = format!("{to}, compared with {from}{notes}");
        let _ = writeln!(text, "{}", wrap("  step at ", &words, style.width, 4));
        let checked = steps.iter().any(|(_, step)| step.acceptance != Acceptance::NotChecked);
        let mut header = vec!["metric", "change", "before", "after"];
        header.extend(checked.then_some("accepted"));
        let rows = steps.into_iter().map(|(line, step)| {
            let amount = |value| exact(line.unit, value);
            let mut row = vec![
                escape(&line.metric),
                step.change.word().to_owned(),
                amount(step.before),
                amount(step.after),
            ];
            row.extend(checked.then(|| accepted(line, &step.acceptance)));
            row
        });
        let header = header.into_iter().map(str::to_owned).collect();
        text.push_str(&table(header, rows.collect(), usize::MAX, style));
    }
}

fn accepted(line: &Line, acceptance: &Acceptance) -> String {
    match acceptance {
        Acceptance::NotChecked => "not checked".to_owned(),
        Acceptance::Accepted { day, reason } => {
            let day = day.as_deref().map(|day| format!(", {}", escape(day)));
            let reason = reason.as_deref().map(|reason| format!(": {}", escape(reason)));
            format!("yes{}{}", day.unwrap_or_default(), reason.unwrap_or_default())
        }
        Acceptance::NotAccepted { baseline } => {
            format!("no: the baseline has {}", exact(line.unit, *baseline))
        }
        Acceptance::Unknown { why } => format!("unknown: {why}"),
    }
}

/// What differs between runs that should not, by their label, and why that matters.
fn flaky(text: &mut String, series: &Series, style: Style) {
    let mut labels: Vec<(&str, u64, Vec<String>)> = Vec::new();
    for (line, found) in
        series.lines.iter().flat_map(|line| line.flaky.iter().map(move |f| (line, f)))
    {
        let words = format!("{} ({})", escape(&line.metric), values(line, found));
        match labels.iter_mut().find(|of| (of.0, of.1) == (&found.label, found.runs)) {
            Some((.., metrics)) => metrics.push(words),
            None => labels.push((&found.label, found.runs, vec![words])),
        }
    }
    if labels.is_empty() {
        return;
    }
    let exact_time = series.basis.is_exact();
    let word = if exact_time { "  flaky in " } else { "  varies in " };
    for (label, runs, metrics) in labels {
        let (runs, metrics) = (thousands(runs), metrics.join(", "));
        let words = format!("{runs} runs of `{}`: {metrics}", super::shown(label));
        let _ = writeln!(text, "{}", wrap(word, &words, style.width, 4));
    }
    let why = if exact_time {
        "nothing on record differs between these runs, so a gate on these metrics is decided by \
         chance, and they have no steps; the content of a shared `--cache` may be why"
    } else {
        "one run proves little: expect what the worst of several runs meets"
    };
    let _ = writeln!(text, "{}", wrap("  why it matters: ", why, style.width, 4));
}

/// The values that are shown of a flaky metric.
const VALUES: usize = 5;

fn values(line: &Line, flaky: &Flaky) -> String {
    let [least, .., most] = &flaky.values[..] else { return String::new() };
    if flaky.values.len() > VALUES {
        let (least, most) = (exact(line.unit, *least), exact(line.unit, *most));
        return format!("{} values from {least} to {most}", flaky.values.len());
    }
    let shown = flaky.values.iter().map(|value| exact(line.unit, *value));
    shown.collect::<Vec<_>>().join(", ")
}
