//! What a model's generation decides: which kinds of thinking, whether an answer may be begun for
//! it, whether a tool may be forced, and whether instructions may stand in the middle of a
//! conversation.
//!
//! Read from the model's id, so that a new row in the price list needs no second table. Where no
//! other source is named, the rules are those of the model profiles of pydantic-ai 2.68.0, which
//! says of each that it was tried on the API; read on 2026-11-30.

/// A model's line, as far as a rule depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// Fable or Mythos.
    Fable,
    Opus,
    Sonnet,
    Haiku,
    #[default]
    Other,
}

/// A model's line and number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Generation {
    line: Line,
    /// 45 for 4.5, 50 for 5, 52 for 5.2.
    number: u32,
}

impl Generation {
    /// The generation of a model id without a date.
    pub(crate) fn of(id: &str) -> Self {
        let (mut major, mut minor) = (None, None);
        let mut line = Line::Other;
        let mut parts = id.as_bytes().split(|byte| *byte == b'-').enumerate().peekable();
        while let Some((place, part)) = parts.next() {
            match (major, minor) {
                (None, _) => major = number(part),
                (_, None) => minor = number(part),
                _ => {}
            }
            // Between two dashes: neither the first part nor the last.
            let inner = place > 0 && parts.peek().is_some();
            line = match part {
                b"fable" | b"mythos" if inner => Line::Fable,
                b"opus" if inner => Line::Opus,
                b"sonnet" if inner => Line::Sonnet,
                b"haiku" if inner => Line::Haiku,
                _ => line,
            };
        }
        let (major, minor) = (major.unwrap_or(0).min(99), minor.unwrap_or(0).min(9));
        Self { line, number: major * 10 + minor }
    }

    /// Whether `thinking.type.enabled` is refused: from 4.7 on.
    pub(crate) const fn refuses_enabled(self) -> bool {
        self.number >= 47
    }

    /// Whether `thinking.type.adaptive` is refused: up to 4.5.
    pub(crate) const fn refuses_adaptive(self) -> bool {
        self.number <= 45
    }

    /// Whether `thinking.type.disabled` is refused: by all of Fable and Mythos, and by Opus and
    /// Sonnet from 5.5 on.
    pub(crate) const fn refuses_disabled(self) -> bool {
        match self.line {
            Line::Fable => true,
            Line::Opus | Line::Sonnet => self.number >= 55,
            Line::Haiku | Line::Other => false,
        }
    }

    /// Whether `thinking.type.between_tools` is refused: where thinking cannot be turned off at
    /// all. What models before the fifth generation say to it is not known.
    pub(crate) const fn refuses_between_tools(self) -> bool {
        self.refuses_disabled() && !matches!(self.line, Line::Sonnet)
    }

    /// Whether a `tool_choice` may not force a tool: from Fable 5.1, Mythos 5.1, Opus 5.5 and
    /// Sonnet 5.5 on.
    pub(crate) const fn refuses_forced_tools(self) -> bool {
        match self.line {
            Line::Fable => self.number >= 51,
            Line::Opus | Line::Sonnet => self.number >= 55,
            Line::Haiku | Line::Other => false,
        }
    }

    /// Whether sampling parameters other than the defaults are refused: from 4.7 on.
    pub(crate) const fn refuses_sampling(self) -> bool {
        self.number >= 47
    }

    /// Whether `output_config.effort` is taken: by Opus 4.5, and by all from 4.6 on.
    pub(crate) const fn takes_effort(self) -> bool {
        self.number >= 46 || (self.number == 45 && matches!(self.line, Line::Opus))
    }

    /// Whether effort ends at `high` where thinking is off: on Opus 5, Sonnet 5.5 and Haiku 5.5.
    /// Reports on Opus 4.8 contradict each other, so it takes all levels.
    pub(crate) const fn bounds_effort_without_thought(self) -> bool {
        match self.line {
            Line::Opus => self.number >= 50,
            Line::Sonnet | Line::Haiku => self.number >= 55,
            Line::Fable | Line::Other => false,
        }
    }

    /// Whether the last message may be the beginning of the answer: up to 4.5.
    pub(crate) const fn takes_prefill(self) -> bool {
        self.number <= 45
    }

    /// Whether a message may have the role `system`. The documentation says "newer models"; here
    /// they begin with 4.8.
    pub(crate) const fn takes_system_turns(self) -> bool {
        self.number >= 48
    }

    /// Whether it thinks when the request says nothing about thinking: from the fifth generation
    /// on.
    pub(crate) const fn thinks_unasked(self) -> bool {
        self.number >= 50
    }

    /// Where the response says that it was computed: from 4.6 on where it was asked to be.
    pub(crate) fn geography(self, wanted: Option<&str>) -> &'static str {
        match wanted {
            _ if self.number < 46 => "not_available",
            Some("us") => "us",
            _ => "global",
        }
    }
}

/// The number that a part is, if it is one.
fn number(part: &[u8]) -> Option<u32> {
    if part.is_empty() || !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit =
        |number: u32, digit: &u8| number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    Some(part.iter().fold(0, digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_read_from_ids() {
        assert_eq!(Generation::of("claude-sonnet-4-5").number, 45);
        assert_eq!(Generation::of("claude-opus-5").number, 50);
        assert_eq!(Generation::of("claude-fable-5-2").number, 52);
        assert!(Generation::of("claude-fable-5-2").refuses_disabled());
        assert_eq!(Generation::of("claude-haiku-4-5").line, Line::Haiku);
        assert_eq!(Generation::of("gibberish").number, 0);
    }
}
