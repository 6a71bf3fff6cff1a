//! Goal: runs that cannot be compared share no line, and what a filter asks for is what is there.
//! Method: kept runs of the fixture, each changed in one respect.

use super::*;
use crate::fixture;
use crate::record::Clock;

fn kept() -> KeptRun {
    KeptRun::of(&fixture::judged(|_| ())).unwrap()
}

fn mark(day: &str, label: Option<&str>) -> Mark {
    Mark { day: day.to_owned(), label: label.map(str::to_owned) }
}

/// A point without figures.
pub(super) fn point(day: &str, label: Option<&str>) -> Point {
    let run = kept();
    Point::of(&mark(day, label), &run, &run.pipelines[0])
}

fn entry(day: &str, change: impl FnOnce(&mut KeptRun)) -> Entry {
    let mut run = kept();
    change(&mut run);
    Entry { mark: mark(day, Some(day)), kept: Kept::Run(run) }
}

fn of(entries: &[Entry], filter: &Filter) -> History {
    History::of(entries, filter, None)
}

#[test]
fn simulated_and_real_time_never_share_a_line() {
    let entries =
        [entry("1", |_| ()), entry("2", |run| run.clock = Clock::Wall), entry("3", |_| ())];
    let history = of(&entries, &Filter::default());
    let phase3: Vec<&Series> =
        history.series.iter().filter(|series| series.basis.pipeline == "phase3").collect();
    assert_eq!(phase3.len(), 2);
    assert_eq!((phase3[0].points.len(), phase3[0].basis.is_exact()), (2, true));
    assert_eq!((phase3[1].points.len(), phase3[1].basis.is_exact()), (1, false));
    assert_eq!(phase3[1].parted_by, ["time was simulated"]);
}

#[test]
fn another_definition_or_seed_begins_a_series_and_says_why() {
    let entries = [
        entry("1", |_| ()),
        entry("2", |run| (run.scenario_sha256, run.seed) = ("d".repeat(64), 8)),
    ];
    let history =
        of(&entries, &Filter { pipeline: Some("phase3".to_owned()), ..Filter::default() });
    assert_eq!(history.series.len(), 2);
    assert_eq!(history.series[0].parted_by, [""; 0]);
    let reasons = ["the scenario or its mock was defined otherwise", "the seed was 7"];
    assert_eq!(history.series[1].parted_by, reasons);
}

#[test]
fn nightly_runs_of_two_seeds_are_two_series_and_not_many() {
    let entries = ["1", "2", "3", "4"]
        .map(|day| entry(day, |run| run.seed = 7 + u64::from(day == "2" || day == "4")));
    let history =
        of(&entries, &Filter { pipeline: Some("phase1".to_owned()), ..Filter::default() });
    let runs: Vec<usize> = history.series.iter().map(|series| series.points.len()).collect();
    assert_eq!(runs, [2, 2]);
}

#[test]
fn a_cause_that_came_up_later_was_zero_before() {
    let entries = [
        entry("1", |run| run.pipelines.truncate(1)),
        entry("2", |run| {
            run.pipelines.truncate(1);
            run.pipelines[0].numbers.failures.insert("timeout".to_owned(), 2);
        }),
    ];
    let metrics = vec!["failed.*".to_owned()];
    let history = of(&entries, &Filter { metrics, ..Filter::default() });
    let lines = &history.series[0].lines;
    let names: Vec<&str> = lines.iter().map(|line| line.metric.as_str()).collect();
    assert_eq!(names, ["failed.rate_limited", "failed.timeout"]);
    assert_eq!(lines[1].values, [Some(0), Some(2)]);
    assert_eq!(lines[1].steps.len(), 1);
}

#[test]
fn the_last_runs_are_the_last_of_each_series() {
    let entries = ["1", "2", "3"].map(|day| entry(day, |_| ()));
    let history = of(&entries, &Filter { last: Some(2), ..Filter::default() });
    let days: Vec<&str> =
        history.series[0].points.iter().map(|point| point.mark.day.as_str()).collect();
    assert_eq!(days, ["2", "3"]);
    assert_eq!(history.series[0].began.day, "1");
    assert_eq!(history.runs, 3, "the history has all of them");
}

#[test]
fn what_is_kept_is_read_back() {
    let entry = entry("2026-11-30", |_| ());
    let text = serde_json::to_string(&entry).unwrap();
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
}
