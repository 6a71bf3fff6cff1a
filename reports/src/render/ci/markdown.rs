//! Runs for a pull request's comment or a step's summary: the verdict in one line, what failed in
//! a table, and everything else folded away.
//!
//! Invariants: text from outside stands in code spans, where nothing is markup, a link or a
//! mention; tables are whole lines whatever is in their cells.

use std::fmt::Write as _;

use crate::judge::{Check, Judged, Standing, Verdict};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::failures::groups::by_meaning;
use crate::render::failures::matrix;
use crate::render::screen::comparison;
use crate::render::style::Style;
use crate::render::words::{
    again, clock_words, introductions, origin_words, standing_words, verdict_words,
};
use crate::text::{counted, escape, thousands};

/// The most groups of failures that are listed.
const GROUPS: usize = 20;

/// `--format markdown`: runs, one after another.
#[derive(Debug)]
pub(crate) struct Markdown;

impl Exporter<[Judged]> for Markdown {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "markdown",
            about: "A comment on a pull request, or the summary of a CI step",
            file: "report.md",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let pages: Vec<String> = runs.iter().map(one_run).collect();
        pages.join("\n---\n\n")
    }
}

fn one_run(judged: &Judged) -> String {
    let mut page = headline(judged);
    conclusion(&mut page, judged);
    checks(&mut page, judged);
    numbers(&mut page, judged);
    failed(&mut page, judged);
    provenance(&mut page, judged);
    page
}

fn headline(judged: &Judged) -> String {
    let is_expected = |check: &&Check| !check.bound.is_empty() || check.verdict != Verdict::Pass;
    let checks: Vec<&Check> = judged.checks().iter().filter(is_expected).collect();
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let counts: Vec<String> = [Verdict::Fail, Verdict::Inconclusive, Verdict::Pass]
        .into_iter()
        .filter(|verdict| count(*verdict) > 0)
        .map(|verdict| format!("{} {}", thousands(count(verdict) as u64), verdict.class()))
        .collect();
    let (word, verdict) = (verdict_words(judged), judged.verdict());
    let symbol = if word == verdict.word() { verdict.symbol() } else { "–" };
    let documented: Vec<String> = judged
        .summaries()
        .iter()
        .map(|s| format!("{} {}/{}", code(&s.pipeline), s.documented, s.tried()))
        .collect();
    let counts = if counts.is_empty() { String::new() } else { counts.join(", ") + " · " };
    format!(
        "**{symbol} {word}** {}: {} documented · {counts}seed {}\n",
        code(&judged.run().header.scenario),
        documented.join(", "),
        judged.run().header.seed,
    )
}

/// What it comes to: what became of each pipeline, the two compared, and what each of them is.
fn conclusion(page: &mut String, judged: &Judged) {
    page.push('\n');
    for summary in judged.summaries() {
        let standing = judged.standing(summary);
        let (symbol, name) = (standing.symbol(), code(&summary.pipeline));
        let _ = writeln!(page, "- {symbol} {name} {}", standing_words(judged, summary));
    }
    if let Some(sentence) = comparison::closing_of(judged) {
        let _ = write!(page, "\n{}\n", plain(&sentence));
    }
    let said = introductions(judged.run());
    if !said.is_empty() {
        let said = said.iter().map(|(name, what)| format!("{}: {}", code(name), plain(what)));
        let _ = write!(page, "\n{}\n", said.collect::<Vec<_>>().join("<br>\n"));
    }
}

/// What failed and what is inconclusive in the open, what passed folded away.
fn checks(page: &mut String, judged: &Judged) {
    let checks = judged.checks();
    let (passed, mut broken): (Vec<&Check>, Vec<&Check>) =
        checks.iter().partition(|check| check.verdict == Verdict::Pass);
    broken.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    if !broken.is_empty() {
        page.push('\n');
        checks_table(page, judged, &broken);
    }
    // Where nothing was expected, nothing has passed.
    let kept = passed.iter().filter(|check| !check.bound.is_empty()).count();
    let title = match kept {
        0 => "Nothing was expected".to_owned(),
        _ => format!("{} passed", counted(kept, "expectation")),
    };
    if !passed.is_empty() {
        folded(page, &title, |page| checks_table(page, judged, &passed));
    }
}

