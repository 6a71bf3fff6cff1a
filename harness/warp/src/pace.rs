//! Sets the speed of a clock: fast while all processes wait, real while any of them computes.
//!
//! A look adds up what the processes have computed since the last one. Two quiet looks in a row
//! are followed by a closer one, at every thread: on a busy machine a thread that would compute
//! waits for a processor and uses none. Only then does the clock run fast. Whoever wakes puts it
//! back.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::time::Duration;

use crate::page::Page;
use crate::processes;
use crate::shared::{OBJECT_NAME, Shared, real_clock};

const MILLISECOND: i64 = 1_000_000;

/// How long a thread waits at real speed, at least, before it looks at the page again.
const SLICE: i64 = MILLISECOND / 4;

/// How much longer it waits for each thread that does: so that all of them looking, at some
/// microseconds each, are no load of their own.
const SLICE_A_THREAD: i64 = MILLISECOND / 10;

/// How much longer for each process, which takes a look of the pace a part of a microsecond.
const SLICE_A_PROCESS: i64 = MILLISECOND / 50;

/// The share of one core, as a divisor, below which the processes are taken to wait.
const QUIET: i64 = 4;

/// How many quiet looks there are before a closer one.
const QUIET_LOOKS: u32 = 2;

/// How often new processes are looked for that have not registered.
const SEARCH: i64 = 20 * MILLISECOND;

/// How old a process is when it is first looked at for whether it follows the clock.
const FIRST_CHECK: i64 = 50 * MILLISECOND;

/// When it is looked at again: another program may have taken its place.
const NEXT_CHECK: i64 = 2_000 * MILLISECOND;

/// A clock for processes that are started with its [`Pace::environment`], as long as somebody
/// looks.
#[derive(Debug)]
pub struct Pace {
    shared: Shared,
    speed: i64,
    /// Processes that have registered, and those below them that were found.
    known: BTreeMap<u32, Known>,
    arrivals: u64,
    searched: i64,
    quiet_looks: u32,
    /// Real time of quiet looks that have not been followed by a closer one.
    undecided: i64,
    asides: u64,
    /// The process that has done something since the last look that does not count.
    aside: Option<u32>,
}

/// A process.
#[derive(Debug)]
struct Known {
    /// Its place in the page, once it has registered.
    place: Option<usize>,
    /// What it had computed at the last look.
    computed: i64,
    check_at: i64,
    /// It was not found to follow the clock: it may just be starting.
    suspect: bool,
    /// It does not, and that is written down.
    reported: bool,
}

impl Known {
    fn new(computed: i64, now: i64) -> Self {
        Self { place: None, computed, check_at: now + FIRST_CHECK, suspect: false, reported: false }
    }
}

impl Pace {
    /// A clock that begins now, at real speed.
    pub fn new(speed: u32) -> io::Result<Self> {
        let began = real_clock(libc::CLOCK_MONOTONIC);
        Ok(Self {
            shared: Shared::new(SLICE, i64::from(speed))?,
            speed: i64::from(speed),
            known: BTreeMap::new(),
            arrivals: 0,
            searched: began,
            quiet_looks: 0,
            undecided: 0,
            asides: 0,
            aside: None,
        })
    }

