//! Probes made by hand: what a client did, in milliseconds. Each criterion is held against clients
//! whose conduct is known.

use reports::Cause;
use reports::card::{Criterion, Grade, Row};
use reports::record::{Attempt, Job, Outcome};

use super::grade;
use super::retries::PASSING;
use crate::diagnose::seen::{Probe, Question, Seen};

/// One attempt: how long the client waited before it, how long it took, and how it ended.
type Try = (u64, u64, Option<Cause>);

const OK: Option<Cause> = None;
const BUSY: Option<Cause> = Some(Cause::Overloaded);

fn attempt(start_ms: u64, took_ms: u64, cause: Option<Cause>) -> Attempt {
    Attempt {
        pipeline: "client".into(),
        job: 1,
        chunk: 1,
        attempt: 1,
        start_us: start_ms * 1_000,
        end_us: (start_ms + took_ms) * 1_000,
        first_token_us: None,
        status: Some(if cause.is_some() { 529 } else { 200 }),
        cause,
        detail: None,
        request_id: None,
        retry_after_s: None,
        tokens_in: 100,
        tokens_out: 100,
        cost_microusd: if cause.is_some_and(|cause| cause != Cause::Connection) {
            0
        } else {
            2_000
        },
        told_microusd: None,
    }
}

fn question(tries: &[Try]) -> Question {
    let mut now_ms = 0;
    let attempts = tries.iter().map(|(wait_ms, took_ms, cause)| {
        let start_ms = now_ms + wait_ms;
        now_ms = start_ms + took_ms;
        attempt(start_ms, *took_ms, *cause)
    });
    Question { attempts: attempts.collect() }
}

fn job(questions: &[Question], said_done: bool, cause: Option<Cause>) -> Job {
    let all = || questions.iter().flat_map(|question| &question.attempts);
    let failed = cause.is_some() || !said_done;
    Job {
        pipeline: "client".into(),
        job: 1,
        path: "a.py".to_owned(),
        bytes: 1,
        lines: 1,
        arrival_us: 0,
        start_us: 0,
        end_us: all().map(|attempt| attempt.end_us).max().unwrap_or(0),
        outcome: if failed { Outcome::Failed } else { Outcome::Documented },
        cause: cause.or((!said_done).then_some(Cause::CommandFailed)),
        detail: None,
        said_done: Some(said_done),
        chunks: 1,
        lost_lines: 0,
        cache_hits: 0,
        cache_misses: 0,
        calls: all().count() as u64,
        definitions: 0,
        documented: 0,
        tokens_in: 0,
        tokens_out: 0,
        cost_microusd: all().map(|attempt| attempt.cost_microusd).sum(),
        wasted_microusd: 0,
        memory_kb: 0,
    }
}

/// A probe with one job.
fn probe(name: &str, tries: &[Try], said_done: bool) -> Probe {
    let questions = vec![question(tries)];
    let lost = if questions[0].is_answered() { None } else { BUSY };
    let jobs = vec![job(&questions, said_done, lost)];
    Probe::made(name, jobs, questions)
}

fn row(probes: Vec<Probe>, criterion: Criterion) -> Row {
    let mut seen = Seen::default();
    for probe in probes {
        seen.add(probe);
    }
    let rows = grade(&seen);
    rows.into_iter().find(|row| row.criterion == criterion).expect("every criterion has a row")
}

fn graded(probes: Vec<Probe>, criterion: Criterion) -> Option<Grade> {
    row(probes, criterion).grade
}

#[test]
fn what_no_probe_has_shown_has_no_grade() {
    for row in grade(&Seen::default()) {
        assert_eq!(row.grade, None, "{row:?}");
        assert!(!row.says.is_empty() && row.fix.is_none());
    }
}

#[test]
fn a_client_that_outlasts_everything_is_better_than_one_that_tries_twice_or_once() {
    let all = |tries: &[Try], done| PASSING.iter().map(|name| probe(name, tries, done)).collect();
    let grade = |tries: &[Try], done| graded(all(tries, done), Criterion::Retries);
    assert_eq!(grade(&[(0, 5, BUSY), (500, 5, BUSY), (900, 5, OK)], true), Some(Grade::A));
    assert_eq!(grade(&[(0, 5, BUSY), (500, 5, BUSY)], false), Some(Grade::D));
    assert_eq!(grade(&[(0, 5, BUSY)], false), Some(Grade::F));
}

