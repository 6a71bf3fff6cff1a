//! Goal: a run that is killed at any instant goes on without paying for anything twice.
//! Method: the mock lives in this process, so that it outlives the runs that are killed, and its
//! ledger is the judge. A run is killed in its own part of a run's life, in each round a later one,
//! and resumed until it ends. Whatever the instant was, every file is done exactly once, every part
//! was answered exactly once, what came of each file is what comes of it in a run that nobody
//! disturbs, and the ledger is the sum of the records of all lives together. A kill between two
//! writes of the checkpoint is for the checkpoint's own tests.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use harness::process::measure::Stopwatch;
use mock_claude::config::LatencyConfig;
use mock_claude::internals::listen;
use mock_claude::{Ledger, MockClaude, admin};
use reports::record::Outcome;
use reports::{Cause, Judged};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox, signal, wait_for, wait_until};

/// A mock of this process.
struct Mock {
    running: MockClaude,
    url: String,
    admin: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    /// A mock that takes this many milliseconds for each answer.
    fn start(answer_ms: u64) -> Self {
        let config = mock_claude::Config {
            latency: LatencyConfig {
                first_token_ms: answer_ms,
                prefill_tokens_per_second: 100_000_000.try_into().expect("a rate"),
                decode_tokens_per_second: 1_000_000.try_into().expect("a rate"),
                ..LatencyConfig::default()
            },
            ..mock_claude::Config::default()
        };
        let (send, receive) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mock = MockClaude::new(config);
                let listen = || listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
                let (api, other) = (listen().expect("a port"), listen().expect("a port"));
                let url = |listener: &tokio::net::TcpListener| {
                    format!("http://{}", listener.local_addr().expect("an address"))
                };
                send.send((mock.clone(), url(&api), url(&other))).expect("somebody waits");
                tokio::spawn(admin::serve(mock.clone(), None, other, std::future::pending()));
                mock.serve(api, async {
                    let _ = stopped.await;
                })
                .await;
            });
        });
        let (running, url, admin) = receive.recv().expect("the mock starts");
        Self { running, url, admin, stop: Some(stop), thread: Some(thread) }
    }

    fn ledger(&self) -> Ledger {
        self.running.ledger()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Twelve files of several parts each, two at a time.
const FILES: u64 = 12;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let files = QUICK
        .replace("files = 6", &format!("files = {FILES}"))
        .replace("lines = 300", "lines = 1_200")
        .replace("shape = \"burst\"", "shape = \"sequential\"\nusers = 2");
    sandbox.write("mine.toml", files);
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    let stored = phase3
        .replace(
            "policy = \"documented\"\nmax_lines = 2000\noverlap_lines = 50",
            "policy = \"stable\"\nmin_lines = 20\nmax_lines = 40\noverlap_lines = 5",
        )
        .replace("workers = 5", "workers = 2");
    sandbox.write("stored.toml", format!("{stored}\n[store]\npolicy = \"checkpoint\"\n"));
    sandbox
}

/// The command that begins a run and goes on with it.
fn command<'a>(mock: &'a Mock, out: &'a str) -> Vec<&'a str> {
    let run = ["run", "--quiet", "--scenario", "mine.toml", "--pipeline", "stored.toml"];
    let real = ["--clock", "wall", "--mock-url", &mock.url, "--mock-admin", &mock.admin];
    [&run[..], &real, &["--out", out, "--resume"]].concat()
}

