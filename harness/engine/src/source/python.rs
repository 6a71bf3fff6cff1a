//! Reads Python just far enough to judge a pipeline: lines, definitions, and how deep it nests.
//!
//! A definition begins a logical line outside strings and brackets, so one pass over the bytes
//! finds every one exactly, at a hundredth of a parser's cost and in constant memory, however
//! deep the file nests. Where brackets or quotes are never closed, nothing after them counts.

use super::facts::Facts;

/// Reads the facts of a file.
pub fn read(text: &str) -> Facts {
    let mut reader = PythonReader {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
        indents: vec![0],
        operators: vec![0],
        facts: Facts::default(),
    };
    while reader.at < reader.bytes.len() {
        reader.logical_line();
    }
    let unfinished = !text.is_empty() && !text.ends_with('\n');
    reader.facts.lines = u64::from(reader.line - 1) + u64::from(unfinished);
    reader.facts
}

struct PythonReader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    /// Widths of the open indents, the outermost first.
    indents: Vec<usize>,
    /// Operators of the open expressions, one for each open bracket and one outside.
    operators: Vec<u64>,
    facts: Facts,
}

impl PythonReader<'_> {
    /// Reads from the start of a line to where the statement on it ends.
    fn logical_line(&mut self) {
        let width = self.skip_blanks();
        match self.peek() {
            None | Some(b'\n' | b'\r' | b'#') => {}
            Some(_) => {
                self.indent(width);
                if defines(&self.bytes[self.at..]) {
                    self.facts.definitions.push(self.line);
                }
            }
        }
        self.operators.clear();
        self.operators.push(0);
        while let Some(byte) = self.next() {
            match byte {
                b'\n' if self.operators.len() == 1 => return,
                b'#' => self.comment(),
                b'"' | b'\'' => self.string(byte),
                // A line that goes on, or a stray backslash.
                b'\\' => {
                    let escaped = self.next();
                    if escaped == Some(b'\r') && self.peek() == Some(b'\n') {
                        self.next();
                    }
                }
                b'(' | b'[' | b'{' => self.open(),
                b')' | b']' | b'}' if self.operators.len() > 1 => {
                    self.operators.pop();
                }
                b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'|' | b'&' | b'^' => self.operator(),
                b',' | b';' | b'=' | b':' => self.expression_ends(),
                _ => {}
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += u32::from(byte == b'\n');
        Some(byte)
    }

    /// Skips white space at the start of a line and gives its width; a tab reaches the next
    /// multiple of eight, a form feed starts again.
    fn skip_blanks(&mut self) -> usize {
        let mut width = 0;
        while let Some(byte) = self.peek() {
            width = match byte {
                b' ' => width + 1,
                b'\t' => (width / 8 + 1) * 8,
                b'\x0c' => 0,
                // A byte-order mark is no character of the program.
                0xef if self.bytes[self.at..].starts_with("\u{feff}".as_bytes()) => {
                    self.at += 2;
                    width
                }
                _ => return width,
            };
            self.at += 1;
        }
        width
    }

    fn indent(&mut self, width: usize) {
        while self.indents.last().is_some_and(|open| *open > width) {
            self.indents.pop();
        }
        if self.indents.last().is_none_or(|open| *open < width) {
            self.indents.push(width);
        }
        let depth = u32::try_from(self.indents.len() - 1).unwrap_or(u32::MAX);
        self.facts.indents = self.facts.indents.max(depth);
    }

    fn open(&mut self) {
        self.operators.push(0);
        let depth = u32::try_from(self.operators.len() - 1).unwrap_or(u32::MAX);
        self.facts.brackets = self.facts.brackets.max(depth);
    }

    fn operator(&mut self) {
        if let Some(count) = self.operators.last_mut() {
            *count += 1;
            self.facts.terms = self.facts.terms.max(*count + 1);
        }
    }

    fn expression_ends(&mut self) {
        if let Some(count) = self.operators.last_mut() {
            *count = 0;
        }
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// Skips a string whose first quote has been read. A string in single quotes ends with its
    /// line at the latest, so that a stray quote misleads no further than that.
    fn string(&mut self, quote: u8) {
        let triple = self.bytes[self.at..].starts_with(&[quote, quote]);
        if triple {
            self.at += 2;
        }
        while let Some(byte) = self.peek() {
            if byte == b'\n' && !triple {
                return;
            }
            self.next();
            if byte == b'\\' {
                self.next();
            } else if byte == quote && !triple {
                return;
            } else if byte == quote && self.bytes[self.at..].starts_with(&[quote, quote]) {
                self.at += 2;
                return;
            }
        }
    }
}

/// Whether a statement begins with `def`, `async def` or `class` and a name.
fn defines(statement: &[u8]) -> bool {
    let after = |text: &[u8], word: &str| -> Option<usize> {
        let rest = text.strip_prefix(word.as_bytes())?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        (blanks > 0).then_some(word.len() + blanks)
    };
    let rest = after(statement, "async").map_or(statement, |skip| &statement[skip..]);
    let is_async = rest.len() < statement.len();
    let name = after(rest, "def").or_else(|| if is_async { None } else { after(rest, "class") });
    name.and_then(|skip| rest.get(skip))
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_where_python_sees_them_and_nowhere_else() {
        let text = "\u{feff}def a(): pass\n\
            '''\ndef not_a(): pass\n'''\n\
            class B(\n    def_=1,\n):\n    async  def c(self): ...\n    def\td(self): ...\n\
            x = \"\\\n\"; y = r'\\'\n\
            z = 1 + \\\n    2\n\
            defer(x)\nclassify = 1\n# def e(): pass\n\x0cdef f(): return '''\n'''\n";
        assert_eq!(read(text).definitions, [1, 5, 8, 9, 17]);
    }

    #[test]
    fn depths_are_the_deepest_of_each_kind() {
        let facts =
            read("def f():\n    if x:\n        return [(1), {2: [3]}]\n\nx = a + b * c - d\n");
        assert_eq!((facts.indents, facts.brackets, facts.terms), (2, 3, 4));
        assert_eq!(facts.lines, 5);
        assert_eq!(read("x").lines, 1);
        assert_eq!(read("").lines, 0);
    }

    #[test]
    fn separate_expressions_are_not_one_long_one() {
        assert_eq!(read("x = [1 + 2, 3 + 4, 5 + 6]\n").terms, 2);
        assert_eq!(read("f(a + b) + g(c + d)\n").terms, 2);
    }
}