#[test]
fn a_client_that_never_gives_up_is_told_so() {
    let mut all: Vec<Probe> =
        PASSING.iter().map(|name| probe(name, &[(0, 5, BUSY), (500, 5, OK)], true)).collect();
    all.push(probe("down", &[(500, 5, BUSY); 60], false));
    let row = row(all, Criterion::Retries);
    assert_eq!(row.grade, Some(Grade::C));
    assert!(row.says.contains("does not give up"), "{}", row.says);
}

#[test]
fn waits_that_grow_are_better_than_equal_ones_and_those_than_none() {
    let grade = |waits: &[u64]| {
        let tries: Vec<Try> = waits.iter().map(|wait| (*wait, 5, BUSY)).collect();
        let tries = [&[(0, 5, BUSY)], &tries[..]].concat();
        graded(vec![probe("overloaded", &tries, false)], Criterion::Backoff)
    };
    assert_eq!(grade(&[500, 900, 1_900]), Some(Grade::A));
    assert_eq!(grade(&[10_000, 10_000]), Some(Grade::B));
    assert_eq!(grade(&[2_000, 2_000]), Some(Grade::C));
    assert_eq!(grade(&[300, 300]), Some(Grade::D));
    assert_eq!(grade(&[1, 2]), Some(Grade::F));
    assert_eq!(grade(&[]), None, "it never waited");
    let by_chance = |waits: &[[u64; 2]]| {
        let probes = waits.iter().zip(PASSING).map(|([first, second], name)| {
            probe(name, &[(0, 5, BUSY), (*first, 5, BUSY), (*second, 5, OK)], true)
        });
        graded(probes.collect(), Criterion::Backoff)
    };
    let unlucky = [[502, 276], [534, 450], [439, 253], [122, 303], [416, 402], [276, 6]];
    assert_eq!(by_chance(&unlucky), Some(Grade::B), "full jitter that was unlucky");
    let lucky = [[200, 750], [216, 635], [410, 948], [610, 239]];
    assert_eq!(by_chance(&lucky), Some(Grade::A));
}

#[test]
fn equal_waits_have_no_jitter_and_few_waits_show_nothing() {
    let grade = |waits: &[u64]| {
        let probes = waits
            .iter()
            .zip(PASSING)
            .map(|(wait, name)| probe(name, &[(0, 5, BUSY), (*wait, 5, OK)], true));
        graded(probes.collect(), Criterion::Jitter)
    };
    assert_eq!(grade(&[1_000, 1_001, 1_004, 1_000, 1_020, 1_003]), Some(Grade::D));
    assert_eq!(grade(&[390, 500, 441, 402, 470, 488]), Some(Grade::A));
    assert_eq!(grade(&[390, 500, 441, 402]), None);
    assert_eq!(grade(&[1, 3, 2, 9, 4, 30]), None, "it does not wait");
}

#[test]
fn a_wait_that_was_asked_for_is_obeyed_in_every_form_or_not() {
    let grade = |waits: [Option<u64>; 4]| {
        let names = ["rate-limit", "rate-limit-minute", "rate-limit-date", "rate-limit-ms"];
        let probes = names.iter().zip(waits).map(|(name, wait)| match wait {
            Some(wait) => probe(name, &[(0, 5, BUSY), (wait, 5, OK)], true),
            None => probe(name, &[(0, 5, BUSY)], false),
        });
        graded(probes.collect(), Criterion::RetryAfter)
    };
    let all = [5_000, 60_000, 7_200, 2_500].map(Some);
    assert_eq!(grade(all), Some(Grade::A));
    assert_eq!(grade([all[0], all[1], all[2], Some(900)]), Some(Grade::B), "only seconds");
    assert_eq!(grade([all[0], None, all[2], all[3]]), Some(Grade::C), "a minute is too long");
    assert_eq!(grade([all[0], Some(9_000), all[2], all[3]]), Some(Grade::D), "it caps its waits");
    assert_eq!(grade([Some(500), Some(500), Some(500), Some(500)]), Some(Grade::F));
    assert_eq!(grade([None; 4]), None, "it never tried again");
}

