//! Goal: what each cache policy makes of the same faults, in calls and failures.
//! Method: one pipeline with the documented cache and one with the full one, which differ in
//! nothing else, over the same scenario in simulated time; a real Redis server in real time.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use reports::{Cause, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox, wait_until};

const FULL: &str = "policy = \"full\"\nttl_s = 86_400\npath = false";
const DOCUMENTED: &str = "policy = \"documented\"\nttl_s = 86_400";

/// A pipeline that is phase 3 with another `[cache]` section.
fn pipeline(sandbox: &Sandbox, name: &str, section: &str) {
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    let (before, rest) = phase3.split_once("[cache]\n").expect("a cache");
    let (_, after) = rest.split_once("\n\n").expect("a next section");
    sandbox.write(name, format!("{before}[cache]\n{section}\n\n{after}"));
}

/// The numbers of the documented and of the full cache over one file, under this load and these
/// faults.
fn both(load: &str, fault: &str, ttl_s: u64) -> [Summary; 2] {
    let sandbox = Sandbox::new();
    let with_ttl = |section: &str| section.replace("86_400", &ttl_s.to_string());
    pipeline(&sandbox, "documented.toml", &with_ttl(DOCUMENTED));
    pipeline(&sandbox, "full.toml", &with_ttl(FULL));
    let scenario = QUICK.replace("files = 6", "files = 1").replace("shape = \"burst\"", load);
    let scenario = scenario.replace("token_ms = 1", "token_ms = 1_000");
    sandbox.write("mine.toml", format!("{scenario}\n{fault}"));
    let summaries = sandbox.summaries(&["mine.toml", "--pipeline", "documented.toml", "full.toml"]);
    let first = sandbox.read("out/run.jsonl");
    sandbox.summaries(&["mine.toml", "--pipeline", "documented.toml", "full.toml"]);
    assert_eq!(first, sandbox.read("out/run.jsonl"), "the same seed gives the same bytes");
    summaries.try_into().expect("two pipelines")
}

/// Calls and documented jobs of each.
fn outcome(summaries: &[Summary; 2]) -> [(u64, u64); 2] {
    summaries.each_ref().map(|summary| (summary.calls, summary.documented))
}

#[test]
fn of_fifty_equal_files_at_once_fifty_are_paid_for_as_documented_and_one_with_single_flight() {
    let summaries = both("shape = \"burst\"\nrepeat = 50", "", 86_400);
    assert_eq!(outcome(&summaries), [(50, 50), (1, 50)]);
    let counted = |summary: &Summary| (summary.cache_hits, summary.cache_misses);
    assert_eq!(summaries.each_ref().map(counted), [(0, 50), (49, 1)]);
}

#[test]
fn an_expired_answer_is_served_as_documented_and_never_by_the_full_cache() {
    let load = "shape = \"constant\"\nrate_per_minute = 1\nrepeat = 3";
    assert_eq!(outcome(&both(load, "", 30)), [(1, 3), (3, 3)]);
    assert_eq!(outcome(&both(load, "", 3_600)), [(1, 3), (1, 3)]);
}

#[test]
fn a_damaged_answer_corrupts_the_file_as_documented_and_is_paid_for_again_by_the_full_cache() {
    let load = "shape = \"sequential\"\nrepeat = 5";
    let summaries = both(load, "[[cache_fault]]\nkind = \"corruption\"", 86_400);
    assert_eq!(outcome(&summaries), [(1, 1), (5, 5)]);
    assert_eq!(summaries[0].failures.get(&Cause::Undocumented), Some(&4));
    assert_eq!(summaries.map(|summary| summary.faults["cache corruption"]), [4, 4]);
}

#[test]
fn while_the_cache_is_down_every_answer_is_paid_for_and_no_file_is_lost() {
    let load = "shape = \"constant\"\nrate_per_minute = 1\nrepeat = 6";
    let outage = "[[cache_fault]]\nkind = \"error\"\nwhen = { from_s = 90, until_s = 200 }";
    // The arrivals at 120 and 180 s find it down; the one at 240 s finds the first answer again.
    assert_eq!(outcome(&both(load, outage, 86_400)), [(3, 6), (3, 6)]);
    let summaries = both("shape = \"burst\"\nrepeat = 50", outage.replace("90", "0").as_str(), 60);
    assert_eq!(outcome(&summaries), [(50, 50), (1, 50)]);
}

