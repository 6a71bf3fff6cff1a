//! Goal: unchanged code passes again and again, what got slower or lost files fails, and whatever
//! is too little to say anything is inconclusive or left out.
//! Method: runs of the fixture whose times are scattered by a fixed generator.

use super::*;
use crate::fixture;
use crate::record::{Clock, Outcome};
use crate::run::Run;

/// Pseudo-random numbers in 0..1 (a linear congruential generator, high bits).
struct Chance(u64);

impl Chance {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float has")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About a normal distribution with deviation one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn run(change: impl FnOnce(&mut Run)) -> Judged {
    fixture::judged(|run| {
        run.header.clock = Clock::Wall;
        run.header.expect.clear();
        run.pipelines.remove(0);
        run.header.pipelines.remove(0);
        change(run);
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times of seconds in microseconds"
)]
fn scaled(run: &mut Run, factor: f64) {
    let scale = |time: &mut u64| *time = (*time as f64 * factor) as u64;
    run.pipelines[0].jobs.iter_mut().for_each(|job| scale(&mut job.end_us));
    scale(&mut run.pipelines[0].end.as_mut().unwrap().elapsed_us);
}

/// Ten runs whose times scatter by 5 %, all of them slower by a factor.
fn side(chance: &mut Chance, slower: f64) -> Vec<Judged> {
    let factors: Vec<f64> = (0..10).map(|_| slower * (1.0 + 0.05 * chance.normal())).collect();
    factors.into_iter().map(|factor| run(|run| scaled(run, factor))).collect()
}

fn row<'a>(report: &'a GateReport, metric: &str) -> &'a GateRow {
    report.scenarios[0].rows.iter().find(|row| row.metric == metric).unwrap()
}

#[test]
fn of_200_gates_of_unchanged_code_hardly_one_is_red_and_of_200_slower_ones_all_are() {
    let mut chance = Chance(7);
    let mut red = |slower| {
        let gates = (0..200).map(|_| {
            let (base, head) = (side(&mut chance, 1.0), side(&mut chance, slower));
            against(&base, &head, &[]).verdict
        });
        gates.filter(|verdict| *verdict == Verdict::Fail).count()
    };
    let (false_alarms, caught) = (red(1.0), red(1.15));
    assert!(false_alarms <= 4, "{false_alarms} of 200 gates of unchanged code were red");
    assert!(caught >= 195, "{caught} of 200 slowdowns of 15 % were seen");
}

#[test]
fn what_holds_says_how_large_a_difference_would_have_been_seen() {
    let mut chance = Chance(1);
    let report = against(&side(&mut chance, 1.0), &side(&mut chance, 1.0), &[]);
    assert_eq!(report.verdict, Verdict::Pass);
    let elapsed = row(&report, "elapsed_us").repeats.clone().unwrap();
    assert_eq!(elapsed.tolerance_ppm, 50_000);
    let seen_from = elapsed.seen_from_ppm.unwrap();
    assert!((60_000..130_000).contains(&seen_from), "{seen_from} of a deviation of 5 %");
    assert_eq!(row(&report, "cost_microusd").repeats.as_ref().unwrap().seen_from_ppm, Some(0));
}

#[test]
fn a_percentile_below_its_floor_is_left_out_unless_it_was_asked_for() {
    let mut chance = Chance(1);
    let (base, head) = (side(&mut chance, 1.0), side(&mut chance, 1.0));
    let report = against(&base, &head, &[]);
    let left_out = "latency_p99_us is left out: n = 100, and 299 are needed: more --repeats";
    assert!(report.scenarios[0].notes.iter().any(|note| note == left_out), "{report:?}");
    let asked = against(&base, &head, &["latency_p99_us 5%".parse().unwrap()]);
    assert_eq!(row(&asked, "latency_p99_us").verdict, Verdict::Inconclusive);
    assert_eq!(asked.verdict, Verdict::Inconclusive);
}

#[test]
fn what_is_the_same_in_every_run_is_exact() {
    let runs = |tokens| -> Vec<Judged> {
        let one = || run(|run| run.pipelines[0].attempts[0].tokens_in += tokens);
        std::iter::repeat_with(one).take(7).collect()
    };
    let one_more = against(&runs(0), &runs(1), &[]);
    assert_eq!(row(&one_more, "tokens_in").verdict, Verdict::Fail);
    let one_less = against(&runs(1), &runs(0), &[]);
    assert_eq!(one_less.verdict, Verdict::Pass);
    assert_eq!(row(&one_less, "tokens_in").change, Some(Change::Improved));
}

/// The first jobs of a run fail.
fn losing(jobs: usize) -> Judged {
    run(|run| {
        for job in run.pipelines[0].jobs.iter_mut().take(jobs) {
            (job.outcome, job.cause) = (Outcome::Failed, Some(crate::Cause::RateLimited));
        }
    })
}

#[test]
fn lost_files_fail_where_they_are_more_than_chance_and_none_delivered_proves_nothing() {
    let side = |lost: [usize; 8]| lost.map(losing);
    let whole = side([0; 8]);
    let lost = against(&whole, &side([2, 3, 2, 2, 3, 2, 2, 3]), &[]);
    assert_eq!((lost.verdict, row(&lost, "documented").verdict), (Verdict::Fail, Verdict::Fail));
    let once = against(&whole, &side([0, 0, 1, 0, 0, 0, 0, 0]), &[]);
    assert_eq!(row(&once, "documented").verdict, Verdict::Pass);
    let nothing = against(&side([10; 8]), &side([10; 8]), &[]);
    assert_eq!(nothing.verdict, Verdict::Inconclusive);
}

#[test]
fn runs_that_prove_nothing_and_too_few_runs_are_inconclusive() {
    let seven = || (0..7).map(|_| run(|_| ())).collect::<Vec<_>>();
    let reasons = |head: Vec<Judged>| {
        let report = against(&seven(), &head, &[]);
        assert_eq!(report.verdict, Verdict::Inconclusive);
        report.scenarios[0].reasons.join("; ")
    };
    let few = "head: 6 runs, and 7 are needed; 7 runs of the base and 6 of the head";
    assert_eq!(reasons(seven().split_off(1)), few);
    let mut torn = seven();
    torn[2] = run(|run| run.gaps.push(crate::run::Gap::NoFooter));
    assert_eq!(reasons(torn), "head, run 3: the run died before its end: it has no footer");
    let mut other = seven();
    other[4] = run(|run| run.header.seed = 8);
    assert_eq!(reasons(other), "the runs are of other scenarios or other seeds");
    assert_eq!(against(&[], &[], &[]).verdict, Verdict::Inconclusive);
}
