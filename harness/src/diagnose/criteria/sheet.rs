//! A row while it is filled.

use reports::card::{Basis, Criterion, Evidence, Grade, MonthlyCost, Row};

use crate::diagnose::seen::Probe;

/// A row while it is filled.
#[derive(Debug)]
pub(super) struct Sheet {
    criterion: Criterion,
    evidence: Vec<Evidence>,
    cost: Option<MonthlyCost>,
}

impl Sheet {
    pub(super) const fn of(criterion: Criterion) -> Self {
        Self { criterion, evidence: Vec::new(), cost: None }
    }

    /// Notes what a probe has shown.
    pub(super) fn saw(&mut self, probe: &Probe, saw: impl Into<String>) {
        self.evidence.push(Evidence { probe: probe.name.clone(), saw: saw.into() });
    }

    /// Notes how the first file of a probe ended.
    pub(super) fn saw_ending(&mut self, probe: &Probe) {
        self.saw(probe, probe.ending());
    }

    /// Notes what one file costs for nothing where this happens; nothing where that is nothing.
    pub(super) fn costs(&mut self, per_file_microusd: u64, basis: Basis) {
        if per_file_microusd > 0 {
            self.cost = Some(MonthlyCost { per_file_microusd, basis });
        }
    }

    /// The row with its grade. An A needs no fix.
    pub(super) fn graded(self, grade: Grade, says: impl Into<String>, fix: &str) -> Row {
        let Self { criterion, evidence, cost } = self;
        let fix = (grade > Grade::A).then(|| fix.to_owned());
        Row { criterion, grade: Some(grade), says: says.into(), evidence, fix, cost }
    }

    /// The row of something that was not shown, and why.
    pub(super) fn not_shown(self, why: &str) -> Row {
        let Self { criterion, evidence, .. } = self;
        Row { criterion, grade: None, says: why.to_owned(), evidence, fix: None, cost: None }
    }
}

/// The grade of a share, in percent: from 99 an A, from 85 a B, from 60 a C, from 30 a D.
pub(super) const fn by_share(percent: usize) -> Grade {
    match percent {
        99.. => Grade::A,
        85.. => Grade::B,
        60.. => Grade::C,
        30.. => Grade::D,
        _ => Grade::F,
    }
}

/// The worse of two.
pub(super) fn at_best(grade: Grade, cap: Grade) -> Grade {
    grade.max(cap)
}

/// The one in the middle; of an even number, the lower of the two.
pub(super) fn median(mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

/// The one that nine of ten do not exceed; the greatest of fewer than ten.
pub(super) fn ninth_decile(mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1 + numbers.len() / 10)?).copied()
}
