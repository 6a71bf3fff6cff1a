//! The texts that a stream of events puts together: a credential may be split over several of them.
//!
//! What belongs to one text is put together as a client does it: by the index of the block and the
//! kind of the delta. Events that are no JSON, and other fields, are looked at as they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::view::View;

/// An event, as far as it adds to a text.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    /// Of the events of text completions.
    #[serde(borrow, default)]
    completion: Option<&'a RawValue>,
}

/// What is added.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partial_json: Option<&'a RawValue>,
}

/// Every text that the events of a stream put together, with the places that it came from.
pub(crate) fn texts(stream: &[u8]) -> Vec<View> {
    let mut texts: BTreeMap<(u64, &str), View> = BTreeMap::new();
    let mut start = 0;
    for line in stream.split(|byte| *byte == b'\n') {
        let end = start + line.len();
        if let Some(data) = line.strip_prefix(b"data:")
            && let Ok(event) = serde_json::from_slice::<Event<'_>>(data)
        {
            let at = end - data.len();
            for (name, raw) in parts(&event) {
                let Some(place) = inside(data, raw) else { continue };
                let text = texts.entry((event.index, name)).or_default();
                text.add_unescaped(stream, at + place.start..at + place.end);
            }
        }
        start = end + 1;
    }
    texts.into_values().collect()
}

fn parts<'a>(event: &Event<'a>) -> impl Iterator<Item = (&'static str, &'a RawValue)> {
    let delta = event.delta.as_ref();
    [
        ("completion", event.completion),
        ("json", delta.and_then(|delta| delta.partial_json)),
        ("text", delta.and_then(|delta| delta.text)),
        ("thinking", delta.and_then(|delta| delta.thinking)),
    ]
    .into_iter()
    .filter_map(|(name, raw)| Some((name, raw?)))
}

/// Where in `data` the inside of a string stands.
fn inside(data: &[u8], raw: &RawValue) -> Option<std::ops::Range<usize>> {
    let text = raw.get();
    let at = (text.as_ptr() as usize).checked_sub(data.as_ptr() as usize)?;
    let is_string = text.len() >= 2 && text.starts_with('"') && at + text.len() <= data.len();
    is_string.then(|| at + 1..at + text.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_together_by_block_and_kind() {
        let stream = concat!(
            "event: content_block_delta\r\n",
            "data: {\"index\":0,\"delta\":{\"type\":\"t\",\"text\":\"sk-\\u0061\"}}\r\n\r\n",
            "data: {\"index\":1,\"delta\":{\"partial_json\":\"{\\\"a\\\"\"}}\n\n",
            "data: no JSON\n\n",
            "data: {\"index\":0,\"delta\":{\"text\":\"nt-x\"}}\n\n",
            "data: {\"index\":1,\"delta\":{\"partial_json\":\":1}\"}}\n\n",
            "data: {\"completion\":\"old\"}\n\n",
        );
        let texts = texts(stream.as_bytes());
        let texts: Vec<&[u8]> = texts.iter().map(|text| &text.bytes[..]).collect();
        assert_eq!(texts, [&b"old"[..], b"sk-ant-x", b"{\"a\":1}"]);
    }
}
