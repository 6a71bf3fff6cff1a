//! How far a long command is: a line that moves while a person watches, and a line a minute in a
//! pipe, so that nobody takes silence for the end.
//!
//! Invariant: the time left is reckoned by the machine's clock. Below `--speed` the clock of this
//! process runs fast and unevenly, and an estimate by it jumps.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{
    HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};
use parking_lot::Mutex;
use reports::text::{duration, thousands};

use super::measure::Stopwatch;
use super::terminal;

/// From one line in a pipe to the next.
const BEAT_US: u64 = 60_000_000;

/// The share of the whole after which the time left is named, in percent: before, it is a guess.
const KNOWN_PERCENT: u128 = 10;

/// How far a command is.
#[derive(Debug)]
pub struct Meter {
    bar: ProgressBar,
    view: View,
    watch: Stopwatch,
    pace: Mutex<Pace>,
    left_us: Arc<AtomicU64>,
}

/// The lines of meters that move at the same time, one below the other.
#[derive(Debug, Clone, Default)]
pub struct Lines(MultiProgress);

impl Lines {
    /// Does something while no line is on the screen: what it prints is not written over.
    pub fn hidden<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Nobody,
    Person,
    Pipe,
}

/// What is done, in steps and by weight.
#[derive(Debug)]
struct Pace {
    what: String,
    steps: u64,
    done: u64,
    weight: u64,
    done_weight: u64,
    said_us: u64,
}

impl Meter {
    /// Of so many steps, which weigh as much as each other.
    pub fn new(quiet: bool, what: &str, steps: u64) -> Self {
        Self::weighed(quiet, what, steps, steps)
    }

    /// Of so many steps, which weigh this much altogether.
    pub fn weighed(quiet: bool, what: &str, steps: u64, weight: u64) -> Self {
        let view = match (quiet, io::stderr().is_terminal()) {
            (true, _) => View::Nobody,
            (false, true) => View::Person,
            (false, false) => View::Pipe,
        };
        let target = match view {
            View::Person => ProgressDrawTarget::stderr(),
            View::Nobody | View::Pipe => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        let left_us = Arc::new(AtomicU64::new(0));
        let template = "{prefix} {wide_bar} {pos}/{len}{left}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let known = Arc::clone(&left_us);
            let left = move |_: &ProgressState, out: &mut dyn fmt::Write| {
                let left_us = known.load(Ordering::Relaxed);
                if left_us > 0 {
                    let left = HumanDuration(Duration::from_micros(left_us));
                    // Writing to a line in memory cannot fail.
                    let _ = write!(out, ", about {left:#} left");
                }
            };
            bar.set_style(style.with_key("left", left));
        }
        bar.set_prefix(what.to_owned());
        let what = what.to_owned();
        let pace = Pace { what, steps, done: 0, weight, done_weight: 0, said_us: 0 };
        Self { bar, view, watch: Stopwatch::start(), pace: Mutex::new(pace), left_us }
    }

    /// The same meter, whose line is one of several.
    #[must_use]
    pub fn among(self, lines: &Lines) -> Self {
        match self.view {
            View::Person => Self { bar: lines.0.add(self.bar), ..self },
            View::Nobody | View::Pipe => self,
        }
    }

    /// Whether nobody is told anything.
    pub fn is_hidden(&self) -> bool {
        self.view == View::Nobody
    }

    /// Notes that a step has ended.
    pub fn step(&self, weight: u64) {
        if self.is_hidden() {
            return;
        }
        let mut pace = self.pace.lock();
        pace.done += 1;
        pace.done_weight += weight;
        let left_us = pace.left_us(self.watch.elapsed_us());
        drop(pace);
        self.left_us.store(left_us.unwrap_or(0), Ordering::Relaxed);
        self.bar.inc(1);
    }

    /// Says how it stands, to whoever watches.
    pub fn note(&self, words: impl FnOnce() -> String) {
        match self.view {
            View::Nobody => {}
            View::Person => self.bar.set_message(words()),
            View::Pipe => {
                let line = self.pace.lock().beat(self.watch.elapsed_us(), words);
                if let Some(line) = line {
                    terminal::say(&line);
                }
            }
        }
    }

    /// Ends the line, and leaves nothing of it.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Pace {
    /// How long it will take, once enough has ended to tell.
    fn left_us(&self, now_us: u64) -> Option<u64> {
        let (done, all) = (u128::from(self.done_weight), u128::from(self.weight));
        if done == 0 || done >= all || done * 100 < all * KNOWN_PERCENT {
            return None;
        }
        u64::try_from(u128::from(now_us) * (all - done) / done).ok()
    }

    /// The line of this minute; nothing where it was said.
    fn beat(&mut self, now_us: u64, words: impl FnOnce() -> String) -> Option<String> {
        if now_us < self.said_us + BEAT_US {
            return None;
        }
        self.said_us = now_us;
        let (done, steps) = (thousands(self.done), thousands(self.steps));
        let left = self.left_us(now_us);
        let left = left.map(|left_us| format!(", about {} left", duration(left_us)));
        let (so_far, left) = (duration(now_us), left.unwrap_or_default());
        let what = &self.what;
        Some(format!("{what}: {done} of {steps} after {so_far}{left}; {}", words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000;

    fn pace(done: u64, done_weight: u64) -> Pace {
        let what = "probes".to_owned();
        Pace { what, steps: 44, done, weight: 100, done_weight, said_us: 0 }
    }

    #[test]
    fn what_is_left_goes_by_the_weight_of_what_is_done() {
        assert_eq!(pace(0, 0).left_us(MINUTE), None);
        assert_eq!(pace(8, 9).left_us(MINUTE), None, "too little is done to tell");
        assert_eq!(pace(8, 20).left_us(MINUTE), Some(4 * MINUTE));
        assert_eq!(pace(40, 20).left_us(MINUTE), Some(4 * MINUTE), "many light steps are few");
        assert_eq!(pace(44, 100).left_us(MINUTE), None);
    }

    #[test]
    fn a_pipe_gets_a_line_a_minute_and_none_before_the_first() {
        let mut pace = pace(8, 20);
        let mut beat = |now_us| pace.beat(now_us, || "naive.py: 3 lost".to_owned());
        assert_eq!(beat(MINUTE - 1), None);
        let line = "probes: 8 of 44 after 1 m 00 s, about 4 m 00 s left; naive.py: 3 lost";
        assert_eq!(beat(MINUTE).as_deref(), Some(line));
        assert_eq!(beat(2 * MINUTE - 1), None);
        assert!(beat(3 * MINUTE).is_some());
    }
}
