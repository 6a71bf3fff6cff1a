//! Numbers and outside text as reports show them.
//!
//! Invariants: nothing here uses a float, so an amount that is shown as exact is exact; text from
//! outside (file names, error messages) passes through [`escape`] before it reaches a terminal,
//! because it may hold any bytes and a terminal obeys some of them.

use std::fmt::Write as _;
use std::path::Path;

/// A whole number with a comma between groups of three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A noun with its number: `1 number`, `2 numbers`, `2 quantities`.
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let noun = match noun.strip_suffix('y') {
        _ if count == 1 => noun.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    };
    format!("{} {noun}", thousands(count))
}

/// An amount of money, from millionths of its unit, with the symbol before it.
///
/// Two decimal places from 1 up, four below 1, all six below 0.01: always at least two
/// digits that mean something. Halves are rounded up.
pub fn money(symbol: &str, micros: u64) -> String {
    let places = match micros {
        0 | 1_000_000.. => 2,
        10_000.. => 4,
        _ => 6,
    };
    let (whole, fraction) = rounded(micros, places);
    // 0.99999 is 1.0000 with four places, and then two are enough.
    let places = if places == 4 && whole > 0 { 2 } else { places };
    let fraction = &format!("{fraction:0<6}")[..places];
    format!("{}{}.{fraction}", escape(symbol), thousands(whole))
}

/// An amount in dollars.
pub fn usd(microusd: u64) -> String {
    money("$", microusd)
}

/// An amount in dollars for machines: every digit, no symbol, no grouping.
pub fn usd_exact(microusd: u64) -> String {
    format!("{}.{:06}", microusd / 1_000_000, microusd % 1_000_000)
}

/// The whole part and the digits of the fraction, rounded to a number of places up to 6.
fn rounded(micros: u64, places: usize) -> (u64, String) {
    let step = 10_u128.pow(u32::try_from(6 - places).expect("at most six places"));
    let steps = (u128::from(micros) + step / 2) / step;
    let per_unit = 1_000_000 / step;
    let whole = u64::try_from(steps / per_unit).expect("no greater than what it came from");
    (whole, format!("{:0places$}", steps % per_unit))
}

/// Millionths as a decimal number with at least some places and no needless zeros.
pub fn decimal(millionths: u128, min_places: usize) -> String {
    let fraction = format!("{:06}", millionths % 1_000_000);
    let places = fraction.trim_end_matches('0').len().max(min_places);
    let whole = millionths / 1_000_000;
    if places == 0 { whole.to_string() } else { format!("{whole}.{}", &fraction[..places]) }
}

/// A share in per cent with one place, rounded down, so that 100 % means all.
pub fn percent(ppm: u64) -> String {
    format!("{}.{} %", thousands(ppm / 10_000), ppm / 1_000 % 10)
}

/// How many times one value is another, for example `0.10×`; `—` where there is no answer.
pub fn ratio(value: Option<u64>, of: Option<u64>) -> String {
    let (Some(value), Some(of @ 1..)) = (value, of) else { return "—".to_owned() };
    let of = u128::from(of);
    let hundredths = (u128::from(value) * 100 + of / 2) / of;
    let whole = u64::try_from(hundredths / 100).unwrap_or(u64::MAX);
    match (hundredths, value) {
        (0, 1..) => "<0.01×".to_owned(),
        (10_000.., _) => format!("{}×", thousands(whole)),
        _ => format!("{whole}.{:02}×", hundredths % 100),
    }
}

/// A length of time in the unit that suits it: `850 ms`, `28.7 s`, `1 h 23 m`.
pub fn duration(micros: u64) -> String {
    let nearest = |unit: u64| micros / unit + u64::from(micros % unit >= unit.div_ceil(2));
    let (milliseconds, tenths) = (nearest(1_000), nearest(100_000));
    let (seconds, minutes, hours) =
        (nearest(1_000_000), nearest(60_000_000), nearest(3_600_000_000));
    match micros {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{micros} µs"),
        _ if milliseconds < 1_000 => format!("{milliseconds} ms"),
        _ if tenths < 600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ if seconds < 3_600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ if minutes < 1_440 => format!("{} h {:02} m", minutes / 60, minutes % 60),
        _ => format!("{} d {:02} h", thousands(hours / 24), hours % 24),
    }
}

/// An amount of memory, from kilobytes of 1,024 bytes.
pub fn memory(kilobytes: u64) -> String {
    if kilobytes < 1_024 {
        return format!("{kilobytes} KiB");
    }
    let tenths = u128::from(kilobytes) * 10 / 1_024;
    let whole = u64::try_from(tenths / 10).expect("no greater than what it came from");
    format!("{}.{} MiB", thousands(whole), tenths % 10)
}

/// Text from outside with everything visible that a terminal would obey or hide.
///
/// Control characters, line ends, and the marks that reorder or hide text become escapes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let code = u32::from(character);
        // Writing to a string cannot fail.
        let _ = match character {
            '\n' => escaped.write_str("\\n"),
            '\r' => escaped.write_str("\\r"),
            '\t' => escaped.write_str("\\t"),
            _ if character.is_control() => write!(escaped, "\\x{code:02x}"),
            _ if is_invisible(character) => write!(escaped, "\\u{{{code:x}}}"),
            _ => escaped.write_char(character),
        };
    }
    escaped
}

/// Whether a character acts on a terminal, or is not seen and turns other text around.
pub fn is_harmful(character: char) -> bool {
    character.is_control() || is_invisible(character)
}

const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A name for a file or folder, from a name or a path: its last part without the extension, with
/// a dash for whatever a file system might not take.
pub fn file_name(name: &str) -> String {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    stem.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

/// A text of at most `most` characters; where it is longer, what follows is three dots.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A prefix and a text in lines of at most `width` characters, each after the first indented.
///
/// Words are broken only where one is longer than a line; the spaces between them become one.
pub fn wrap(prefix: &str, text: &str, width: usize, indent: usize) -> String {
    let mut wrapped = prefix.to_owned();
    let mut used = prefix.chars().count();
    let new_line = format!("\n{}", " ".repeat(indent));
    let mut gap = "";
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let fits = used + gap.len() + length <= width;
        if fits || (length > width - indent && used + gap.len() < width) {
            wrapped.push_str(gap);
            used += gap.len();
        } else {
            wrapped.push_str(&new_line);
            used = indent;
        }
        for character in word.chars() {
            if used == width {
                wrapped.push_str(&new_line);
                used = indent;
            }
            wrapped.push(character);
            used += 1;
        }
        gap = " ";
    }
    wrapped
}

#[cfg(test)]
mod tests;
