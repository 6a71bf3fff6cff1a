//! What memory a simulated run will take, so that one that cannot fit is refused before it starts
//! and not killed half-way.
//!
//! The figures are measured ones, rounded up: what a job holds while it is under way, and what its
//! records take when they are read back. A job that only waits for its arrival takes nothing.

use std::collections::VecDeque;
use std::fs;

use reports::record::Clock;
use scenarios::PlatformConfig;

use super::run_plan::RunPlan;
use crate::process::permits::Taken;
use crate::run::shared::Shared;
use crate::service::Way;
use crate::source::{Origin, SourceFile};

/// What a run takes whatever it does, in bytes.
const BASE: u64 = 40_000_000;

/// What a job takes while it is under way, besides its text, by the way of its requests.
const DIRECT: u64 = 14_500;
const PIPED: u64 = 60_000;

/// What a job takes in line before a platform that queues.
const WAITING: u64 = 1_500;

/// What the records of a job take when they are read back.
const RECORDS: u64 = 500;

/// How often the text of a job is in memory while it is under way.
const COPIES: u64 = 2;

/// The bytes of a line of a generated file.
const LINE: u64 = 36;

/// Files of the user's that are looked at for the size of all.
const SAMPLE: usize = 1_000;

/// How long a job is under way at most, for this purpose.
const UNDER_WAY_MS: u64 = 300_000;

/// Jobs of a closed load that are under way at once, at most.
const CLOSED: u64 = 1_000;

impl RunPlan {
    /// The most memory that the run takes at once, in bytes, with this many pipelines under way;
    /// none where it is not simulated, and most of it is not in this process.
    pub fn memory(&self, at_once: u64) -> Option<u64> {
        let simulated = |target: &_| self.clock_of(target) == Clock::Simulated;
        let targets = self.targets.iter().filter(|target| simulated(&***target)).count() as u64;
        if targets == 0 {
            return None;
        }
        let jobs = self.work().jobs();
        let records = jobs.saturating_mul(targets).saturating_mul(RECORDS);
        let each = match self.way() {
            Way::Direct => DIRECT,
            Way::Pipe => PIPED,
        };
        let each = each + COPIES * self.mean_text();
        let (running, waiting) = self.at_once(jobs);
        let live = running.saturating_mul(each).saturating_add(waiting.saturating_mul(WAITING));
        let live = live.saturating_mul(at_once.clamp(1, targets));
        // The records are read when the jobs have ended.
        Some(BASE.saturating_add(live.max(records)))
    }

    /// How many pipelines run at the same time: as many as there are threads for, and as their
    /// memory allows.
    pub fn targets_at_once(&self, threads: u64, free: u64) -> usize {
        if self.needs_order() {
            return 1;
        }
        let most = threads.min(self.targets.len() as u64);
        let fits = |at_once: &u64| self.memory(*at_once).is_none_or(|bytes| bytes <= free);
        let at_once = (2..=most).rev().find(fits).unwrap_or(1);
        usize::try_from(at_once).unwrap_or(1)
    }

    /// The memory of the run, as soon as the runs that are under way leave it.
    pub fn room<'a>(&self, shared: &'a Shared) -> Taken<'a> {
        let at_once = self.targets_at_once(shared.threads(), shared.free_memory());
        shared.memory(self.memory(at_once as u64).unwrap_or(0))
    }

    /// Jobs that are under way at once, and those that wait in line meanwhile.
    fn at_once(&self, jobs: u64) -> (u64, u64) {
        let load = &self.scenario.load;
        let arrived = match load.arrivals(jobs, self.seed) {
            Some(arrivals) => densest(arrivals, UNDER_WAY_MS),
            None => jobs.min(CLOSED),
        };
        match self.scenario.platform.as_ref().map(PlatformConfig::resolved) {
            Some(PlatformConfig::Ecs { max_tasks, slots_per_task, .. }) => {
                let slots = max_tasks.get().saturating_mul(slots_per_task.get());
                (arrived.min(slots), jobs.saturating_sub(slots))
            }
            Some(
                PlatformConfig::Queue { consumers: places, .. }
                | PlatformConfig::AsyncFunction { concurrency: places, .. },
            ) => (arrived.min(places.get()), jobs.saturating_sub(places.get())),
            // Whom a function has no place for is turned away.
            Some(PlatformConfig::Lambda { concurrency, .. }) => (arrived.min(concurrency.get()), 0),
            _ => (arrived, 0),
        }
    }

    /// The mean size of a file, in bytes.
    fn mean_text(&self) -> u64 {
        let bytes = |file: &SourceFile| match &file.origin {
            Origin::Generated(file) => file.lines * LINE,
            Origin::Disk(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Origin::Skipped(_) | Origin::Revised(_) | Origin::Whole => 0,
        };
        let sample = &self.files[..self.files.len().min(SAMPLE)];
        sample.iter().map(bytes).sum::<u64>().checked_div(sample.len() as u64).unwrap_or(0)
    }
}

