//! Goal: no bytes that somebody else sends make a reader panic or run on, in every build and not
//! only where somebody runs the fuzzer.
//! Method: the functions that the fuzzer calls (`scripts/fuzz`) get their corpus, and mutations of
//! it that a seed gives: bits, bytes, numbers and pieces changed, repeated, moved and taken from
//! other inputs. A panic on the thread is a finding also where a task has swallowed it.

use std::cell::Cell;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;

#[path = "../../scripts/fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the crate of the fuzzer is made of the same files")]
mod fuzz;

thread_local! {
    /// Panics on this thread, caught or not.
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
}

/// The inputs of a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).expect("every target has a corpus");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

/// Numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("53 bits fit") % limit.max(1)
    }

    /// A part of something, mostly a short one.
    fn part<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let start = self.below(bytes.len() + 1);
        let most = [4, 16, 64, bytes.len()][self.below(4)];
        &bytes[start..(start + self.below(most + 1)).min(bytes.len())]
    }
}

/// What parsers stumble over.
const WORDS: [&[u8]; 24] = [
    b"0",
    b"-1",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e308",
    b"0.1",
    b"null",
    b"\"\"",
    b"[]",
    b"{}",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\\ud800",
    b"\xff\xfe",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"\x00",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"data: ",
    b"%00",
    b"=",
    b"--",
];

fn mutated(chance: &mut Chance, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = inputs[chance.below(inputs.len())].clone();
    for _ in 0..=chance.below(6) {
        let place = chance.below(bytes.len() + 1);
        let end = (place + chance.part(&bytes).len()).min(bytes.len());
        let new = match chance.below(7) {
            0 if place < bytes.len() => {
                bytes[place] ^= 1 << chance.below(8);
                continue;
            }
            1 if place < bytes.len() => {
                bytes[place] = u8::try_from(chance.below(256)).expect("a byte");
                continue;
            }
            2 => Vec::new(),
            3 => WORDS[chance.below(WORDS.len())].to_vec(),
            4 => chance.part(&bytes.clone()).to_vec(),
            5 => chance.part(&bytes.clone()).repeat(chance.below(40)),
            _ => {
                let other = chance.below(inputs.len());
                chance.part(&inputs[other]).to_vec()
            }
        };
        let replaced = if chance.below(2) == 0 { place } else { end };
        bytes.splice(place..replaced, new);
    }
    bytes
}

/// Feeds a target its corpus and this many mutations of it.
fn check(name: &str, mutations: usize) {
    count_panics();
    let inputs = corpus(name);
    assert!(inputs.len() >= 3, "{name} has {} inputs", inputs.len());
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for number in 0..inputs.len() + mutations {
        let input = match inputs.get(number) {
            Some(input) => input.clone(),
            None => mutated(&mut chance, &inputs),
        };
        let fed = panic::catch_unwind(AssertUnwindSafe(|| fuzz::feed(name, &input)));
        let written = String::from_utf8_lossy(&input);
        let escaped = input.escape_ascii();
        assert!(fed.is_ok() && PANICS.get() == 0, "{name} on:\n{written}\nwhich is b\"{escaped}\"");
    }
}

#[test]
fn every_target_has_a_corpus_and_a_test_here() {
    let tests = include_str!("fuzz.rs");
    for (name, _) in fuzz::TARGETS {
        assert!(tests.contains(&format!("check(\"{name}\", ")), "no test feeds `{name}`");
    }
}

#[test]
fn an_admin_api_stands_whatever_it_is_asked() {
    check("admin", 400);
}

#[test]
fn a_body_of_any_bytes_gets_an_answer_of_the_api() {
    check("bodies", 1_500);
}

#[test]
fn a_damaged_checkpoint_or_cache_is_refused_in_words() {
    check("checkpoints", 300);
}

#[test]
fn a_request_with_any_fields_changed_gets_an_answer_of_the_api() {
    check("fields", 1_500);
}

#[test]
fn an_upload_of_any_bytes_gets_an_answer_of_the_api() {
    check("files", 1_500);
}

#[test]
fn a_connection_of_any_bytes_leaves_the_mock_serving() {
    check("heads", 1_500);
}

#[test]
fn a_log_of_any_bytes_is_read_and_reported() {
    check("logs", 1_500);
}

#[test]
fn a_recording_of_any_bytes_is_refused_or_replayed() {
    check("recordings", 1_500);
}

#[test]
fn records_of_any_bytes_are_refused_or_reported() {
    check("records", 600);
}

#[test]
fn an_upstream_that_sends_any_bytes_is_relayed_and_recorded() {
    check("relayed", 400);
}

#[test]
fn an_answer_of_any_bytes_is_read_or_named() {
    check("streams", 1_500);
}

#[test]
fn a_file_of_any_bytes_is_refused_or_works() {
    check("toml", 800);
}
