//! What the rules of all languages read with: words, and where a bracket is closed.

/// How far a signature is followed, in bytes; no list of parameters is longer.
const SIGNATURE_BYTES: usize = 4096;

/// The words of a line in order, what stands in any of `quotes` or after `//` left out.
pub(super) fn words<'a>(
    text: &'a str,
    quotes: &'static [char],
) -> impl Iterator<Item = (usize, &'a str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let first = rest.chars().next()?;
            if rest.starts_with("//") {
                return None;
            }
            if is_word(first) {
                let start = at;
                let word = leading(rest);
                at += word.len();
                return Some((start, word));
            }
            at += match first {
                quote if quotes.contains(&quote) => quoted(rest),
                _ => first.len_utf8(),
            };
        }
    })
}

/// Whether a character may be part of a name.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The word at the start of a text; empty where there is none.
pub(super) fn leading(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// The word at the end of a text; empty where there is none.
pub(super) fn trailing(text: &str) -> &str {
    let end = text.char_indices().rev().find(|(_, c)| !is_word(*c));
    &text[end.map_or(0, |(at, c)| at + c.len_utf8())..]
}

/// The name after a keyword that ends at the start of `after`: white space, then a word that
/// begins as names do.
pub(super) fn name_after(after: &str) -> Option<&str> {
    let rest = after.trim_start();
    let name = leading(rest);
    let begins = name.starts_with(|c: char| !c.is_ascii_digit());
    (rest.len() < after.len() && begins).then_some(name)
}

/// Bytes of a string in any quotes at the start of `text`, up to the end of its line at most.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'\n' {
        match bytes[at] {
            b'\\' => at += 1,
            byte if byte == bytes[0] => return at + 1,
            _ => {}
        }
        at += 1;
    }
    // A backslash may have stepped over the end, or into a character.
    let mut end = at.min(bytes.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    end
}

/// What follows the bracket that `text` opens with, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed<'a> {
    /// The text after it, white space and comments skipped.
    Followed(&'a str),
    /// The code ends before.
    Unfinished,
    /// Too far away for a list of parameters.
    TooFar,
}

/// Follows a bracket at the start of `text` to where it is closed.
pub(super) fn closed(text: &str) -> Closed<'_> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        if at > SIGNATURE_BYTES {
            return Closed::TooFar;
        }
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Closed::Followed(skip_blank(&text[at + 1..]));
                }
            }
            b'"' | b'\'' | b'`' => at += quoted(&text[at..]) - 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at += line_end(&text[at..]),
            b'/' if bytes.get(at + 1) == Some(&b'*') => at += comment(&text[at..]) - 1,
            _ => {}
        }
        at += 1;
    }
    Closed::Unfinished
}

fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        text = match text.as_bytes() {
            [b'/', b'/', ..] => &text[line_end(text)..],
            [b'/', b'*', ..] => &text[comment(text)..],
            _ => return text,
        };
    }
}

fn line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn comment(text: &str) -> usize {
    text.find("*/").map_or(text.len(), |end| end + 2)
}

/// Whether a line is inside a comment by its first characters.
pub(super) fn is_comment(trimmed: &str) -> bool {
    ["//", "/*", "* ", "*/", "**"].iter().any(|mark| trimmed.starts_with(mark)) || trimmed == "*"
}

/// The text after annotations or decorators such as `@Test(timeout = 5)` at its start.
pub(super) fn skip_annotations(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix('@') {
        let end = rest.find(|c| !(is_word(c) || c == '.')).unwrap_or(rest.len());
        if end == 0 || &rest[..end] == "interface" {
            return text;
        }
        text = match rest[end..].trim_start() {
            open if open.starts_with('(') => match closed(open) {
                Closed::Followed(after) => after,
                Closed::Unfinished | Closed::TooFar => "",
            },
            other => other,
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_is_followed_over_strings_and_comments() {
        assert_eq!(closed("(a, ')', /* ) */ [b]) {"), Closed::Followed("{"));
        assert_eq!(closed("(a) // why\n  {"), Closed::Followed("{"));
        assert_eq!(closed("(a, \"é\\"), Closed::Unfinished);
        assert_eq!(closed("(a,"), Closed::Unfinished);
        assert_eq!(closed(&format!("({})", "a,".repeat(4000))), Closed::TooFar);
    }

    #[test]
    fn words_are_read_outside_of_strings_and_comments() {
        let read: Vec<_> = words("a(\"b c\") + d_1 // e", &['"']).map(|(_, word)| word).collect();
        assert_eq!(read, ["a", "d_1"]);
        assert_eq!((leading("ab(c"), trailing("ab(c"), trailing("a(")), ("ab", "c", ""));
    }

    #[test]
    fn annotations_are_stepped_over() {
        assert_eq!(skip_annotations("@A @b.C(\"(\") void d()"), "void d()");
        assert_eq!(skip_annotations("@interface A {"), "@interface A {");
    }
}
