//! What a terminal shows of a mock at work: a line a request, and what there was of failures.
//!
//! Lines are written by a thread of their own, so that a slow terminal holds up no answer; what it
//! cannot take is left out and counted. What a client wrote is escaped before it gets here, and
//! what looks like a credential is masked by the same thread.

use crate::basis::count::counted;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;

use super::run::no_color;
use super::words::{key, time_of_day};
use crate::journal::{Entry, Record, Trace, Watcher};

/// Lines that may wait for the terminal.
const MAX_WAITING: usize = 1_024;

/// How long the end waits for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// The characters of a name that are shown.
const MAX_NAME: usize = 24;

/// What is counted of each request as it ends, and the terminal that sees it.
pub(super) struct Watch {
    /// None where something else is drawn there.
    terminal: Option<Terminal>,
    left_out: AtomicU64,
    failed: Mutex<BTreeMap<u16, u64>>,
}

/// A terminal with the thread that writes to it.
struct Terminal {
    style: Style,
    waiting: SyncSender<Item>,
}

/// How lines look.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// The calendar time at which the mock's time begins.
    epoch_ms: i64,
    colours: bool,
}

/// What the writing thread is given.
enum Item {
    Line(String),
    /// Everything before this has been written.
    Reached(SyncSender<()>),
}

