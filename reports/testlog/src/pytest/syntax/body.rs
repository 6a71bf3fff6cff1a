//! What stands under one header: the traceback, the `E` lines, and what was captured.
//!
//! Invariant: what the test printed is never taken for what pytest says about it. Once a section
//! `Captured ...` has opened, everything up to the next header is the test's own text.

use super::rule;
use crate::bytes::lossy;
use crate::{Capture, Frame};

/// The bytes of a message, of a captured section, and how many sections are kept.
const MESSAGE: usize = 8 << 10;
const CAPTURED: usize = 2 << 10;
const SECTIONS: usize = 8;

/// What is known about one failure from its own block.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// The header's title.
    pub(crate) title: Vec<u8>,
    /// The `E` lines of the last block: the exception that ended the test, not its causes.
    marked: String,
    in_marked: bool,
    margin: usize,
    /// Everything outside captured sections, for blocks without `E` lines.
    bare: String,
    /// The text after the last frame of a traceback in Python's own style.
    tail: String,
    in_tail: bool,
    /// The last frame, and the last one inside the project.
    last: Option<Frame>,
    own: Option<Frame>,
    /// The exception's type behind the last frame: `file.py:3: AssertionError`.
    raised: Option<String>,
    captured: Vec<Capture>,
    capturing: bool,
}

impl Body {
    pub(crate) fn new(title: &[u8]) -> Self {
        Self { title: title.to_vec(), ..Self::default() }
    }

    /// One line of the block; gives the bytes that it made the body grow by.
    pub(crate) fn line(&mut self, line: &[u8]) -> usize {
        if line.first() == Some(&b'-')
            && let Some(title) = rule::title(line, b'-')
            && title.starts_with(b"Captured ")
        {
            self.capturing = true;
            if self.captured.len() < SECTIONS {
                let title = lossy(title);
                self.captured.push(Capture { title, text: String::new() });
            }
            return title.len();
        }
        if self.capturing {
            // Sections past the last that is kept are read over.
            return self.captured.last_mut().map_or(0, |last| add(&mut last.text, line, CAPTURED));
        }
        if let Some(text) = marked(line) {
            return self.mark(text);
        }
        self.in_marked = false;
        if let Some((frame, raised)) = frame(line) {
            self.in_tail = line.starts_with(b"  File ");
            self.tail.clear();
            if is_own(&frame.file) {
                self.own = Some(frame.clone());
            }
            self.last = Some(frame);
            self.raised = raised.or(self.raised.take());
        } else if self.in_tail && (!line.starts_with(b" ") || !self.tail.is_empty()) {
            add(&mut self.tail, line, MESSAGE);
        }
        add(&mut self.bare, line, MESSAGE)
    }

    fn mark(&mut self, text: &[u8]) -> usize {
        if !self.in_marked {
            self.marked.clear();
            self.margin = text.iter().take_while(|byte| **byte == b' ').count();
            self.in_marked = true;
        }
        let indent = text.iter().take_while(|byte| **byte == b' ').count();
        add(&mut self.marked, &text[indent.min(self.margin)..], MESSAGE)
    }

    /// Whether it is about something around a test, not about the test itself.
    pub(crate) fn is_error(&self) -> bool {
        self.title.starts_with(b"ERROR at ") || self.title.starts_with(b"ERROR collecting ")
    }

    /// The message: the `E` lines, else what Python's own traceback ends with, else all there is.
    pub(crate) fn message(&self) -> String {
        let group = self.bare.lines().find_map(|line| {
            let text = line.strip_prefix("  | ")?;
            (exception(text).is_some_and(|name| name.ends_with("Group"))).then_some(text)
        });
        let text = match () {
            () if !self.marked.is_empty() => &self.marked,
            () if group.is_some() => group.unwrap_or_default(),
            () if !self.tail.trim().is_empty() => &self.tail,
            () => &self.bare,
        };
        text.trim_matches('\n').trim_end().to_owned()
    }

    /// The exception's type, by the message or by the frame that raised it.
    pub(crate) fn exception(&self, message: &str) -> Option<String> {
        exception(message).map(str::to_owned).or_else(|| {
            let asserted = message.starts_with("assert ");
            self.raised.clone().or_else(|| asserted.then(|| "AssertionError".to_owned()))
        })
    }

    /// The last frame inside the project, or the last at all.
    pub(crate) fn location(&mut self) -> Option<Frame> {
        self.own.take().or_else(|| self.last.take())
    }

    pub(crate) fn captured(&mut self) -> Vec<Capture> {
        std::mem::take(&mut self.captured)
    }
}

/// What a block says, read as a whole.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) message: String,
    pub(crate) exception: Option<String>,
    pub(crate) location: Option<Frame>,
}

/// Reads a block that came in one piece.
pub(crate) fn explain(text: &str) -> Explained {
    let mut body = Body::default();
    for line in text.lines() {
        body.line(line.as_bytes());
    }
    let message = body.message();
    let exception = body.exception(&message);
    Explained { message, exception, location: body.location() }
}

/// The text of an `E` line behind its mark. Pytest indents it at least three spaces.
fn marked(line: &[u8]) -> Option<&[u8]> {
    let text = line.strip_prefix(b"E")?;
    (text.is_empty() || text.starts_with(b"   ")).then_some(text)
}

