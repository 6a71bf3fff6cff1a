//! The lines that pytest rules across the page: sections, headers, and the final counts.

use crate::Counts;

/// The title of a line like `==== FAILURES ====`, ruled with `mark`. Pytest rules as often on
/// the right as on the left, or once more, and at least once whatever the width.
pub(crate) fn title(line: &[u8], mark: u8) -> Option<&[u8]> {
    if line.len() < 5 || line[0] != mark || line[line.len() - 1] != mark {
        return None;
    }
    let left = line.iter().position(|byte| *byte != mark)?;
    let inner = line[left..].strip_prefix(b" ")?;
    let right = inner.iter().rev().position(|byte| *byte != mark)?;
    let title = inner[..inner.len() - right].strip_suffix(b" ")?;
    if title.is_empty() || title == [mark] {
        return None;
    }
    // A title that itself ends with the mark is only told from the rule by their lengths.
    (right == left || right == left + 1).then_some(title).or_else(|| longer(inner, left, mark))
}

/// The title of a ruled line whose title ends with the mark, as `__init__` does.
fn longer(inner: &[u8], left: usize, mark: u8) -> Option<&[u8]> {
    [left, left + 1].into_iter().find_map(|right| {
        let length = inner.len().checked_sub(right)?;
        let title = inner[..length].strip_suffix(b" ")?;
        (title.last() == Some(&mark)).then_some(title)
    })
}

/// The title of a header of one failure: `____ TestClass.test_x[a::b] ____`.
pub(crate) fn header(line: &[u8]) -> Option<&[u8]> {
    let title = title(line, b'_')?;
    // `_ _ _ _` stands between the entries of one traceback.
    title.iter().any(|byte| !matches!(byte, b'_' | b' ')).then_some(title)
}

/// What the final line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Final {
    /// The counts that it announces.
    pub(crate) counts: Counts,
    /// How long the session took.
    pub(crate) duration_ms: u64,
    /// Whether tests were only listed.
    pub(crate) listed: bool,
}

/// Reads `=== 43 failed, 85 passed in 312.40s (0:05:12) ===`, ruled or, with `-q`, bare.
pub(crate) fn last(line: &[u8]) -> Option<Final> {
    let text = match line.first() {
        Some(b'=') => title(line, b'=')?,
        Some(b'0'..=b'9' | b'n') => line,
        _ => return None,
    };
    let text = std::str::from_utf8(text).ok()?.trim_end();
    let (kinds, duration) = text.rsplit_once(" in ")?;
    let duration_ms = self::duration(duration)?;
    if matches!(kinds, "no tests ran" | "no tests collected") {
        return Some(Final { duration_ms, ..Final::default() });
    }
    let mut found = Final { duration_ms, ..Final::default() };
    for part in kinds.split(", ") {
        let (count, kind) = part.split_once(' ')?;
        let plausible =
            kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ()_-".contains(&byte));
        // `collected` belongs to a listing, in which nothing ran.
        let count =
            count.split('/').next()?.parse().ok().filter(|_| plausible && !kind.is_empty())?;
        found.listed |= count > 0 && matches!(kind.split(' ').nth(1), Some("collected"));
        add(&mut found.counts, kind, count);
    }
    Some(found)
}

/// Adds one count, as in `95 passed`.
pub(crate) fn add_counted(counts: &mut Counts, text: &[u8]) {
    let text = std::str::from_utf8(text).ok().and_then(|text| text.split_once(' '));
    if let Some((count, kind)) = text
        && let Ok(count) = count.parse()
    {
        add(counts, kind, count);
    }
}

fn add(counts: &mut Counts, kind: &str, count: u64) {
    let counter = match kind {
        "failed" => &mut counts.failed,
        "passed" => &mut counts.passed,
        "skipped" => &mut counts.skipped,
        "deselected" => &mut counts.deselected,
        "xfailed" => &mut counts.xfailed,
        "xpassed" => &mut counts.xpassed,
        "error" | "errors" => &mut counts.errors,
        "rerun" | "reruns" => &mut counts.reruns,
        "subtests passed" => &mut counts.subtests_passed,
        "subtests failed" => &mut counts.subtests_failed,
        "subtests skipped" | "subtests xfailed" => &mut counts.subtests_skipped,
        // Warnings, and whatever a plugin counts, say nothing about tests.
        _ => return,
    };
    *counter = counter.saturating_add(count);
}

/// `312.40s`, with or without `(0:05:12)` after it.
fn duration(text: &str) -> Option<u64> {
    // Up to version 4 the unit was a word.
    let text = text
        .strip_suffix(" seconds")
        .map(|number| format!("{number}s"))
        .map_or(std::borrow::Cow::Borrowed(text), std::borrow::Cow::Owned);
    let seconds = match text.split_once(' ') {
        None => text.as_ref(),
        Some((seconds, clock)) => {
            let clock = clock.strip_prefix('(')?.strip_suffix(')')?;
            clock.contains(':').then_some(seconds)?
        }
    };
    let number = seconds.strip_suffix('s')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if part.is_empty() || part.len() > 9 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u64 = format!("{part:0<3}")[..3].parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_title_between_marks_of_equal_length() {
        let check = |line: &str, expected: Option<&str>| {
            let found = title(line.as_bytes(), b'=').map(String::from_utf8_lossy);
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check("=== FAILURES ===", Some("FAILURES"));
        check("= a b ==", Some("a b"));
        check("=== FAILURES =", None);
        check("==========", None);
        check("=== ===", None);
        check("", None);
    }

    #[test]
    fn a_header_is_not_a_line_between_frames() {
        let check = |line: &str, expected: Option<&str>| {
            let found = header(line.as_bytes()).map(String::from_utf8_lossy);
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check("_ _ _ _ _ _ _ _ _", None);
        check("_ test_x[_] _", Some("test_x[_]"));
        check("___ test___ ___", Some("test___"));
        check("___ __init__ ____", Some("__init__"));
        check(
            "_ a name that is longer than the line _",
            Some("a name that is longer than the line"),
        );
    }

    #[test]
    fn the_final_line_gives_counts_and_time() {
        let counts =
            |line: &str| last(line.as_bytes()).map(|last| (last.counts.kinds(), last.duration_ms));
        let line = "== 43 failed, 85 passed, 1 warning, 2 errors, 3 rerun in 312.40s (0:05:12) ===";
        let found = last(line.as_bytes()).expect("a final line");
        assert_eq!((found.counts.failed, found.counts.passed, found.counts.errors), (43, 85, 2));
        assert_eq!((found.counts.reruns, found.duration_ms), (3, 312_400));
        assert!(counts("3 passed in 0.02s").is_some());
        let old = last(b"== 10 passed in 5.53 seconds ==").expect("a final line of version 4");
        assert_eq!((old.counts.passed, old.duration_ms), (10, 5530));
        assert!(!found.listed);
        let listed = |line: &str| last(line.as_bytes()).is_some_and(|last| last.listed);
        assert!(listed("909 tests collected in 0.51s") && listed("1 test collected in 0.51s"));
        assert!(!listed("no tests collected in 0.51s"));
        assert!(counts("no tests ran in 0.02s").is_some());
        assert!(counts("==== 3/34 tests collected (31 deselected) in 0.01s =====").is_some());
        for wrong in [
            "3 passed",
            "3 passed in 2",
            "passed in 0.02s",
            "== 3 passed in 0.02s",
            "3 passed in .s",
        ] {
            assert_eq!(counts(wrong), None, "{wrong}");
        }
    }
}