    /// What a process has in its environment that follows the clock, and so do its children.
    pub fn environment(&self) -> [(&'static str, OsString); 2] {
        self.shared.environment()
    }

    /// Looks at what the processes compute and sets the speed; gives how long to wait before the
    /// next look.
    pub fn look(&mut self) -> Duration {
        let now = real_clock(libc::CLOCK_MONOTONIC);
        let page = self.shared.page.page();
        let (ticket, moment) = page.moment();
        let passed = now - page.looked.swap(now, AcqRel);
        let (computed, arrived) = self.computed(now);
        self.check_one(now);
        let fast = moment.factor_at(now) > 1;
        let mut busy = arrived || computed.saturating_mul(QUIET) > passed;
        if busy {
            self.quiet_looks = 0;
            self.page().slow_down(None, || real_clock(libc::CLOCK_MONOTONIC));
        } else if self.speed > 1 && moment.is_slow() {
            self.quiet_looks += 1;
            self.undecided += passed;
            if self.quiet_looks < QUIET_LOOKS {
                return self.until_next();
            }
            busy = self.anybody_busy(now);
            self.quiet_looks = 0;
            if !busy {
                self.announce(ticket);
            }
        }
        // On a busy machine quiet looks may have been those of a thread that waits for a processor.
        let undecided = std::mem::take(&mut self.undecided);
        if busy && !fast {
            self.page().computing.fetch_add(passed.max(undecided), Relaxed);
        }
        self.until_next()
    }

    fn page(&self) -> &Page {
        self.shared.page.page()
    }

    fn announce(&self, ticket: u64) {
        // At once: the clock runs past nobody who does not know it yet.
        self.page().announce(ticket, real_clock(libc::CLOCK_MONOTONIC), self.speed);
    }

    /// Looking at many processes takes time itself; with many of them it is done less often.
    fn until_next(&self) -> Duration {
        let page = self.page();
        let places = self.known.values().filter_map(|known| known.place);
        let waiting: i64 = places.map(|place| i64::from(page.waiting[place].load(Relaxed))).sum();
        let processes = i64::try_from(self.known.len()).unwrap_or(i64::MAX / SLICE);
        let slice = SLICE + waiting * SLICE_A_THREAD + processes * SLICE_A_PROCESS;
        page.slice.store(slice, Relaxed);
        Duration::from_nanos((slice / 2).unsigned_abs())
    }

    /// What all processes have computed since the last look, and whether there are new ones.
    fn computed(&mut self, now: i64) -> (i64, bool) {
        let page = self.shared.page.page();
        let arrivals = page.arrivals.load(Relaxed);
        let arrived = std::mem::replace(&mut self.arrivals, arrivals) != arrivals;
        if arrived {
            for (place, process) in registered(page) {
                let known = self.known.entry(process).or_insert_with(|| Known::new(0, now));
                known.place = Some(place);
            }
        }
        self.aside = self.aside();
        let (aside, page) = (self.aside, self.shared.page.page());
        let mut sum = 0;
        self.known.retain(|process, known| {
            let Some(computed) = processes::computed(*process) else {
                page.stop_all(*process);
                if let Some(place) = known.place {
                    forget(page, place, *process);
                }
                return false;
            };
            let more = computed - std::mem::replace(&mut known.computed, computed);
            // What is done aside cannot be told from the rest; its main thread can.
            if aside != Some(*process) || processes::is_busy(*process, *process) {
                sum += more.max(0);
            }
            true
        });
        (sum, arrived)
    }

    /// The process that does something that does not count, or has since it was last asked.
    fn aside(&mut self) -> Option<u32> {
        let asides = self.page().asides.load(Acquire);
        let before = std::mem::replace(&mut self.asides, asides);
        let any = before != asides || asides % 2 == 1;
        any.then(|| self.page().aside_of.load(Acquire))
    }

    /// Looks at one process for whether it follows the clock, if it is time to.
    fn check_one(&mut self, now: i64) {
        let due = |known: &Known| known.check_at <= now && !known.reported;
        let Some((process, known)) = self.known.iter_mut().find(|(_, known)| due(known)) else {
            return;
        };
        let strange = processes::has_mapped(*process, OBJECT_NAME) == Some(false)
            && !processes::is_busy(*process, *process);
        if strange && known.suspect {
            known.reported = true;
            report(self.shared.page.page(), *process);
        }
        known.check_at = now + if strange { FIRST_CHECK } else { NEXT_CHECK };
        known.suspect = strange;
    }

    /// Looks at every thread of every process, and now and then for processes that are new.
    fn anybody_busy(&mut self, now: i64) -> bool {
        let searching = now - self.searched >= SEARCH;
        let mut found = Vec::new();
        let aside = self.aside;
        for process in self.known.keys() {
            for thread in processes::threads(*process) {
                let counts = aside != Some(*process) || thread == *process;
                if counts && processes::is_busy(*process, thread) {
                    return true;
                }
                if searching {
                    found.extend(processes::children(*process, thread));
                }
            }
        }
        if searching {
            self.searched = now;
        }
        found
            .retain(|process| !self.known.contains_key(process) && !processes::is_zombie(*process));
        for process in &found {
            let computed = processes::computed(*process).unwrap_or(0);
            self.known.insert(*process, Known::new(computed, now));
        }
        !found.is_empty()
    }
}

/// The places of processes in a page, and the processes.
fn registered(page: &Page) -> impl Iterator<Item = (usize, u32)> {
    let places = page.processes.iter().map(|place| place.load(Relaxed)).enumerate();
    places.filter(|(_, process)| *process != 0)
}

/// Makes room for another process.
fn forget(page: &Page, place: usize, process: u32) {
    // Where somebody else is there by now, it is not this one's any more.
    let _ = page.processes[place].compare_exchange(process, 0, AcqRel, Relaxed);
}

/// Writes down a process that runs without this clock, and the name of the first one.
fn report(page: &Page, process: u32) {
    if page.strangers.fetch_add(1, AcqRel) > 0 {
        return;
    }
    let mut name = [0; 16];
    for (place, byte) in name.iter_mut().zip(processes::name(process).bytes()) {
        *place = byte;
    }
    for (place, half) in page.stranger.iter().zip(name.chunks(8)) {
        let half = half.try_into().unwrap_or_default();
        place.store(u64::from_ne_bytes(half), Relaxed);
    }
}