/// The type that a message opens with: `requests.exceptions.ConnectionError: refused`.
pub(crate) fn exception(message: &str) -> Option<&str> {
    let first = message.lines().next()?;
    let name = first.split(':').next()?.trim_end();
    let dotted = name.split('.').all(|part| {
        let mut letters = part.chars();
        letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_')
    });
    let last = name.rsplit('.').next()?;
    let whole = name.len() == first.trim_end().len();
    let known =
        ["Error", "Exception", "Group", "Exit", "Interrupt", "Warning", "Failed", "Timeout"];
    let named = known.iter().any(|end| last.ends_with(end));
    let typed = last.starts_with(char::is_uppercase) && (named || !whole);
    (dotted && typed).then_some(name)
}

/// `file.py:3: in test_x`, `file.py:3: AssertionError`, or `  File "file.py", line 3, in test_x`.
fn frame(line: &[u8]) -> Option<(Frame, Option<String>)> {
    if let Some(rest) = line.strip_prefix(b"  File \"") {
        let rest = std::str::from_utf8(rest).ok()?;
        let (file, rest) = rest.split_once("\", line ")?;
        let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
        let function = (!function.is_empty()).then(|| function.to_owned());
        let frame = Frame { file: file.to_owned(), line: number.parse().ok()?, function };
        return Some((frame, None));
    }
    if matches!(line.first()?, b' ' | b'>' | b'E' | b'-' | b'=') {
        return None;
    }
    // A path is short; looking further would cost time on long lines of anything else.
    let head = &line[..line.len().min(1024)];
    let (colon, digits) = memchr::memchr_iter(b':', head).find_map(|at| {
        let digits = head[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let closed = digits > 0 && head.get(at + 1 + digits) == Some(&b':');
        (at > 0 && closed).then_some((at, digits))
    })?;
    let file = std::str::from_utf8(&line[..colon]).ok()?;
    let number = std::str::from_utf8(&line[colon + 1..colon + 1 + digits]).ok()?;
    let rest = std::str::from_utf8(&line[colon + 2 + digits..]).ok()?.trim();
    let function = rest.strip_prefix("in ").map(str::to_owned);
    let raised = match function {
        None => exception(rest).filter(|name| !name.is_empty()).map(str::to_owned),
        Some(_) => None,
    };
    let plausible = rest.is_empty() || function.is_some() || raised.is_some();
    let frame = Frame { file: file.to_owned(), line: number.parse().ok()?, function };
    plausible.then_some((frame, raised))
}

/// Whether a frame is the project's own, not a library's, the interpreter's or the runner's.
pub(crate) fn is_own(file: &str) -> bool {
    let foreign =
        ["site-packages", "dist-packages", "/lib/python", "\\Lib\\", "/_pytest/", "importlib"];
    !file.starts_with('<') && !foreign.iter().any(|part| file.contains(part))
}

/// Adds a line as far as there is room; gives the bytes that were added.
fn add(text: &mut String, line: &[u8], most: usize) -> usize {
    let room = most.saturating_sub(text.len());
    if room < 2 {
        return 0;
    }
    let before = text.len();
    let line = String::from_utf8_lossy(&line[..line.len().min(room)]);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&line);
    text.len() - before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        let mut body = Body::new(b"t");
        for line in text.lines() {
            body.line(line.as_bytes());
        }
        body
    }

    #[test]
    fn the_last_block_of_marked_lines_is_the_message() {
        let text = "a.py:3: in inner\n    x\nE   KeyError: 'k'\n\nThe above exception ...\n\
            a.py:9: in test\n    y\nE   ValueError: outer\nE     second\n\
            ---- Captured stdout call ----\nE   Forged: x\nb.py:1: in forged";
        let mut body = body(text);
        let message = body.message();
        assert_eq!(message, "ValueError: outer\n  second");
        assert_eq!(body.exception(&message).as_deref(), Some("ValueError"));
        let location = body.location().expect("a frame");
        assert_eq!((location.file.as_str(), location.line), ("a.py", 9));
        assert_eq!(body.captured()[0].text, "E   Forged: x\nb.py:1: in forged");
    }

    #[test]
    fn a_native_traceback_ends_with_its_message() {
        let text = "Traceback (most recent call last):\n  File \"/x/a.py\", line 4, in t\n    z\n\
            RuntimeError: first\n  second";
        let mut body = body(text);
        assert_eq!(body.message(), "RuntimeError: first\n  second");
        let location = body.location().expect("a frame");
        assert_eq!((location.line, location.function.as_deref()), (4, Some("t")));
    }

    #[test]
    fn a_block_without_either_is_a_message_as_a_whole() {
        assert_eq!(body("[XPASS(strict)] reason").message(), "[XPASS(strict)] reason");
    }

    #[test]
    fn only_what_looks_like_a_type_is_one() {
        assert_eq!(exception("a.b.SomeError: x"), Some("a.b.SomeError"));
        assert_eq!(exception("ValueError"), Some("ValueError"));
        for none in ["assert 1 == 2", "fixture 'x' not found", "", "Word", "hello: x"] {
            assert_eq!(exception(none), None, "{none}");
        }
    }
}