/// The most arrivals within any time of this length.
fn densest(arrivals: impl Iterator<Item = u64>, within_ms: u64) -> u64 {
    let mut window = VecDeque::new();
    let mut most = 0;
    for offset_ms in arrivals {
        while window.front().is_some_and(|first| offset_ms - first > within_ms) {
            window.pop_front();
        }
        window.push_back(offset_ms);
        most = most.max(window.len() as u64);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use scenarios::Scenario;

    /// A run with this load.
    fn planned(load: &str, more: &str, pipelines: &[&str]) -> RunPlan {
        let text = format!(
            "format = 1\ntitle = \"many\"\nquestion = \"how much?\"\n\
             [[input]]\nkind = \"repository\"\nfiles = 100\nlines = 10_000\n\
             [load]\n{load}\n{more}"
        );
        let scenario = Scenario::parse("many.toml", &text).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<String> = pipelines.iter().map(|name| (*name).to_owned()).collect();
        let pipelines = plan::pipelines(&names).unwrap();
        plan::of_scenario("many", scenario, pipelines).unwrap()
    }

    /// The memory of a run with this load, in megabytes.
    fn check(load: &str, more: &str) -> u64 {
        planned(load, more, &["phase1"]).memory(1).unwrap() / 1_000_000
    }

    #[test]
    fn pipelines_run_together_as_far_as_threads_and_memory_allow() {
        let all = ["phase1", "phase3", "hardened"];
        let mut plan = planned("shape = \"burst\"\nrepeat = 100", "", &all);
        let (one, two) = (plan.memory(1).unwrap(), plan.memory(2).unwrap());
        assert_eq!(two - BASE, 2 * (one - BASE));
        assert_eq!(plan.memory(9), plan.memory(3), "there are three");
        let at_once =
            |plan: &RunPlan| [1, 2, 8].map(|threads| plan.targets_at_once(threads, u64::MAX));
        assert_eq!(at_once(&plan), [1, 2, 3]);
        assert_eq!([one, two].map(|free| plan.targets_at_once(8, free)), [1, 2]);
        assert_eq!(plan.targets_at_once(8, 0), 1, "whether it fits at all is not asked here");
        plan.aborts = true;
        assert_eq!(at_once(&plan), [1; 3]);
        plan.aborts = false;
        plan.clock = Clock::Wall;
        assert_eq!(at_once(&plan), [1; 3]);
    }

    #[test]
    fn a_burst_takes_memory_for_every_job_and_arrivals_for_those_under_way() {
        assert_eq!(check("shape = \"burst\"\nrepeat = 10_000", ""), 21_740);
        assert_eq!(check("shape = \"batch\"\nrepeat = 10_000", ""), 540);
        let constant = "shape = \"constant\"\nrepeat = 10_000\nrate_per_minute = 60";
        assert_eq!(check(constant, ""), 540, "three hundred are under way at once");
    }

    #[test]
    fn what_waits_in_line_takes_a_row() {
        let queue = "[platform]\nkind = \"ecs\"\nmemory_mb = 512\nslots_per_task = 1\n\
                     min_tasks = 1\nmax_tasks = 10\nstart_up_ms = 1\nbacklog_per_task = 5\n\
                     scale_every_s = 60\nduplicate_share = 0.0\n";
        assert_eq!(check("shape = \"burst\"\nrepeat = 10_000", queue), 1_540);
    }

    #[test]
    fn faults_of_a_connection_cost_connections() {
        let fault = "[[fault]]\nkind = \"wire\"\nwhat = \"garbage\"\n";
        assert_eq!(check("shape = \"burst\"\nrepeat = 1_000", fault), 6_760);
    }

    #[test]
    fn the_densest_window_is_found_wherever_it_is() {
        assert_eq!(densest([0, 100, 101, 102, 500].into_iter(), 10), 3);
        assert_eq!(densest([].into_iter(), 10), 0);
    }
}
