//! How a page is to look; the caller knows the terminal, this crate does not.
//!
//! Invariant: every sign that a colour gives is also a word or a symbol.

use crate::judge::{Standing, Verdict};

/// How a page is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether verdicts are coloured with ANSI escapes.
    pub colour: bool,
    /// The columns that there are.
    pub width: usize,
    /// Whether a screen lists everything, not only the first of each kind.
    pub verbose: bool,
}

impl Style {
    /// Without colours, 80 columns wide, shortened: for files and pipes.
    pub const PLAIN: Self = Self { colour: false, width: 80, verbose: false };

    /// The text in the colour of a verdict, where there are colours.
    pub(crate) fn paint(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Pass => "32",
            Verdict::Inconclusive => "33",
            Verdict::Fail => "31",
        };
        self.coloured(code, text)
    }

    /// The text in the colour of what became of a pipeline.
    pub(crate) fn paint_standing(self, standing: Standing, text: &str) -> String {
        match standing {
            Standing::Good => self.paint(Verdict::Pass, text),
            Standing::Broke => self.coloured("36", text),
            Standing::Failed => self.paint(Verdict::Fail, text),
            Standing::Unknown => self.paint(Verdict::Inconclusive, text),
            Standing::NotJudged => text.to_owned(),
        }
    }

    fn coloured(self, code: &str, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}
