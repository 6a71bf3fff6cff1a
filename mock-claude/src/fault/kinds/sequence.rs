//! Scripted outcomes: the first attempt at a request meets the first outcome of the list, the
//! second attempt the second, and so on, whatever other requests do in between.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::fault::config::FaultConfig;
use crate::fault::effect::Effect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `sequence`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SequenceFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// The outcomes in their order: faults of any other kind, `none` for a good reply.
    #[schemars(length(min = 1, max = 1_000))]
    pub outcomes: Vec<FaultConfig>,
    /// What comes after the last.
    #[serde(default)]
    pub then: Then,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

/// What comes after the last outcome of a sequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Good replies, or what the faults after this one say.
    #[default]
    Succeed,
    /// The first outcome again, and so on.
    Repeat,
    /// The last outcome, indefinitely.
    Stay,
}

impl Kind for SequenceFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| "sequence".to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.outcomes.is_empty() {
            problems.push(Problem::new("outcomes", "must have at least one outcome"));
        }
        for (index, outcome) in self.outcomes.iter().enumerate() {
            let place = format!("outcomes.{index}");
            if matches!(outcome, FaultConfig::Sequence(_) | FaultConfig::RefusedConnection(_)) {
                let message = "must be what can become of one request, and no sequence";
                problems.push(Problem::new(format!("{place}.kind"), message));
                continue;
            }
            if *outcome.kind().when() != When::default() {
                let message = "is decided by the place in the sequence";
                problems.push(Problem::new(format!("{place}.when"), message));
            }
            problems.extend(outcome.problems().into_iter().map(|problem| problem.inside(&place)));
        }
        problems
    }

    fn effect(&self, drawn: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect> {
        let attempt = usize::try_from(asked.arrival.key.attempt).unwrap_or(usize::MAX);
        let place = match self.then {
            Then::Succeed => attempt,
            Then::Repeat => attempt.checked_rem(self.outcomes.len())?,
            Then::Stay => attempt.min(self.outcomes.len().checked_sub(1)?),
        };
        match self.outcomes.get(place)? {
            FaultConfig::Sequence(_) => None,
            outcome => outcome.kind().effect(drawn, asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_with_a_condition_or_a_sequence_in_a_sequence_is_a_problem() {
        let fault: SequenceFault = toml::from_str(
            "outcomes = [\n\
             { kind = \"status\", status = 529, when = { first_attempts = 1 } },\n\
             { kind = \"sequence\", outcomes = [] },\n\
             { kind = \"status\", status = 99 },\n]",
        )
        .unwrap();
        let keys: Vec<String> = fault.problems().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["outcomes.0.when", "outcomes.1.kind", "outcomes.2.status"]);
    }
}
