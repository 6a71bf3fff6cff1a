//! Server-sent events: how one is written, and the one reader of them.
//!
//! Only what the API uses: a name and one line of data. What an event means is not here.

use memchr::memmem;
use serde::Serialize;
use serde_json::Value;

/// The event that ends a stream that is whole.
pub(crate) const MESSAGE_STOP: &str = "message_stop";

/// The event that carries the first token of a stream, and every one after it.
pub(crate) const CONTENT_BLOCK_DELTA: &str = "content_block_delta";

const LAST_EVENT: &[u8] = b"event: message_stop";
const FIRST_TOKEN: &[u8] = b"event: content_block_delta";

/// Where the text of a delta stands, by its kind.
const DELTA_TEXTS: [&str; 3] = ["text", "thinking", "partial_json"];

/// An event as it goes over the wire.
pub(crate) fn written(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).expect("data of strings and numbers serialises");
    ["event: ", name, "\ndata: ", &data, "\n\n"].concat()
}

/// One event.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Its lines, the empty one at its end included.
    pub(crate) text: String,
}

impl Frame {
    /// The event's name.
    pub(crate) fn kind(&self) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix("event: ")).unwrap_or_default()
    }

    /// The event's data, where it is JSON.
    pub(crate) fn data(&self) -> Option<Value> {
        let data = self.text.lines().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data?).ok()
    }

    /// The event with its data changed; one without an object stays as it is.
    pub(crate) fn edited(&self, edit: impl FnOnce(&mut Value)) -> String {
        match self.data() {
            Some(mut value) if value.is_object() => {
                edit(&mut value);
                written(self.kind(), &value)
            }
            _ => self.text.clone(),
        }
    }
}

/// What a delta adds to its block, where it adds text.
pub(crate) fn delta_text(data: &Value) -> Option<&str> {
    DELTA_TEXTS.iter().find_map(|name| data["delta"][*name].as_str())
}

/// The same text, to be changed.
pub(crate) fn delta_text_mut(data: &mut Value) -> Option<&mut Value> {
    let delta = data.get_mut("delta")?.as_object_mut()?;
    let name = DELTA_TEXTS.iter().find(|name| delta.get(**name).is_some_and(Value::is_string))?;
    delta.get_mut(*name)
}

/// Finds the events in bytes, wherever they are cut.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Takes more bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The bytes that are left over, as far as no event has ended in them.
    pub(crate) fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.buffer);
        (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned())
    }
}

impl Iterator for Reader {
    type Item = Frame;

    /// The next event that has come as a whole.
    fn next(&mut self) -> Option<Frame> {
        let end = memmem::find(&self.buffer, b"\n\n")? + 2;
        let rest = self.buffer.split_off(end);
        let whole = std::mem::replace(&mut self.buffer, rest);
        Some(Frame { text: String::from_utf8_lossy(&whole).into_owned() })
    }
}

/// Looks for one event of a stream, without reading the others.
#[derive(Debug)]
pub struct Sought {
    event: &'static [u8],
    /// The latest bytes, which may be the beginning of its name.
    tail: Vec<u8>,
    seen: bool,
}

impl Sought {
    /// Looks for what ends a stream that is whole.
    pub const fn last_event() -> Self {
        Self { event: LAST_EVENT, tail: Vec::new(), seen: false }
    }

    /// Looks for the first content of a stream.
    pub const fn first_token() -> Self {
        Self { event: FIRST_TOKEN, tail: Vec::new(), seen: false }
    }

    /// Looks at more bytes, which may cut an event anywhere; says whether it has come with them.
    pub fn look(&mut self, bytes: &[u8]) -> bool {
        if self.seen {
            return false;
        }
        let (tail, event) = (&mut self.tail, self.event);
        // Only what lies across two pieces is put together.
        tail.extend_from_slice(&bytes[..bytes.len().min(event.len() - 1)]);
        self.seen = memmem::find(tail, event).or_else(|| memmem::find(bytes, event)).is_some();
        if bytes.len() >= event.len() {
            tail.clear();
            tail.extend_from_slice(&bytes[bytes.len() + 1 - event.len()..]);
        } else {
            tail.drain(..tail.len().saturating_sub(event.len() - 1));
        }
        self.seen
    }

    /// Whether it has come.
    pub const fn is_seen(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"event: ping\n\nevent: content_block_delta\ndata: {}\n\n\
        event: message_stop\ndata: {\"a\":1}\n\n";

    #[test]
    fn an_event_is_found_wherever_it_is_cut() {
        for at in 0..TEXT.len() {
            let (mut reader, mut last) = (Reader::default(), Sought::last_event());
            let (mut first, mut times) = (Sought::first_token(), 0);
            let mut kinds = Vec::new();
            for part in [&TEXT[..at], &TEXT[at..]] {
                reader.feed(part);
                kinds.extend(reader.by_ref().map(|frame| frame.kind().to_owned()));
                last.look(part);
                times += u32::from(first.look(part));
            }
            assert_eq!(kinds, ["ping", "content_block_delta", "message_stop"], "cut at {at}");
            assert_eq!(reader.rest(), None);
            assert!(last.is_seen(), "cut at {at}");
            assert_eq!((times, first.is_seen()), (1, true), "cut at {at}");
        }
    }

    #[test]
    fn an_event_is_found_in_pieces_of_any_size() {
        for size in 1..TEXT.len() {
            let mut last = Sought::last_event();
            let found = TEXT.chunks(size).position(|part| last.look(part));
            let end = TEXT.len() - "\ndata: {\"a\":1}\n\n".len();
            assert_eq!(found, Some((end - 1) / size), "pieces of {size}");
        }
    }

    #[test]
    fn an_event_reads_as_it_was_written() {
        let data = serde_json::json!({"delta": {"text": "hi"}});
        let frame = Frame { text: written("content_block_delta", &data) };
        assert_eq!(frame.kind(), "content_block_delta");
        assert_eq!(frame.data().as_ref().and_then(delta_text), Some("hi"));
        let louder = frame.edited(|data| {
            if let Some(text) = delta_text_mut(data) {
                *text = "HI".into();
            }
        });
        assert_eq!(louder, frame.text.replace("hi", "HI"));
        let bare = Frame { text: "event: ping\n\n".to_owned() };
        assert_eq!(bare.edited(|_| ()), bare.text);
    }
}
