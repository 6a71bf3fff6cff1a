//! The sections of the failure report, each a count of the same failures from another side.
//!
//! Invariant: the numbers of a section add up to all failures; a list that is cut says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::matrix as matrix_of;
use crate::judge::{Failure, Summary};
use crate::record::{Category, Cause, Outcome};
use crate::render::style::Style;
use crate::render::table::table;
use crate::run::Run;
use crate::text::{counted, escape, percent, thousands, usd, wrap};

/// The width of the report.
pub(super) const WIDTH: usize = 80;

/// The most failures or files that are listed one by one.
pub(super) const READABLE: usize = 50;

/// The heading of a section.
pub(super) fn section(page: &mut String, title: &str) {
    let _ = writeln!(page, "\n{title}\n{}", "-".repeat(WIDTH));
}

/// All jobs together as the analysis has them, then each pipeline by itself.
pub(super) fn summary(page: &mut String, summaries: &[Summary], failures: &[Failure<'_>]) {
    section(page, "SUMMARY");
    let total = |of: fn(&Summary) -> u64| summaries.iter().map(of).sum::<u64>();
    let tried = total(Summary::tried);
    let line = |page: &mut String, name: &str, count: u64| {
        let share = count.saturating_mul(1_000_000).checked_div(tried);
        let share = share.map(|ppm| format!(" ({})", percent(ppm))).unwrap_or_default();
        let _ = writeln!(page, "{name:<15} {}{share}", thousands(count));
    };
    let _ = writeln!(page, "{:<15} {}", "Total Jobs:", thousands(tried));
    line(page, "Passed:", total(|s| s.documented));
    line(page, "Failed:", total(|s| s.failed));
    let expected = failures.iter().filter(|failure| failure.expected).count();
    line(page, "  as expected:", expected as u64);
    page.push('\n');
    for s in summaries {
        let rate = s.success_ppm().map_or_else(|| "n/a".to_owned(), percent);
        let line = format!(
            "{}: {}, {} documented, {} failed, {} skipped; success {rate}; {} wasted",
            escape(&s.pipeline),
            counted(s.jobs, "job"),
            thousands(s.documented),
            thousands(s.failed),
            thousands(s.skipped),
            usd(s.wasted_microusd),
        );
        let line = match s.zombie_microusd {
            0 => line,
            zombie => format!("{line}, {} of it by calls that nobody waited for", usd(zombie)),
        };
        let _ = writeln!(page, "{}", wrap("", &line, WIDTH, 2));
    }
}

pub(super) fn by_category(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "FAILURES BY CATEGORY");
    for category in Category::ALL {
        let count = failures.iter().filter(|f| f.category() == category).count();
        let (name, noun) = (category.name(), if count == 1 { "job" } else { "jobs" });
        let _ = writeln!(page, "{name:<15} {:>3} {noun}", thousands(count as u64));
        let _ = writeln!(page, "  Description: {}", category.description());
    }
}

/// Priority by category; expected breaks have a row of their own.
pub(super) fn matrix(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "PRIORITY MATRIX");
    let (header, rows) = matrix_of::rows(failures);
    page.push_str(&table(header, rows, 1, Style { width: WIDTH, ..Style::PLAIN }));
}

/// Files of which some job failed, over all pipelines, in the order of their names.
pub(super) fn by_file(page: &mut String, run: &Run) {
    section(page, "FAILURES BY FILE");
    let mut files: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let jobs = run.pipelines.iter().flat_map(|pipeline| &pipeline.jobs);
    for job in jobs.filter(|job| job.outcome != Outcome::Skipped) {
        let (all, failed) = files.entry(&job.path).or_default();
        *all += 1;
        *failed += u64::from(job.outcome == Outcome::Failed);
    }
    files.retain(|_, (_, failed)| *failed > 0);
    for (path, (all, failed)) in files.iter().take(READABLE) {
        let passed = percent((all - failed) * 1_000_000 / all);
        let all = counted(*all, "job");
        let line = format!("{}: {failed} of {all} failed, {passed} passed", escape(path));
        let _ = writeln!(page, "{}", wrap("", &line, WIDTH, 2));
    }
    if files.len() > READABLE {
        let more = thousands((files.len() - READABLE) as u64);
        let _ = writeln!(page, "… and {more} more files in failures.csv");
    }
}

/// The most frequent cause first; of equally frequent ones in the order of the causes.
pub(super) fn by_cause(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "FAILURES BY CAUSE");
    let mut causes: BTreeMap<Option<Cause>, Vec<&Failure<'_>>> = BTreeMap::new();
    for failure in failures {
        causes.entry(failure.job.cause).or_default().push(failure);
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|failures| std::cmp::Reverse(failures.len()));
    for failures in causes {
        // One cause may be classified in several ways, by the fault that was or was not injected.
        let ways: BTreeSet<String> = failures
            .iter()
            .map(|f| format!("{}, {}", f.category().name(), f.priority().name()))
            .collect();
        let ways: Vec<String> = ways.into_iter().collect();
        let (count, words) = (thousands(failures.len() as u64), failures[0].words());
        let line = format!("{words}  [{}]", ways.join("; "));
        let _ = writeln!(page, "{count:>7}  {}", wrap("", &line, WIDTH - 9, 9));
        let _ = writeln!(page, "{}", wrap(&" ".repeat(9), failures[0].remedy(), WIDTH, 9));
    }
}

pub(super) fn by_pipeline(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "FAILURES BY PIPELINE");
    let mut pipelines: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for failure in failures {
        let causes = pipelines.entry(&failure.job.pipeline).or_default();
        *causes.entry(failure.words()).or_default() += 1;
    }
    for (pipeline, causes) in pipelines {
        let total = thousands(causes.values().sum());
        let causes = causes.iter().map(|(words, count)| format!("{} {words}", thousands(*count)));
        let causes: Vec<String> = causes.collect();
        let line = format!("{}: {total} failed: {}", escape(pipeline), causes.join(", "));
        let _ = writeln!(page, "{}", wrap("", &line, WIDTH, 2));
    }
}