/// What has to hold of a run that has ended, however often it was killed.
fn check(judged: &Judged, before: Ledger, after: Ledger) {
    let run = judged.run();
    assert!(run.complete(), "{:?}", run.gaps);
    let pipeline = &run.pipelines[0];
    let numbers: Vec<u64> = pipeline.jobs.iter().map(|job| job.job).collect();
    assert_eq!(numbers, (1..=FILES).collect::<Vec<_>>(), "every file is done exactly once");
    let summary = &judged.summaries()[0];
    assert_eq!(summary.documented, FILES, "{:?}", summary.failures);
    assert_eq!(summary.unreconciled, Vec::<String>::new());
    let mut answered: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for attempt in &pipeline.attempts {
        match attempt.cause {
            None => *answered.entry((attempt.job, attempt.chunk)).or_default() += 1,
            cause => assert_eq!(cause, Some(Cause::Interrupted)),
        }
    }
    assert!(answered.values().all(|times| *times == 1), "a part was paid for twice: {answered:?}");
    let parts: u64 = pipeline.jobs.iter().map(|job| job.chunks).sum();
    assert_eq!(answered.len() as u64, parts, "every part is answered");
    assert_eq!(after.cost_microusd - before.cost_microusd, summary.cost_microusd);
    assert_eq!(after.tokens_out - before.tokens_out, summary.tokens_out);
}

/// What comes of each file, whatever it took: the same in every run.
fn work(judged: &Judged) -> Vec<(u64, String, u64, Outcome, u64, u64, u64)> {
    let jobs = judged.run().pipelines[0].jobs.iter();
    jobs.map(|job| {
        let path = job.path.clone();
        (job.job, path, job.lines, job.outcome, job.chunks, job.definitions, job.documented)
    })
    .collect()
}

/// The next number that follows from the last one, below `limit`.
fn next(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % limit
}

/// Kills as many runs at as many instants, and one in three a second time while it resumes. Half of
/// them have a cache in a file as well, which dies with them.
#[expect(clippy::print_stderr, reason = "how much was killed and lost is worth quoting")]
fn kill(rounds: u64) {
    let (mock, sandbox) = (Mock::start(8), sandbox());
    let (started, before) = (Stopwatch::start(), mock.ledger());
    sandbox.chaos(&command(&mock, "whole")).exits(0);
    let whole = sandbox.judged("whole");
    check(&whole, before, mock.ledger());
    // Instants over the whole life of a run on this machine, its start and its end included.
    let life_us = started.elapsed_us();
    let (mut chance, mut killed, mut lost) = (7, 0, 0);
    for round in 0..rounds {
        let (before, out) = (mock.ledger(), format!("out-{round}"));
        let mut command = command(&mock, &out);
        let cache = format!("cache-{round}.redb");
        if round % 2 == 0 {
            command.extend(["--cache", &cache]);
        }
        for _ in 0..=u64::from(round % 3 == 0) {
            let mut child = sandbox
                .command(&command)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the binary starts");
            let part_us = life_us / rounds;
            let instant_us = round * part_us + next(&mut chance, part_us);
            thread::sleep(Duration::from_micros(instant_us));
            child.kill().expect("a child can be killed");
            killed += u64::from(wait_for(child).code.is_none());
        }
        sandbox.chaos(&command).exits(0);
        let judged = sandbox.judged(&out);
        check(&judged, before, mock.ledger());
        assert_eq!(work(&judged), work(&whole));
        let run = judged.run();
        lost += run.pipelines[0].attempts.iter().filter(|attempt| attempt.cause.is_some()).count();
        assert_eq!(sandbox.names(&out).iter().filter(|name| *name == "store.redb").count(), 0);
    }
    eprintln!("{rounds} runs: {killed} kills, {lost} answers on their way when they came");
    assert!(killed > 0, "every run ended before it was killed");
    // Two files of two parts each are asked for at once, so a kill loses four answers at most.
    assert!(lost as u64 <= killed * 4, "{lost} answers lost in {killed} kills");
}

#[test]
fn a_run_that_is_killed_at_any_of_ten_instants_pays_for_nothing_twice() {
    kill(10);
}

#[test]
#[ignore = "takes minutes; `scripts/kills` runs it, and the test above is the same in small"]
fn a_run_that_is_killed_at_any_of_many_instants_pays_for_nothing_twice() {
    let asked = std::env::var("CHAOS_KILLS").expect("`scripts/kills` says how many");
    kill(asked.parse().expect("a number of kills"));
}

