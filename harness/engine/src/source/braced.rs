//! Reads the languages with braces just far enough to judge a pipeline.
//!
//! One pass over the bytes in constant memory. Definitions are those that the mock finds line by
//! line, so that an answer to everything that was sent names them all; a test holds them against
//! a parser's. Depth and terms are a reader's estimate: a regular expression may mislead it until
//! its line ends.

use mock_claude::internals::definitions;

use super::facts::Facts;
use super::language::Language;

/// Reads the facts of a file.
pub fn read(language: Language, text: &str) -> Facts {
    let mut reader = BracedReader {
        bytes: text.as_bytes(),
        at: 0,
        many_lines: if language == Language::Rust { b'"' } else { b'`' },
        operators: vec![0],
        facts: Facts::default(),
    };
    reader.read();
    let known = definitions::Language::of_fence(language.fence());
    let found = definitions::find(known, text);
    let definitions = found.map(|found| u32::try_from(found.line).unwrap_or(u32::MAX)).collect();
    Facts { lines: lines(text), definitions, ..reader.facts }
}

fn lines(text: &str) -> u64 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count() as u64;
    ends + u64::from(!text.is_empty() && !text.ends_with('\n'))
}

struct BracedReader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The quote of the strings that may go over lines.
    many_lines: u8,
    /// Operators of the open expressions, one for each open bracket and one outside.
    operators: Vec<u64>,
    facts: Facts,
}

impl BracedReader<'_> {
    fn read(&mut self) {
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'/' if self.peek(0) == Some(b'/') => self.skip_to(b"\n"),
                b'/' if self.peek(0) == Some(b'*') => self.skip_to(b"*/"),
                b'"' | b'`' => self.string(byte),
                b'\'' => self.quote(),
                b'(' | b'[' | b'{' => {
                    self.operators.push(0);
                    let depth = u32::try_from(self.operators.len() - 1).unwrap_or(u32::MAX);
                    self.facts.brackets = self.facts.brackets.max(depth);
                }
                b')' | b']' | b'}' if self.operators.len() > 1 => {
                    self.operators.pop();
                }
                b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'^' => {
                    if let Some(count) = self.operators.last_mut() {
                        *count += 1;
                        self.facts.terms = self.facts.terms.max(*count + 1);
                    }
                }
                b',' | b';' | b'=' | b':' => {
                    if let Some(count) = self.operators.last_mut() {
                        *count = 0;
                    }
                }
                _ => {}
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Goes on after the next `mark`, or to the end.
    fn skip_to(&mut self, mark: &[u8]) {
        while self.at < self.bytes.len() && !self.bytes[self.at..].starts_with(mark) {
            self.at += 1;
        }
        self.at = self.bytes.len().min(self.at + mark.len());
    }

    /// Skips a string whose first quote has been read; most end with their line at the latest.
    fn string(&mut self, quote: u8) {
        while let Some(byte) = self.peek(0) {
            if byte == b'\n' && quote != self.many_lines {
                return;
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == quote {
                return;
            }
        }
    }

    /// A character or a string in single quotes; in Rust mostly a lifetime, which never closes.
    fn quote(&mut self) {
        let rust = self.many_lines == b'"';
        let closes =
            self.peek(0) == Some(b'\\') || (1..5).any(|ahead| self.peek(ahead) == Some(b'\''));
        if !rust || closes {
            self.string(b'\'');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings_and_comments() {
        let facts = read(Language::Rust, "fn a<'b>(x: &'b [u8]) { // ((((\n f(\"((((\", '(') }\n");
        assert_eq!((facts.brackets, facts.lines, facts.definitions), (2, 2, vec![1]));
        let facts = read(Language::Go, "var a = `((\n((` + b + c /* (((( */\n");
        assert_eq!((facts.brackets, facts.terms, facts.lines), (0, 3, 2));
        let facts = read(Language::JavaScript, "f('(((', [g({})])");
        assert_eq!((facts.brackets, facts.lines), (4, 1));
    }

    #[test]
    fn a_hundred_thousand_brackets_are_a_number_and_not_a_crash() {
        let text = "(".repeat(100_000);
        assert_eq!(read(Language::Java, &text).brackets, 100_000);
    }
}
