//! What admission promises to those in line. Method: simulated time, and the shipped policies with
//! small numbers.

use std::sync::Arc;

use super::*;
use crate::client::server_hints::ServerHints;
use crate::preset::shipped;

const NEED: Need = Need { input_tokens: 100, max_output_tokens: 1_000 };
const ASK: Ask = Ask { job: 1, is_retry: false, need: NEED, most_microusd: 60 };

/// The hardened admission, with a cap of a hundred micro-dollars for the run, and calls one at a
/// time where `alone` says so.
fn admission(alone: bool) -> Admission {
    let text = shipped("hardened").unwrap();
    let text = text.replace("per_run_microusd = 50_000_000", "per_run_microusd = 100");
    let most = if alone { "start = 1\nmin = 1\nmax = 1" } else { "start = 8\nmin = 1\nmax = 8" };
    let text = text.replace("start = 8\nmin = 1\nmax = 256", most);
    let preset = Preset::parse("hardened", &text).unwrap();
    Admission::new(&preset, RunClock::starting_at(0), DaySum::default())
}

fn head(hints: &ServerHints) -> Head<'_> {
    Head { status: 200, hints }
}

async fn is_waiting<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    tokio::time::timeout(Duration::from_secs(1), future).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn calls_pass_in_the_order_in_which_they_came() {
    let admission = Arc::new(admission(true));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls = tokio::task::JoinSet::new();
    for job in 1..=5 {
        let (admission, order) = (Arc::clone(&admission), Arc::clone(&order));
        calls.spawn(async move {
            let pass = admission.enter(Ask { job, most_microusd: 1, ..ASK }).await.unwrap();
            order.lock().push(job);
            tokio::time::sleep(Duration::from_secs(10 - job)).await;
            pass.given_up(Told::NOTHING);
        });
    }
    calls.join_all().await;
    assert_eq!(*order.lock(), [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn one_that_leaves_the_line_holds_up_nobody() {
    let admission = admission(true);
    let ask = Ask { most_microusd: 1, ..ASK };
    let first = admission.enter(ask).await.unwrap();
    let mut second = Box::pin(admission.enter(ask));
    let mut third = Box::pin(admission.enter(ask));
    assert!(is_waiting(second.as_mut()).await && is_waiting(third.as_mut()).await);
    drop(second);
    drop(first);
    assert!(third.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_still_fit_waits_for_what_the_others_cost() {
    let admission = admission(false);
    let mut first = admission.enter(ASK).await.unwrap();
    let hints = ServerHints::default();
    first.answered(head(&hints));
    let mut second = Box::pin(admission.enter(ASK));
    assert!(is_waiting(second.as_mut()).await, "both together may cost more than the cap");
    first.given_up(Told { tokens_out: 10, cost_microusd: Some(40) });
    assert!(second.await.is_ok(), "forty are spent, sixty are left");
    let stop = admission.enter(Ask { most_microusd: 61, ..ASK }).await.unwrap_err();
    assert!(matches!(stop, Denial::Spend(_)), "{stop:?}");
    assert_eq!(admission.day(), Some(DaySum { day: 0, spent_microusd: 40 }));
}

#[tokio::test(start_paused = true)]
async fn with_every_policy_off_the_gate_stands_open() {
    let preset = Preset::parse("phase3", shipped("phase3").unwrap()).unwrap();
    let admission = Admission::new(&preset, RunClock::starting_at(0), DaySum::default());
    let mut passes = Vec::new();
    for _ in 0..1000 {
        passes.push(admission.enter(ASK).await.unwrap());
    }
    assert_eq!(admission.day(), None);
}
