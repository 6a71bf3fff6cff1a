//! What each policy waits for, and what it takes for final.

use super::*;
use crate::client::server_hints::{RetryAfter, ServerHints};
use crate::preset::{Preset, shipped};

fn policy(name: &str) -> RetryPolicy {
    Preset::parse(name, shipped(name).unwrap()).unwrap().retry
}

const SDK2: RetryPolicy = RetryPolicy::Sdk2 { attempts: three(), longest_retry_after_s: 60 };
const JITTER: RetryPolicy = RetryPolicy::FullJitter {
    attempts: NonZeroU32::new(10).unwrap(),
    base_ms: 1_000,
    max_ms: 60_000,
};

fn refusal(status: u16) -> Outcome {
    let outcome = Outcome::without_response(Cause::ServerError, "no");
    Outcome { status: Some(status), ..outcome }
}

fn requesting(status: u16, wait_ms: u64) -> Outcome {
    let hints =
        ServerHints { retry_after: Some(RetryAfter::InMs(wait_ms)), ..ServerHints::default() };
    Outcome { hints, ..refusal(status) }
}

fn advised(status: u16, should_retry: bool) -> Outcome {
    let hints = ServerHints { should_retry: Some(should_retry), ..ServerHints::default() };
    Outcome { hints, ..refusal(status) }
}

fn broken(broke: Break) -> Outcome {
    Outcome { broke: Some(broke), ..Outcome::without_response(Cause::Connection, "gone") }
}

fn timed_out() -> Outcome {
    Outcome::without_response(Cause::CallTimeout, "late")
}

/// The waits after each attempt, where chance always gives the most.
fn waits(policy: &RetryPolicy, outcome: &Outcome) -> Vec<Option<u64>> {
    let cause = outcome.result.as_ref().unwrap_err().cause;
    (1..=10)
        .map(|attempt| {
            let failed = Failed { attempt, cause, outcome, streamed: false, now_epoch_ms: 0 };
            policy.wait_ms(&failed, |_, most| most)
        })
        .collect()
}

fn is_retried(policy: &RetryPolicy, outcome: &Outcome) -> bool {
    waits(policy, outcome)[0].is_some()
}

#[test]
fn the_sdk_of_today_waits_as_long_as_it_is_told_to() {
    let (today, earlier) = (policy("phase1-sdk"), SDK2);
    let asked = requesting(429, 90_000);
    assert_eq!(waits(&today, &asked)[..3], [Some(90_000), Some(90_000), None]);
    assert_eq!(waits(&earlier, &asked)[..3], [Some(500), Some(1_000), None]);
    let sixteen_hours = requesting(429, 57_600_000);
    assert_eq!(waits(&today, &sixteen_hours)[0], Some(57_600_000));
}

#[test]
fn the_sdk_of_today_sleeps_fifty_days_where_it_is_asked_to_wait_for_ever() {
    let hints = ServerHints { asks_for_ever: true, ..ServerHints::default() };
    let for_ever = Outcome { hints, ..refusal(429) };
    assert_eq!(waits(&JITTER, &for_ever)[0], Some(1_000), "others do not believe it");
    for asked in [for_ever, requesting(429, 5_000_000_000)] {
        assert_eq!(waits(&policy("phase1-sdk"), &asked)[0], Some(4_294_967_000));
        assert_eq!(waits(&SDK2, &asked)[0], Some(500), "before 2.12 it was ignored");
    }
}

#[test]
fn the_documented_sixteen_seconds_are_never_slept() {
    let slept = waits(&policy("phase3"), &requesting(429, 30_000));
    assert_eq!(slept[..5], [Some(1000), Some(2000), Some(4000), Some(8000), None]);
}

#[test]
fn overload_and_internal_errors_are_not_retried_as_documented() {
    for status in [400, 408, 409, 500, 529] {
        assert!(!is_retried(&policy("phase3"), &refusal(status)), "{status}");
    }
    for status in [429, 502, 503, 504] {
        assert!(is_retried(&policy("phase3"), &refusal(status)), "{status}");
    }
}

