//! The failure report: what failed, where the fix belongs, and what it is; 80 columns.
//!
//! Invariants: every failure is counted in every section; the detailed list names each of them
//! until there are too many to read, and then groups identical ones with their count, while the
//! CSV alongside still has every one.

use std::fmt::Write as _;

use super::groups::identical;
use super::sections::{self, READABLE, WIDTH, section};
use crate::judge::{Failure, Judged};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::{escape, thousands, wrap};

/// The files that a group of identical failures names.
const EXAMPLES: usize = 3;

/// `--format failures-txt`: runs, one after another.
#[derive(Debug)]
pub(crate) struct FailuresTxt;

impl Exporter<[Judged]> for FailuresTxt {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "failures-txt",
            about: "The failure report",
            file: "failures.txt",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let pages: Vec<String> = runs.iter().map(one_run).collect();
        pages.join("\n")
    }
}

fn one_run(judged: &Judged) -> String {
    let (run, failures) = (judged.run(), judged.failures());
    let mut page = String::new();
    let rule = "=".repeat(WIDTH);
    let _ = writeln!(page, "{rule}\nFAILURE REPORT\n{rule}");
    let title = format!("{}: {}", escape(&run.header.scenario), escape(&run.header.title));
    let _ = writeln!(page, "{}", wrap("", &title, WIDTH, 2));
    let _ = writeln!(page, "seed {}, chaos {}", run.header.seed, escape(&run.header.tool));
    let doubts = judged.summaries().iter().flat_map(|s| {
        s.unreconciled.iter().map(|reason| format!("{}: {reason}", escape(&s.pipeline)))
    });
    for doubt in run.gaps.iter().map(ToString::to_string).chain(doubts) {
        let _ = writeln!(page, "{}", wrap("", &format!("inconclusive: {doubt}"), WIDTH, 2));
    }
    sections::summary(&mut page, judged.summaries(), &failures);
    if failures.is_empty() {
        page.push_str("\nNo job failed.\n");
        return page;
    }
    sections::by_category(&mut page, &failures);
    sections::matrix(&mut page, &failures);
    sections::by_cause(&mut page, &failures);
    sections::by_file(&mut page, run);
    sections::by_pipeline(&mut page, &failures);
    detailed(&mut page, &failures);
    page
}

