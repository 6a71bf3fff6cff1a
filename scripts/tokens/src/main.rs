//! How far the mock's count of tokens is from the last tokenizer that was published, by kind of file.
//!
//! `cargo run --release --manifest-path scripts/tokens/Cargo.toml -- FOLDER...` reads the first
//! 12,000 bytes of each text file in these folders, at most 60 of a kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mock_claude::internals::prices;
use mock_claude::internals::tokens::{Counting, Tokenizer};

/// Bytes of a file that are counted, at most, and at least.
const BYTES: std::ops::Range<usize> = 400..12_000;

/// Files of a kind, at most.
const FILES: usize = 60;

fn main() {
    let model = prices::model("claude-sonnet-4-6").expect("a model of the price list");
    let tokenizer = Tokenizer::of(Counting::Classes, model);
    let mut files = Vec::new();
    for folder in env::args_os().skip(1) {
        collect(Path::new(&folder), &mut files);
    }
    // In an order that no folder decides.
    files.sort_by_key(|path| {
        let name = path.as_os_str().as_encoded_bytes();
        name.iter().fold(7_u64, |hash, byte| hash.wrapping_mul(0x100_0000_01b3) ^ u64::from(*byte))
    });
    let mut kinds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for path in &files {
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if kinds.get(&kind).is_some_and(|errors| errors.len() >= FILES) {
            continue;
        }
        let Ok(mut text) = fs::read_to_string(path) else { continue };
        if text.len() < BYTES.start {
            continue;
        }
        text.truncate(text.floor_char_boundary(BYTES.end));
        let Ok(published) = claude_tokenizer::count_tokens(&text) else { continue };
        let counted = tokenizer.count(&text);
        kinds.entry(kind).or_default().push(counted as f64 / published as f64 - 1.0);
    }
    println!(
        "{:10} {:>6} {:>11} {:>8} {:>8} {:>8}",
        "kind", "files", "within 10 %", "5 %", "median", "95 %"
    );
    for (kind, mut errors) in kinds.into_iter().filter(|(_, errors)| errors.len() >= 20) {
        errors.sort_by(f64::total_cmp);
        let within = errors.iter().filter(|error| error.abs() <= 0.1).count();
        let at = |part: f64| 100.0 * errors[((errors.len() - 1) as f64 * part) as usize];
        let share = 100.0 * within as f64 / errors.len() as f64;
        let (low, middle, high) = (at(0.05), at(0.5), at(0.95));
        println!(
            "{kind:10} {:6} {share:9.0} % {low:+7.1} % {middle:+7.1} % {high:+7.1} %",
            errors.len()
        );
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}
