//! What the model says: documentation of the code in the prompt, unless the request wants more or
//! the configuration has settled it (`config`). What a prompt wants besides is in `asks`.
//!
//! A thought comes first where thinking is on; calls of tools come instead of an answer, a value
//! of the schema where one is given, and a word about each tool that has just answered.
//! The reply names the definitions that it finds, one line each and in source order, as many as
//! `max_tokens` allows; so a reader can judge what is covered and what was cut. A line that was
//! cut has no end of line and counts as not written.

mod asks;
mod calls;
mod canned;
mod config;
mod demands;
mod schema;
mod thought;

use serde::Serialize;
use serde_json::{Value, json};

pub use self::calls::ToolCall;
pub use self::config::{Canned, Expression, ReplyConfig, Say};
pub use self::thought::Thought;
use crate::api::request::{Choice, MessagesRequest};
use crate::api::tokens::Tokenizer;
use crate::basis::chance::{Chance, RequestKey};
use crate::model::definitions;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had said everything.
    EndTurn,
    /// It was cut at `max_tokens`.
    MaxTokens,
    /// It wrote one of the request's stop sequences.
    StopSequence,
    /// It calls a tool.
    ToolUse,
    /// It was cut at the end of the context window.
    ModelContextWindowExceeded,
}

/// What the model says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The text of the only text block; without any there is no such block.
    pub text: String,
    /// The tokens of everything.
    pub tokens_out: u64,
    /// Why it ends where it ends.
    pub stop_reason: StopReason,
    /// The sequence that ended it.
    pub stop_sequence: Option<String>,
    /// The thought before the text.
    pub thought: Option<Thought>,
    /// The calls after the text.
    pub calls: Vec<ToolCall>,
}

impl Reply {
    /// A reply that is only text.
    pub fn of_text(text: impl Into<String>, tokens_out: u64, stop_reason: StopReason) -> Self {
        let (thought, calls) = (None, Vec::new());
        Self { text: text.into(), tokens_out, stop_reason, stop_sequence: None, thought, calls }
    }
}

/// Sentences about a definition; which one is left to chance.
const SENTENCES: [&str; 8] = [
    "checks its arguments and returns the result without side effects",
    "walks the records in order and keeps a running total for the caller",
    "reads the current state, applies the change and reports what it did",
    "is a thin wrapper that adds logging and a clearer error message",
    "converts between the stored form and the one that callers expect",
    "retries the operation a few times before it gives up with an error",
    "groups related values so that they travel through the code together",
    "releases what it holds when it is done, whether or not it succeeded",
];

/// Bytes of a token, at most: how much is written before it is counted and cut.
const MOST_BYTES_PER_TOKEN: u64 = 8;

/// Writes the reply to a request.
pub fn write(
    request: &MessagesRequest,
    config: &ReplyConfig,
    chance: Chance,
    key: RequestKey,
) -> Reply {
    let window = request.model.context_tokens.saturating_sub(request.tokens_in);
    let limit = request.max_tokens.min(window);
    let full = if request.max_tokens > window {
        StopReason::ModelContextWindowExceeded
    } else {
        StopReason::MaxTokens
    };
    let thought = thought::think(request, limit, chance, key);
    let thinking_tokens = thought.as_ref().map_or(0, |thought| thought.tokens);
    let left = limit - thinking_tokens;
    let tokenizer = request.tokenizer;
    let settled = canned::choose(request, config);
    let calls = match settled {
        Some(Say::Call(name)) => calls::of_tool(name, request, chance, key),
        Some(_) => Vec::new(),
        None => calls::choose(request, chance, key),
    };
    let instance = |schema: &Value| schema::instance(schema, chance, key).to_string();
    let words = || answer(request, config, chance, key, left);
    let text = match (settled, &request.format) {
        _ if !calls.is_empty() => announcement(request, &calls),
        (Some(Say::Echo), _) => request.last_turn().to_owned(),
        (Some(Say::Text(text)), _) => text.clone(),
        (Some(Say::Schema(schema)), _) => instance(&Value::Object(schema.clone())),
        (Some(Say::Json), None) => json!({ "answer": words() }).to_string(),
        (_, Some(schema)) => instance(schema),
        (_, None) if asks::for_json(request) => json!({ "answer": words() }).to_string(),
        (_, None) => words(),
    };
    let reply = cut(text, (tokenizer, left), full);
    let mut reply = stop(reply, tokenizer, &request.stop_sequences);
    reply.tokens_out += thinking_tokens;
    reply.thought = thought;
    if reply.stop_reason == StopReason::EndTurn && !calls.is_empty() {
        add_calls(&mut reply, calls, (tokenizer, limit), full);
    }
    reply
}