/// What a card says in numbers has to be found in the list below it.
#[test]
fn the_sentence_of_a_row_accounts_for_every_probe_that_it_lists() {
    let (done, lost): (&[Try], &[Try]) = (&[(0, 5, BUSY), (500, 5, OK)], &[(0, 5, BUSY)]);
    let passing = PASSING.iter().chain(&["conflict"]).map(|name| probe(name, done, true));
    let lasting = ["request-timeout", "outage-30s", "outage-2m", "down"];
    let lasting = lasting.iter().map(|name| probe(name, lost, false));
    let retries = row(passing.chain(lasting).collect(), Criterion::Retries);
    let says = "9 of 10 temporary errors and 0 of 2 outages were outlasted; an outage of half a \
                minute is longer than its patience; it gives up on an API that stays down";
    assert_eq!((retries.says.as_str(), retries.evidence.len()), (says, 10 + 2 + 1));
    let probes = ["invalid", "not-found", "do-retry"].map(|name| probe(name, lost, false));
    let errors = row(probes.into(), Criterion::FinalErrors);
    let says = "0 of 2 permanent errors were retried; a 400 that asks for a retry was not";
    assert_eq!((errors.says.as_str(), errors.evidence.len()), (says, 2 + 1));
}

#[test]
fn refusals_that_stay_are_sent_once() {
    let once: &[Try] = &[(0, 5, BUSY)];
    let twice: &[Try] = &[(0, 5, BUSY), (500, 5, BUSY)];
    let names =
        ["invalid", "unauthorized", "not-found", "too-large", "do-not-retry", "spend-limit"];
    let grade = |again: &[&str]| {
        let tries = |name: &&str| if again.contains(name) { twice } else { once };
        let probes = names.iter().map(|name| probe(name, tries(name), false)).collect();
        graded(probes, Criterion::FinalErrors)
    };
    assert_eq!(grade(&[]), Some(Grade::A));
    assert_eq!(grade(&["do-not-retry"]), Some(Grade::B));
    assert_eq!(grade(&["invalid"]), Some(Grade::C));
    assert_eq!(grade(&["invalid", "too-large"]), Some(Grade::D));
    assert_eq!(grade(&names), Some(Grade::F));
}

#[test]
fn a_client_that_hangs_up_in_time_and_asks_again_is_good() {
    let left = Some(Cause::CallTimeout);
    let grade = |took_ms| {
        let tries = [(0, took_ms, left), (500, 5_000, OK)];
        let probes = ["hang", "stall"].map(|name| probe(name, &tries, true));
        graded(probes.into(), Criterion::Timeouts)
    };
    assert_eq!(grade(60_000), Some(Grade::A));
    assert_eq!(grade(300_000), Some(Grade::B));
    assert_eq!(grade(600_000), Some(Grade::C));
    let mut stuck = probe("hang", &[(0, 900_000, left)], false);
    stuck.jobs[0].cause = Some(Cause::JobTimeout);
    assert_eq!(graded(vec![stuck], Criterion::Timeouts), Some(Grade::F));
}

#[test]
fn a_deadline_that_is_shorter_than_answers_pays_for_what_it_throws_away() {
    let left = Some(Cause::Connection);
    let good = probe("hang", &[(0, 30_000, left), (500, 5_000, OK)], true);
    let impatient = probe("slow", &[(0, 30_000, left), (500, 30_000, left)], false);
    let row = row(vec![good, impatient], Criterion::Timeouts);
    assert_eq!(row.grade, Some(Grade::C));
    assert_eq!(row.cost.map(|cost| cost.per_file_microusd), Some(4_000));
}

#[test]
fn a_broken_answer_is_asked_for_again_given_up_or_kept() {
    let broken = Some(Cause::Connection);
    let again = || probe("cut", &[(0, 5, broken), (500, 5, OK)], true);
    let given_up = || probe("silent-end", &[(0, 5, broken)], false);
    let kept = || probe("reset-midway", &[(0, 5, broken)], true);
    let grade = |probes| graded(probes, Criterion::Streams);
    assert_eq!(grade(vec![again()]), Some(Grade::A));
    assert_eq!(grade(vec![again(), given_up()]), Some(Grade::B));
    assert_eq!(grade(vec![given_up()]), Some(Grade::C));
    assert_eq!(grade(vec![again(), kept()]), Some(Grade::F));
    let row = row(vec![again(), kept()], Criterion::Reporting);
    assert_eq!(row.grade, Some(Grade::F), "the one that was lost was reported as done");
}