fn checks_table(page: &mut String, judged: &Judged, checks: &[&Check]) {
    page.push_str("| verdict | pipeline | metric | measured | expected | why |\n");
    page.push_str("|---|---|---|---:|---:|---|\n");
    for check in checks {
        let (symbol, word) = match check.verdict {
            _ if judged.is_break(check) => (Standing::Broke.symbol(), Standing::Broke.words()),
            Verdict::Pass if check.bound.is_empty() => ("–", "not judged"),
            verdict => (verdict.symbol(), verdict.class()),
        };
        let _ = writeln!(
            page,
            "| {symbol} {word} | {} | `{}` | {} | {} | {} |",
            cell(&check.pipeline),
            check.metric,
            check.measured,
            check.bound,
            check.reason.as_deref().map(cell).unwrap_or_default(),
        );
    }
}

fn numbers(page: &mut String, judged: &Judged) {
    let (header, rows) = comparison::table_of(judged);
    page.push('\n');
    // The header and the cells are escaped already; marks of Markdown are left in them.
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    page.push_str(&line(&header));
    page.push_str("|---|");
    page.push_str(&"---:|".repeat(header.len() - 1));
    page.push('\n');
    for row in &rows {
        page.push_str(&line(row));
    }
}

fn failed(page: &mut String, judged: &Judged) {
    let failures = judged.failures();
    if failures.is_empty() {
        return;
    }
    let groups = by_meaning(&failures);
    folded(page, &matrix::sentence(&failures), |page| {
        page.push_str("| jobs | cause | pipeline | category | priority | decided by | ");
        page.push_str("would have saved it | remedy |\n|---:|---|---|---|---|---|---|---|\n");
        for group in groups.iter().take(GROUPS) {
            let first = group[0];
            let expected = if first.expected { ", expected" } else { "" };
            let _ = writeln!(
                page,
                "| {} | {} | {} | {}{expected} | {} | {} ({}) | {} | {} |",
                thousands(group.len() as u64),
                first.words(),
                cell(&first.job.pipeline),
                first.category().name(),
                first.priority().name(),
                first.rule().name(),
                first.confidence().name(),
                first.stage_name(),
                first.remedy(),
            );
        }
        if groups.len() > GROUPS {
            let more = thousands((groups.len() - GROUPS) as u64);
            let _ = writeln!(page, "\n{more} more groups are in failures.csv.");
        }
    });
}

fn provenance(page: &mut String, judged: &Judged) {
    let run = judged.run();
    folded(page, "Where these numbers come from", |page| {
        let _ = writeln!(page, "{} · {}\n", clock_words(run), origin_words(run));
        for gap in &run.gaps {
            let _ = writeln!(page, "- {}", code(&gap.to_string()));
        }
        let _ = writeln!(page, "- run again: {}", code(&again(run)));
        let _ = writeln!(page, "- records: {}", code(judged.name()));
        let _ = writeln!(page, "- scenario: sha256 {}", code(&run.header.scenario_sha256));
        for pipeline in &run.header.pipelines {
            let (name, sha256) = (code(&pipeline.name), code(&pipeline.config_sha256));
            let _ = writeln!(page, "- {name}: sha256 {sha256}");
        }
    });
}

/// A part that is closed until somebody asks; the summary is this crate's own words.
pub(in crate::render) fn folded(
    page: &mut String,
    summary: &str,
    inside: impl FnOnce(&mut String),
) {
    let _ = write!(page, "\n<details><summary>{summary}</summary>\n\n");
    inside(page);
    page.push_str("\n</details>\n");
}

