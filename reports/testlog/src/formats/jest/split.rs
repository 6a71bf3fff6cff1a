//! A document in pieces: each test, each suite without its tests, and what is left.
//!
//! Invariant: memory depends on no figure of the document. A piece holds the keys that are read,
//! not the ones that only take room (`failureDetails`, a coverage map), and strings are cut. What
//! is given is JSON where the document is.

/// The bytes of a string that are kept; messages are cut shorter than this later.
const STRING: usize = 64 << 10;
/// The bytes of a piece that are kept. What is longer is no test, and no longer JSON.
const PIECE: usize = 4 << 20;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// An object of a suite's `assertionResults`.
    Test,
    /// An object of `testResults`, after its tests.
    Suite,
    /// The document, after its suites.
    Document,
}

/// Where in the document a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Before,
    Document,
    Suites,
    Suite,
    Tests,
    Test,
    After,
}

/// A document that is being taken apart.
#[derive(Debug)]
pub(super) struct Split {
    place: Level,
    document: Vec<u8>,
    suite: Vec<u8>,
    test: Vec<u8>,
    /// Brackets that are open inside a test, and inside of what is passed over.
    inner: u64,
    skipped: u64,
    in_string: bool,
    /// The bytes of the string that were kept, whether the next one is escaped, and kept.
    kept: usize,
    in_escape: bool,
    keep_escape: bool,
}

impl Split {
    pub(super) const fn new() -> Self {
        Self {
            place: Level::Before,
            document: Vec::new(),
            suite: Vec::new(),
            test: Vec::new(),
            inner: 0,
            skipped: 0,
            in_string: false,
            kept: 0,
            in_escape: false,
            keep_escape: false,
        }
    }

    /// Whether the document has ended.
    pub(super) fn is_done(&self) -> bool {
        self.place == Level::After
    }

    /// Whether the document has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.place != Level::Before
    }

    /// Whether bytes begin with a test.
    pub(super) fn is_before_test(&self, bytes: &[u8]) -> bool {
        let is_among_tests = self.place == Level::Tests && self.skipped == 0 && !self.in_string;
        is_among_tests && bytes.first() == Some(&b'{')
    }

    /// Takes the next bytes, and gives the pieces that end in them. Before a test it stops, unless
    /// that is what the bytes begin with, and gives the bytes that are left.
    pub(super) fn feed<'a>(
        &mut self,
        bytes: &'a [u8],
        mut each: impl FnMut(Piece, &[u8]),
    ) -> &'a [u8] {
        let mut rest = bytes;
        if self.place == Level::Before {
            // What stands before was printed by something else.
            let Some(start) = memchr::memchr(b'{', rest) else { return &[] };
            rest = &rest[start + 1..];
            self.place = Level::Document;
            self.copy(b"{");
        }
        while !rest.is_empty() && !self.is_done() {
            if !self.in_string {
                rest = self.run(rest);
            }
            if rest.len() < bytes.len() && self.is_before_test(rest) {
                return rest;
            }
            rest = if self.in_string {
                self.string(rest)
            } else if let Some((byte, after)) = rest.split_first() {
                self.structure(*byte, &mut each);
                after
            } else {
                rest
            };
        }
        &[]
    }

    /// Copies all before the next bracket at once, with each short string that ends in it.
    fn run<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.target().map_or(bytes.len(), |target| PIECE - target.len());
        let bytes_in_room = &bytes[..room.min(bytes.len())];
        let length = before_bracket(bytes_in_room);
        self.copy(&bytes_in_room[..length]);
        &bytes[length..]
    }

    /// Reads on in a string, up to its end or to that of the bytes.
    fn string<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.in_escape {
            self.in_escape = false;
            if self.keep_escape {
                self.copy(&bytes[..1]);
            }
            return &bytes[1..];
        }
        let end = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        let room = STRING.saturating_sub(self.kept).min(end);
        self.copy(&bytes[..room]);
        self.kept += room;
        match bytes.get(end) {
            None => &[],
            Some(b'"') => {
                self.in_string = false;
                self.copy(b"\"");
                &bytes[end + 1..]
            }
            Some(_) => {
                // Four digits may follow, and are kept like any text.
                self.keep_escape = self.kept + 8 < STRING;
                if self.keep_escape {
                    self.copy(b"\\");
                    self.kept += 2;
                } else {
                    // Nothing after a lost escape is kept: its digits would look like text.
                    self.kept = STRING;
                }
                self.in_escape = true;
                &bytes[end + 1..]
            }
        }
    }

    fn structure(&mut self, byte: u8, each: &mut impl FnMut(Piece, &[u8])) {
        match byte {
            b'"' => {
                (self.in_string, self.kept) = (true, 0);
                self.copy(b"\"");
            }
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(byte, each),
            _ => self.copy(&[byte]),
        }
    }

    fn open(&mut self, byte: u8) {
        if self.skipped > 0 {
            self.skipped += 1;
            return;
        }
        let next = match (self.place, byte) {
            (Level::Document, b'[') if follows(&self.document, b"testResults") => Level::Suites,
            (Level::Suite, b'[') if follows(&self.suite, b"assertionResults") => Level::Tests,
            (Level::Suites, b'{') => Level::Suite,
            (Level::Tests, b'{') => Level::Test,
            (Level::Test, b'[')
                if self.inner > 0
                    || follows(&self.test, b"failureMessages")
                    || follows(&self.test, b"ancestorTitles") =>
            {
                self.inner += 1;
                Level::Test
            }
            _ => {
                self.copy(b"null");
                self.skipped = 1;
                return;
            }
        };
        match next {
            Level::Suite => self.suite.clear(),
            Level::Test if self.place == Level::Tests => self.test.clear(),
            _ => {}
        }
        // The bracket of a list belongs to what the list is in.
        if matches!(next, Level::Suites | Level::Tests) {
            self.copy(&[byte]);
        }
        self.place = next;
        if matches!(next, Level::Suite | Level::Test) {
            self.copy(&[byte]);
        }
    }

    fn close(&mut self, byte: u8, each: &mut impl FnMut(Piece, &[u8])) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        match self.place {
            Level::Test if self.inner > 0 => {
                self.inner -= 1;
                self.copy(&[byte]);
            }
            Level::Test => {
                self.copy(&[byte]);
                each(Piece::Test, &self.test);
                self.place = Level::Tests;
            }
            Level::Tests => {
                self.place = Level::Suite;
                self.copy(&[byte]);
            }
            Level::Suite => {
                self.copy(&[byte]);
                each(Piece::Suite, &self.suite);
                self.place = Level::Suites;
            }
            Level::Suites => {
                self.place = Level::Document;
                self.copy(&[byte]);
            }
            Level::Document => {
                self.copy(&[byte]);
                each(Piece::Document, &self.document);
                self.place = Level::After;
            }
            Level::Before | Level::After => {}
        }
    }

    fn copy(&mut self, bytes: &[u8]) {
        if let Some(target) = self.target()
            && target.len() + bytes.len() <= PIECE
        {
            target.extend_from_slice(bytes);
        }
    }

    /// The piece that is being made, unless what is read belongs to none.
    const fn target(&mut self) -> Option<&mut Vec<u8>> {
        match self.place {
            _ if self.skipped > 0 => None,
            Level::Document => Some(&mut self.document),
            Level::Suite => Some(&mut self.suite),
            Level::Test => Some(&mut self.test),
            // Between the members of a list there are commas only.
            Level::Before | Level::Suites | Level::Tests | Level::After => None,
        }
    }
}

