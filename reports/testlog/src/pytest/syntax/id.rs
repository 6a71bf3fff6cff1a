//! Where in a line an id can begin and end. It may hold anything, but it has a file, `::`, and as
//! many closed brackets as it opens.

use memchr::memmem;

/// Where in a text an id can end, found out once, so that asking for many places is cheap.
pub(super) struct Shape<'a> {
    text: &'a [u8],
    /// The first `::`, before which the file stands.
    names: Option<usize>,
    /// The first bracket after it, where parameters open.
    open: usize,
}

impl<'a> Shape<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let names = memmem::find(text, b"::");
        let open = names.and_then(|names| Some(names + memchr::memchr(b'[', &text[names..])?));
        Self { text, names, open: open.unwrap_or(usize::MAX) }
    }

    /// Whether what stands before a place can be an id: its parameters are closed.
    pub(super) fn is_whole(&self, end: usize) -> bool {
        let Some(last) = end.checked_sub(1).and_then(|last| self.text.get(last)) else {
            return false;
        };
        let named = self.names.is_some_and(|names| names + 2 < end);
        named && if self.open < end { *last == b']' } else { *last != b' ' }
    }
}

/// An id and the part that stands after it: `path::test [msg] (i=1)`.
pub(super) fn part_after(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let shape = Shape::of(text);
    let mut ends = memchr::memchr_iter(b' ', text)
        .filter(|at| matches!(text.get(at + 1), Some(b'[' | b'(')) && shape.is_whole(*at));
    match ends.next() {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// An id without ` <- other/file.py`, which says where an inherited test stands.
pub(super) fn without_origin(id: &[u8]) -> &[u8] {
    match memmem::rfind(id, b" <- ") {
        Some(at) if !id.ends_with(b"]") && Shape::of(id).is_whole(at) => &id[..at],
        _ => id,
    }
}

/// What may be an id at the start of a line that goes on with a test's own output.
pub(crate) fn leading(line: &[u8]) -> &[u8] {
    let shape = Shape::of(line);
    let mut spaces = memchr::memchr_iter(b' ', line);
    let end = spaces.find(|at| shape.is_whole(*at)).unwrap_or(line.len());
    &line[..end]
}

/// Whether a line opens as an id does: a path, then `::`.
pub(super) fn is_begun(text: &[u8]) -> bool {
    !matches!(text.first(), None | Some(b' ' | b'=' | b'-' | b'_' | b'!' | b'>'))
        && memmem::find(text, b"::").is_some_and(|at| at > 0)
}
