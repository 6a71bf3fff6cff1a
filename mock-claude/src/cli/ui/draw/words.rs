//! Figures and names in few columns, always the same number of them.

use ratatui::text::Span;

/// The beginning of a text in this many columns, without what could change a terminal.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut letters = escaped(text);
    // Letters without a width of their own are bounded too.
    let mut shown: String = letters.by_ref().take(columns + 1).collect();
    if width(&shown) <= columns && letters.next().is_none() {
        return shown;
    }
    while width(&shown) >= columns && shown.pop().is_some() {}
    if columns > 0 {
        shown.push('…');
    }
    shown
}

/// The letters of a text, with escapes for what has no shape of its own. Quotes stay.
fn escaped(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|letter| {
        let is_plain = matches!(letter, '"' | '\'' | '\\');
        let escape = (!is_plain).then(|| letter.escape_debug()).into_iter().flatten();
        is_plain.then_some(letter).into_iter().chain(escape)
    })
}

/// The same, filled up with spaces.
pub(super) fn cell(text: &str, columns: usize) -> String {
    let mut shown = fit(text, columns);
    shown.push_str(&" ".repeat(columns.saturating_sub(width(&shown))));
    shown
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text of our own in lines of this many columns, this many at most; what is left out is shown.
pub(super) fn wrapped(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if most == 0 {
        return lines;
    }
    for word in text.split(' ') {
        let is_last = lines.len() == most;
        match lines.last_mut() {
            Some(line) if is_last || width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fit(line, columns)).collect()
}

/// A number with its thousands apart.
pub(super) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number in at most six columns.
pub(super) fn short(number: u64) -> String {
    match number {
        0..10_000 => whole(number),
        10_000..1_000_000 => tenths(number / 100, "k"),
        1_000_000..1_000_000_000 => tenths(number / 100_000, "M"),
        1_000_000_000..1_000_000_000_000 => tenths(number / 100_000_000, "G"),
        _ => tenths(number / 100_000_000_000, "T"),
    }
}

/// A number of tenths as a number.
pub(super) fn tenths(number: u64, unit: &str) -> String {
    format!("{}.{}{unit}", whole(number / 10), number % 10)
}

/// A duration with its unit, in at most nine columns up to a day.
pub(super) fn span(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..99_950 => tenths((us + 50) / 100, " ms"),
        99_950..999_500 => format!("{} ms", (us + 500) / 1_000),
        999_500..99_950_000 => tenths((us + 50_000) / 100_000, " s"),
        _ => format!("{} s", whole(us / 1_000_000)),
    }
}

/// Money in dollars: the less, the more digits.
pub(super) fn money(microusd: u64) -> String {
    let (dollars, rest) = (whole(microusd / 1_000_000), microusd % 1_000_000);
    match microusd {
        0..10_000 => format!("${dollars}.{rest:06}"),
        10_000..100_000_000 => format!("${dollars}.{:04}", rest / 100),
        _ => format!("${dollars}.{:02}", rest / 10_000),
    }
}

/// How long the mock has been up.
pub(super) fn uptime(us: u64) -> String {
    let seconds = us / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0..24 => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{} d {:02}:{minutes:02}:{seconds:02}", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_its_columns_and_no_more() {
        assert_eq!(fit("claude", 6), "claude");
        assert_eq!(fit("claude", 5), "clau…");
        assert_eq!(fit("claude", 0), "");
        assert_eq!(cell("ab", 4), "ab  ");
        for text in ["漢字漢字漢字", "e\u{301}\u{301}\u{301}\u{301}", "\u{1b}[2J\r\n", "\u{202e}x"]
        {
            for columns in 1..12 {
                let shown = cell(text, columns);
                assert_eq!(width(&shown), columns, "{text:?}: {shown:?}");
                assert!(!shown.chars().any(|letter| letter.is_control() || letter == '\u{202e}'));
            }
        }
        assert!(fit(&"\u{301}".repeat(500), 5).chars().count() < 50);
    }

    #[test]
    fn a_text_is_wrapped_between_words_and_cut_at_the_last_line() {
        assert_eq!(wrapped("one two three four", 9, 2), ["one two", "three fo…"]);
        assert_eq!(wrapped("incomprehensible", 9, 2), ["incompre…"]);
        assert_eq!(wrapped("one", 9, 2), ["one"]);
    }

    #[test]
    fn figures_are_short_whatever_they_are() {
        let shorts = [0, 999, 9_999, 10_000, 999_999, 1_000_000, 2_500_000_000, u64::MAX];
        let shown = shorts.map(short).join(" ");
        insta::assert_snapshot!(shown, @"0 999 9,999 10.0k 999.9k 1.0M 2.5G 18,446,744.0T");
        let spans = [0, 999, 1_000, 99_949, 99_950, 999_499, 999_500, 1_000_000, 100_000_000];
        let shown = spans.map(span).join(", ");
        let expected = "0 µs, 999 µs, 1.0 ms, 99.9 ms, 100 ms, 999 ms, 1.0 s, 1.0 s, 100 s";
        assert_eq!(shown, expected);
        let all = [42, 1_234_567, 123_456_789_000].map(money);
        insta::assert_snapshot!(all.join(" "), @"$0.000042 $1.2345 $123,456.78");
        assert_eq!(uptime(3_725_000_000), "1:02:05");
        assert_eq!(uptime(90_000_000_000), "1 d 01:00:00");
    }
}
