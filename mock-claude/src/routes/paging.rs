//! The two ways in which the API's lists are cut into pages.
//!
//! Batches and models are paged by the ids of their objects (`after_id`, `before_id`), files by an
//! opaque `page`. In contract mode an id that does not exist is the beginning of the list.

use serde_json::{Value, json};

use crate::api::error::ApiError;

/// Objects on a page, unless the client says otherwise.
const DEFAULT_LIMIT: usize = 20;

/// Objects on a page, at most.
const MAX_LIMIT: usize = 1_000;

/// The query of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(pub(crate) &'a str);

impl<'a> Query<'a> {
    /// Every value of a parameter, in order; brackets after the name are read as SDKs mean them.
    pub(crate) fn all(self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.split('&').filter_map(move |pair| {
            let (key, value) = pair.split_once('=')?;
            let rest = key.strip_prefix(name)?;
            matches!(rest, "" | "[]" | "%5B%5D" | "%5b%5d").then_some(value)
        })
    }

    /// The last value of a parameter, as most readers of queries take it.
    pub(crate) fn one(self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    /// The checked `limit`.
    pub(crate) fn limit(self) -> Result<usize, ApiError> {
        let Some(text) = self.one("limit") else {
            return Ok(DEFAULT_LIMIT);
        };
        let wrong = |rule: &str| Err(ApiError::invalid_request(format!("limit: {rule}")));
        match text.parse::<i64>().map(usize::try_from) {
            Ok(Ok(0) | Err(_)) => wrong("Input should be greater than or equal to 1"),
            Ok(Ok(limit)) if limit > MAX_LIMIT => {
                wrong("Input should be less than or equal to 1000")
            }
            Ok(Ok(limit)) => Ok(limit),
            Err(_) => {
                wrong("Input should be a valid integer, unable to parse string as an integer")
            }
        }
    }
}

/// Cuts a list by the ids of its objects, `ids` being those of the whole list in its order.
/// Gives the positions on the page, and whether there are more in the direction asked for.
pub(crate) fn by_id(
    ids: &[&str],
    query: Query<'_>,
    contract: bool,
) -> Result<(std::ops::Range<usize>, bool), ApiError> {
    let limit = query.limit()?;
    let position = |name: &'static str| {
        let Some(wanted) = query.one(name).filter(|id| !id.is_empty()) else {
            return Ok(None);
        };
        match ids.iter().position(|&id| id == wanted) {
            None if !contract => {
                Err(ApiError::invalid_request(format!("{name}: `{wanted}` not found")))
            }
            found => Ok(found),
        }
    };
    match (position("after_id")?, position("before_id")?) {
        (Some(_), Some(_)) if !contract => {
            let message = "Only one of `after_id` and `before_id` may be given";
            Err(ApiError::invalid_request(message))
        }
        (None, Some(before)) => {
            let first = before.saturating_sub(limit);
            Ok((first..before, first > 0))
        }
        (after, _) => {
            let first = after.map_or(0, |after| after + 1);
            let last = first.saturating_add(limit).min(ids.len());
            Ok((first..last, last < ids.len()))
        }
    }
}

/// A page of objects that are paged by their ids.
pub(crate) fn page_by_id(data: &[Value], has_more: bool) -> Value {
    let id = |object: Option<&Value>| object.map_or(Value::Null, |object| object["id"].clone());
    json!({
        "data": data,
        "has_more": has_more,
        "first_id": id(data.first()),
        "last_id": id(data.last()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn check(query: &str, expected: std::ops::Range<usize>, more: bool) {
        assert_eq!(by_id(&IDS, Query(query), false), Ok((expected, more)), "{query}");
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        check("", 0..5, false);
        check("limit=2", 0..2, true);
        check("limit=2&after_id=b", 2..4, true);
        check("limit=2&after_id=d", 4..5, false);
        check("limit=2&before_id=d", 1..3, true);
        check("limit=2&before_id=c", 0..2, false);
        check("beta=true&limit=1000", 0..5, false);
    }

    #[test]
    fn a_limit_out_of_range_and_an_unknown_id_are_refused() {
        for query in ["limit=0", "limit=-3", "limit=1001", "limit=x", "after_id=z"] {
            assert!(by_id(&IDS, Query(query), false).is_err(), "{query}");
        }
        assert_eq!(by_id(&IDS, Query("after_id=z&before_id=y"), true), Ok((0..5, false)));
    }
}
