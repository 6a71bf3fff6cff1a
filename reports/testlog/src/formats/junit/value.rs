//! Names and values of XML in text.
//!
//! Invariant: a value that XML forbids, or that is no UTF-8, is text all the same: what a test
//! printed is no reason to lose its result.

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;

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

/// The value of one attribute.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut found = attributes(tag);
    let found = found.find(|found| found.key.local_name().as_ref() == name.as_bytes())?;
    Some(value(&found))
}

/// The text of a value. An entity that nobody knows stays as it is; what is no UTF-8 is replaced.
pub(super) fn value(attribute: &Attribute<'_>) -> String {
    let plain = |byte: &u8| *byte >= b' ' && *byte != b'&';
    if attribute.value.iter().all(plain) {
        return bytes::lossy(&attribute.value);
    }
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value.map_or_else(|_| bytes::lossy(&attribute.value), std::borrow::Cow::into_owned)
}

/// As much of a message as is kept.
pub(super) fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT));
    text.shrink_to_fit();
    text
}