/// Adds the calls that fit, in order, and of the next one what fits.
fn add_calls(
    reply: &mut Reply,
    calls: Vec<ToolCall>,
    (tokenizer, limit): (Tokenizer, u64),
    full: StopReason,
) {
    reply.stop_reason = StopReason::ToolUse;
    for call in calls {
        if reply.tokens_out + call.tokens > limit {
            reply.stop_reason = full;
            reply.calls.extend(call.cut(tokenizer, limit - reply.tokens_out));
            reply.tokens_out = limit;
            break;
        }
        reply.tokens_out += call.tokens;
        reply.calls.push(call);
    }
}

/// What is said before a call: nothing where the call was forced.
fn announcement(request: &MessagesRequest, calls: &[ToolCall]) -> String {
    if request.offer.choice != Choice::Auto {
        return String::new();
    }
    let names: Vec<String> = calls.iter().map(|call| format!("`{}`", call.name)).collect();
    format!("I will use {}.", names.join(" and "))
}

/// Words: about the tools that have just answered, or about the code.
fn answer(
    request: &MessagesRequest,
    config: &ReplyConfig,
    chance: Chance,
    key: RequestKey,
    most_tokens: u64,
) -> String {
    let mut text = String::new();
    for result in &request.results {
        let verb = if result.is_error { "failed" } else { "answered" };
        for part in ["The tool `", &result.tool, "` ", verb, ": ", &result.text, "\n"] {
            text.push_str(part);
        }
    }
    if text.is_empty() || asks::about_code(&request.text) {
        text.push_str(&documentation(request, config, chance, key, most_tokens));
    }
    text
}

fn documentation(
    request: &MessagesRequest,
    config: &ReplyConfig,
    chance: Chance,
    key: RequestKey,
    most_tokens: u64,
) -> String {
    let code = definitions::code(&request.text);
    let language = definitions::language(&request.text);
    let mut text = String::with_capacity(512);
    text.push_str("# Documentation\n\n## Overview\n");
    let pick = chance.bits("overview", key);
    push_sentence(&mut text, "This code", pick, 160);
    text.push_str("\n## Functions and classes\n");
    let budget = most_tokens.saturating_mul(MOST_BYTES_PER_TOKEN);
    let budget = usize::try_from(budget).unwrap_or(usize::MAX);
    let entry = (request.tokenizer, config.tokens_per_definition);
    for found in definitions::find(language, code) {
        if text.len() > budget {
            break;
        }
        push_entry(&mut text, &found, pick, entry);
    }
    // What would be cut off as a whole need not be written.
    if text.len() <= budget {
        text.push_str("\n## Quality notes\n");
        push_sentence(&mut text, "The module", pick >> 7, 120);
    }
    text
}

/// One line of about so many tokens about one definition, as [`documented`] reads it.
fn push_entry(
    text: &mut String,
    found: &definitions::Definition<'_>,
    pick: u64,
    (tokenizer, tokens): (Tokenizer, u64),
) {
    let start = text.len();
    text.push_str("- `");
    text.push_str(found.name);
    text.push_str("` (line ");
    text.push_str(&found.line.to_string());
    text.push_str("):");
    let left = tokens.saturating_sub(tokenizer.count(&text[start..]));
    let bytes = usize::try_from(tokenizer.prose_bytes(left)).unwrap_or(usize::MAX);
    push_sentence(text, "", pick.rotate_left(7).wrapping_add(found.line), bytes);
}

