//! What every kind of fault has in common: a name, the requests that it hits, and what it does to
//! one of them.

use strict_toml::Problem;

use super::effect::Effect;
use super::when::{Asked, When};
use crate::basis::chance::Chance;

/// What every kind of fault can say of itself.
pub(super) trait Kind {
    /// The name in the records.
    fn name(&self) -> String;

    /// Which requests it hits.
    fn when(&self) -> &When;

    /// The same two, to be changed.
    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When);

    /// What is wrong with its own keys; those of `when` are looked at elsewhere.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// What it does to this request, where it can do anything to it.
    fn effect(&self, drawn: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect>;
}

/// The chance of one fault of a plan: its name keeps faults of one kind independent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub(super) decision: &'a str,
    pub(super) chance: Chance,
}
