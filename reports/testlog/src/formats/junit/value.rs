//! Names and values of XML in text.
//!
//! Invariant: a value that XML forbids, or that is no UTF-8, is text all the same: what a test
//! printed is no reason to lose its result.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;

use crate::bytes;

/// The bytes of one text that are kept.
pub(super) const TEXT: usize = 16 << 10;

/// What a name between `&` and `;` stands for, where everybody knows it.
pub(super) fn entity(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"lt" => "<",
        b"gt" => ">",
        b"amp" => "&",
        b"apos" => "'",
        b"quot" => "\"",
        _ => return None,
    })
}

/// The attributes of a tag; what is none is passed over.
pub(super) fn attributes<'a>(tag: &'a BytesStart<'_>) -> impl Iterator<Item = Attribute<'a>> {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    attributes.filter_map(Result::ok)
}

/// Gives each attribute of a tag by its local name, as [`attributes`] does, and faster where it
/// can: at first as if each were a blank, a name, `=` and a value in quotes, as everybody writes
/// them. At the first that is anything else it begins again, so `each` may see one twice.
pub(super) fn each<'a>(tag: &'a BytesStart<'_>, mut each: impl FnMut(&[u8], &Attribute<'a>)) {
    // Letters and `_` are, and neither `=` nor a quote, a blank or the `:` behind a prefix.
    let is_name = |byte: &&u8| **byte > b'=';
    let mut rest = tag.attributes_raw();
    while let begun = trimmed(rest)
        && begun.len() < rest.len()
    {
        let (key, after) = begun.split_at(begun.iter().take_while(is_name).count());
        let [b'=', quote @ (b'"' | b'\''), after @ ..] = after else { break };
        let Some(end) = memchr::memchr(*quote, after).filter(|_| !key.is_empty()) else { break };
        each(key, &Attribute { key: QName(key), value: Cow::Borrowed(&after[..end]) });
        rest = &after[end + 1..];
    }
    if !trimmed(rest).is_empty() {
        attributes(tag).for_each(|found| each(found.key.local_name().as_ref(), &found));
    }
}

/// Bytes without the blanks of XML before them.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    &bytes[bytes.iter().take_while(is_blank).count()..]
}

/// The value of one attribute.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut found = attributes(tag);
    let found = found.find(|found| found.key.local_name().as_ref() == name.as_bytes())?;
    Some(value(&found))
}

/// The text of a value. An entity that nobody knows stays as it is; what is no UTF-8 is replaced.
fn value(attribute: &Attribute<'_>) -> String {
    let plain = |byte: &u8| *byte >= b' ' && *byte != b'&';
    if attribute.value.iter().all(plain) {
        return bytes::lossy(&attribute.value);
    }
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value.map_or_else(|_| bytes::lossy(&attribute.value), Cow::into_owned)
}

/// The same in place of another text.
pub(super) fn read(attribute: &Attribute<'_>, text: &mut Vec<u8>) {
    text.clear();
    // Without a branch, so that many bytes are looked at in one step.
    let odd = attribute.value.iter().fold(0_u8, |odd, byte| {
        odd | u8::from(!(b' '..0x80).contains(byte)) | u8::from(*byte == b'&')
    });
    if odd == 0 {
        text.extend_from_slice(&attribute.value);
    } else {
        text.extend_from_slice(value(attribute).as_bytes());
    }
}

/// As much of a message as is kept.
pub(super) fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT));
    text.shrink_to_fit();
    text
}