/// The bytes before the first bracket outside of a string; fewer where a string is long, or does
/// not end.
fn before_bracket(bytes: &[u8]) -> usize {
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
    let mut at = 0;
    while let Some(gap) = bytes[at..].iter().position(is_mark) {
        at += gap;
        let length = if bytes[at] == b'"' { string(&bytes[at..]) } else { None };
        let Some(length) = length else { return at };
        at += length;
    }
    bytes.len()
}

/// The length of the string that bytes begin with, with its quotes, if it ends and is short.
fn string(bytes: &[u8]) -> Option<usize> {
    let bytes = &bytes[..bytes.len().min(STRING / 2)];
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Whether the next value is that of a key.
fn follows(text: &[u8], key: &[u8]) -> bool {
    let name = text.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    let name = name.and_then(|text| text.strip_suffix(b"\"")?.strip_suffix(key));
    name.is_some_and(|text| text.ends_with(b"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(document: &str, size: usize) -> Vec<(Piece, String)> {
        let mut split = Split::new();
        let mut found = Vec::new();
        for bytes in document.as_bytes().chunks(size) {
            let mut rest = bytes;
            while !rest.is_empty() {
                rest = split.feed(rest, |piece, text| {
                    found.push((piece, String::from_utf8_lossy(text).into_owned()));
                });
            }
        }
        found
    }

    #[test]
    fn tests_come_before_their_suite_and_suites_before_the_document() {
        let document = r#"> jest {"a": 1, "coverageMap":{"testResults": [{"x": 1}]}, "testResults":[
            {"perfStats": {"y": [1]}, "assertionResults": [
                {"title": "a \"]}\" b", "failureDetails": [{"z": {}}], "failureMessages": ["m"]},
                {"title": "c"}
            ], "name": "s"},
            {"assertionResults": [], "name": "t"}
        ], "success": true} {"more": 1}"#;
        for size in [1, 7, 1000] {
            let found = pieces(document, size);
            let found: Vec<_> = found.iter().map(|(piece, text)| (*piece, text.as_str())).collect();
            let test =
                r#"{"title": "a \"]}\" b", "failureDetails": null, "failureMessages": ["m"]}"#;
            assert_eq!(found[0], (Piece::Test, test));
            assert_eq!(found[1], (Piece::Test, r#"{"title": "c"}"#));
            let suite = r#"{"perfStats": null, "assertionResults": [], "name": "s"}"#;
            assert_eq!(found[2], (Piece::Suite, suite));
            assert_eq!(found[3], (Piece::Suite, r#"{"assertionResults": [], "name": "t"}"#));
            let rest = r#"{"a": 1, "coverageMap":null, "testResults":[], "success": true}"#;
            assert_eq!(found[4], (Piece::Document, rest));
            assert_eq!(found.len(), 5);
        }
    }

    #[test]
    fn a_string_of_any_length_is_cut_between_two_escapes() {
        for escape in ["\\n", "\\u00e9", "\\\\", "x"] {
            for lead in 0..12 {
                let text = "y".repeat(lead) + &escape.repeat(STRING);
                let document = format!(r#"{{"testResults":[{{"name":"{text}"}}]}}"#);
                let found = pieces(&document, 1000);
                let suite: serde_json::Value = serde_json::from_str(&found[0].1).expect(escape);
                assert!(suite["name"].as_str().unwrap().len() > STRING / 8, "{escape}");
                assert!(found[0].1.len() < STRING + 100, "{escape}: {}", found[0].1.len());
            }
        }
    }
}
