//! How a repository's lines are spread over its files, and which files are copies.
//!
//! The total is exact. A copy has as many lines as its original, so sizes are planned for groups
//! of equal files; the last group is a single file that takes what cannot be shared out. Planning
//! is in integers and takes time and memory in proportion to the number of files.

use crate::config::Spread;
use crate::random::{Stream, to_index, to_u64};

/// Shifts the harmonic weights of a skewed spread: of 100 files the largest then has a tenth.
const SKEW_SHIFT: u64 = 2;
/// The weight of one: large, so that integer division keeps the weights apart.
const WEIGHT_ONE: u64 = 1 << 40;

/// The sizes of all files, and the order in which they come.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The lines of each group of equal files.
    lines: Vec<u64>,
    /// The group of each file.
    order: Vec<u32>,
    /// How many files of each group have come already.
    given: Vec<u32>,
    next: usize,
}

/// One file of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Which content it has.
    pub(crate) group: u64,
    /// 0 for the first file with this content, counting up for its copies.
    pub(crate) copy: u64,
    pub(crate) lines: u64,
}

impl Plan {
    /// The plan for one file.
    pub(crate) fn single(lines: u64) -> Self {
        Self { lines: vec![lines], order: vec![0], given: vec![0], next: 0 }
    }

    /// The plan for a repository; it needs at least one line a file and takes more if given less.
    pub(crate) fn new(
        files: u64,
        lines: u64,
        spread: Spread,
        duplicates: f64,
        stream: &mut Stream,
    ) -> Self {
        let files = files.max(1);
        let lines = lines.max(files);
        let mut copies = copies(files, duplicates);
        if !Self::can_be_exact(files, lines, duplicates) {
            copies -= 1;
        }
        let originals = files - copies;
        // All originals but the last have copies, so that the last can take any size.
        let shared = (originals - 1).max(1);
        let members = |group: u64| {
            let extra = u64::from(group < copies % shared);
            if group < shared { 1 + copies / shared + extra } else { 1 }
        };
        let members: Vec<u64> = (0..originals).map(members).collect();
        let mut order: Vec<u32> = Vec::with_capacity(to_index(files));
        for (group, &count) in (0..).zip(&members) {
            order.extend((0..count).map(|_| group));
        }
        stream.shuffle(&mut order);
        let weights = weights(originals, spread, stream);
        let given = vec![0; members.len()];
        Self { lines: sizes(lines, files, &members, &weights), order, given, next: 0 }
    }

    /// Whether the total can be met: not if all files are equal and it cannot be divided.
    pub(crate) fn can_be_exact(files: u64, lines: u64, duplicates: f64) -> bool {
        let files = files.max(1);
        files - copies(files, duplicates) > 1 || lines.is_multiple_of(files)
    }
}

impl Iterator for Plan {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let group = *self.order.get(self.next)?;
        self.next += 1;
        let index = to_index(u64::from(group));
        let copy = u64::from(self.given[index]);
        self.given[index] += 1;
        Some(Planned { group: u64::from(group), copy, lines: self.lines[index] })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.order.len() - self.next;
        (left, Some(left))
    }
}

/// How many files are copies: the share, rounded; one file at least is an original.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a product of a share and a number of files under 2^53; the cast saturates"
)]
fn copies(files: u64, duplicates: f64) -> u64 {
    ((files as f64 * duplicates).round() as u64).min(files - 1)
}

/// How large each group is in comparison; the last one is the largest.
fn weights(originals: u64, spread: Spread, stream: &mut Stream) -> Vec<u64> {
    match spread {
        Spread::Even => vec![WEIGHT_ONE; to_index(originals)],
        Spread::Skewed => {
            let mut weights: Vec<u64> =
                (0..originals).map(|rank| WEIGHT_ONE / (rank + 1 + SKEW_SHIFT)).collect();
            weights.rotate_left(1);
            let others = weights.len() - 1;
            stream.shuffle(&mut weights[..others]);
            weights
        }
    }
}

/// The lines of each group: one, its part of what is left, and the rounding shared out.
fn sizes(lines: u64, files: u64, members: &[u64], weights: &[u64]) -> Vec<u64> {
    let all: u128 = members.iter().zip(weights).map(|(m, w)| u128::from(*m) * u128::from(*w)).sum();
    let free = u128::from(lines - files);
    let part = |weight: &u64| {
        let part = free * u128::from(*weight) / all;
        1 + u64::try_from(part).expect("a part of the lines is not more than the lines")
    };
    let mut sizes: Vec<u64> = weights.iter().map(part).collect();
    let used: u64 = sizes.iter().zip(members).map(|(size, count)| size * count).sum();
    let mut left = lines - used;
    // Groups with copies come first: the single files at the end can take any rest.
    for (size, &count) in sizes.iter_mut().zip(members) {
        if count <= left {
            *size += 1;
            left -= count;
        }
    }
    let last = to_index(to_u64(sizes.len()) - 1);
    sizes[last] += left / members[last];
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(files: u64, lines: u64, spread: Spread, duplicates: f64) -> Vec<Planned> {
        let mut stream = Stream::new(7, "test", 0, 0);
        Plan::new(files, lines, spread, duplicates, &mut stream).collect()
    }

    proptest! {
        #[test]
        fn totals_are_exact_and_the_share_of_copies_is_met(
            files in 1_u64..300,
            more in 0_u64..20_000,
            share in 0_u32..=100,
            skewed: bool,
        ) {
            let spread = if skewed { Spread::Skewed } else { Spread::Even };
            let (lines, duplicates) = (files + more, f64::from(share) / 100.0);
            let planned = plan(files, lines, spread, duplicates);
            prop_assert_eq!(planned.len() as u64, files);
            prop_assert_eq!(planned.iter().map(|file| file.lines).sum::<u64>(), lines);
            prop_assert!(planned.iter().all(|file| file.lines > 0));
            let found = planned.iter().filter(|file| file.copy > 0).count() as u64;
            if Plan::can_be_exact(files, lines, duplicates) {
                prop_assert_eq!(found, copies(files, duplicates));
            }
        }

        #[test]
        fn even_files_differ_by_one_line_at_most(
            files in 1_u64..300,
            more in 0_u64..20_000,
            share in 0_u32..50,
        ) {
            let duplicates = f64::from(share) / 100.0;
            // With half of the files or more being copies, one original has to take the rest.
            prop_assume!(copies(files, duplicates) * 2 < files);
            let planned = plan(files, files + more, Spread::Even, duplicates);
            let sizes = planned.iter().map(|file| file.lines);
            let (least, most) = (sizes.clone().min(), sizes.max());
            prop_assert!(most <= least.map(|lines| lines + 1));
        }
    }

    #[test]
    fn a_skewed_repository_has_one_file_with_a_tenth_and_many_small_ones() {
        let mut sizes: Vec<_> =
            plan(100, 100_000, Spread::Skewed, 0.0).iter().map(|file| file.lines).collect();
        sizes.sort_unstable();
        assert!((8_000..12_000).contains(&sizes[99]), "{}", sizes[99]);
        assert!(sizes[50] < 700, "half of the files are smaller than {}", sizes[50]);
    }

    #[test]
    fn a_copy_comes_after_its_original_and_is_as_long() {
        let planned = plan(50, 5_000, Spread::Skewed, 0.4);
        for (place, copy) in planned.iter().enumerate().filter(|(_, file)| file.copy > 0) {
            let original = planned[..place].iter().find(|file| file.group == copy.group);
            assert_eq!(original.map(|file| (file.copy, file.lines)), Some((0, copy.lines)));
        }
    }
}
