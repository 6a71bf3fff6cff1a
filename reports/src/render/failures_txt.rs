//! The failure report: what failed, where the mending is, and what mends it; 80 columns.
//!
//! Invariants: every failure is counted in every section; the detailed list names each of them
//! until there are too many to read, and then groups identical ones with their count, while the
//! CSV beside it still has every one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cause::{Category, Cause};
use crate::failure::{Failure, failures};
use crate::run::Run;
use crate::summary::Summary;
use crate::text::{escape, percent, thousands, usd, wrap};

const WIDTH: usize = 80;

/// The most failures that are listed one by one.
const READABLE: usize = 50;

/// The files that a group of identical failures names.
const EXAMPLES: usize = 3;

/// Renders the failure report of a run.
pub fn render(run: &Run) -> String {
    let failures = failures(run);
    let mut page = String::new();
    let rule = "=".repeat(WIDTH);
    let _ = writeln!(page, "{rule}\nFAILURE REPORT\n{rule}");
    let title = format!("{}: {}", escape(&run.header.scenario), escape(&run.header.title));
    let _ = writeln!(page, "{}", wrap("", &title, WIDTH, 2));
    let _ = writeln!(page, "seed {}, chaos {}", run.header.seed, escape(&run.header.tool));
    let summaries = Summary::of(run);
    let doubts = summaries.iter().flat_map(|s| {
        s.unreconciled.iter().map(|reason| format!("{}: {reason}", escape(&s.pipeline)))
    });
    for doubt in run.gaps.iter().map(ToString::to_string).chain(doubts) {
        let _ = writeln!(page, "{}", wrap("", &format!("inconclusive: {doubt}"), WIDTH, 2));
    }
    summary(&mut page, &summaries);
    if failures.is_empty() {
        page.push_str("\nNo job failed.\n");
        return page;
    }
    by_category(&mut page, &failures);
    by_cause(&mut page, &failures);
    by_pipeline(&mut page, &failures);
    detailed(&mut page, &failures);
    page
}

fn section(page: &mut String, title: &str) {
    let _ = writeln!(page, "\n{title}\n{}", "-".repeat(WIDTH));
}

