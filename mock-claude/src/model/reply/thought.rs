//! What the model thinks before it answers: whether, how long, and the signature.

use super::calls::letters;
use super::push_sentence;
use crate::api::request::{MessagesRequest, Thinking};
use crate::basis::chance::{Chance, RequestKey};

/// A block of thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thought {
    /// Its text; empty where the client wants it left out.
    pub text: String,
    /// What proves that it is the model's own.
    pub signature: String,
    /// Its tokens, whether or not the text is shown.
    pub tokens: u64,
}

/// The thought before a reply of at most `limit` tokens.
pub(super) fn think(
    request: &MessagesRequest,
    limit: u64,
    chance: Chance,
    key: RequestKey,
) -> Option<Thought> {
    let (most, omitted) = match request.thinking {
        Thinking::Off => return None,
        // An easy task at low effort needs no thought.
        Thinking::Adaptive { .. } if request.effort == "low" => return None,
        Thinking::Adaptive { omitted } => (u64::MAX, omitted),
        Thinking::Enabled { budget_tokens, omitted } => (budget_tokens, omitted),
        Thinking::BetweenTools if request.results.is_empty() => return None,
        Thinking::BetweenTools => (u64::MAX, false),
    };
    let wanted = chance.between("thinking tokens", key, 40, 120);
    let wanted = wanted.min(most).min(limit);
    if wanted == 0 {
        return None;
    }
    let tokenizer = request.tokenizer;
    let bytes = usize::try_from(tokenizer.prose_bytes(wanted)).unwrap_or(0);
    let mut text = String::new();
    push_sentence(&mut text, "The code here", chance.bits("thinking", key), bytes);
    text.truncate(tokenizer.fitting(&text, wanted));
    let tokens = tokenizer.count(&text);
    if omitted {
        text.clear();
    }
    let signature = format!("EqQB{}==", letters("signature", 162, chance, key));
    Some(Thought { text, signature, tokens })
}
