//! Which tools the model calls, and with which arguments.
//!
//! With `any` or a named tool it always calls. With `auto` it calls every tool whose name stands
//! as a word in the last user turn, in the order of the words, but none that this turn has just
//! answered. The arguments follow from the tool's schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema;
use crate::api::request::{Choice, MessagesRequest, Tool};
use crate::api::tokens;
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
    /// Its arguments.
    pub input: Value,
}

impl ToolCall {
    /// The tokens that writing it takes.
    pub fn tokens(&self) -> u64 {
        tokens::of_bytes((self.name.len() + self.input.to_string().len()) as u64)
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
        Choice::Auto => named(request)
            .into_iter()
            .filter(|tool| request.results.iter().all(|result| result.tool != tool.name))
            .collect(),
    };
    let most = if offer.one_at_a_time { 1 } else { MAX_CALLS };
    chosen.into_iter().take(most).enumerate().map(|(n, tool)| call(n, tool, chance, key)).collect()
}

/// The call of the tool of this name, where the request offers it.
pub(super) fn of_tool(
    name: &str,
    request: &MessagesRequest,
    chance: Chance,
    key: RequestKey,
) -> Vec<ToolCall> {
    let tool = request.offer.tools.iter().find(|tool| tool.name == name);
    tool.map(|tool| call(0, tool, chance, key)).into_iter().collect()
}

/// The tools that the last user turn names, in the order in which it does.
fn named(request: &MessagesRequest) -> Vec<&Tool> {
    let mut tools: BTreeMap<&str, &Tool> =
        request.offer.tools.iter().map(|tool| (tool.name.as_str(), tool)).collect();
    let words = request.asked.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
    words.filter_map(|word| tools.remove(word)).collect()
}

fn call(number: usize, tool: &Tool, chance: Chance, key: RequestKey) -> ToolCall {
    let input = match schema::instance(&tool.input_schema, chance, key) {
        input @ Value::Object(_) => input,
        _ => Value::Object(serde_json::Map::new()),
    };
    let id = letters(&format!("tool call {number}"), 22, chance, key);
    ToolCall { id: format!("toolu_01{id}"), name: tool.name.clone(), input }
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
