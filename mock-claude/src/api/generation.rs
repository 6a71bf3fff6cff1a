//! What a model's generation decides: which kinds of thinking, whether an answer may be begun for
//! it, and whether instructions may stand in the middle of a conversation.
//!
//! Read from the model's id, so that a new row in the price list needs no second table.

/// A model's line and number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Generation {
    /// Fable or Mythos: always thinks.
    always_thinks: bool,
    /// 45 for 4.5, 50 for 5, 52 for 5.2.
    number: u32,
}

impl Generation {
    /// The generation of a model id without a date.
    pub(crate) fn of(id: &str) -> Self {
        let (mut major, mut minor) = (None, None);
        let mut always_thinks = false;
        let mut parts = id.as_bytes().split(|byte| *byte == b'-').enumerate().peekable();
        while let Some((place, part)) = parts.next() {
            match (major, minor) {
                (None, _) => major = number(part),
                (_, None) => minor = number(part),
                _ => {}
            }
            // Between two dashes: neither the first part nor the last.
            let inner = place > 0 && parts.peek().is_some();
            always_thinks |= inner && (part == b"fable" || part == b"mythos");
        }
        let (major, minor) = (major.unwrap_or(0).min(99), minor.unwrap_or(0).min(9));
        Self { always_thinks, number: major * 10 + minor }
    }

    /// Whether `thinking.type.enabled` is refused: from 4.7 on.
    pub(crate) const fn refuses_enabled(self) -> bool {
        self.number >= 47
    }

    /// Whether `thinking.type.adaptive` is refused: up to 4.5.
    pub(crate) const fn refuses_adaptive(self) -> bool {
        self.number <= 45
    }

    /// Whether `thinking.type.disabled` is refused.
    pub(crate) const fn refuses_disabled(self) -> bool {
        self.always_thinks
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

    /// Whether it thinks when the request says nothing about thinking.
    pub(crate) const fn thinks_unasked(self) -> bool {
        self.always_thinks
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
        assert_eq!(Generation::of("gibberish").number, 0);
    }
}
