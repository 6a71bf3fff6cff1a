//! Objects and strings, read straight off the bytes, that are exactly what is expected or an error.
//!
//! A derived reader would be shorter and too kind: it takes a list for an object and an object for
//! a name.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

/// Names of fields, wherever they stand.
#[derive(Clone, Copy)]
pub(super) enum Name {
    Content,
    MaxTokens,
    Messages,
    Model,
    Role,
    Stream,
    System,
    Temperature,
    Text,
    Type,
}

impl Name {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "content" => Self::Content,
            "max_tokens" => Self::MaxTokens,
            "messages" => Self::Messages,
            "model" => Self::Model,
            "role" => Self::Role,
            "stream" => Self::Stream,
            "system" => Self::System,
            "temperature" => Self::Temperature,
            "text" => Self::Text,
            "type" => Self::Type,
            _ => return None,
        })
    }
}

/// Why a body is not a plain one. Nobody reads it.
pub(super) fn unusual<E: Error>() -> E {
    E::custom("")
}

/// What an object is read into, field by field.
pub(super) trait Fill {
    /// Reads the value of the field `name`, which has to be one of its own and to come once.
    fn fill<'de, A: MapAccess<'de>>(&mut self, name: Name, from: &mut A) -> Result<(), A::Error>;
}

/// An object and nothing else: a derived reader would take a list in its place.
pub(super) struct Object<'a, F>(pub(super) &'a mut F);

impl<'de, F: Fill> DeserializeSeed<'de> for Object<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: Fill> Visitor<'de> for Object<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        while let Some(name) = from.next_key_seed(Word(Name::of))? {
            self.0.fill(name, &mut from)?;
        }
        Ok(())
    }
}

/// A string, by what a function makes of it.
pub(super) struct Word<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> Option<T>> DeserializeSeed<'de> for Word<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Word<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        (self.0)(word).ok_or_else(unusual)
    }
}

/// Fills a field that is still empty.
pub(super) fn once<T, E: Error>(field: &mut Option<T>, value: Result<T, E>) -> Result<(), E> {
    if field.replace(value?).is_some() { Err(unusual()) } else { Ok(()) }
}
