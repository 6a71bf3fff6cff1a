//! What was read from a test runner's output: counts, and whether they are all.

use crate::{Completeness, Held, Log, TestRun};
use reports::text::escape;

/// The runs of one input, some lines for each.
pub fn render(log: &Log) -> String {
    let mut text = String::new();
    for run in &log.runs {
        render_run(&mut text, run);
    }
    text
}

fn render_run(text: &mut String, run: &TestRun) {
    let mut head = vec![run.runner.name().to_owned()];
    head.extend(run.version.clone());
    head.extend(run.title.clone());
    let counted = run.read.kinds().into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counted.map(|(kind, count)| format!("{count} {kind}")).collect();
    let counts = if counts.is_empty() { "no tests".to_owned() } else { counts.join(", ") };
    line(text, &format!("{}: {counts} · {}", head.join(" "), completeness(run)));
    if let Completeness::Mismatch(problems) = &run.completeness {
        for problem in problems {
            line(text, &format!("  incomplete: {problem}"));
        }
    }
    if let Some(error) = &run.session_error {
        line(text, &format!("  session: {}", first_line(error)));
    }
    if run.held == Held::Some {
        line(text, "  some failures have no id in this log");
    }
}

const fn completeness(run: &TestRun) -> &'static str {
    match run.completeness {
        Completeness::Reconciled => "all counts agree",
        Completeness::NoFinalLine => "incomplete: no final line",
        Completeness::Mismatch(_) => "incomplete",
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn line(text: &mut String, line: &str) {
    text.push_str(&escape(&redact::text(line)));
    text.push('\n');
}
