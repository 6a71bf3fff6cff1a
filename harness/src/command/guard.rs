//! `chaos guard`, which nobody types: waits for a run to be gone and removes what it left.
//!
//! The run holds the other end of standard input; see `target::process::guard`.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::process::measure;
use crate::target::process::guard::MARK;
use crate::{Exit, Failure};

/// How often it looks for processes of the run, at most: one may be starting another.
const LOOKS: u32 = 50;

/// How long it rests between two looks.
const REST: Duration = Duration::from_millis(20);

/// Waits for the end of standard input, then kills what carries the mark and removes the folder.
pub fn execute(mark: &str, folder: &Path) -> Result<Exit, Failure> {
    // An error is an end too.
    let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
    let entry = format!("{MARK}={mark}");
    for _ in 0..LOOKS {
        let marked = marked(entry.as_bytes());
        if marked.is_empty() {
            break;
        }
        for pid in marked {
            // It may have gone meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
        measure::rest(REST);
    }
    if folder.file_name().is_some_and(|name| name == mark) && !mark.is_empty() {
        // The run removes it itself where it comes that far.
        let _ = fs::remove_dir_all(folder);
    }
    Ok(Exit::Pass)
}

/// The processes in whose environment the entry stands, as far as this user may know.
fn marked(entry: &[u8]) -> Vec<Pid> {
    let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = all.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
    let carries = |pid: &Pid| {
        let path = format!("/proc/{}/environ", pid.as_raw_nonzero());
        let environment = fs::read(path).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == entry)
    };
    numbers.filter_map(Pid::from_raw).filter(carries).collect()
}
