//! An input read as decisions: what comes first decides, and what is left is content.

/// The bytes that are left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl<'a> Choices<'a> {
    /// The next byte; zero where there is none.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next number, of three bytes.
    pub(crate) fn number(&mut self) -> usize {
        let bytes = [self.byte(), self.byte(), self.byte()];
        bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    /// One of these.
    pub(crate) fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    /// Everything to the end of the line, without it; what is left begins on the next.
    pub(crate) fn line(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        line
    }

    /// Whether nothing is left.
    pub(crate) const fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}