fn summary(page: &mut String, summaries: &[Summary]) {
    section(page, "SUMMARY");
    for s in summaries {
        let rate = s.success_ppm().map_or_else(|| "n/a".to_owned(), percent);
        let line = format!(
            "{}: {} jobs, {} documented, {} failed, {} skipped; success {rate}; {} wasted",
            escape(&s.pipeline),
            thousands(s.jobs),
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

fn by_category(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "FAILURES BY CATEGORY");
    for category in Category::ALL {
        let count = failures.iter().filter(|f| f.category() == category).count();
        let (name, count) = (category.name(), thousands(count as u64));
        let _ = writeln!(page, "{name:<15}{count:>7}  {}", category.description());
    }
}

/// The most frequent cause first; of equally frequent ones in the order of the causes.
fn by_cause(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "FAILURES BY CAUSE");
    let mut counts: BTreeMap<Option<Cause>, (u64, &Failure<'_>)> = BTreeMap::new();
    for failure in failures {
        counts.entry(failure.job.cause).or_insert((0, failure)).0 += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (cause, (count, failure)) in counts {
        let (category, priority) = (failure.category().name(), failure.priority().name());
        let (count, words) = (thousands(count), failure.words());
        let _ = writeln!(page, "{count:>7}  {words}  [{category}, {priority}]");
        let advice = cause.map_or("find out why no cause was recorded", Cause::advice);
        let _ = writeln!(page, "{}", wrap(&" ".repeat(9), advice, WIDTH, 9));
    }
}

fn by_pipeline(page: &mut String, failures: &[Failure<'_>]) {
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

/// Failures that a reader would call the same, in the order of their first.
fn grouped<'a>(failures: &'a [Failure<'a>]) -> Vec<Vec<&'a Failure<'a>>> {
    if failures.len() <= READABLE {
        return failures.iter().map(|failure| vec![failure]).collect();
    }
    let mut places = BTreeMap::new();
    let mut groups: Vec<Vec<&Failure<'_>>> = Vec::new();
    for failure in failures {
        let job = failure.job;
        let key = (&job.pipeline, job.cause, failure.status, &job.detail);
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(failure);
    }
    groups
}

fn detailed(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "DETAILED FAILURES");
    for (index, group) in grouped(failures).iter().enumerate() {
        let failure = group[0];
        let times = match group.len() {
            1 => String::new(),
            many => format!("  ×{}", thousands(many as u64)),
        };
        let pipeline = escape(&failure.job.pipeline);
        let heading = format!("{}. {pipeline}: {}{times}", index + 1, failure.words());
        let _ = writeln!(page, "{}", wrap("", &heading, WIDTH, 3));
        let shown = if group.len() == 1 { 1 } else { EXAMPLES };
        for failure in group.iter().take(shown) {
            field(page, "File", &format!("{} (job {})", failure.job.path, failure.job.job));
        }
        if group.len() > shown {
            let more = thousands((group.len() - shown) as u64);
            field(page, "File", &format!("… and {more} more in failures.csv"));
        }
        field(page, "Priority", failure.priority().name());
        if let Some(status) = failure.status {
            field(page, "Status", &status.to_string());
        }
        if let Some(detail) = &failure.job.detail {
            field(page, "Detail", detail);
        }
    }
}

fn field(page: &mut String, name: &str, value: &str) {
    let prefix = format!("   {name:<9} ");
    let _ = writeln!(page, "{}", wrap(&prefix, &escape(value), WIDTH, 13));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Outcome;

    #[test]
    fn the_report_goes_from_the_summary_to_each_failure() {
        let mut run = fixture::concurrent();
        let jobs = &mut run.pipelines[0].jobs;
        jobs.truncate(5);
        jobs[2].cause = Some(Cause::Truncated);
        jobs[2].path = format!("src/{}.py", "deep/".repeat(20));
        insta::assert_snapshot!(render(&run), @r"
        ================================================================================
        FAILURE REPORT
        ================================================================================
        concurrent: Ten files at once
        seed 7, chaos 0.1.0
        inconclusive: phase1: calls: 10 by the attempts, 5 by the jobs
        inconclusive: phase1: cost in micro-dollars: 73,425 by the attempts, 52,965 by
          the jobs
        inconclusive: phase1: 5 of 10 jobs are recorded

        SUMMARY
        --------------------------------------------------------------------------------
        phase1: 10 jobs, 3 documented, 2 failed, 0 skipped; success 60.0 %; $0.00 wasted
        phase3: 10 jobs, 10 documented, 0 failed, 0 skipped; success 100.0 %; $0.00
          wasted

        FAILURES BY CATEGORY
        --------------------------------------------------------------------------------
        BUG                  1  Potential bug (requires investigation)
        CONFIGURATION        1  Configuration issues (pools, timeouts)
        ENVIRONMENT          0  Environment-specific (hardware, timing)
        TEST_DESIGN          0  Test design issue (unrealistic expectations)
        UNKNOWN              0  Needs analysis

        FAILURES BY CAUSE
        --------------------------------------------------------------------------------
              1  429 rate limit  [CONFIGURATION, HIGH]
                 pace to the announced limit, honour retry-after, or raise the retry
                 budget
              1  answer truncated  [BUG, HIGH]
                 raise max_tokens or send smaller parts, and check stop_reason

        FAILURES BY PIPELINE
        --------------------------------------------------------------------------------
        phase1: 2 failed: 1 429 rate limit, 1 answer truncated

        DETAILED FAILURES
        --------------------------------------------------------------------------------
        1. phase1: answer truncated
           File      src/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/dee
                     p/deep/deep/deep/deep/deep/deep/deep/.py (job 3)
           Priority  HIGH
           Status    429
           Detail    This request would exceed your rate limit
        2. phase1: 429 rate limit
           File      src/module_05.py (job 5)
           Priority  HIGH
           Status    429
           Detail    This request would exceed your rate limit
        ");
    }

    #[test]
    fn very_many_identical_failures_are_grouped_and_still_counted() {
        let mut run = fixture::concurrent();
        let failed = run.pipelines[0].jobs[2].clone();
        let more = (11..=70).map(|job| crate::record::Job { job, ..failed.clone() });
        run.pipelines[0].jobs.extend(more);
        let page = render(&run);
        let (_, detailed) = page.split_once("DETAILED FAILURES").unwrap();
        insta::assert_snapshot!(detailed, @r"

        --------------------------------------------------------------------------------
        1. phase1: 429 rate limit ×6
           File      src/module_03.py (job 3)
           File      src/module_05.py (job 5)
           File      src/module_06.py (job 6)
           File      … and 3 more in failures.csv
           Priority  HIGH
           Status    429
           Detail    This request would exceed your rate limit
        2. phase1: 429 rate limit ×60
           File      src/module_03.py (job 11)
           File      src/module_03.py (job 12)
           File      src/module_03.py (job 13)
           File      … and 57 more in failures.csv
           Priority  HIGH
           Detail    This request would exceed your rate limit
        ");
        assert!(page.contains("CONFIGURATION       66"), "{page}");
    }

    #[test]
    fn a_run_without_failures_says_so() {
        let mut run = fixture::concurrent();
        run.pipelines.remove(0);
        assert!(render(&run).ends_with("\nNo job failed.\n"));
    }

    #[test]
    fn no_line_is_wider_than_the_page_and_none_commands_the_terminal() {
        let mut run = fixture::concurrent();
        run.header.title = "a long title ".repeat(20);
        for (index, job) in run.pipelines[0].jobs.iter_mut().enumerate() {
            job.outcome = Outcome::Failed;
            job.cause = Some(Cause::ALL[index]);
            job.path = "x".repeat(200);
            job.detail = Some("\u{1b}[31mred\n".repeat(30));
        }
        let page = render(&run);
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
    }
}
