//! When jobs arrive in an open model: offsets from the start, in whole milliseconds.
//!
//! All arithmetic is in integers, since the logarithm of a platform's own library differs in its
//! last bits. Offsets never fall. Closed models have no schedule: a job starts there when another
//! one has ended. Each shape is a file; where the rate changes with time, it is made of the pieces
//! of `rate`.

mod burst;
mod constant;
mod poisson;
mod ramp;
mod rate;
mod replay;
mod spike;
mod stages;

use std::sync::Arc;
use std::time::Duration;

use self::poisson::Poisson;
use self::rate::{Piece, Rated};
use self::spike::Span;
use crate::config::{Load, Recorded};

impl Load {
    /// How often the list of files is run through; once where the schedule decides.
    pub fn repeat(&self) -> u64 {
        match *self {
            Self::Burst { repeat }
            | Self::Sequential { repeat, .. }
            | Self::Batch { repeat, .. }
            | Self::Constant { repeat, .. }
            | Self::Poisson { repeat, .. } => repeat,
            Self::Ramp { .. } | Self::Stages { .. } | Self::Spike { .. } | Self::Replay { .. } => 1,
        }
    }

    /// Whether a round begins when the one before it has ended, and never alongside it.
    pub const fn is_in_turn(&self) -> bool {
        matches!(self, Self::Sequential { users: 1, .. } | Self::Batch { .. })
    }

    /// How many jobs arrive, where the schedule decides and not the list of files: the files are
    /// run through as often as that takes.
    pub fn arriving(&self) -> Option<u64> {
        match self {
            Self::Replay { rows, .. } => Some(rows.len() as u64),
            _ => self.pieces().map(|pieces| rate::jobs(&pieces)),
        }
    }

    /// How long a closed load rests between two rounds.
    pub fn pause(&self) -> Duration {
        match *self {
            Self::Sequential { pause_s, .. } | Self::Batch { pause_s, .. } => {
                Duration::from_secs(pause_s)
            }
            _ => Duration::ZERO,
        }
    }

    /// Jobs that arrive before this are left out of the figures.
    pub fn warm_up(&self) -> Duration {
        match *self {
            Self::Burst { .. } | Self::Batch { .. } => Duration::ZERO,
            Self::Sequential { warm_up_s, .. }
            | Self::Constant { warm_up_s, .. }
            | Self::Poisson { warm_up_s, .. }
            | Self::Ramp { warm_up_s, .. }
            | Self::Stages { warm_up_s, .. }
            | Self::Spike { warm_up_s, .. }
            | Self::Replay { warm_up_s, .. } => Duration::from_secs(warm_up_s),
        }
    }

    /// The length of the schedule in seconds, where it has one of its own.
    pub(crate) fn length_s(&self) -> Option<u64> {
        let length_ms =
            |pieces: Vec<Piece>| pieces.iter().map(|piece| piece.length_ms).sum::<u64>();
        self.pieces().map(|pieces| length_ms(pieces) / 1_000)
    }

    /// The rate over time, where it changes.
    fn pieces(&self) -> Option<Vec<Piece>> {
        Some(match self {
            Self::Ramp { from_per_minute, to_per_minute, over_s, .. } => {
                ramp::pieces(*from_per_minute, *to_per_minute, *over_s)
            }
            Self::Stages { start_rate_per_minute, stages, .. } => {
                stages::pieces(*start_rate_per_minute, stages)
            }
            Self::Spike { rate_per_minute, spike_per_minute, at_s, for_s, duration_s, .. } => {
                let span = Span { at: *at_s, length: *for_s, of: *duration_s };
                spike::pieces(*rate_per_minute, *spike_per_minute, span)
            }
            _ => return None,
        })
    }

    /// When each of `jobs` jobs arrives, repeats included; nothing for the closed shapes. A shape
    /// whose schedule decides how many there are has no more than that.
    pub fn arrivals(&self, jobs: u64, seed: u64) -> Option<Arrivals> {
        let shape = match self {
            Self::Burst { .. } => Shape::Burst,
            Self::Sequential { .. } | Self::Batch { .. } => return None,
            Self::Constant { rate_per_minute, .. } => Shape::Constant(*rate_per_minute),
            Self::Poisson { rate_per_minute, .. } => {
                Shape::Poisson(Box::new(Poisson::new(*rate_per_minute, seed)))
            }
            Self::Replay { rows, .. } => Shape::Replay(Arc::clone(rows)),
            Self::Ramp { .. } | Self::Stages { .. } | Self::Spike { .. } => {
                Shape::Rated(Rated::new(self.pieces()?))
            }
        };
        let jobs = self.arriving().map_or(jobs, |arriving| arriving.min(jobs));
        Some(Arrivals { shape, next: 0, jobs })
    }
}