/// Text from outside as a code span: a fence longer than any run of backticks in it.
pub(in crate::render) fn code(text: &str) -> String {
    let text = escape(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space on both sides is taken off again; without it a backtick would join the fence.
    let space = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A code span in a cell of a table, where a bar would end the cell even inside of it.
pub(in crate::render) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text whose marks are shown and not obeyed; numbers and words stay as they are.
pub(in crate::render) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            // A comment, which shows nothing, keeps a name from being called.
            '@' => plain.push_str("@<!-- -->"),
            // Without its colon an address is no link.
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                plain.push('\\');
                plain.push(character);
            }
            _ => plain.push(character),
        }
    }
    plain.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::run::Run;

    fn page(run: Run) -> String {
        Markdown.text(&[judge(run).named("out")], Style::PLAIN)
    }

    #[test]
    fn nothing_that_was_not_expected_has_passed() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        let page = page(run);
        assert!(page.contains("<summary>Nothing was expected</summary>"), "{page}");
        assert!(!page.contains("passed</summary>"), "{page}");
    }

    #[test]
    fn the_comment_goes_from_the_verdict_to_where_it_comes_from() {
        let mut run = fixture::concurrent();
        run.header.expect.get_mut("phase3").unwrap().success_rate.as_mut().unwrap().max = Some(0.5);
        run.header.expect.get_mut("phase3").unwrap().success_rate.as_mut().unwrap().min = None;
        // Which numbers there are is the business of the table that every format shares.
        let kept =
            ["| verdict", "| ✗", "| ✓", "| metric", "| success", "| cost |", "| jobs", "| 6"];
        let page = page(run);
        let shown = page.lines().filter(|line| {
            !line.starts_with("| ") || kept.iter().any(|start| line.starts_with(start))
        });
        let shown: Vec<&str> = shown.collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        **✗ FAIL** `concurrent`: `phase1` 4/10, `phase3` 10/10 documented · 1 fail, 1 pass · seed 7

        - ↓ `phase1` broke as expected: 4 of 10 documented
        - ✗ `phase3` failed: 10 of 10 documented

        phase3 documented 6 more of 10 files than phase1: 1.05× its cost per success, 1.41× its time.

        | verdict | pipeline | metric | measured | expected | why |
        |---|---|---|---:|---:|---|
        | ✗ fail | `phase3` | `success_rate` | 1.00 | ≤ 0.5 |  |

        <details><summary>1 expectation passed</summary>

        | verdict | pipeline | metric | measured | expected | why |
        |---|---|---|---:|---:|---|

        </details>

        | metric | phase1 | phase3 | ratio |
        |---|---:|---:|---:|
        | success rate | 40.0 % (4/10) | 100.0 % (10/10) | 2.50× |
        | cost | $0.0734 | $0.1922 | 2.62× |

        <details><summary>6 jobs failed, all as the scenario expects.</summary>

        | jobs | cause | pipeline | category | priority | decided by | would have saved it | remedy |
        |---:|---|---|---|---|---|---|---|
        | 6 | 429 rate limit | `phase1` | ENVIRONMENT, expected | LOW | quota-of-others (certain) | retry | pace to the announced limit, honour retry-after, or raise the retry budget |

        </details>

        <details><summary>Where these numbers come from</summary>

        simulated time · generated files

        - run again: `chaos run --scenario concurrent --pipeline phase1 phase3 --seed 7`
        - records: `out`
        - scenario: sha256 `cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc`
        - `phase1`: sha256 `1111111111111111111111111111111111111111111111111111111111111111`
        - `phase3`: sha256 `3333333333333333333333333333333333333333333333333333333333333333`

        </details>
        ");
    }

    #[test]
    fn a_code_span_holds_whatever_it_is_given() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(cell("a|b"), "`a\\|b`");
    }

    #[test]
    fn no_text_from_outside_is_markup_a_link_or_a_mention() {
        let attack = "</summary><script>@team |x` [a](http://b) ![i](j)\n# h\u{202e}\u{1b}[1m";
        let mut run = fixture::concurrent();
        run.header.scenario = attack.to_owned();
        run.header.currency.code = attack.to_owned();
        run.header.currency.symbol = attack.to_owned();
        run.pipelines[0].header.name = attack.to_owned();
        run.header.pipelines[0].name = attack.to_owned();
        run.pipelines[0].jobs.iter_mut().for_each(|job| job.pipeline = attack.into());
        let page = page(run);
        assert!(!page.contains(['\u{202e}', '\u{1b}']), "{page}");
        assert!(page.lines().all(|line| !line.starts_with("# h")), "{page}");
        for line in page.lines() {
            // Outside of code spans, which begin and end with two backticks here, nothing is left.
            for (index, piece) in line.split("``").enumerate() {
                let outside = index % 2 == 0;
                assert!(!(outside && piece.contains("<script>")), "{line}");
                assert!(!(outside && piece.contains("@team")), "{line}");
                assert!(!(outside && piece.contains("://")), "{line}");
            }
        }
        let closed = page.matches("</details>").count();
        assert_eq!(page.matches("<details>").count(), closed);
    }
}
