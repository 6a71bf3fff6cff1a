//! Everything that was read of one session, before it is checked against itself.

use super::budget::Budget;
use super::facts::Facts;
use super::footer::Footer;
use super::results::Results;
use crate::run::{Room, quiet};
use crate::{Counts, Quiet};

/// What was read of one session: candidates only, because a test may have printed any of it.
#[derive(Debug)]
pub(super) struct Session {
    /// What it says about itself.
    pub(super) facts: Facts,
    /// What was shown while tests ran.
    pub(super) results: Results,
    /// What was shown behind the results.
    pub(super) footer: Footer,
    pub(super) budget: Budget,
}

impl Session {
    /// One of which nothing was read yet.
    pub(super) fn new(room: &Room) -> Self {
        Self {
            facts: Facts::default(),
            results: Results::new(quiet::BUDGET.min(room.quiet)),
            footer: Footer::default(),
            budget: Budget::new(room),
        }
    }

    /// Whether results were to be shown by name, and none was.
    pub(super) const fn is_unnamed(&self) -> bool {
        let foreign = self.results.lettered && self.facts.error.is_none();
        let named = self.facts.named && self.facts.total.is_some() && !self.facts.sugar;
        named && foreign && !self.results.verbose
    }

    /// Forgets what was read while tests ran.
    pub(super) fn distrust(&mut self) {
        self.results.read = Counts::ZERO;
        self.results.quiet = Quiet::with_budget(quiet::BUDGET);
        (self.results.verbose, self.results.lettered) = (false, false);
    }
}
