//! Which recorded request is nearest to one that has no answer, and where the two differ.
//!
//! The words name places and never contents: a prompt does not end up in a log by being new.

use serde_json::Value;

use super::replay::Question;

/// Recorded requests that are compared, at most.
const MAX_COMPARED: usize = 1_000;

/// Differences between two bodies that are counted, at most.
const MAX_DIFFERENCES: usize = 100;

/// Characters of a path that are repeated.
const MAX_SHOWN: usize = 200;

/// What was asked for, and what is nearest to it.
pub(super) fn describe<'a>(
    asked: &Question,
    recorded: impl Iterator<Item = &'a Question>,
) -> String {
    let body = parse(&asked.body);
    let model = body.get("model").and_then(Value::as_str).unwrap_or("none");
    let shown: String = asked.path.chars().take(MAX_SHOWN).collect();
    let model: String = model.chars().take(MAX_SHOWN).collect();
    let what = format!(
        "no answer is recorded for {} {shown:?} (model: {model:?}, body: {} bytes)",
        asked.method,
        asked.body.len(),
    );
    let nearest = recorded.take(MAX_COMPARED).map(|other| distance(asked, &body, other)).min();
    match nearest {
        None => format!("{what}; the recording is empty"),
        Some((true, ..)) => format!("{what}; no request to this path is recorded"),
        Some((false, differences, first)) => format!(
            "{what}; the nearest recorded request differs in {differences} places, first at \
             {first:?}"
        ),
    }
}

/// Whether the path is another, in how many places the bodies differ, and the first of them.
fn distance(asked: &Question, body: &Value, other: &Question) -> (bool, usize, String) {
    let elsewhere = (&asked.method, &asked.path) != (&other.method, &other.path);
    let mut places = Vec::new();
    if !elsewhere {
        differ(body, &parse(&other.body), String::new(), &mut places);
    }
    let first = places.first().cloned().unwrap_or_default();
    (elsewhere, places.len(), first)
}

/// A body as JSON; what is none is one text.
fn parse(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()))
}

/// Collects the JSON pointers of what differs.
fn differ(a: &Value, b: &Value, at: String, places: &mut Vec<String>) {
    if places.len() >= MAX_DIFFERENCES || a == b {
        return;
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differ(a, b, format!("{at}/{name}"), places),
                    _ => places.push(format!("{at}/{name}")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(a, b, format!("{at}/{index}"), places);
            }
        }
        _ => places.push(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, body: &str) -> Question {
        Question { method: "POST".to_owned(), path: path.to_owned(), body: body.to_owned() }
    }

    #[test]
    fn the_place_is_named_and_the_prompt_is_not() {
        let recorded = [
            asked("/v1/messages", r#"{"max_tokens":1,"messages":[{"content":"b"}],"model":"m"}"#),
            asked("/v1/messages", r#"{"max_tokens":2,"messages":[{"content":"c"}],"model":"m"}"#),
        ];
        let new = asked(
            "/v1/messages",
            r#"{"max_tokens":2,"messages":[{"content":"secret"}],"model":"m"}"#,
        );
        insta::assert_snapshot!(
            describe(&new, recorded.iter()),
            @r#"no answer is recorded for POST "/v1/messages" (model: "m", body: 62 bytes); the nearest recorded request differs in 1 places, first at "/messages/0/content""#
        );
        let elsewhere = describe(&asked("/v1/models", ""), recorded.iter());
        assert!(elsewhere.ends_with("no request to this path is recorded"), "{elsewhere}");
    }
}
