//! Goal: what each policy makes of entries that outlive it, and of faults before them.
//! Method: answers are made up and counted; time is paused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::cache::memory::Memory;
use engine::cache::{Backend, Cache, CachePolicy, Key, Piece, Source};
use engine::client::answer::{Answer, Failure};
use engine::outside::RunClock;
use engine::preset::{Preset, shipped};
use futures_util::future::join_all;
use scenarios::cache_fault::{CacheFault, CacheOperation, CacheWhen};
use tokio::time::sleep;

use super::Faulty;
use super::disk::Disk;

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

    fn faulty(policy: &str, fault: CacheFault) -> Self {
        let clock = RunClock::starting_at(1_000);
        let memory = Box::new(Memory::default());
        Self::over(policy, Box::new(Faulty::new(memory, vec![fault], 7, clock, |_, _| {})))
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

async fn served_after(policy: &str, backend: Box<dyn Backend>, seconds: u64) -> bool {
    let bench = Bench::over(policy, backend);
    bench.ask("x = 1").await.unwrap();
    sleep(Duration::from_secs(seconds)).await;
    bench.ask("x = 1").await.unwrap().0 == Source::Kept
}

#[tokio::test(start_paused = true)]
async fn an_expired_answer_is_served_by_the_documented_cache_and_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for (number, seconds) in [59, 60, 119, 120].into_iter().enumerate() {
        let expected = [(true, true), (true, false), (true, false), (false, false)][number];
        let memory = || Box::new(Memory::default());
        let disk = |name: &str| {
            Box::new(Disk::open(&folder.path().join(format!("{name}{seconds}"))).unwrap())
        };
        let documented = served_after(DOCUMENTED, memory(), seconds).await;
        let full = served_after(HARDENED, memory(), seconds).await;
        assert_eq!((documented, full), expected, "in memory, {seconds} s");
        let documented = served_after(DOCUMENTED, disk("documented"), seconds).await;
        let full = served_after(HARDENED, disk("full"), seconds).await;
        assert_eq!((documented, full), expected, "on disk, {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_on_disk_outlives_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    for expected in [Source::Paid, Source::Kept] {
        let bench = Bench::over(HARDENED, Box::new(Disk::open(&path).unwrap()));
        assert_eq!(bench.ask("x = 1").await, Ok((expected, answer())));
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_cache_is_down_those_who_ask_at_once_still_share_a_call() {
    let down = CacheFault::Error { on: None, when: CacheWhen::default() };
    let bench = Bench::faulty(HARDENED, down.clone());
    let answers = join_all((0..50).map(|_| bench.ask("x = 1"))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(bench.paid(), 1);
    // Later ones pay again, and nobody fails.
    assert_eq!(bench.ask("x = 1").await.unwrap().0, Source::Paid);
    assert_eq!(Bench::faulty(DOCUMENTED, down).ask("x = 1").await.unwrap().0, Source::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_answer_is_served_by_the_documented_cache_and_paid_for_again_by_the_full_one() {
    let damage = CacheFault::Corruption { when: CacheWhen::default() };
    let documented = Bench::faulty(DOCUMENTED, damage.clone());
    documented.ask("x = 1").await.unwrap();
    let (source, served) = documented.ask("x = 1").await.unwrap();
    assert_eq!(source, Source::Kept);
    assert!(answer().text.starts_with(&served.text) && served != answer(), "{served:?}");
    let full = Bench::faulty(HARDENED, damage);
    full.ask("x = 1").await.unwrap();
    assert_eq!(full.ask("x = 1").await, Ok((Source::Paid, answer())));
}

#[tokio::test(start_paused = true)]
async fn what_was_just_written_is_not_seen_by_a_stale_read() {
    let stale =
        CacheFault::StaleRead { within_ms: 500.try_into().unwrap(), when: CacheWhen::default() };
    let bench = Bench::faulty(HARDENED, stale);
    for (wait_ms, expected) in [(0, Source::Paid), (0, Source::Paid), (500, Source::Kept)] {
        sleep(Duration::from_millis(wait_ms)).await;
        assert_eq!(bench.ask("x = 1").await.unwrap().0, expected, "after {wait_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn writes_beyond_the_throttle_are_lost_and_the_next_second_is_free_again() {
    let writes_per_second = 2.try_into().unwrap();
    let throttle = CacheFault::WriteThrottle { writes_per_second, when: CacheWhen::default() };
    let bench = Bench::faulty(HARDENED, throttle);
    let codes = ["a", "b", "c"];
    join_all(codes.map(|code| bench.ask(code))).await;
    sleep(Duration::from_secs(1)).await;
    let kept = join_all(codes.map(|code| bench.ask(code))).await;
    let kept: Vec<_> = kept.into_iter().map(|found| found.unwrap().0).collect();
    assert_eq!(kept, [Source::Kept, Source::Kept, Source::Paid]);
    assert_eq!(bench.ask("c").await.unwrap().0, Source::Kept);
}

#[tokio::test(start_paused = true)]
async fn a_slow_cache_is_waited_for_or_passed_over_as_the_policy_says() {
    let slow = CacheFault::Latency {
        ms: 5_000,
        on: Some(CacheOperation::Read),
        when: CacheWhen::default(),
    };
    let impatient = format!("{HARDENED}\npatience_ms = 100");
    for (policy, expected_ms) in [(DOCUMENTED, 6_000), (impatient.as_str(), 1_100)] {
        let bench = Bench::faulty(policy, slow.clone());
        let start = tokio::time::Instant::now();
        bench.ask("x = 1").await.unwrap();
        assert_eq!(start.elapsed().as_millis(), expected_ms, "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_where_its_window_ends_and_a_share_hits_its_share() {
    let window = CacheWhen { share: None, from_s: Some(10), until_s: Some(20) };
    let bench = Bench::faulty(HARDENED, CacheFault::Error { on: None, when: window });
    for (wait_s, expected) in [(0, Source::Paid), (9, Source::Paid), (10, Source::Kept)] {
        sleep(Duration::from_secs(wait_s)).await;
        assert_eq!(bench.ask("x = 1").await.unwrap().0, expected);
    }
    let share = Some(0.25.try_into().unwrap());
    let when = CacheWhen { share, ..CacheWhen::default() };
    let bench = Bench::faulty(DOCUMENTED, CacheFault::Error { on: None, when });
    let codes: Vec<String> = (0..400).map(|number| format!("x = {number}")).collect();
    for _ in 0..2 {
        join_all(codes.iter().map(|code| bench.ask(code))).await;
    }
    // Each is paid for twice where its write or its second read fails.
    let again = bench.paid() - 400;
    assert!((140..=210).contains(&again), "{again} of 400");
}
