//! Lines of progress, and what each is read as.

use super::*;

fn check(line: &str, id: &str, word: Word, part: Option<&str>) {
    let part = part.map(str::as_bytes);
    let expected = Mark::Result { id: id.as_bytes(), word, part };
    assert_eq!(read(line.as_bytes()).0, expected, "{line}");
}

#[test]
fn a_result_is_read_from_its_right_end() {
    check("a.py::t PASSED      [ 50%]", "a.py::t", Word::Passed, None);
    check("a.py::t[x PASSED] FAILED [ 50%]", "a.py::t[x PASSED]", Word::Failed, None);
    check("a.py::t[ 50%] ERROR [ 1/19]", "a.py::t[ 50%]", Word::Error, None);
    check("a.py::t[[ 50%] PASSED] FAILED", "a.py::t[[ 50%] PASSED]", Word::Failed, None);
    check("a.py::t PASSED             563.1us", "a.py::t", Word::Passed, None);
    check("a.py::t FAILED             1m 3s", "a.py::t", Word::Failed, None);
    check("a.py::t RERUN [ 50%]", "a.py::t", Word::Rerun, None);
    check("a.py::t <- b/c.py PASSED [ 50%]", "a.py::t", Word::Passed, None);
}

#[test]
fn a_reason_may_hold_anything() {
    check("a.py::t SKIPPED (no (x) PASSED) [ 5%]", "a.py::t", Word::Skipped, None);
    check("a.py::t[s SKIPPED (y)] XFAIL (z)", "a.py::t[s SKIPPED (y)]", Word::Xfail, None);
    check("a.py::t XPASS [ 5%]", "a.py::t", Word::Xpass, None);
    check("a.py::t SKIPPEDd')   [ 98%]", "a.py::t", Word::Skipped, None);
    check("a.py::t SKIPPED)   [ 32%]", "a.py::t", Word::Skipped, None);
    let open = Mark::Open { id: b"a.py::t", word: Word::Skipped };
    assert_eq!(read(b"a.py::t SKIPPED (goes on over").0, open);
}

#[test]
fn parts_stand_after_the_word_or_before_it() {
    check("a.py::t SUBFAILED[m x] (i=1) [ 5%]", "a.py::t", Word::SubFailed, Some("[m x] (i=1)"));
    check("a.py::t SUBPASSED(i=1) [ 5%]", "a.py::t", Word::SubPassed, Some("(i=1)"));
    check("a.py::t [m] (i=1) SUBFAIL [ 5%]", "a.py::t", Word::SubFailed, Some("[m] (i=1)"));
    check("a.py::t SUBPASS [ 5%]", "a.py::t", Word::SubPassed, None);
}

#[test]
fn a_worker_tells_the_word_first() {
    check("[gw0] [  3%] FAILED a.py::t[x - y] ", "a.py::t[x - y]", Word::Failed, None);
    check("[gw12] PASSED a.py::t ", "a.py::t", Word::Passed, None);
    let rest = &b"[m] (i=1) a.py::t"[..];
    let part = Mark::Worker { rest, word: Word::SubFailed };
    assert_eq!(read(b"[gw0] [  3%] SUBFAILED[m] (i=1) a.py::t ").0, part);
}

#[test]
fn letters_are_told_from_words() {
    let found = |line: &'static str| match read(line.as_bytes()).0 {
        Mark::Letters { file, letters } => Some((file, letters)),
        _ => None,
    };
    assert_eq!(found("a.py ..FE   [ 50%]"), Some((&b"a.py"[..], &b"..FE"[..])));
    assert_eq!(found("..sxXR"), Some((&b""[..], &b"..sxXR"[..])));
    assert_eq!(found("FF+++++ Timeout +++++"), Some((&b""[..], &b"FF"[..])));
    assert_eq!(found(".F   [100%]F [100%]"), Some((&b""[..], &b".F   [100%]F"[..])));
    for noise in ["collecting ...", "plugins: x", "", "-----", "...", "hello FE"] {
        assert_eq!(found(noise), None, "{noise}");
    }
}
