//! One line a file, as the seeds list them: `File 3/10: failed, 429 rate limit`.
//!
//! Invariant: a capped list prefers failures, keeps the order of the jobs, counts skipped files by
//! their reason, and says how many lines it leaves out and where they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::each::heading;
use crate::judge::{Judged, Verdict};
use crate::record::{Cause, Currency, Job, Outcome};
use crate::render::export::{Exporter, ReportFormat, text_of};
use crate::render::style::Style;
use crate::run::{PipelineRun, Run};
use crate::text::{duration, escape, money, thousands, usd};

/// `--format jobs`.
#[derive(Debug)]
pub(crate) struct JobsTxt;

impl Exporter<[Judged]> for JobsTxt {
    fn format(&self) -> ReportFormat {
        ReportFormat { word: "jobs", about: "Every file as a line", file: "jobs.txt", kept: true }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        text_of(|out| self.write(runs, style, out))
    }

    fn write(&self, runs: &[Judged], style: Style, out: &mut dyn Write) -> io::Result<()> {
        for (index, judged) in runs.iter().enumerate() {
            out.write_all(heading(runs, index).as_bytes())?;
            // A file has a line for each job, however long it is.
            every(judged.run(), Style { width: usize::MAX, ..style }, out)?;
        }
        Ok(())
    }
}

/// Writes every job by pipeline.
pub(super) fn every(run: &Run, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, pipeline) in run.pipelines.iter().enumerate() {
        let between = if index > 0 { "\n" } else { "" };
        writeln!(out, "{between}{}", escape(&pipeline.header.name))?;
        for job in &pipeline.jobs {
            writeln!(out, "  {}", line(job, pipeline.header.jobs, &run.header.currency, style))?;
        }
    }
    Ok(())
}

/// Renders at most `cap` jobs of each pipeline.
pub(super) fn some(run: &Run, cap: usize, style: Style) -> String {
    let mut page = String::new();
    for (index, pipeline) in run.pipelines.iter().enumerate() {
        if index > 0 {
            page.push('\n');
        }
        let _ = writeln!(page, "{}", escape(&pipeline.header.name));
        let chosen = chosen(pipeline, cap);
        for job in &chosen {
            let line = line(job, pipeline.header.jobs, &run.header.currency, style);
            let _ = writeln!(page, "  {line}");
        }
        let skipped = skips(pipeline);
        for (reason, count) in &skipped {
            let _ = writeln!(page, "  – {} skipped: {}", thousands(*count), escape(reason));
        }
        let counted = skipped.values().sum::<u64>();
        let left_out = pipeline.jobs.len() as u64 - chosen.len() as u64 - counted;
        if left_out > 0 {
            let _ = writeln!(page, "  … and {} more in jobs.txt", thousands(left_out));
        }
    }
    page
}

/// The first jobs that failed, and where those are few the first of the others.
fn chosen(pipeline: &PipelineRun, cap: usize) -> Vec<&Job> {
    let of = |outcome| pipeline.jobs.iter().filter(move |job| job.outcome == outcome);
    let mut jobs: Vec<&Job> =
        of(Outcome::Failed).chain(of(Outcome::Documented)).take(cap).collect();
    jobs.sort_by_key(|job| job.job);
    jobs
}

/// Skipped files by their reason: a tree may have many, and one says as much as all.
fn skips(pipeline: &PipelineRun) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for job in pipeline.jobs.iter().filter(|job| job.outcome == Outcome::Skipped) {
        *counts.entry(job.detail.as_deref().unwrap_or("no reason given")).or_default() += 1;
    }
    counts
}

fn line(job: &Job, jobs: u64, currency: &Currency, style: Style) -> String {
    let symbol = match job.outcome {
        Outcome::Documented => style.paint(Verdict::Pass, "✓"),
        Outcome::Failed => style.paint(Verdict::Fail, "✗"),
        Outcome::Skipped => "–".to_owned(),
    };
    let (number, path) = (job.job, escape(&job.path));
    let outcome = format!("File {number}/{jobs}: {}", ending(job, currency));
    // A path is what is copied: it stays whole, in a line of its own where it does not fit.
    let columns = 4 + outcome.chars().count() + 2 + path.chars().count();
    let gap = if columns > style.width { "\n      " } else { "  " };
    format!("{symbol} {outcome}{gap}{path}")
}

