//! The page of an estimate: the numbers with their ranges, then where it would break, then what the
//! ranges rest on.

use std::fmt::Write as _;

use super::style::Style;
use super::table::table;
use crate::estimate::{Estimate, PipelineEstimate, Range};
use crate::text::{counted, duration, escape, money, thousands, usd, wrap};

/// Renders an estimate.
pub fn render(estimate: &Estimate, style: Style) -> String {
    let mut page = format!(
        "{}, {}, {}, {}; nothing was called\n",
        counted(estimate.files, "file"),
        counted(estimate.lines, "line"),
        counted(estimate.bytes, "byte"),
        counted(estimate.definitions, "definition"),
    );
    for (reason, count) in &estimate.skipped {
        let _ = writeln!(page, "{} skipped: {}", thousands(*count), escape(reason));
    }
    page.push('\n');
    let mut header = vec!["estimate".to_owned()];
    header.extend(estimate.pipelines.iter().map(|one| escape(&one.pipeline)));
    page.push_str(&table(header, rows(estimate), 1, style));
    page.push('\n');
    for pipeline in &estimate.pipelines {
        page.push_str(&breakages(pipeline, estimate.files, style.width));
    }
    page.push_str("\nWhat the ranges cover\n");
    for sentence in &estimate.assumptions {
        let _ = writeln!(page, "{}", wrap("  ", sentence, style.width.max(40), 4));
    }
    page
}

fn rows(estimate: &Estimate) -> Vec<Vec<String>> {
    let pipelines = estimate.pipelines.as_slice();
    let mut rows = Vec::new();
    let mut add =
        |label: &str, of: fn(&PipelineEstimate) -> Range, show: &dyn Fn(u64) -> String| {
            let mut row = vec![label.to_owned()];
            row.extend(pipelines.iter().map(|one| span(of(one), show)));
            rows.push(row);
        };
    let local = |value| money(&estimate.currency.symbol, estimate.currency.micros(value));
    add("documented", |one| one.documented, &thousands);
    add("cost", |one| one.cost_microusd, &usd);
    if !estimate.currency.is_dollar() {
        let label = format!("cost in {}", escape(&estimate.currency.code));
        add(&label, |one| one.cost_microusd, &local);
    }
    add("time", |one| one.elapsed_us, &duration);
    add("calls", |one| one.calls, &thousands);
    if pipelines.iter().any(|one| one.refused.high > 0) {
        add("refused: 429", |one| one.refused, &thousands);
    }
    if pipelines.iter().any(|one| one.cache_hits.high > 0) {
        add("cache hits", |one| one.cache_hits, &thousands);
    }
    add("tokens in", |one| one.tokens_in, &thousands);
    add("tokens out", |one| one.tokens_out, &thousands);
    rows
}

/// `12 (9 … 20)`, or `12` alone where every case says the same.
fn span(range: Range, show: &dyn Fn(u64) -> String) -> String {
    let (low, mid, high) = (show(range.low), show(range.mid), show(range.high));
    if low == high { mid } else { format!("{mid} ({low} … {high})") }
}

fn breakages(pipeline: &PipelineEstimate, files: u64, width: usize) -> String {
    let mut text = String::new();
    let name = escape(&pipeline.pipeline);
    if pipeline.failures.is_empty() {
        let _ = writeln!(text, "{name} ({}) would break on no file.", escape(&pipeline.model));
        return text;
    }
    let _ = writeln!(text, "{name} ({}) would break on", escape(&pipeline.model));
    for breakage in &pipeline.failures {
        let (count, words) = (span(breakage.files, &thousands), breakage.cause.words());
        let example = escape(&breakage.example);
        let line = format!("{count} of {}: {words}; first {example}", counted(files, "file"));
        let _ = writeln!(text, "{}", wrap("  ", &line, width.max(40), 4));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::estimate::{Breakage, FORMAT};
    use crate::fixture;
    use crate::record::Cause;

    #[test]
    fn every_number_has_its_range_and_every_breakage_its_example() {
        let pipeline = |name: &str, failures| PipelineEstimate {
            pipeline: name.to_owned(),
            model: "claude-sonnet-4-5".to_owned(),
            documented: Range::of([12, 11, 9]),
            calls: Range::of([12, 12, 12]),
            refused: Range::default(),
            cache_hits: Range::of([0, 1, 1]),
            tokens_in: Range::of([83_000, 100_000, 125_000]),
            tokens_out: Range::of([6_000, 12_000, 30_000]),
            cost_microusd: Range::of([339_000, 480_000, 825_000]),
            elapsed_us: Range::of([150_000_000, 280_000_000, 660_000_000]),
            failures,
        };
        let breakage = Breakage {
            cause: Cause::Truncated,
            files: Range::of([0, 1, 3]),
            example: "src/large.py".to_owned(),
        };
        let estimate = Estimate {
            format: FORMAT,
            files: 12,
            skipped: BTreeMap::from([("not a Python file".to_owned(), 3)]),
            lines: 9_000,
            bytes: 350_000,
            definitions: 480,
            assumptions: vec!["The models count tokens in their own way.".to_owned()],
            pipelines: vec![pipeline("phase1", vec![breakage]), pipeline("phase3", Vec::new())],
            currency: fixture::concurrent().header.currency,
        };
        insta::assert_snapshot!(render(&estimate, Style::PLAIN), @r"
        12 files, 9,000 lines, 350,000 bytes, 480 definitions; nothing was called
        3 skipped: not a Python file

         estimate                           phase1                            phase3
        ─────────────────────────────────────────────────────────────────────────────
         documented                    11 (9 … 12)                       11 (9 … 12)
         cost          $0.4800 ($0.3390 … $0.8250)       $0.4800 ($0.3390 … $0.8250)
         cost in INR      ₹39.84 (₹28.14 … ₹68.48)          ₹39.84 (₹28.14 … ₹68.48)
         time                   4 m 40 s (2 m 30 s   4 m 40 s (2 m 30 s … 11 m 00 s)
                                      … 11 m 00 s)
         calls                                  12                                12
         cache hits                      1 (0 … 1)                         1 (0 … 1)
         tokens in      100,000 (83,000 … 125,000)        100,000 (83,000 … 125,000)
         tokens out        12,000 (6,000 … 30,000)           12,000 (6,000 … 30,000)

        phase1 (claude-sonnet-4-5) would break on
          1 (0 … 3) of 12 files: answer truncated; first src/large.py
        phase3 (claude-sonnet-4-5) would break on no file.

        What the ranges cover
          The models count tokens in their own way.
        ");
    }
}