/// The offsets of all jobs, in order.
#[derive(Debug, Clone)]
pub struct Arrivals {
    shape: Shape,
    next: u64,
    jobs: u64,
}

#[derive(Debug, Clone)]
enum Shape {
    Burst,
    Constant(u64),
    Poisson(Box<Poisson>),
    Rated(Rated),
    Replay(Arc<[Recorded]>),
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next == self.jobs {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let offset = match &mut self.shape {
            Shape::Burst => burst::OFFSET_MS,
            Shape::Constant(rate_per_minute) => constant::offset_ms(index, *rate_per_minute),
            Shape::Poisson(poisson) => poisson.next_ms(),
            Shape::Rated(rated) => rated.offset_ms(index)?,
            Shape::Replay(rows) => replay::offset_ms(rows, index)?,
        };
        // 2^64 ms are 580 million years.
        Some(u64::try_from(offset).unwrap_or(u64::MAX))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.jobs - self.next);
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Stage;
    use proptest::prelude::*;

    fn offsets(load: &Load, jobs: u64) -> Vec<u64> {
        load.arrivals(jobs, 7).expect("an open shape").collect()
    }

    fn constant(rate_per_minute: u64) -> Load {
        Load::Constant { repeat: 1, rate_per_minute, warm_up_s: 0 }
    }

    fn recorded(offsets: impl IntoIterator<Item = u64>) -> Load {
        let row = |offset_ms| Recorded { offset_ms, file: None };
        let rows = offsets.into_iter().map(row).collect();
        Load::Replay { file: "arrivals.csv".to_owned(), warm_up_s: 0, rows }
    }

    proptest! {
        #[test]
        fn shapes_of_a_given_number_start_at_zero_and_never_go_back(
            jobs in 1_u64..500,
            rate_per_minute in 1_u64..60_000_000,
        ) {
            for load in [
                Load::Burst { repeat: 1 },
                constant(rate_per_minute),
                Load::Poisson { repeat: 1, rate_per_minute, warm_up_s: 0 },
            ] {
                let offsets = offsets(&load, jobs);
                prop_assert_eq!(offsets.len() as u64, jobs);
                prop_assert_eq!(offsets[0], 0);
                prop_assert!(offsets.is_sorted());
                prop_assert_eq!(load.arriving(), None);
            }
        }

        #[test]
        fn a_schedule_that_decides_how_many_arrive_is_as_long_as_it_says(
            [low, high, at_s, for_s, rest_s] in [0_u64..5_000, 1..5_000, 0..20, 1..20, 0..20],
        ) {
            let duration_s = at_s + for_s + rest_s;
            let stage = |rate_per_minute, duration_s| Stage { duration_s, rate_per_minute };
            for load in [
                Load::Ramp {
                    from_per_minute: low,
                    to_per_minute: high,
                    over_s: for_s,
                    warm_up_s: 0,
                },
                Load::Spike {
                    rate_per_minute: low,
                    spike_per_minute: high,
                    at_s,
                    for_s,
                    duration_s,
                    warm_up_s: 0,
                },
                Load::Stages {
                    start_rate_per_minute: low,
                    stages: vec![stage(high, for_s), stage(low, rest_s)],
                    warm_up_s: 0,
                },
                recorded([low, low + high, low + high]),
            ] {
                let arriving = load.arriving().unwrap();
                let all = offsets(&load, u64::MAX);
                prop_assert_eq!(all.len() as u64, arriving);
                prop_assert!(all.is_sorted());
                let first: Vec<u64> = offsets(&load, 2);
                prop_assert_eq!(&first[..], &all[..all.len().min(2)]);
                prop_assert_eq!(offsets(&load, u64::MAX), all, "a schedule never changes");
            }
        }

        #[test]
        fn a_constant_rate_has_no_drift(rate_per_minute in 1_u64..100_000, minutes in 1_u64..50) {
            let jobs = rate_per_minute.min(500) * minutes + 1;
            for (index, offset) in (0_u64..).zip(offsets(&constant(rate_per_minute), jobs)) {
                prop_assert_eq!(offset, index * 60_000 / rate_per_minute);
            }
        }
    }

    #[test]
    fn recorded_arrivals_come_as_they_were_recorded() {
        assert_eq!(offsets(&recorded([5, 5, 90]), u64::MAX), [5, 5, 90]);
    }

    #[test]
    fn closed_shapes_have_no_schedule() {
        assert!(Load::Batch { repeat: 1, pause_s: 0 }.arrivals(9, 7).is_none());
        let sequential = Load::Sequential { repeat: 1, users: 2, pause_s: 0, warm_up_s: 0 };
        assert!(sequential.arrivals(9, 7).is_none());
    }
}