#[test]
fn a_cache_fault_that_makes_no_sense_is_refused_with_its_place() {
    let sandbox = Sandbox::new();
    let fault = "[[cache_fault]]\nkind = \"error\"\nwhen = { from_s = 9, until_s = 9 }\n\
                 [[cache_fault]]\nkind = \"corupption\"\n";
    sandbox.write("mine.toml", format!("{QUICK}\n{fault}"));
    let run = ["run", "--scenario", "mine.toml"];
    sandbox.chaos(&run).exits(104).says(&["cache_fault.1.kind", "did you mean `corruption`?"]);
    sandbox.write("mine.toml", format!("{QUICK}\n{}", fault.replace("corupption", "corruption")));
    let words = ["mine.toml:21:22:", "cache_fault.0.when.until_s", "greater than `from_s` (9)"];
    sandbox.chaos(&run).exits(104).says(&words);
}

/// A Redis server on a free port, which ends with its owner.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(sandbox: &Sandbox) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string()])
            .args(settings)
            .current_dir(sandbox.root())
            .stdout(Stdio::null())
            .spawn()
            .expect("`scripts/setup` installs redis-server");
        wait_until("the Redis server listens", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        Self { child, port }
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn an_answer_on_a_redis_server_is_found_by_the_next_run_and_by_nobody_once_it_is_gone() {
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox);
    let url = format!("redis://127.0.0.1:{}", server.port);
    sandbox.write("mine.toml", QUICK);
    pipeline(&sandbox, "full.toml", FULL);
    let run = ["mine.toml", "--pipeline", "full.toml", "--clock", "wall", "--cache", &url];
    let calls: Vec<u64> = (0..2).map(|_| sandbox.summaries(&run)[0].calls).collect();
    assert_eq!(calls, [6, 0]);
    // Another model is another question.
    let other = sandbox.read("full.toml").replace("claude-sonnet-4-6", "claude-haiku-4-5");
    sandbox.write("full.toml", other);
    assert_eq!(sandbox.summaries(&run)[0].calls, 6);
    server.stop();
    let command = [&["run", "--scenario"], &run[..]].concat();
    sandbox.chaos(&command).exits(2).says(&["Redis server of `--cache`", "hint:"]);
    let simulated = ["run", "--scenario", "mine.toml", "--cache", &url];
    sandbox.chaos(&simulated).exits(2).says(&["simulated time", "--clock wall"]);
}

#[test]
fn a_redis_server_that_dies_during_the_run_costs_money_and_no_file() {
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox);
    let url = format!("redis://127.0.0.1:{}", server.port);
    let slow = QUICK.replace("shape = \"burst\"", "shape = \"sequential\"\nrepeat = 2");
    sandbox.write("mine.toml", slow.replace("token_ms = 1\n", "token_ms = 100\n"));
    pipeline(&sandbox, "full.toml", FULL);
    let command = "run --quiet --scenario mine.toml --pipeline full.toml hardened";
    let command: Vec<&str> = command.split(' ').collect();
    let command = [&command[..], &["--clock", "wall", "--cache", &url, "--out", "out"]].concat();
    let child = sandbox.command(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let records = sandbox.path("out/run.jsonl");
    wait_until("a job has ended", || {
        std::fs::read_to_string(&records).unwrap_or_default().contains(r#""record":"job""#)
    });
    server.stop();
    support::wait_for(child.expect("the binary starts")).exits(0);
    let judged = sandbox.judged("out");
    let summary = &judged.summaries()[0];
    assert_eq!((summary.documented, summary.failed), (12, 0));
    assert!(summary.calls > 6, "{} calls: the second round has to be paid for", summary.calls);
    // The second pipeline begins without the server, and is no worse off.
    let summary = &judged.summaries()[1];
    assert_eq!((summary.documented, summary.failed), (12, 0));
}