#[test]
fn an_unfinished_answer_is_noticed_or_kept() {
    let truncated = |said_done| {
        let questions = vec![question(&[(0, 5, OK)])];
        let jobs = vec![job(&questions, said_done, Some(Cause::Truncated))];
        graded(vec![Probe::made("truncated", jobs, questions)], Criterion::Truncation)
    };
    assert_eq!(truncated(true), Some(Grade::F));
    assert_eq!(truncated(false), Some(Grade::B));
    let refused =
        |said_done| graded(vec![probe("refusal", &[(0, 5, OK)], said_done)], Criterion::Truncation);
    assert_eq!(refused(true), Some(Grade::C));
    assert_eq!(refused(false), Some(Grade::A));
}

/// A probe of several jobs with one answered question each, or none where nothing was asked.
fn jobs(name: &str, asked: &[bool]) -> Probe {
    let mut probe = Probe::made(name, Vec::new(), Vec::new());
    for asked in asked {
        let questions = if *asked { vec![question(&[(0, 5, OK)])] } else { Vec::new() };
        probe.jobs.push(job(&questions, true, None));
        probe.questions.extend(questions);
    }
    probe
}

#[test]
fn unchanged_input_is_paid_for_once_or_every_time() {
    let grade = |asked: &[bool]| graded(vec![jobs("identical", asked)], Criterion::Cache);
    assert_eq!(grade(&[true, false, false, false]), Some(Grade::A));
    assert_eq!(grade(&[true, true, false, false]), Some(Grade::C));
    assert_eq!(grade(&[true; 4]), Some(Grade::F));
    assert_eq!(grade(&[false; 4]), None, "somebody's cache was full already");
    let at_once = |asked: &[bool]| graded(vec![jobs("twins", asked)], Criterion::Duplicates);
    assert_eq!(at_once(&[true, false, false]), Some(Grade::A));
    assert_eq!(at_once(&[true, true, false]), Some(Grade::C));
    assert_eq!(at_once(&[true; 3]), Some(Grade::F));
}

#[test]
fn many_files_at_once_are_answered_or_lost() {
    let load = |good: usize| {
        let mut probe = jobs("many", &[true; 10]);
        for question in probe.questions.iter_mut().skip(good) {
            question.attempts[0].cause = Some(Cause::RateLimited);
        }
        graded(vec![probe], Criterion::Concurrency)
    };
    assert_eq!(load(10), Some(Grade::A));
    assert_eq!(load(9), Some(Grade::B));
    assert_eq!(load(4), Some(Grade::D));
    assert_eq!(load(1), Some(Grade::F));
}

#[test]
fn spent_money_ends_a_program_or_is_asked_for_again() {
    let spent = Some(Cause::SpendLimit);
    let grade = |tries: &[Try]| graded(vec![probe("budget", tries, false)], Criterion::Spend);
    assert_eq!(grade(&[(0, 5, spent)]), Some(Grade::A));
    assert_eq!(grade(&[(0, 5, spent), (500, 5, spent)]), Some(Grade::D));
    assert_eq!(grade(&[(500, 5, spent); 6]), Some(Grade::F));
    assert_eq!(grade(&[(0, 5, OK)]), None);
}

#[test]
fn a_run_that_was_killed_goes_on_or_pays_again() {
    let killed = |before: usize, after: usize| {
        let mut probe = jobs("killed", &vec![true; before + after]);
        let mut first = probe.jobs[0].clone();
        (first.cause, first.calls) = (Some(Cause::JobTimeout), before as u64);
        let second = Job { calls: after as u64, ..probe.jobs[0].clone() };
        probe.jobs = vec![first, second];
        graded(vec![probe], Criterion::Resume)
    };
    assert_eq!(killed(5, 3), Some(Grade::A));
    assert_eq!(killed(5, 5), Some(Grade::F));
    assert_eq!(graded(vec![jobs("killed", &[true; 2])], Criterion::Resume), None, "not killed");
}

#[test]
fn a_large_file_is_done_given_up_or_cut() {
    let big = |said_done, cause| {
        let questions = vec![question(&[(0, 5, OK)])];
        let jobs = vec![job(&questions, said_done, cause)];
        graded(vec![Probe::made("big", jobs, questions)], Criterion::Chunking)
    };
    assert_eq!(big(true, None), Some(Grade::A));
    assert_eq!(big(false, Some(Cause::PromptTooLong)), Some(Grade::D));
    assert_eq!(big(true, Some(Cause::Truncated)), Some(Grade::F));
}
