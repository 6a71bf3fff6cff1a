//! The words and letters that pytest has for what became of a test.

use crate::Status;

/// What a line or a letter says about a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Passed,
    Failed,
    Error,
    Skipped,
    Xfail,
    Xpass,
    Rerun,
    SubPassed,
    SubFailed,
    SubSkipped,
}

impl Word {
    /// The status that it stands for.
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Passed => Status::Passed,
            Self::Failed => Status::Failed,
            Self::Error => Status::Error,
            Self::Skipped => Status::Skipped,
            Self::Xfail => Status::Xfailed,
            Self::Xpass => Status::Xpassed,
            Self::SubPassed => Status::SubtestPassed,
            Self::SubFailed => Status::SubtestFailed,
            // An attempt that is followed by another is counted on its own, never as a result.
            Self::SubSkipped | Self::Rerun => Status::SubtestSkipped,
        }
    }

    /// Whether it is about a part of a test.
    pub(super) const fn is_of_part(self) -> bool {
        matches!(self, Self::SubPassed | Self::SubFailed | Self::SubSkipped)
    }
}

/// Every word, longest first where one is the end of another.
pub(super) const WORDS: [(&[u8], Word); 15] = [
    (b"SUBPASSED", Word::SubPassed),
    (b"SUBFAILED", Word::SubFailed),
    (b"SUBSKIPPED", Word::SubSkipped),
    (b"SUBXFAIL", Word::SubSkipped),
    (b"SUBXPASS", Word::SubPassed),
    (b"SUBPASS", Word::SubPassed),
    (b"SUBFAIL", Word::SubFailed),
    (b"SUBSKIP", Word::SubSkipped),
    (b"PASSED", Word::Passed),
    (b"FAILED", Word::Failed),
    (b"ERROR", Word::Error),
    (b"SKIPPED", Word::Skipped),
    (b"XFAIL", Word::Xfail),
    (b"XPASS", Word::Xpass),
    (b"RERUN", Word::Rerun),
];

/// The status word at the end of a text, and what stands before it.
pub(super) fn trailing(text: &[u8]) -> Option<(Word, &[u8])> {
    // All words end with one of six letters, so most lines are settled by their last byte.
    if !matches!(text.last()?, b'D' | b'R' | b'L' | b'S' | b'N' | b'P') {
        return None;
    }
    WORDS.iter().find_map(|(word, meaning)| {
        let before = text.strip_suffix(*word)?;
        (before.is_empty() || before.ends_with(b" ")).then_some((*meaning, before))
    })
}

pub(super) const LETTERS: &[u8] = b".FEsxXRPu,-yY";

/// What a letter says, if it is one. Parts that hold are only shown where they are asked for.
pub(crate) fn of_letter(byte: u8) -> Option<Word> {
    let word = match byte {
        b'F' => Word::Failed,
        b'E' => Word::Error,
        b's' => Word::Skipped,
        b'x' => Word::Xfail,
        b'X' => Word::Xpass,
        b'R' => Word::Rerun,
        b',' | b'Y' => Word::SubPassed,
        b'-' | b'y' => Word::SubSkipped,
        b'.' | b'P' => Word::Passed,
        // `u` is a part: one that failed, or, quietly in version 9, any.
        _ => return None,
    };
    Some(word)
}
