//! Conversations that the server holds (beta `message-threads-2026-08-12`): the first turn sends
//! the whole, and every later one only what is new, with the id of the reply that it follows.
//!
//! A later turn becomes the whole request that it stands for, and goes the way of any other: its
//! tokens, its cache and its price are those of the conversation. What is held is bounded; the
//! oldest is forgotten first, and is not found any more, as at the API.

use std::collections::{HashMap, VecDeque};

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::api::headers::BETA;

/// The beta that has threads, without its date.
const FEATURE: &str = "message-threads-";

/// The most that is held of all conversations together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What is sent with the first turn alone, and stays.
const CREATE_ONLY: [&str; 2] = ["system", "tools"];

/// The conversations that are held, by the id of the reply that they have come to.
#[derive(Debug, Default)]
pub(super) struct Threads {
    // Only ever asked for one id, so that their order cannot be seen.
    held: HashMap<String, Held>,
    oldest: VecDeque<String>,
    bytes: usize,
}

/// A conversation up to a reply.
#[derive(Debug)]
struct Held {
    /// Whose it is.
    scope: u64,
    /// The request, with the reply as its last message.
    fields: Map<String, Value>,
    bytes: usize,
    /// When the turn that follows ends, where there is one, in microseconds.
    continued_until_us: Option<u64>,
}

/// One turn of a conversation.
#[derive(Debug)]
pub(super) struct Turn {
    /// The request that it stands for.
    pub(super) body: Vec<u8>,
    fields: Map<String, Value>,
    /// The reply that it follows.
    follows: Option<String>,
}

/// Whether a client wants the server to hold its conversations.
pub(super) fn are_wanted(headers: &HeaderMap) -> bool {
    let betas = headers.get_all(&BETA).into_iter().filter_map(|beta| beta.to_str().ok());
    betas.flat_map(|betas| betas.split(',')).any(|beta| beta.trim().starts_with(FEATURE))
}

impl Threads {
    /// The turn that a body is; none where it names no thread, or is no JSON object, which is for
    /// somebody else to say.
    pub(super) fn turn(
        &self,
        scope: u64,
        body: &[u8],
        now_us: u64,
    ) -> Result<Option<Turn>, ApiError> {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else { return Ok(None) };
        let thread = match fields.remove("thread") {
            None | Some(Value::Null) => return Ok(None),
            Some(thread) => thread,
        };
        let (fields, follows) = match thread["type"].as_str() {
            Some("create") => (fields, None),
            Some("continue") => {
                let id = thread["previous_message_id"].as_str().ok_or_else(|| {
                    ApiError::invalid_request("thread.previous_message_id: Field required")
                })?;
                (self.whole(scope, id, fields, now_us)?, Some(id.to_owned()))
            }
            _ => {
                let message = "thread.type: Input should be 'create' or 'continue'";
                return Err(ApiError::invalid_request(message));
            }
        };
        let body = Value::Object(fields.clone()).to_string().into_bytes();
        Ok(Some(Turn { body, fields, follows }))
    }

    /// The request that a later turn stands for.
    fn whole(
        &self,
        scope: u64,
        id: &str,
        fields: Map<String, Value>,
        now_us: u64,
    ) -> Result<Map<String, Value>, ApiError> {
        let held = self.held.get(id).filter(|held| held.scope == scope).ok_or_else(|| {
            let words = "replay the full conversation with `thread: {\"type\": \"create\"}`";
            refusal("thread_not_found", format!("No thread was found for `{id}`: {words}"))
        })?;
        match held.continued_until_us {
            Some(until_us) if now_us < until_us => {
                let words = "is still being continued by another request";
                return Err(refusal("thread_continue_in_flight", format!("`{id}` {words}")));
            }
            Some(_) => {
                let words = "has already been continued: continue from the most recent response";
                return Err(refusal("thread_already_continued", format!("`{id}` {words}")));
            }
            None => {}
        }
        let differs = |name: &&&str| {
            fields.get(**name).is_some_and(|value| held.fields.get(**name) != Some(value))
        };
        if let Some(name) = CREATE_ONLY.iter().find(differs) {
            let words = "differs from the value that is stored with the thread";
            return Err(refusal("thread_fingerprint_mismatch", format!("`{name}` {words}")));
        }
        let mut whole = held.fields.clone();
        let mut messages = match whole.remove("messages") {
            Some(Value::Array(messages)) => messages,
            _ => Vec::new(),
        };
        for (name, value) in fields {
            match value {
                Value::Array(new) if name == "messages" => messages.extend(new),
                value => {
                    whole.insert(name, value);
                }
            }
        }
        whole.insert("messages".to_owned(), Value::Array(messages));
        Ok(whole)
    }

