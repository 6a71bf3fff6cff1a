//! Goal: numbers are shown as what they are, and outside text cannot command a terminal.

use proptest::prelude::*;

use super::*;

#[test]
fn money_has_the_places_that_its_size_needs() {
    let cases = [
        (0, "$0.00"),
        (53_700, "$0.0537"),
        (4_250, "$0.004250"),
        (999_949, "$0.9999"),
        (999_950, "$1.00"),
        (9_999, "$0.009999"),
        (10_000, "$0.0100"),
        (1_005_000, "$1.01"),
        (1_234_567_890, "$1,234.57"),
    ];
    for (micros, text) in cases {
        assert_eq!(usd(micros), text);
    }
}

#[test]
fn a_share_below_one_never_reads_as_all() {
    assert_eq!(percent(999_999), "99.9 %");
    assert_eq!(percent(1_000_000), "100.0 %");
    assert_eq!(percent(0), "0.0 %");
}

#[test]
fn a_ratio_without_an_answer_is_a_dash() {
    assert_eq!(ratio(Some(5), Some(0)), "—");
    assert_eq!(ratio(Some(5), None), "—");
    assert_eq!(ratio(None, Some(5)), "—");
}

#[test]
fn a_ratio_is_the_second_over_the_first() {
    assert_eq!(ratio(Some(10), Some(100)), "0.10×");
    assert_eq!(ratio(Some(10), Some(4)), "2.50×");
    assert_eq!(ratio(Some(1), Some(1_000)), "<0.01×");
    assert_eq!(ratio(Some(0), Some(1_000)), "0.00×");
    assert_eq!(ratio(Some(123_456), Some(1)), "123,456×");
}

#[test]
fn a_duration_carries_into_the_next_unit_where_it_rounds_up() {
    let cases = [
        (0, "0 s"),
        (999, "999 µs"),
        (850_000, "850 ms"),
        (999_500, "1.0 s"),
        (28_712_345, "28.7 s"),
        (59_949_999, "59.9 s"),
        (59_950_000, "1 m 00 s"),
        (3_599_499_999, "59 m 59 s"),
        (3_599_500_000, "1 h 00 m"),
        (4_980_000_000, "1 h 23 m"),
        (86_400_000_000, "1 d 00 h"),
        (u64::MAX, "213,503,982 d 08 h"),
    ];
    for (micros, text) in cases {
        assert_eq!(duration(micros), text);
    }
}

#[test]
fn decimals_are_exact_and_without_needless_zeros() {
    assert_eq!(decimal(400_000, 2), "0.40");
    assert_eq!(decimal(400_000, 0), "0.4");
    assert_eq!(decimal(1_000_000, 0), "1");
    assert_eq!(decimal(333_333, 2), "0.333333");
    assert_eq!(decimal(28_712_345, 1), "28.712345");
}

#[test]
fn memory_is_shown_in_the_unit_that_suits_it() {
    assert_eq!(memory(512), "512 KiB");
    assert_eq!(memory(524_288), "512.0 MiB");
}

#[test]
fn control_and_reordering_characters_are_made_visible() {
    assert_eq!(escape("a\x1b[31m\n\u{7}b"), "a\\x1b[31m\\n\\x07b");
    assert_eq!(escape("\u{9b}2J \u{202e}gpj.py"), "\\x9b2J \\u{202e}gpj.py");
    assert_eq!(escape("größe ₹ 日本"), "größe ₹ 日本");
}

#[test]
fn wrapped_lines_keep_the_words_and_the_width() {
    let text = wrap("", "pace to the announced limit or raise the budget", 20, 2);
    assert_eq!(text, "pace to the\n  announced limit or\n  raise the budget");
    assert_eq!(wrap("", "abcdefghij", 4, 1), "abcd\n efg\n hij");
    assert_eq!(wrap("> ", "ab cd efghij", 6, 2), "> ab\n  cd e\n  fghi\n  j");
}

/// Reads an amount back, in millionths.
fn parsed(text: &str) -> u64 {
    let (whole, fraction) = text.trim_start_matches('$').split_once('.').unwrap();
    let whole: u64 = whole.replace(',', "").parse().unwrap();
    whole * 1_000_000 + format!("{fraction:0<6}").parse::<u64>().unwrap()
}

proptest! {
    #[test]
    fn money_reads_back_to_within_half_of_its_last_digit(micros in 0_u64..1 << 50) {
        let tolerance = if micros >= 999_950 { 5_000 } else { 50 };
        prop_assert!(parsed(&usd(micros)).abs_diff(micros) <= tolerance);
    }

    #[test]
    fn small_money_reads_back_exactly(micros in 0_u64..10_000) {
        prop_assert_eq!(parsed(&usd(micros)), micros);
    }

    #[test]
    fn money_for_machines_reads_back_exactly(micros: u64) {
        let text = usd_exact(micros).replace('.', "");
        prop_assert_eq!(text.parse::<u64>().unwrap(), micros);
    }

    #[test]
    fn grouping_changes_no_digit(number: u64) {
        prop_assert_eq!(thousands(number).replace(',', ""), number.to_string());
    }

    #[test]
    fn escaping_lets_no_control_character_through(text in any::<String>(), code: u8) {
        let escaped = escape(&format!("{text}{}", char::from(code)));
        prop_assert!(!escaped.chars().any(char::is_control), "{escaped:?}");
    }

    #[test]
    fn no_wrapped_line_is_too_long(text in "[a-z ]{0,200}", width in 10_usize..40) {
        let wrapped = wrap("> ", &text, width, 4);
        prop_assert!(wrapped.lines().all(|l| l.chars().count() <= width), "{wrapped}");
        let letters = |s: &str| s.replace([' ', '\n', '>'], "");
        prop_assert_eq!(letters(&wrapped), letters(&text));
    }
}

#[test]
fn one_of_a_thing_is_not_several() {
    assert_eq!(counted(1_usize, "request"), "1 request");
    assert_eq!(counted(0_u64, "request"), "0 requests");
    assert_eq!(counted(1_500_u64, "quantity"), "1,500 quantities");
}