fn ending(job: &Job, currency: &Currency) -> String {
    let amount = |microusd: u64| {
        if currency.is_dollar() {
            usd(microusd)
        } else {
            money(&currency.symbol, currency.micros(microusd))
        }
    };
    match job.outcome {
        Outcome::Documented => {
            let (cost, latency) = (amount(job.cost_microusd), duration(job.latency_us()));
            format!("documented ({cost}, {latency})")
        }
        Outcome::Failed => {
            let words = job.cause.map_or("no cause recorded", Cause::words);
            match job.wasted_microusd {
                0 => format!("failed, {words}"),
                wasted => format!("failed, {words} ({} wasted)", amount(wasted)),
            }
        }
        Outcome::Skipped => {
            let reason = job.detail.as_deref().unwrap_or("no reason given");
            format!("skipped, {}", escape(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn all(run: &Run) -> String {
        text_of(|out| every(run, Style::PLAIN, out))
    }

    #[test]
    fn every_file_has_a_line_in_the_style_of_the_seeds() {
        let mut run = fixture::concurrent();
        run.pipelines.truncate(1);
        let jobs = &mut run.pipelines[0].jobs;
        jobs[4].wasted_microusd = 25_000;
        jobs[6].outcome = Outcome::Skipped;
        jobs[6].detail = Some("not \u{1b}[1mtext".to_owned());
        insta::assert_snapshot!(all(&run), @r"
        phase1
          ✓ File 1/10: documented (₹1.41, 18.5 s)  src/module_01.py
          ✓ File 2/10: documented (₹1.45, 19.0 s)  src/module_02.py
          ✗ File 3/10: failed, 429 rate limit  src/module_03.py
          ✓ File 4/10: documented (₹1.53, 20.0 s)  src/module_04.py
          ✗ File 5/10: failed, 429 rate limit (₹2.08 wasted)  src/module_05.py
          ✗ File 6/10: failed, 429 rate limit  src/module_06.py
          – File 7/10: skipped, not \x1b[1mtext  src/module_07.py
          ✓ File 8/10: documented (₹1.70, 22.1 s)  src/module_08.py
          ✗ File 9/10: failed, 429 rate limit  src/module_09.py
          ✗ File 10/10: failed, 429 rate limit  src/module_10.py
        ");
    }

    #[test]
    fn a_capped_list_prefers_failures_and_counts_the_rest() {
        insta::assert_snapshot!(some(&fixture::concurrent(), 7, Style::PLAIN), @r"
        phase1
          ✓ File 1/10: documented (₹1.41, 18.5 s)  src/module_01.py
          ✗ File 3/10: failed, 429 rate limit  src/module_03.py
          ✗ File 5/10: failed, 429 rate limit  src/module_05.py
          ✗ File 6/10: failed, 429 rate limit  src/module_06.py
          ✗ File 7/10: failed, 429 rate limit  src/module_07.py
          ✗ File 9/10: failed, 429 rate limit  src/module_09.py
          ✗ File 10/10: failed, 429 rate limit  src/module_10.py
          … and 3 more in jobs.txt

        phase3
          ✓ File 1/10: documented (₹1.41, 18.5 s)  src/module_01.py
          ✓ File 2/10: documented (₹1.45, 19.0 s)  src/module_02.py
          ✓ File 3/10: documented (₹1.49, 27.6 s)  src/module_03.py
          ✓ File 4/10: documented (₹1.53, 20.0 s)  src/module_04.py
          ✓ File 5/10: documented (₹1.57, 28.6 s)  src/module_05.py
          ✓ File 6/10: documented (₹1.62, 29.1 s)  src/module_06.py
          ✓ File 7/10: documented (₹1.66, 29.6 s)  src/module_07.py
          … and 3 more in jobs.txt
        ");
    }

    #[test]
    fn a_file_name_cannot_command_the_terminal() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[0].path = "a\u{1b}]0;owned\u{7}\n✓ b.py".to_owned();
        let page = all(&run);
        assert!(page.contains("a\\x1b]0;owned\\x07\\n✓ b.py"));
    }

    #[test]
    fn skipped_files_are_counted_by_their_reason_where_the_list_is_capped() {
        let mut run = fixture::concurrent();
        run.pipelines.truncate(1);
        for job in run.pipelines[0].jobs.iter_mut().skip(2) {
            job.outcome = Outcome::Skipped;
            job.cause = None;
            job.detail = Some("not a Python file".to_owned());
        }
        let capped = some(&run, 10, Style::PLAIN);
        assert!(capped.contains("– 8 skipped: not a Python file"), "{capped}");
        assert!(!capped.contains("more in jobs.txt"), "{capped}");
        let whole = all(&run);
        assert_eq!(whole.matches("not a Python file").count(), 8, "{whole}");
    }
}