    /// Holds a conversation under the id of the reply that it has come to. A refusal is not held.
    pub(super) fn keep(&mut self, scope: u64, turn: Turn, reply: &Value, until_us: u64) {
        let (Some(id), false) = (reply["id"].as_str(), reply["stop_reason"] == "refusal") else {
            return;
        };
        if let Some(earlier) = turn.follows.as_ref().and_then(|id| self.held.get_mut(id)) {
            earlier.continued_until_us = Some(until_us);
        }
        let mut fields = turn.fields;
        if let Some(Value::Array(messages)) = fields.get_mut("messages") {
            messages.push(json!({"role": "assistant", "content": reply["content"]}));
        }
        let bytes = turn.body.len() + reply["content"].to_string().len();
        let held = Held { scope, fields, bytes, continued_until_us: None };
        self.bytes += bytes;
        if let Some(replaced) = self.held.insert(id.to_owned(), held) {
            self.bytes -= replaced.bytes;
        } else {
            self.oldest.push_back(id.to_owned());
        }
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.bytes -= self.held.remove(&oldest).map_or(0, |held| held.bytes);
        }
    }
}

fn refusal(code: &str, message: String) -> ApiError {
    let error = ApiError::of_code(code, message.clone());
    error.unwrap_or_else(|| ApiError::invalid_request(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u64 = 1;

    fn turn(threads: &Threads, scope: u64, body: &Value) -> Result<Option<Turn>, ApiError> {
        threads.turn(scope, body.to_string().as_bytes(), 1_000)
    }

    fn reply(id: &str) -> Value {
        json!({"id": id, "content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn"})
    }

    /// A conversation of one question, held under `msg_1`.
    fn held() -> Threads {
        let mut threads = Threads::default();
        let body = json!({"model": "m", "max_tokens": 5, "system": "Be brief.",
            "messages": [{"role": "user", "content": "One?"}], "thread": {"type": "create"}});
        let first = turn(&threads, ME, &body).unwrap().expect("a turn");
        threads.keep(ME, first, &reply("msg_1"), 500);
        threads
    }

    fn next(id: &str) -> Value {
        json!({"model": "m", "max_tokens": 6, "messages": [{"role": "user", "content": "Two?"}],
            "thread": {"type": "continue", "previous_message_id": id}})
    }

    #[test]
    fn a_later_turn_stands_for_the_whole_conversation() {
        let threads = held();
        let second = turn(&threads, ME, &next("msg_1")).unwrap().expect("a turn");
        let body: Value = serde_json::from_slice(&second.body).unwrap();
        assert_eq!((&body["system"], &body["max_tokens"]), (&json!("Be brief."), &json!(6)));
        let said: Vec<&Value> = body["messages"].as_array().unwrap().iter().collect();
        let roles: Vec<&str> = said.iter().map(|turn| turn["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["user", "assistant", "user"]);
        assert_eq!(said[1]["content"][0]["text"], "Yes.");
        assert!(body.get("thread").is_none());
    }

    #[track_caller]
    fn check_refused(threads: &Threads, scope: u64, body: &Value, status: u16, code: &str) {
        let error = turn(threads, scope, body).unwrap_err();
        assert_eq!((error.status, error.error_code()), (status, Some(code)), "{error:?}");
    }

    #[test]
    fn what_cannot_be_continued_says_why_by_its_code() {
        let mut threads = held();
        check_refused(&threads, ME, &next("msg_9"), 404, "thread_not_found");
        check_refused(&threads, 2, &next("msg_1"), 404, "thread_not_found");
        let mut other = next("msg_1");
        other["system"] = json!("Be long.");
        check_refused(&threads, ME, &other, 400, "thread_fingerprint_mismatch");
        let second = turn(&threads, ME, &next("msg_1")).unwrap().expect("a turn");
        threads.keep(ME, second, &reply("msg_2"), 2_000);
        check_refused(&threads, ME, &next("msg_1"), 400, "thread_continue_in_flight");
        let later = threads.turn(ME, next("msg_1").to_string().as_bytes(), 2_000);
        assert_eq!(later.unwrap_err().error_code(), Some("thread_already_continued"));
        assert!(turn(&threads, ME, &next("msg_2")).unwrap().is_some(), "the latest goes on");
    }

    #[test]
    fn a_refusal_is_not_held_and_what_names_no_thread_is_none() {
        let mut threads = held();
        let second = turn(&threads, ME, &next("msg_1")).unwrap().expect("a turn");
        let refused = json!({"id": "msg_2", "content": [], "stop_reason": "refusal"});
        threads.keep(ME, second, &refused, 500);
        check_refused(&threads, ME, &next("msg_2"), 404, "thread_not_found");
        assert!(turn(&threads, ME, &json!({"messages": []})).unwrap().is_none());
        assert!(turn(&threads, ME, &json!([])).unwrap().is_none());
        assert!(turn(&threads, ME, &json!({"thread": {"type": "fork"}})).is_err());
    }

    #[test]
    fn what_is_held_is_bounded_and_the_oldest_goes_first() {
        let mut threads = held();
        let text = "x".repeat(MAX_BYTES / 4);
        for number in 2..7 {
            let body = json!({"messages": [{"role": "user", "content": text}],
                "thread": {"type": "create"}});
            let large = turn(&threads, ME, &body).unwrap().expect("a turn");
            threads.keep(ME, large, &reply(&format!("msg_{number}")), 0);
        }
        assert!(threads.bytes <= MAX_BYTES && threads.held.len() == threads.oldest.len());
        check_refused(&threads, ME, &next("msg_1"), 404, "thread_not_found");
        assert!(turn(&threads, ME, &next("msg_6")).unwrap().is_some());
    }
}