fn detailed(page: &mut String, failures: &[Failure<'_>]) {
    section(page, "DETAILED FAILURES");
    let groups = match failures.len() {
        ..=READABLE => failures.iter().map(|failure| vec![failure]).collect(),
        _ => identical(failures),
    };
    for (index, group) in groups.iter().enumerate() {
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
        let expected = if failure.expected { ", expected" } else { "" };
        let (category, priority) = (failure.category().name(), failure.priority().name());
        field(page, "Priority", &format!("{priority}, {category}{expected}"));
        field(page, "Reason", failure.words());
        let (rule, confidence) = (failure.rule().name(), failure.confidence().name());
        field(page, "Decided", &format!("by {rule}, {confidence}"));
        field(page, "Evidence", &failure.evidence());
        field(page, "Saved by", failure.stage_name());
        field(page, "Remedy", failure.remedy());
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
    use crate::judge::judge;
    use crate::record::{Cause, Job, Outcome};

    #[test]
    #[expect(clippy::too_many_lines, reason = "the page is shown in full")]
    fn the_report_goes_from_the_summary_to_each_failure() {
        let mut run = fixture::concurrent();
        let jobs = &mut run.pipelines[0].jobs;
        jobs.truncate(5);
        jobs[2].cause = Some(Cause::Truncated);
        jobs[2].path = format!("src/{}.py", "deep/".repeat(20));
        insta::assert_snapshot!(one_run(&judge(run)), @r"
        ================================================================================
        FAILURE REPORT
        ================================================================================
        concurrent: Ten files at once
        seed 7, chaos 0.1.0
        inconclusive: phase1: calls: 10 by the attempts, 5 by the jobs
        inconclusive: phase1: cost in micro-dollars: 73,425 by the attempts, 52,965 by
          the jobs
        inconclusive: phase1: 5 of 10 jobs recorded

        SUMMARY
        --------------------------------------------------------------------------------
        Total Jobs:     15
        Passed:         13 (86.6 %)
        Failed:         2 (13.3 %)
          as expected:  0 (0.0 %)

        phase1: 10 jobs, 3 documented, 2 failed, 0 skipped; success 60.0 %; $0.00 wasted
        phase3: 10 jobs, 10 documented, 0 failed, 0 skipped; success 100.0 %; $0.00
          wasted

        FAILURES BY CATEGORY
        --------------------------------------------------------------------------------
        BUG               1 job
          Description: Potential bug (requires investigation)
        CONFIGURATION     0 jobs
          Description: Configuration issues (pools, timeouts)
        ENVIRONMENT       1 job
          Description: Environment-specific (hardware, timing)
        TEST_DESIGN       0 jobs
          Description: Test design issue (unrealistic expectations)
        UNKNOWN           0 jobs
          Description: Needs analysis

        PRIORITY MATRIX
        --------------------------------------------------------------------------------
         priority   BUG   CONFIGURATION   ENVIRONMENT   TEST_DESIGN   UNKNOWN   all
        ────────────────────────────────────────────────────────────────────────────
         HIGH         1               0             0             0         0     1
         MEDIUM       0               0             1             0         0     1
         LOW          0               0             0             0         0     0
         expected     0               0             0             0         0     0
         all          1               0             1             0         0     2

        FAILURES BY CAUSE
        --------------------------------------------------------------------------------
              1  429 rate limit [ENVIRONMENT, MEDIUM]
                 pace to the announced limit, honour retry-after, or raise the retry
                 budget
              1  answer truncated [BUG, HIGH]
                 raise max_tokens or send smaller parts, and check stop_reason

        FAILURES BY FILE
        --------------------------------------------------------------------------------
        src/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/d
          eep/deep/deep/deep/deep/.py: 1 of 1 job failed, 0.0 % passed
        src/module_05.py: 1 of 2 jobs failed, 50.0 % passed

        FAILURES BY PIPELINE
        --------------------------------------------------------------------------------
        phase1: 2 failed: 1 429 rate limit, 1 answer truncated

        DETAILED FAILURES
        --------------------------------------------------------------------------------
        1. phase1: answer truncated
           File      src/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/dee
                     p/deep/deep/deep/deep/deep/deep/deep/.py (job 3)
           Priority  HIGH, BUG
           Reason    answer truncated
           Decided   by documentation-check, certain
           Evidence  status 429; attempt 1 of part 1; retry-after 8 s; 1 call; said:
                     This request would exceed your rate limit
           Saved by  chunk
           Remedy    raise max_tokens or send smaller parts, and check stop_reason
        2. phase1: 429 rate limit
           File      src/module_05.py (job 5)
           Priority  MEDIUM, ENVIRONMENT
           Reason    429 rate limit
           Decided   by quota-of-others, certain
           Evidence  status 429; fault `burst_limit` injected; attempt 1 of part 1;
                     retry-after 8 s; 1 call; said: This request would exceed your rate
                     limit
           Saved by  retry
           Remedy    pace to the announced limit, honour retry-after, or raise the retry
                     budget
        ");
    }

    #[test]
    fn very_many_identical_failures_are_grouped_and_still_counted() {
        let mut run = fixture::concurrent();
        let failed = run.pipelines[0].jobs[2].clone();
        let more = (11..=70).map(|job| Job { job, ..failed.clone() });
        run.pipelines[0].jobs.extend(more);
        let page = one_run(&judge(run));
        let (_, detailed) = page.split_once("DETAILED FAILURES").unwrap();
        insta::assert_snapshot!(detailed, @r"

        --------------------------------------------------------------------------------
        1. phase1: 429 rate limit ×6
           File      src/module_03.py (job 3)
           File      src/module_05.py (job 5)
           File      src/module_06.py (job 6)
           File      … and 3 more in failures.csv
           Priority  MEDIUM, ENVIRONMENT
           Reason    429 rate limit
           Decided   by quota-of-others, certain
           Evidence  status 429; fault `burst_limit` injected; attempt 1 of part 1;
                     retry-after 8 s; 1 call; said: This request would exceed your rate
                     limit
           Saved by  retry
           Remedy    pace to the announced limit, honour retry-after, or raise the retry
                     budget
        2. phase1: 429 rate limit ×60
           File      src/module_03.py (job 11)
           File      src/module_03.py (job 12)
           File      src/module_03.py (job 13)
           File      … and 57 more in failures.csv
           Priority  HIGH, CONFIGURATION
           Reason    429 rate limit
           Decided   by own-limit, certain
           Evidence  no request failed; 1 call; said: This request would exceed your
                     rate limit
           Saved by  retry
           Remedy    pace to the announced limit, honour retry-after, or raise the retry
                     budget
        ");
        assert!(page.contains("CONFIGURATION    60 jobs"), "{page}");
    }

    #[test]
    fn a_run_without_failures_says_so() {
        let mut run = fixture::concurrent();
        run.pipelines.remove(0);
        assert!(one_run(&judge(run)).ends_with("\nNo job failed.\n"));
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
        let page = one_run(&judge(run));
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
    }
}
