//! What two failures of one cause have in common: their text without what changes from run to run.
//!
//! Invariant: a signature depends on its failure alone, never on what was read before, so groups
//! are the same whatever the order of the input.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::expression::Expression;
use crate::Case;

/// The lines of a message that count; what follows is detail.
const LINES: usize = 3;

/// The characters of a message that count.
const LONGEST: usize = 400;

/// Text in quotes.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(^|\W)(?:"([^"\n]*)"|'([^'\n]*)')"#).expect("the expression is tested")
});

/// The longest name, in bytes, by which two failures differ.
const NAME: usize = 40;

/// What is masked, the widest first: an address goes before the number in it.
static MASKS: LazyLock<Vec<(Expression, &str)>> = LazyLock::new(|| {
    [
        (
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?",
            "<time>",
        ),
        (r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<uuid>"),
        (r"\b[a-z][a-z0-9+]*://[^\s)>\]]+", "<url>"),
        (r"(?:\b[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}[/\\]?", "<path>"),
        (r"\b0x[0-9A-Fa-f]+\b", "<hex>"),
        (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<address>"),
        (r"\b[0-9a-f]*(?:\d[a-f]|[a-f]\d)[0-9a-f]*\b", "<hex>"),
        (r"\d+(?:[.,]\d+)*(?:e-?\d+)?", "<n>"),
    ]
    .map(|(text, mask)| (Expression::tested(text), mask))
    .into()
});

/// A failure's exception, masked message and last frame in the project.
pub(super) fn of(case: &Case) -> String {
    let lines = case.message.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let head: String = lines.take(LINES).collect::<Vec<_>>().join(" / ");
    let head: String = head.chars().take(LONGEST).collect();
    let exception = case.exception.as_deref().unwrap_or("-");
    // A frame in the test itself says no more than the test's id, and would part one cause.
    let frame = case.location.as_ref().filter(|at| !same_file(&at.file, &case.id.file));
    let frame = frame.map_or_else(
        || NOTHING.to_owned(),
        |at| format!("{}:{}", portable(&at.file), at.function.as_deref().unwrap_or("")),
    );
    format!("{exception} | {} | {frame}", masked(&head))
}

/// What stands for a part that a failure does not have.
const NOTHING: &str = "-";

/// Whether there is nothing in a signature by which a failure could be known again: no word of a
/// message, and no frame.
pub(super) fn is_mute(signature: &str) -> bool {
    signature.split_once(" | ").is_some_and(|(_, rest)| rest == format!(" | {NOTHING}"))
}

/// A file as it is called on every machine: of an absolute path, the last two parts.
fn portable(file: &str) -> String {
    let is_absolute = file.starts_with(['/', '\\']) || file.get(1..3) == Some(":\\");
    if !is_absolute {
        return file.to_owned();
    }
    let mut parts: Vec<&str> = file.rsplit(['/', '\\']).take(2).collect();
    parts.reverse();
    parts.join("/")
}

fn same_file(frame: &str, file: &str) -> bool {
    !file.is_empty() && (frame.ends_with(file) || file.ends_with(frame))
}

/// A text without numbers, addresses, paths, times and quoted values. A name in quotes stays: the
/// missing key `qty` and the missing key `API_KEY` are two causes.
pub(super) fn masked(text: &str) -> String {
    let unquoted = if text.contains(['"', '\'']) { without_quotes(text) } else { text.to_owned() };
    MASKS.iter().fold(unquoted, |text, (expression, mask)| expression.replaced(text, mask))
}

fn without_quotes(text: &str) -> String {
    let replaced = QUOTED.replace_all(text, |found: &Captures<'_>| {
        let inside = found.get(2).or_else(|| found.get(3)).map_or("", |inside| inside.as_str());
        if is_name(inside) { found[0].to_owned() } else { format!("{}<text>", &found[1]) }
    });
    replaced.into_owned()
}

/// Whether a text is a name or a relative path that stays the same from run to run.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphabetic() || matches!(c, '_' | '.' | '-' | '$' | '/');
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && text.len() <= NAME && text.chars().all(is_part)
}

/// A short name for a signature, the same on every machine: FNV-1a, of 64 bits.
pub(super) fn name(signature: &str) -> String {
    let hash = signature.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_changes_from_run_to_run_is_masked() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
        check("took 12.5 s at 2026-05-26T20:28:24.69Z", "took <n> s at <time>");
        check("no route to 10.0.0.1:5432", "no route to <address>");
        check("open '/tmp/a' failed", "open <text> failed");
        check("open 'data/b.csv' failed", "open 'data/b.csv' failed");
        check("KeyError: 'qty'", "KeyError: 'qty'");
        check("KeyError: 'job 7'", "KeyError: <text>");
        check("'\u{e9}t\u{e9}' is \"a b\"", "'\u{e9}t\u{e9}' is <text>");
        check("open /tmp/run-7/state.db: denied", "open <path>: denied");
        check("job 6fa459ea-ee8a-3ca4-894e-db77e160355e", "job <uuid>");
        check("<Thread at 0x7f54dfaeb090>", "<Thread at <hex>>");
        check("can't decode what isn't text", "can't decode what isn't text");
        check("GET http://127.0.0.1:33999/a?b=c", "GET <url>");
        check("commit 4d90638 is bad", "commit <hex> is bad");
    }

    #[test]
    fn a_file_is_called_the_same_on_every_machine() {
        let check = |file: &str, expected: &str| assert_eq!(portable(file), expected, "{file}");
        check("src/app/db.py", "src/app/db.py");
        check("/home/runner/work/shop/app/db.py", "app/db.py");
        check("/tmp/pytest-of-me/pytest-7/app/db.py", "app/db.py");
        check(r"C:\build\42\app\db.py", "app/db.py");
        check("/db.py", "/db.py");
    }

    #[test]
    fn a_failure_that_says_nothing_cannot_be_known_again() {
        for mute in ["- |  | -", "AssertionError |  | -"] {
            assert!(is_mute(mute), "{mute}");
        }
        for told in ["- | boom | -", "OSError |  | app/db.py:open", "E | a |  | -"] {
            assert!(!is_mute(told), "{told}");
        }
    }

    proptest! {
        #[test]
        fn numbers_never_part_a_group(a in any::<u32>(), b in any::<u32>()) {
            let text = |n: u32| format!("job {n} failed after {n} ms at 0x{n:x}: \"{n}\"");
            prop_assert_eq!(masked(&text(a)), masked(&text(b)));
        }
    }
}
