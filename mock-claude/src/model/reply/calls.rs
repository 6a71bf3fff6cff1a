//! Which tools the model calls, and with which arguments.
//!
//! With `any` or a named tool it always calls. With `auto` it calls every tool whose name stands
//! as a word in what the last user turn asks, in the order of the words, but none that this turn
//! has just answered. A tool that is the only one is called without being named where nothing else
//! is asked for: frameworks ask so for a structured answer of models that refuse a forced call. The
//! arguments follow from the tool's schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{asks, schema};
use crate::api::request::{Choice, MessagesRequest, Tool};
use crate::api::tokens::Tokenizer;
use crate::basis::chance::{Chance, RequestKey};

/// Calls in one reply, at most.
const MAX_CALLS: usize = 16;

/// One call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// `toolu_` and letters that follow from the seed and the request.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments: of a call that was cut, those that were finished.
    pub input: Value,
    /// What was written of the arguments' JSON, where the call was cut.
    pub unfinished: Option<String>,
    /// The tokens that writing it takes.
    pub tokens: u64,
}

impl ToolCall {
    /// The arguments as they are written, in a stream left open where the call was cut.
    pub fn json(&self) -> String {
        self.unfinished.clone().unwrap_or_else(|| self.input.to_string())
    }

    /// The call as far as these tokens go; nothing without any.
    pub(super) fn cut(self, tokenizer: Tokenizer, tokens: u64) -> Option<Self> {
        let mut json = self.input.to_string();
        let left = tokens.saturating_sub(tokenizer.count(&self.name));
        json.truncate(tokenizer.fitting(&json, left));
        // The brace, then each parameter and the comma after it.
        let mut end = 1;
        let mut finished = |name: &str, value: &Value| {
            end += Value::from(name).to_string().len() + 1 + value.to_string().len() + 1;
            end <= json.len()
        };
        let all = self.input.as_object()?;
        let whole = all.iter().take_while(|(name, value)| finished(name, value));
        let whole: Map<String, Value> =
            whole.map(|(name, value)| (name.clone(), value.clone())).collect();
        let (input, unfinished) = (Value::Object(whole), Some(json));
        (tokens > 0).then_some(Self { input, unfinished, tokens, ..self })
    }
}

/// The calls of a reply: none where the model answers in words.
pub(super) fn choose(request: &MessagesRequest, chance: Chance, key: RequestKey) -> Vec<ToolCall> {
    let offer = &request.offer;
    let first = offer.tools.first();
    let chosen: Vec<&Tool> = match &offer.choice {
        Choice::None => Vec::new(),
        Choice::Tool(name) => {
            offer.tools.iter().find(|tool| tool.name == *name).into_iter().collect()
        }
        Choice::Any => match named(request) {
            named if named.is_empty() => first.into_iter().collect(),
            named => named,
        },
        Choice::Auto => wanted(request)
            .into_iter()
            .filter(|tool| request.results.iter().all(|result| result.tool != tool.name))
            .collect(),
    };
    let most = if offer.one_at_a_time { 1 } else { MAX_CALLS };
    chosen
        .into_iter()
        .take(most)
        .enumerate()
        .map(|(n, tool)| call((n, tool), request, chance, key))
        .collect()
}

/// The call of the tool of this name, where the request offers it.
pub(super) fn of_tool(
    name: &str,
    request: &MessagesRequest,
    chance: Chance,
    key: RequestKey,
) -> Vec<ToolCall> {
    let tool = request.offer.tools.iter().find(|tool| tool.name == name);
    tool.map(|tool| call((0, tool), request, chance, key)).into_iter().collect()
}

/// The tools that are called where the model may choose.
fn wanted(request: &MessagesRequest) -> Vec<&Tool> {
    match (named(request), &request.offer.tools[..]) {
        (named, [only]) if named.is_empty() && asks::for_nothing_else(request) => vec![only],
        (named, _) => named,
    }
}

/// The tools that the last user turn names, in the order in which it does.
fn named(request: &MessagesRequest) -> Vec<&Tool> {
    let mut tools: BTreeMap<&str, &Tool> =
        request.offer.tools.iter().map(|tool| (tool.name.as_str(), tool)).collect();
    let words = request.asked.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
    words.filter_map(|word| tools.remove(word)).collect()
}

fn call(
    (number, tool): (usize, &Tool),
    request: &MessagesRequest,
    chance: Chance,
    key: RequestKey,
) -> ToolCall {
    let input = match schema::instance(&tool.input_schema, chance, key) {
        input @ Value::Object(_) => input,
        _ => Value::Object(Map::new()),
    };
    let id = letters(&format!("tool call {number}"), 22, chance, key);
    let id = format!("toolu_01{id}");
    let tokenizer = request.tokenizer;
    let tokens = tokenizer.count(&tool.name) + tokenizer.count(&input.to_string());
    ToolCall { id, name: tool.name.clone(), input, unfinished: None, tokens }
}

/// Letters and digits that follow from the seed, the request and what they are for.
pub(super) fn letters(what: &str, count: usize, chance: Chance, key: RequestKey) -> String {
    const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bits = 0;
    (0..count)
        .map(|at| {
            // Ten letters are all that 64 bits are good for.
            if at % 10 == 0 {
                bits = chance.bits(&format!("{what}, letters from {at}"), key);
            }
            let letter = usize::try_from(bits % 58).unwrap_or(0);
            bits /= 58;
            char::from(LETTERS[letter])
        })
        .collect()
}
