//! A request body as JSON, read within bounds.
//!
//! Depth ends at 128 and the number of values at [`MAX_VALUES`], because 32 MB of `[` or of `0,`
//! would otherwise become a gigabyte in memory. A key that occurs twice keeps its last value, as in
//! the API's own parser. What the fields mean is not here.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::api::error::ApiError;

/// Values in one body, at most: twenty for each of 100,000 messages.
pub const MAX_VALUES: u32 = 2_000_000;

/// A body that is an object.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) fields: Map<String, Value>,
    /// Whether something in it, at whatever depth, is to be cached.
    pub(super) mentions_caching: bool,
}

/// The fields of a body that is an object.
pub(super) fn object(body: &[u8]) -> Result<Body, ApiError> {
    let (left, mentions_caching) = (Cell::new(MAX_VALUES), Cell::new(false));
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Bounded { left: &left, mentions_caching: &mentions_caching }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            ApiError::invalid_request(format!("The request body is not valid JSON: {error}"))
        })?;
    match value {
        Value::Object(fields) => Ok(Body { fields, mentions_caching: mentions_caching.get() }),
        _ => Err(ApiError::invalid_request("Input should be a valid dictionary")),
    }
}

#[derive(Clone, Copy)]
struct Bounded<'a> {
    left: &'a Cell<u32>,
    mentions_caching: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.left.get();
        if left == 0 {
            return Err(D::Error::custom(format!("more than {MAX_VALUES} values")));
        }
        self.left.set(left - 1);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == "cache_control" {
                self.mentions_caching.set(true);
            }
            let value = entries.next_value_seed(self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &[u8]) -> String {
        object(body).unwrap_err().message
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let deep = [b"{\"a\":".repeat(200_000), b"1".to_vec()].concat();
        assert!(refusal(&deep).contains("recursion limit"), "{}", refusal(&deep));
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(2_000_000));
        assert!(refusal(many.as_bytes()).contains("more than 2000000 values"));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        assert_eq!(object(br#"{"a":1,"a":2}"#).unwrap().fields["a"], 2);
    }

    #[test]
    fn a_mark_for_the_cache_is_found_at_any_depth_however_its_name_is_spelt() {
        let mentions = |body: &[u8]| object(body).unwrap().mentions_caching;
        assert!(mentions(br#"{"a":[{"b":{"cache_control":null}}]}"#));
        assert!(mentions(br#"{"cache\u005fcontrol":{}}"#));
        assert!(!mentions(br#"{"a":"cache_control"}"#));
    }

    #[test]
    fn what_is_not_an_object_of_valid_text_is_refused() {
        for body in [&b"\xff{}"[..], b"", b"{\"a\":\"\xff\"}", b"{} {}", b"{\"a\":\"\\ud800\"}"] {
            assert!(refusal(body).starts_with("The request body is not valid JSON: "));
        }
        assert_eq!(refusal(b"[1]"), "Input should be a valid dictionary");
    }
}