/// Sentences until about `bytes` are used, cut at a word, ended by a full stop and a line end.
fn push_sentence(text: &mut String, subject: &str, mut pick: u64, bytes: usize) {
    let start = text.len();
    text.push_str(subject);
    let enough = bytes.saturating_sub(6);
    loop {
        let sentence = SENTENCES[usize::try_from(pick % 8).unwrap_or(0)];
        pick = pick.rotate_right(3).wrapping_add(1);
        // A sentence that does not reach the end goes in whole: words matter only at the cut.
        if text.len() - start + 1 + sentence.len() < enough {
            text.push(' ');
            text.push_str(sentence);
            continue;
        }
        // The first word that reaches the end is the last.
        let left = enough.saturating_sub(text.len() - start + 1).min(sentence.len());
        let end = memchr::memchr(b' ', &sentence.as_bytes()[left..]);
        text.push(' ');
        text.push_str(&sentence[..end.map_or(sentence.len(), |at| left + at)]);
        break;
    }
    text.push_str(".\n");
}

/// Cuts the text to the budget, at a character.
fn cut(mut text: String, (tokenizer, most): (Tokenizer, u64), full: StopReason) -> Reply {
    let (end, tokens_out) = tokenizer.cut(&text, most);
    // With no token left nothing can be said, not even nothing.
    let stop_reason = if end < text.len() || most == 0 {
        text.truncate(end);
        full
    } else {
        StopReason::EndTurn
    };
    Reply::of_text(text, tokens_out, stop_reason)
}

/// Ends the text before the stop sequence that comes first in it.
fn stop(mut reply: Reply, tokenizer: Tokenizer, sequences: &[String]) -> Reply {
    let found = sequences
        .iter()
        .filter_map(|sequence| Some((reply.text.find(sequence.as_str())?, sequence)));
    if let Some((at, sequence)) = found.min_by_key(|(at, _)| *at) {
        reply.text.truncate(at);
        reply.tokens_out = tokenizer.count(&reply.text);
        reply.stop_reason = StopReason::StopSequence;
        reply.stop_sequence = Some(sequence.clone());
    }
    reply
}

/// The definitions that a reply names, with their lines: what a client reads out of it.
pub fn documented(reply: &str) -> impl Iterator<Item = definitions::Definition<'_>> {
    reply.split_inclusive('\n').filter_map(|line| {
        let rest = line.strip_prefix("- `")?;
        let (name, rest) = rest.split_once("` (line ")?;
        let (number, rest) = rest.split_once("):")?;
        rest.ends_with(".\n").then_some(())?;
        Some(definitions::Definition { name, line: number.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::Version;
    use crate::api::tokens::Counting;

    fn reply(code: &str, max_tokens: u64) -> Reply {
        let body = serde_json::json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": format!("Go.\n```python\n{code}```\n")}],
        });
        let request = MessagesRequest::parse(body.to_string().as_bytes(), Version::V2023).unwrap();
        let key = RequestKey { subject: 1, attempt: 0 };
        write(&request, &ReplyConfig::default(), Chance::new(7), key)
    }

    #[test]
    fn the_reply_names_every_definition_with_its_line() {
        let reply = reply("def a():\n    pass\n\nclass B:\n    def c(self): ...\n", 4096);
        let found: Vec<_> = documented(&reply.text).map(|found| (found.name, found.line)).collect();
        assert_eq!(found, [("a", 1), ("B", 4), ("c", 5)]);
        assert_eq!(reply.stop_reason, StopReason::EndTurn);
        let model = crate::api::prices::model("claude-sonnet-4-5").unwrap();
        let tokenizer = Tokenizer::of(Counting::Classes, model);
        assert_eq!(reply.tokens_out, tokenizer.count(&reply.text));
    }

    #[test]
    fn a_reply_that_does_not_fit_is_cut_and_says_so() {
        let code = "def f():\n    pass\n".repeat(500);
        let reply = reply(&code, 1000);
        assert_eq!(reply.stop_reason, StopReason::MaxTokens);
        assert!(reply.tokens_out <= 1000 && reply.tokens_out >= 999, "{}", reply.tokens_out);
        let named = documented(&reply.text).count();
        assert!((30..60).contains(&named), "{named} definitions in 1,000 tokens");
    }

    #[test]
    fn an_entry_that_was_cut_does_not_count() {
        assert_eq!(documented("- `a` (line 1): is good.\n- `b` (line 2): is go").count(), 1);
        assert_eq!(documented("- `b` (line 2): is good.").count(), 0);
    }
}
