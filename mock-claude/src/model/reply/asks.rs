//! What the words of a prompt ask for: to look at code, or an answer in JSON.
//!
//! Only plain requests for JSON count, and never what stands in code: documentation that turns into
//! JSON because the code mentions it would be worse than prose where JSON was meant.

use std::sync::LazyLock;

use regex::Regex;

use crate::api::request::MessagesRequest;
use crate::model::definitions;

/// A sentence's part that tells the model to write JSON.
static JSON: LazyLock<Regex> = LazyLock::new(|| {
    let verbs =
        "answer|respond|reply|return|output|produce|generate|give|write|format|emit|provide";
    let asking = format!(r"(?i)\b(?:{verbs})\b[^.!?\n]{{0,60}}\bJSON\b");
    Regex::new(&asking).expect("the pattern is valid")
});

/// Words that turn a sentence about JSON into its opposite.
static DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:not|no|never|without|instead of|rather than)\b|n't\b")
        .expect("the pattern is valid")
});

/// Whether a prompt holds code whose definitions can be found.
pub(super) fn about_code(prompt: &str) -> bool {
    let language = definitions::language(prompt);
    definitions::find(language, definitions::code(prompt)).next().is_some()
}

/// Whether the last user turn asks for JSON, outside its code.
pub(super) fn for_json(request: &MessagesRequest) -> bool {
    in_json(request.last_turn())
}

/// Whether there is neither code to look at nor an answer in a form of its own to give.
pub(super) fn for_nothing_else(request: &MessagesRequest) -> bool {
    let turn = request.last_turn();
    let is_fenced = definitions::code(turn).len() < turn.len();
    request.format.is_none() && !is_fenced && !about_code(turn)
}

fn in_json(turn: &str) -> bool {
    let bytes = turn.as_bytes();
    let mentions = |at: usize| {
        bytes.get(at..at + 4).is_some_and(|letters| letters.eq_ignore_ascii_case(b"json"))
    };
    if !memchr::memchr2_iter(b'j', b'J', bytes).any(mentions) {
        return false;
    }
    let code = definitions::code(turn);
    let around = match turn.split_once(code) {
        Some((before, after)) if code.len() < turn.len() => [before, after],
        _ if about_code(turn) => return false,
        _ => [turn, ""],
    };
    around.iter().flat_map(|text| text.split(['.', '!', '?', '\n'])).any(|sentence| {
        JSON.find(sentence).is_some_and(|found| !DENIAL.is_match(&sentence[..found.end()]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_request_for_json_is_one_and_talk_of_json_is_none() {
        for asked in [
            "Who wrote it? Answer in JSON.",
            "Extract the fields and respond with valid JSON only",
            "return json: {name, age}",
            "Look at this.\n```python\ndef f(): pass\n```\nGive the result as a JSON object.",
        ] {
            assert!(in_json(asked), "{asked}");
        }
        for other in [
            "Hello.",
            "What is JSON?",
            "Do not return JSON.",
            "Answer in prose, not JSON",
            "def load():\n    return json.loads(text)",
            "Document this.\n```python\n# Return JSON.\nx = 1\n```\nBe brief.",
        ] {
            assert!(!in_json(other), "{other}");
        }
    }
}