impl Watch {
    /// A watch on standard error, where that is a terminal.
    pub(super) fn of_terminal(epoch_ms: i64) -> Option<Arc<Self>> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let (waiting, items) = sync_channel(MAX_WAITING);
        std::thread::spawn(move || write_all(&items));
        let style = Style { epoch_ms, colours: !no_color() };
        Some(Self::to(Some(Terminal { style, waiting })))
    }

    /// A watch that writes no line and only counts.
    pub(super) fn silent() -> Arc<Self> {
        Self::to(None)
    }

    fn to(terminal: Option<Terminal>) -> Arc<Self> {
        Arc::new(Self { terminal, left_out: AtomicU64::new(0), failed: Mutex::default() })
    }

    fn show(&self, entry: &Entry, trace: &Trace) {
        if entry.status >= 400 || entry.status == 0 {
            *self.failed.lock().entry(entry.status).or_default() += 1;
        }
        if let Some(Terminal { style, waiting }) = &self.terminal
            && waiting.try_send(Item::Line(style.line(entry, trace))).is_err()
        {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until the lines are written, and says what there was of failures.
    pub(super) fn end(&self) -> String {
        let (reached, written) = sync_channel(1);
        if let Some(Terminal { waiting, .. }) = &self.terminal
            && waiting.try_send(Item::Reached(reached)).is_ok()
        {
            let _ = written.recv_timeout(PATIENCE);
        }
        sum(&self.failed.lock(), self.left_out.load(Ordering::Relaxed))
    }
}

impl Watcher for Watch {
    fn decided(&self, entry: &Entry, trace: Option<&Trace>) {
        // A request of a batch has no end of its own.
        if trace.is_none() {
            let trace = Trace { model: Some("(batch)".into()), ..Trace::default() };
            self.show(entry, &trace);
        }
    }

    fn wants_ends(&self) -> bool {
        true
    }

    fn ended(&self, record: &Record) {
        self.show(&record.entry, &record.trace);
    }
}

fn write_all(items: &Receiver<Item>) {
    while let Ok(item) = items.recv() {
        match item {
            // Where the terminal is gone, the mock serves all the same.
            Item::Line(line) => drop(writeln!(io::stderr(), "{}", redact::text(&line))),
            Item::Reached(reached) => drop(reached.send(())),
        }
    }
}

impl Style {
    /// One request in one line.
    fn line(self, entry: &Entry, trace: &Trace) -> String {
        let at_ms = i64::try_from(entry.at_us / 1_000).unwrap_or(0).saturating_add(self.epoch_ms);
        let who = match (&trace.job, &trace.key) {
            (Some(job), _) => format!("job {}", name(job)),
            (None, Some(hash)) => key(&hash.to_string()),
            (None, None) => "no key".to_owned(),
        };
        let what = match &trace.model {
            Some(model) => name(model),
            None => format!("{} {}", name(&trace.method), name(&trace.path)),
        };
        let mut line = format!(
            "{} {who:<12} {what:<26} {} {:>7} in {:>6} out {:>7} ms",
            time_of_day(at_ms),
            self.status(entry.status),
            entry.tokens_in,
            entry.tokens_out,
            trace.ended_us.unwrap_or(trace.started_us).saturating_sub(trace.started_us) / 1_000,
        );
        if let Some(fault) = &entry.fault {
            let _ = write!(line, "  fault {}", name(fault));
        }
        if trace.cut {
            line.push_str("  cut");
        } else if trace.client_left {
            line.push_str("  client left");
        }
        line
    }

    fn status(self, status: u16) -> String {
        let text = if status == 0 { "---".to_owned() } else { status.to_string() };
        let colour = match status {
            _ if !self.colours => return text,
            0 | 500.. => 31,
            400..500 => 33,
            _ => 32,
        };
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    }
}

/// The beginning of a name, without what could change a terminal.
fn name(text: &str) -> String {
    let mut shown: String = text.escape_debug().take(MAX_NAME).collect();
    if text.escape_debug().nth(MAX_NAME).is_some() {
        shown.push('…');
    }
    shown
}

/// What failed, by status, and what was not shown.
fn sum(failed: &BTreeMap<u16, u64>, left_out: u64) -> String {
    let mut text = String::new();
    for (status, count) in failed {
        let before = if text.is_empty() { "failed: " } else { ", " };
        let _ = match status {
            0 => write!(text, "{before}{count} without an answer"),
            _ => write!(text, "{before}{count} with {status}"),
        };
    }
    if !text.is_empty() {
        text.push('\n');
    }
    if left_out > 0 {
        let left_out = counted(left_out, "request");
        let _ = writeln!(text, "{left_out} not shown: too fast for the terminal");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::hex::Hex;

    fn seen(model: &str, status: u16) -> (Entry, Trace) {
        let entry = Entry {
            at_us: 3_723_004_000,
            request_id: String::new(),
            tag: None,
            status,
            error: None,
            fault: None,
            tokens_in: 12,
            tokens_out: 340,
            cost_microusd: 9,
        };
        let key = Some(Hex([0x01, 0x23, 0x45, 0x67, 0x89, 0xab]));
        let model = Some(model.to_owned().into());
        (entry, Trace { key, model, ended_us: Some(51_000), ..Trace::default() })
    }

    #[test]
    fn a_request_is_one_line_with_its_figures() {
        let plain = Style { epoch_ms: 0, colours: false };
        let (mut entry, mut trace) = seen("claude-sonnet-4-5", 529);
        let first = plain.line(&entry, &trace);
        entry.fault = Some("overloaded".to_owned());
        trace.job = Some("notes".to_owned());
        trace.client_left = true;
        let second = plain.line(&entry, &trace).replace("  fault", "\n  fault");
        insta::assert_snapshot!([first, second].join("\n"), @"
        01:02:03.004Z key 012345   claude-sonnet-4-5          529      12 in    340 out      51 ms
        01:02:03.004Z job notes    claude-sonnet-4-5          529      12 in    340 out      51 ms
          fault overloaded  client left
        ");
    }

    #[test]
    fn nothing_that_a_client_wrote_changes_the_terminal() {
        let (entry, mut trace) = seen("\u{1b}[31m\n\u{202e}red", 404);
        trace.job = Some("a\r\u{7}".to_owned());
        let line = Style { epoch_ms: 0, colours: false }.line(&entry, &trace);
        assert!(
            line.chars().all(|letter| !letter.is_control() && letter != '\u{202e}'),
            "{line:?}"
        );
        assert_eq!(name(&"é".repeat(30)), "é".repeat(24) + "…");
    }

    #[test]
    fn colours_are_used_only_where_they_are_wanted() {
        let (entry, trace) = seen("claude-sonnet-4-5", 200);
        let line = |colours| Style { epoch_ms: 0, colours }.line(&entry, &trace);
        assert!(line(true).contains("\u{1b}[32m200\u{1b}[0m") && !line(false).contains('\u{1b}'));
    }

    #[test]
    fn failures_are_summed_by_status() {
        let failed = BTreeMap::from([(0, 1), (429, 2), (529, 1)]);
        let text = sum(&failed, 3);
        assert!(
            text.starts_with("failed: 1 without an answer, 2 with 429, 1 with 529\n3 requests")
        );
        assert_eq!(sum(&BTreeMap::new(), 0), "");
    }
}
