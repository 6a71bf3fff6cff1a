//! Annotations for GitHub Actions: workflow commands on standard output.
//!
//! Invariants: at most ten, because the service drops more without a word; the worst come first
//! and the last says how many are left out; nothing from outside ends a command or begins one.
//! A break that the scenario expects is a notice and no error.

use crate::judge::{Check, Judged, Standing, Verdict};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::failures::groups::by_meaning;
use crate::render::style::Style;
use crate::render::words::standing_words;
use crate::text::counted;
use crate::text::{escape, thousands};

/// The most annotations of one kind that a step may have.
const MOST: usize = 10;

/// The longest message, in characters.
const LONG: usize = 500;

/// One annotation and how bad it is, the least being the worst.
pub(in crate::render) struct Annotation {
    pub(in crate::render) level: Level,
    pub(in crate::render) rank: u8,
    pub(in crate::render) title: String,
    pub(in crate::render) message: String,
}

/// How an annotation is shown, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) enum Level {
    /// Something is wrong.
    Error,
    /// Something is to be known.
    Notice,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Notice => "notice",
        }
    }
}

/// `--format github`: nothing where nothing is wrong, and nothing broke.
#[derive(Debug)]
pub(crate) struct Github;

impl Exporter<[Judged]> for Github {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "github",
            about: "Annotations for GitHub Actions",
            file: "annotations.txt",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        annotations(runs.iter().flat_map(of_run).collect(), "failures.txt")
    }
}

/// The worst annotations as commands, and where the others are.
pub(in crate::render) fn annotations(mut found: Vec<Annotation>, rest: &str) -> String {
    // The sort is stable: equally bad ones stay in their order.
    found.sort_by_key(|annotation| (annotation.level, annotation.rank));
    let shown = if found.len() > MOST { MOST - 1 } else { found.len() };
    let left_out = found.len() - shown;
    let mut text = String::new();
    for annotation in found.iter().take(shown) {
        text.push_str(&line(annotation.level, &annotation.title, &annotation.message));
    }
    if let Some(next) = found.get(shown) {
        let more = format!("...and {} more", thousands(left_out as u64));
        text.push_str(&line(next.level, &more, &format!("{more}: see {rest}")));
    }
    text
}

fn of_run(judged: &Judged) -> Vec<Annotation> {
    let scenario = escape(&judged.run().header.scenario);
    let broken = judged.checks().iter().filter(|check| check.verdict != Verdict::Pass);
    let mut found: Vec<Annotation> = broken.map(|check| of_check(&scenario, check)).collect();
    let failures = judged.failures();
    for group in by_meaning(&failures).into_iter().filter(|group| !group[0].expected) {
        let first = group[0];
        let pipeline = escape(&first.job.pipeline);
        let jobs = counted(group.len(), "job");
        found.push(Annotation {
            level: Level::Error,
            rank: 2 + first.priority() as u8,
            title: format!("{scenario}: {pipeline} lost {jobs}: {}", first.words()),
            message: format!(
                "{} {}: {}. First: {}: {}",
                first.category().name(),
                first.priority().name(),
                first.remedy(),
                escape(&first.job.path),
                escape(&first.evidence()),
            ),
        });
    }
    let broke = judged.summaries().iter().filter(|of| judged.standing(of) == Standing::Broke);
    found.extend(broke.map(|summary| Annotation {
        level: Level::Notice,
        rank: 0,
        title: format!("{scenario}: {}", escape(&summary.pipeline)),
        message: standing_words(judged, summary),
    }));
    found
}

fn of_check(scenario: &str, check: &Check) -> Annotation {
    let pipeline = escape(&check.pipeline);
    let reason = check.reason.as_deref().map(|reason| format!(": {}", escape(reason)));
    Annotation {
        level: Level::Error,
        rank: u8::from(check.verdict != Verdict::Fail),
        title: format!("{scenario}: {pipeline} {} {}", check.metric, check.verdict.class()),
        message: match check.bound.as_str() {
            "" => format!("{}{}", check.measured, reason.unwrap_or_default()),
            bound => {
                let reason = reason.unwrap_or_default();
                format!("measured {}, expected {bound}{reason}", check.measured)
            }
        },
    }
}

fn line(level: Level, title: &str, message: &str) -> String {
    let data = |text: &str| {
        let text: String = text.chars().take(LONG).collect();
        text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
    };
    let title = data(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{} title={title}::{}\n", level.word(), data(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::record::{Cause, Job};
    use crate::run::Run;

    fn lines(run: Run) -> Vec<String> {
        let text = Github.text(&[judge(run)], Style::PLAIN);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_break_that_is_expected_is_a_notice_and_no_error() {
        let notice = "::notice title=concurrent%3A phase1::broke as expected: 4 of 10 documented";
        assert_eq!(lines(fixture::concurrent()), [notice]);
        let mut good = fixture::concurrent();
        good.pipelines.remove(0);
        good.header.expect.remove("phase1");
        assert_eq!(lines(good), [""; 0]);
    }

    #[test]
    fn a_broken_expectation_comes_before_the_jobs_that_were_lost() {
        let mut run = fixture::concurrent();
        let bound = run.header.expect.get_mut("phase1").unwrap().success_rate.as_mut().unwrap();
        (bound.min, bound.max) = (Some(0.9), None);
        let found = lines(run);
        assert_eq!(found.len(), 2);
        let first = "::error title=concurrent%3A phase1 success_rate fail::measured 0.40, ";
        assert!(found[0].starts_with(first), "{}", found[0]);
        let second = "::error title=concurrent%3A phase1 lost 6 jobs%3A 429 rate limit::";
        assert!(found[1].starts_with(second), "{}", found[1]);
    }

    #[test]
    fn at_most_ten_are_shown_and_the_last_counts_the_rest() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        let jobs = &mut run.pipelines[0].jobs;
        let job = jobs[2].clone();
        *jobs = Cause::ALL
            .into_iter()
            .zip(1..)
            .map(|(cause, number)| Job { job: number, cause: Some(cause), ..job.clone() })
            .collect();
        let found = lines(run);
        assert_eq!(found.len(), MOST);
        assert!(found[MOST - 1].starts_with("::error title=...and "), "{found:?}");
        assert!(found[1..5].iter().all(|line| line.contains(" HIGH")), "{found:?}");
    }

    #[test]
    fn nothing_from_outside_begins_or_ends_a_command() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        for job in &mut run.pipelines[0].jobs {
            job.path = "a\n::stop-commands::x\r\n%0A::error::,title=\u{1b}[31m".to_owned();
            job.detail = Some("::warning::\n::set-output name=x::y".to_owned());
        }
        run.header.scenario = "a:b,c::d\n".to_owned();
        for line in lines(run) {
            assert!(line.starts_with("::error title="), "{line}");
            let (title, _) = line["::error title=".len()..].split_once("::").unwrap();
            assert!(!title.contains([':', ',']), "{title}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
    }
}