#[test]
fn the_documented_retry_knows_timeouts_and_early_ends_but_no_resets() {
    let phase3 = policy("phase3");
    assert!(is_retried(&phase3, &timed_out()));
    assert!(is_retried(&phase3, &broken(Break::Connecting)));
    let mid_body = Outcome { status: Some(200), ..broken(Break::Protocol) };
    assert!(is_retried(&phase3, &mid_body));
    assert!(!is_retried(&phase3, &broken(Break::Transfer)));
}

#[test]
fn the_sdk_makes_three_attempts_and_obeys_the_header_exactly() {
    assert_eq!(waits(&SDK2, &refusal(529))[..3], [Some(500), Some(1000), None]);
    assert_eq!(waits(&SDK2, &requesting(429, 2000))[..3], [Some(2000), Some(2000), None]);
    assert_eq!(waits(&SDK2, &requesting(429, 60_001))[0], Some(500), "more than it believes");
    assert_eq!(waits(&SDK2, &requesting(429, 0))[0], Some(500), "zero is no wait");
}

#[test]
fn the_sdk_retries_what_the_measured_one_retries() {
    for status in [408, 409, 429, 500, 502, 503, 504, 529] {
        assert!(is_retried(&SDK2, &refusal(status)), "{status}");
    }
    for status in [400, 401, 402, 403, 404, 413, 422] {
        assert!(!is_retried(&SDK2, &refusal(status)), "{status}");
    }
    assert!(is_retried(&SDK2, &advised(400, true)), "the header wins");
    assert!(!is_retried(&SDK2, &advised(429, false)), "the header wins");
    assert!(is_retried(&SDK2, &broken(Break::Transfer)));
    let malformed = Outcome::without_response(Cause::MalformedReply, "not JSON");
    assert!(!is_retried(&SDK2, &Outcome { status: Some(200), ..malformed }));
}

#[test]
fn the_sdk_leaves_a_stream_that_broke_off_to_its_caller() {
    let outcome = Outcome { status: Some(200), ..broken(Break::Transfer) };
    let failed = Failed {
        attempt: 1,
        cause: Cause::Connection,
        outcome: &outcome,
        streamed: true,
        now_epoch_ms: 0,
    };
    assert_eq!(SDK2.wait_ms(&failed, |_, most| most), None);
    assert!(JITTER.wait_ms(&failed, |_, most| most).is_some());
}

#[test]
fn the_longer_of_backoff_and_retry_after_is_waited_for() {
    let RetryPolicy::Documented { attempts, base_ms, max_ms, statuses } = policy("phase3") else {
        panic!("phase 3 retries as documented");
    };
    let policy = RetryPolicy::RetryAfter { attempts, base_ms, max_ms, statuses };
    let slept = waits(&policy, &requesting(429, 3_000));
    assert_eq!(slept[..5], [Some(3000), Some(3000), Some(4000), Some(8000), None]);
    assert!(!is_retried(&policy, &advised(429, false)));
}

#[test]
fn full_jitter_waits_as_requested_and_up_to_the_doubled_wait_more() {
    let most = waits(&JITTER, &requesting(429, 5_000));
    assert_eq!(most[..3], [Some(6_000), Some(7_000), Some(9_000)]);
    assert_eq!(most[8..], [Some(65_000), None], "the cap is on its own wait");
    for outcome in [timed_out(), broken(Break::Transfer), refusal(529), refusal(409)] {
        assert!(is_retried(&JITTER, &outcome), "{outcome:?}");
    }
    assert!(!is_retried(&JITTER, &refusal(400)));
}

#[test]
fn no_policy_that_reads_answers_retries_what_the_server_calls_hopeless() {
    let spent = Outcome::without_response(Cause::SpendLimit, "no");
    let spent = Outcome { status: Some(429), ..spent };
    for policy in [SDK2, JITTER] {
        assert!(!is_retried(&policy, &spent), "{policy:?}");
        assert!(!is_retried(&policy, &advised(503, false)), "{policy:?}");
    }
    assert!(!is_retried(&JITTER, &requesting(429, MAX_REQUESTED_MS + 1)));
}
