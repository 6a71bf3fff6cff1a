//! The tokens that a reply tells of: all that a pipeline knows of what it has spent.

use mock_claude::internals::prices::{Charge, InputTokens, Model};
use serde_json::Value;

/// The tokens of one reply, as it tells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// What the model read.
    pub input: InputTokens,
    /// What it wrote.
    pub output: u64,
}

impl Usage {
    /// What a `usage` object says; none where there is no such object. A number that is none is 0.
    pub(super) fn of(usage: &Value) -> Option<Self> {
        let mut told = Self::default();
        told.update(usage).then_some(told)
    }

    /// Takes what a later `usage` of the same reply says: its numbers are of the whole reply. Says
    /// whether there was one.
    pub(super) fn update(&mut self, usage: &Value) -> bool {
        let Some(usage) = usage.as_object() else { return false };
        let set = |field: &mut u64, value: Option<&Value>| {
            *field = value.and_then(Value::as_u64).unwrap_or(*field);
        };
        let by_life = usage.get("cache_creation");
        set(&mut self.input.uncached, usage.get("input_tokens"));
        set(&mut self.input.read, usage.get("cache_read_input_tokens"));
        set(
            &mut self.input.written_1h,
            by_life.and_then(|life| life.get("ephemeral_1h_input_tokens")),
        );
        let mut written = self.input.written_5m.saturating_add(self.input.written_1h);
        set(&mut written, usage.get("cache_creation_input_tokens"));
        self.input.written_5m = written.saturating_sub(self.input.written_1h);
        set(&mut self.output, usage.get("output_tokens"));
        true
    }
}

/// What a pipeline knows of a call that is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Tokens that it wrote.
    pub tokens_out: u64,
    /// What it cost; none where no reply told, and the API may have charged for it all the same.
    pub cost_microusd: Option<u64>,
}

impl Told {
    /// A call that the API did not take: it costs nothing.
    pub const NOTHING: Self = Self { tokens_out: 0, cost_microusd: Some(0) };

    /// What the usage of a reply says, at list price.
    pub fn by(usage: &Usage, model: &Model, batch: bool) -> Self {
        let Usage { input, output } = *usage;
        let cost = model.cost(&Charge { input, output, batch });
        Self { tokens_out: output, cost_microusd: Some(cost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_reply_tells_is_read_by_kind_and_the_latest_numbers_hold() {
        let mut told = Usage::of(&json!({
            "input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9,
            "cache_creation": {"ephemeral_1h_input_tokens": 4}, "output_tokens": 1,
        }))
        .unwrap();
        let input = InputTokens { uncached: 5, written_5m: 5, written_1h: 4, read: 7 };
        assert_eq!(told, Usage { input, output: 1 });
        assert!(told.update(&json!({"output_tokens": 80})));
        assert_eq!(told, Usage { input, output: 80 });
        assert!(!told.update(&Value::Null));
        assert_eq!(Usage::of(&json!("none")), None);
        assert_eq!(Usage::of(&json!({"output_tokens": "many"})), Some(Usage::default()));
    }
}
