//! Goal: a cache, a checkpoint or a history that the disk has damaged is refused in words, before
//! anything runs and is paid for; it never ends in a panic, and never in a hang.
//! Method: copies of real files, one of them left by a run that was killed, each damaged in a way
//! that its number gives: bits, pages of zeros, pages in each other's place, a lost end, another
//! program's name. Some damages hit what is not used: then the run is as it always is.

use std::fs;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox, wait_until};

/// Damages of each file.
const DAMAGES: usize = 44;

const PAGE: usize = 4096;

/// The next number that follows from the last one, below `limit`.
fn next(state: &mut u64, limit: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).expect("31 bits fit") % limit
}

/// The pages that are not empty: a small database is mostly room.
fn used(bytes: &[u8]) -> Vec<usize> {
    let starts = (0..bytes.len()).step_by(PAGE);
    starts.filter(|start| bytes[*start..start + PAGE].iter().any(|byte| *byte != 0)).collect()
}

fn damaged(whole: &[u8], number: usize) -> Vec<u8> {
    let (mut bytes, pages) = (whole.to_vec(), used(whole));
    let mut chance = number as u64 + 1;
    let mut page = || pages[next(&mut chance, pages.len())];
    let (one, other) = (page(), page());
    match number % 6 {
        0 | 1 => {
            for _ in 0..=number / 2 {
                let start = pages[next(&mut chance, pages.len())];
                bytes[start + next(&mut chance, PAGE)] ^= 1 << next(&mut chance, 8);
            }
        }
        2 => bytes[one..one + PAGE].fill(0),
        3 => (0..PAGE).for_each(|at| bytes.swap(one + at, other + at)),
        4 => bytes.truncate(one + next(&mut chance, PAGE)),
        _ => {
            let name = [&b"SQLite format 3\0"[..], b"redb", b"\x7fELF"][number / 6 % 3];
            bytes[..name.len()].copy_from_slice(name);
        }
    }
    bytes
}

#[test]
fn a_damaged_cache_is_refused_or_works() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let run = ["run", "--quiet", "--scenario", "quick.toml", "--pipeline", "phase3"];
    let run = [&run[..], &["--out", "out", "--force", "--cache", "cache.redb"]].concat();
    sandbox.chaos(&run).exits(0);
    let whole = fs::read(sandbox.path("cache.redb")).expect("the cache is there");
    let mut refused = 0;
    for number in 0..DAMAGES {
        sandbox.write("cache.redb", damaged(&whole, number));
        let ran = sandbox.chaos(&run);
        if ran.code != Some(0) {
            ran.exits(2).says(&["cannot use cache `cache.redb`", "hint:"]);
            refused += 1;
        }
    }
    assert!(refused > DAMAGES / 4, "{refused} of {DAMAGES} damages were noticed");
}

#[test]
fn a_damaged_checkpoint_is_refused_or_the_run_goes_on() {
    let sandbox = Sandbox::new();
    // One after another: all at once would be over before anybody can kill the run.
    let quick = QUICK.replace("token_ms = 1", "token_ms = 60").replace("burst", "sequential");
    sandbox.write("quick.toml", quick);
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    sandbox.write("stored.toml", format!("{phase3}\n[store]\npolicy = \"checkpoint\"\n"));
    let run = ["run", "--quiet", "--scenario", "quick.toml", "--pipeline", "stored.toml"];
    let run = [&run[..], &["--clock", "wall", "--out", "out", "--resume"]].concat();
    let mut child = sandbox.command(&run).spawn().expect("the binary starts");
    let records = sandbox.path("out/run.jsonl");
    wait_until("a job has ended", || {
        fs::read_to_string(&records).unwrap_or_default().contains(r#""record":"job""#)
    });
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    let (lines, whole) = (sandbox.read("out/run.jsonl"), sandbox.path("out/store.redb"));
    let whole = fs::read(whole).expect("the checkpoint is there");
    let mut refused = 0;
    for number in 0..DAMAGES {
        fs::remove_dir_all(sandbox.path("out")).expect("the run is there");
        sandbox.write("out/run.jsonl", &lines);
        sandbox.write("out/store.redb", damaged(&whole, number));
        let ran = sandbox.chaos(&run);
        if ran.code != Some(0) {
            // What is damaged may still read as the checkpoint of an earlier moment.
            match ran.code {
                Some(2) => ran.says(&["does not have what `run.jsonl` has", "hint:"]),
                _ => {
                    ran.exits(104).says(&["cannot use the run's `store.redb`", "hint:", "`--out`"])
                }
            };
            assert_eq!(sandbox.read("out/run.jsonl"), lines, "what was recorded stays");
            refused += 1;
        }
    }
    assert!(refused > DAMAGES / 4, "{refused} of {DAMAGES} damages were noticed");
}

#[test]
fn a_damaged_history_is_refused_or_says_what_it_said() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    for out in ["a", "b"] {
        let run = ["run", "--quiet", "--scenario", "quick.toml", "--pipeline", "phase3"];
        sandbox.chaos(&[&run[..], &["--out", out]].concat()).exits(0);
        sandbox.chaos(&["history", "add", out, "--file", "h.redb", "--label", out]).exits(0);
    }
    let whole = fs::read(sandbox.path("h.redb")).expect("the history is there");
    let show = ["history", "show", "--file", "h.redb", "--verbose"];
    let said = sandbox.chaos(&show).exits(0).stdout;
    let mut refused = 0;
    for number in 0..DAMAGES {
        sandbox.write("h.redb", damaged(&whole, number));
        let ran = sandbox.chaos(&show);
        if ran.code == Some(0) {
            assert_eq!(ran.stdout, said, "damage {number}");
            continue;
        }
        ran.exits(104).says(&["cannot use history `h.redb`", "hint:"]);
        // Whoever adds to it meets the same: it is not begun anew.
        let add = sandbox.chaos(&["history", "add", "a", "--file", "h.redb"]);
        add.exits(104).says(&["cannot use history `h.redb`"]);
        refused += 1;
    }
    assert!(refused > DAMAGES / 2, "{refused} of {DAMAGES} damages were noticed");
}
