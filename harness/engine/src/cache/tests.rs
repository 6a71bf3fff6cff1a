//! Goal: what each policy makes of the same cache.
//! Method: answers are made up and counted; time is paused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reports::Cause;
use tokio::time::sleep;

use super::memory::Memory;
use super::*;
use crate::preset::{Preset, shipped};

const HARDENED: &str = "policy = \"full\"\nttl_s = 60\npath = false";
const DOCUMENTED: &str = "policy = \"documented\"\nttl_s = 60\nsweep_s = 60";

/// The cache of a policy over some backend, and what was paid for.
struct Bench {
    cache: Cache,
    paid: AtomicU64,
}

impl Bench {
    fn over(policy: &str, backend: Box<dyn Backend>) -> Self {
        let policy: CachePolicy = toml_of(policy);
        let clock = RunClock::starting_at(1_000);
        let cache = Cache::new(policy.rules().unwrap(), backend, clock);
        Self { cache, paid: AtomicU64::new(0) }
    }

    fn new(policy: &str) -> Self {
        Self::over(policy, Box::new(Memory::default()))
    }

    fn key(&self, code: &str) -> Key {
        let request = Preset::parse("phase3", shipped("phase3").unwrap()).unwrap().request;
        self.cache.key(&request, &Piece { path: "a.py", number: None, code })
    }

    /// Asks for a code, for which a call of one second would be paid.
    async fn ask(&self, code: &str) -> Result<(Source, Answer), Failure> {
        let paying = async {
            self.paid.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            Ok(answer())
        };
        self.cache.answer(&self.key(code), paying).await
    }

    fn paid(&self) -> u64 {
        self.paid.load(Ordering::SeqCst)
    }
}

/// A `[cache]` section.
fn toml_of(section: &str) -> CachePolicy {
    let phase3 = shipped("phase3").unwrap();
    let (before, rest) = phase3.split_once("[cache]\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let text = format!("{before}[cache]\n{section}\n\n{after}");
    Preset::parse("mine.toml", &text).unwrap_or_else(|invalid| panic!("{invalid}")).cache
}

fn answer() -> Answer {
    Answer { text: "Über alles, Satz für Satz.".into(), truncated: false }
}

#[tokio::test(start_paused = true)]
async fn of_fifty_who_ask_at_once_one_pays_where_there_is_single_flight() {
    for (policy, calls) in [(DOCUMENTED, 50), (HARDENED, 1)] {
        let bench = Bench::new(policy);
        let answers = join_all((0..50).map(|_| bench.ask("x = 1"))).await;
        assert!(answers.iter().all(|found| found.as_ref().unwrap().1 == answer()));
        assert_eq!(bench.paid(), calls, "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_pays_fails_another_one_pays() {
    let bench = Arc::new(Bench::new(HARDENED));
    let key = bench.key("x = 1");
    let failing = bench.cache.answer(&key, async {
        sleep(Duration::from_secs(1)).await;
        Err(Failure { cause: Cause::Overloaded, detail: "busy".into() })
    });
    let others = join_all((0..9).map(|_| bench.ask("x = 1")));
    let (failed, others) = futures_util::future::join(failing, others).await;
    assert_eq!(failed.unwrap_err().cause, Cause::Overloaded);
    let paid = others.iter().filter(|found| found.as_ref().unwrap().0 == Source::Paid).count();
    assert_eq!((paid, bench.paid()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_pays_is_given_up_another_one_pays_and_no_row_is_left() {
    let bench = Arc::new(Bench::new(HARDENED));
    let ask = || {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.ask("x = 1").await })
    };
    let (first, second, third) = (ask(), ask(), ask());
    sleep(Duration::from_millis(500)).await;
    first.abort();
    second.abort();
    assert_eq!(third.await.unwrap().unwrap().0, Source::Paid);
    assert_eq!(bench.paid(), 2);
    assert!(format!("{:?}", bench.cache.flights).contains("{}"), "{:?}", bench.cache.flights);
}

#[tokio::test(start_paused = true)]
async fn a_cut_answer_is_handed_on_once_and_never_kept_by_the_full_cache() {
    for (policy, expected) in [(DOCUMENTED, Source::Kept), (HARDENED, Source::Paid)] {
        let bench = Bench::new(policy);
        let key = bench.key("x = 1");
        let cut = || async { Ok(Answer { text: "# Docu".into(), truncated: true }) };
        bench.cache.answer(&key, cut()).await.unwrap();
        assert_eq!(bench.cache.answer(&key, cut()).await.unwrap().0, expected, "{policy}");
    }
}