#[test]
fn a_run_that_was_stopped_goes_on_and_one_that_has_ended_is_only_reported() {
    let (mock, sandbox) = (Mock::start(20), sandbox());
    let before = mock.ledger();
    let child = sandbox
        .command(&command(&mock, "out"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let records = sandbox.path("out/run.jsonl");
    wait_until("a job has ended", || {
        std::fs::read_to_string(&records).unwrap_or_default().contains(r#""record":"job""#)
    });
    signal(&child, "INT");
    wait_for(child).exits(105);
    assert!(sandbox.records("out").interrupted());
    for _ in 0..2 {
        sandbox.chaos(&command(&mock, "out")).exits(0);
        check(&sandbox.judged("out"), before, mock.ledger());
    }
}

#[test]
fn a_run_with_a_mock_of_its_own_goes_on_with_another_one() {
    let sandbox = sandbox();
    sandbox.write("mine.toml", sandbox.read("mine.toml").replace("token_ms = 1", "token_ms = 20"));
    let command = ["run", "--quiet", "--scenario", "mine.toml", "--pipeline", "stored.toml"];
    let command = [&command[..], &["--clock", "wall", "--out", "out", "--resume"]].concat();
    let mut child = sandbox.command(&command).spawn().expect("the binary starts");
    let records = sandbox.path("out/run.jsonl");
    wait_until("two jobs have ended", || {
        let text = std::fs::read_to_string(&records).unwrap_or_default();
        text.matches(r#""record":"job""#).count() >= 2
    });
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    let earlier = sandbox.records("out").pipelines[0].jobs.clone();
    sandbox.chaos(&command).exits(0);
    let judged = sandbox.judged("out");
    let run = judged.run();
    assert!(run.complete(), "{:?}", run.gaps);
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    assert_eq!(run.pipelines[0].jobs.len() as u64, FILES);
    for job in earlier {
        assert!(run.pipelines[0].jobs.contains(&job), "job {} was done again", job.job);
    }
}

#[test]
fn a_job_that_is_delivered_twice_pays_once() {
    let (mock, sandbox) = (Mock::start(1), sandbox());
    let twice = sandbox.read("mine.toml").replace("users = 2", "users = 1\nrepeat = 2");
    sandbox.write("mine.toml", twice);
    let stored = sandbox.read("stored.toml");
    let (before, after) = stored.split_once("policy = \"documented\"").expect("a cache");
    let (_, after) = after.split_once("\n\n").expect("a next section");
    sandbox.write("stored.toml", format!("{before}policy = \"off\"\n\n{after}"));
    sandbox.chaos(&command(&mock, "out")).exits(0);
    let judged = sandbox.judged("out");
    let pipeline = &judged.run().pipelines[0];
    assert_eq!(pipeline.jobs.len() as u64, 2 * FILES);
    let parts: u64 = pipeline.jobs.iter().map(|job| job.chunks).sum();
    assert_eq!(mock.ledger().requests * 2, parts);
    assert_eq!(judged.summaries()[0].documented, 2 * FILES);
}

#[test]
fn what_cannot_be_resumed_is_said_before_anything_runs() {
    let (mock, sandbox) = (Mock::start(1), sandbox());
    let out = ["--out", "out", "--resume"];
    let run = |more: &[&str]| {
        sandbox.chaos(&[&["run", "--scenario", "mine.toml"], more].concat()).exits(2)
    };
    run(&out).says(&["simulated run costs nothing", "--clock wall"]);
    run(&[&["--clock", "wall"], &out[..]].concat()).says(&["[store]", "checkpoint"]);
    run(&["--mock-url", &mock.url]).says(&["--mock-admin"]);
    run(&["--mock-url", &mock.url, "--mock-admin", &mock.admin]).says(&["--clock wall"]);
    let nobody = ["--mock-url", "http://127.0.0.1:1", "--mock-admin", "http://127.0.0.1:1"];
    run(&[&["--clock", "wall"], &nobody[..]].concat()).says(&["--admin-port"]);
    assert!(!sandbox.path("out").exists());
    // A run of another seed is another run, and stays as it is.
    sandbox.chaos(&command(&mock, "out")).exits(0);
    let records = sandbox.read("out/run.jsonl");
    let other = [&command(&mock, "out")[..], &["--seed", "8"]].concat();
    sandbox.chaos(&other).exits(2).says(&["holds another run", "seed"]);
    assert_eq!(sandbox.read("out/run.jsonl"), records);
}

/// Begins a run, or goes on with it, and stops it when this many jobs are on record.
fn stop_after(sandbox: &Sandbox, command: &[&str], out: &str, jobs: usize) {
    let child = sandbox.command(command).spawn().expect("the binary starts");
    let records = sandbox.path(&format!("{out}/run.jsonl"));
    wait_until("enough jobs have ended", || {
        let text = std::fs::read_to_string(&records).unwrap_or_default();
        text.matches(r#""record":"job""#).count() >= jobs
    });
    signal(&child, "INT");
    wait_for(child).exits(105);
}

#[test]
fn a_checkpoint_that_does_not_know_the_records_is_refused_and_they_stay() {
    let (mock, sandbox) = (Mock::start(20), sandbox());
    let bytes = |name: &str| std::fs::read(sandbox.path(name)).expect("a file");
    for out in ["other", "out"] {
        stop_after(&sandbox, &command(&mock, out), out, 1);
    }
    let older = bytes("out/store.redb");
    stop_after(&sandbox, &command(&mock, "out"), "out", 8);
    let (newest, foreign) = (bytes("out/store.redb"), bytes("other/store.redb"));
    let records = bytes("out/run.jsonl");
    for wrong in [&b""[..], &older, &foreign] {
        std::fs::write(sandbox.path("out/store.redb"), wrong).expect("a file can be written");
        let refused = sandbox.chaos(&command(&mock, "out")).exits(2);
        refused.says(&["does not have what `run.jsonl` has on record", "put the right file back"]);
        assert!(bytes("out/run.jsonl") == records, "the records were touched");
    }
    let before = mock.ledger();
    std::fs::write(sandbox.path("out/store.redb"), newest).expect("a file can be written");
    sandbox.chaos(&command(&mock, "out")).exits(0);
    assert!(mock.ledger().requests > before.requests, "with the right file it goes on");
}

/// Makes the run in a checkpoint this many years older than it is.
fn age(store: &std::path::Path, years: i64) {
    use redb::ReadableTable as _;
    let table = redb::TableDefinition::<&str, &[u8]>::new("beginnings, format 1");
    let database = redb::Database::create(store).expect("a checkpoint");
    let transaction = database.begin_write().expect("a transaction");
    {
        let mut table = transaction.open_table(table).expect("a table");
        let (name, text) = {
            let (name, text) = table.first().expect("rows").expect("a beginning");
            (name.value().to_owned(), text.value().to_vec())
        };
        let mut beginning: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let epoch_ms = beginning["epoch_ms"].as_i64().expect("a time");
        beginning["epoch_ms"] = (epoch_ms - years * 365 * 86_400_000).into();
        table.insert(&*name, beginning.to_string().as_bytes()).expect("a row");
    }
    transaction.commit().expect("it can be written");
}

#[test]
fn a_run_that_goes_on_ten_years_later_is_read_and_reported() {
    let (mock, sandbox) = (Mock::start(20), sandbox());
    let before = mock.ledger();
    stop_after(&sandbox, &command(&mock, "out"), "out", 1);
    age(&sandbox.path("out/store.redb"), 10);
    sandbox.chaos(&command(&mock, "out")).exits(0);
    check(&sandbox.judged("out"), before, mock.ledger());
    for format in ["terminal", "markdown", "json", "html", "hgrm"] {
        sandbox.chaos(&["report", "out", "--format", format]).exits(0);
    }
}
