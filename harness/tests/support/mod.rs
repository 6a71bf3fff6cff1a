//! Runs the real binary in a folder of its own, and reads back what it left there.
//!
//! Every call checks what no call may ever do: panic, or write an escape code into a pipe. The
//! environment is cleared, so that nothing that is set on one machine decides an outcome.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use reports::{Judged, Run, Summary, judge};
use tempfile::TempDir;

/// A scenario with files of its own whose answers take a few milliseconds.
pub(crate) const QUICK: &str = r#"format = 1
title = "Quick"
question = "Does it work?"

[[input]]
kind = "repository"
files = 6
lines = 300

[load]
shape = "burst"

[latency]
first_token_ms = 1
prefill_tokens_per_second = 100_000_000
decode_tokens_per_second = 1_000_000
refusal_ms = 1
"#;

/// A client in Python's standard library: `ask` asks the mock and raises where it is refused.
pub(crate) const PYTHON_CLIENT: &str = r#"
import json, os, sys, urllib.error, urllib.request
def ask(text, model="claude-sonnet-4-5", max_tokens=4096):
    body = {"model": model, "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": "```python\n" + text + "\n```"}]}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        json.dumps(body).encode(), {"x-api-key": os.environ["ANTHROPIC_API_KEY"],
        "anthropic-version": "2023-06-01", "content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))
"#;

/// What a run leaves in its folder, sorted.
pub(crate) const RUN_FILES: [&str; 9] = [
    "annotations.txt",
    "failures.csv",
    "failures.txt",
    "jobs.txt",
    "matrix.txt",
    "measured.json",
    "report.html",
    "run.jsonl",
    "summary.txt",
];

/// The binary under test.
pub(crate) const CHAOS: &str = env!("CARGO_BIN_EXE_chaos");

/// A folder in which the binary runs; it is removed with everything in it.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and the folders around it.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names of what is in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A call of the binary that has not begun.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CHAOS);
        command.args(arguments).current_dir(self.root()).env_clear().stdin(Stdio::null());
        command
    }

    /// A call of the binary from beginning to end.
    pub(crate) fn chaos(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// The records of a run, read as every report reads them.
    pub(crate) fn records(&self, folder: &str) -> Run {
        let file = File::open(self.path(folder).join("run.jsonl")).expect("a record file");
        let lines = BufReader::new(file).lines().map(|line| line.expect("a line"));
        Run::read(lines).unwrap_or_else(|error| panic!("{folder}: {error}"))
    }

    /// The same, judged.
    pub(crate) fn judged(&self, folder: &str) -> Judged {
        judge(self.records(folder))
    }

    /// Runs a scenario to its end and gives each pipeline's numbers, which have to agree with
    /// each other and with the mock's ledger.
    pub(crate) fn summaries(&self, arguments: &[&str]) -> Vec<Summary> {
        let mut command = vec!["run", "--quiet", "--out", "out", "--force", "--scenario"];
        command.extend(arguments);
        self.chaos(&command).exits(0);
        let judged = self.judged("out");
        assert!(judged.run().complete(), "{:?}", judged.run().gaps);
        for summary in judged.summaries() {
            assert_eq!(summary.unreconciled, Vec::<String>::new(), "{}", summary.pipeline);
        }
        judged.summaries().to_vec()
    }
}

/// The outcome of a call of the binary.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::new(command.output().expect("the binary starts"))
    }

    pub(crate) fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("all output is UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        for stream in [&stdout, &stderr] {
            assert!(!stream.contains("panicked"), "{stream}");
            assert!(!stream.contains('\u{1b}'), "an escape code in a pipe: {stream:?}");
        }
        Self { code: output.status.code(), stdout, stderr }
    }

    /// The same call, which has to have ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// The same call, which has to have said each of these on standard error.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in:\n{}", self.stderr);
        }
        self
    }
}

/// The whole response of a mock at `address` to one message.
pub(crate) fn message(address: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nconnection: close\r\nx-api-key: any\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes()).expect("it reads");
    let mut response = String::new();
    socket.read_to_string(&mut response).expect("it answers");
    response
}

/// Asks again and again, for a minute at most; a minute is never needed and never asserted.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if happened() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain: {what}");
}

/// Waits for a child to end by itself and gives what it wrote; one that hangs is killed.
#[track_caller]
pub(crate) fn wait_for(mut child: Child) -> Ran {
    let mut ended = false;
    for _ in 0..6_000 {
        ended = child.try_wait().expect("a child can be asked").is_some();
        if ended {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    if !ended {
        child.kill().expect("a child can be killed");
    }
    let ran = Ran::new(child.wait_with_output().expect("a child can be waited for"));
    assert!(ended, "the process hangs: {}", ran.stderr);
    ran
}

/// Sends a signal, by its name, to a process that this test started.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("`kill` is there").success(), "SIG{name} cannot be sent");
}

/// The most memory that a process has taken so far; none of one that has ended.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory_kb(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
