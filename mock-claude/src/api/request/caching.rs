//! The prompt as the prompt cache sees it: a row of blocks (tools, system, messages), and the
//! breakpoints where prefixes of it are kept.
//!
//! Each prefix is named by a hash of all blocks up to its end and of what invalidates it: the
//! model for all, speed and citations from the system on, tool choice, images, thinking and effort
//! for the messages. Positions are only kept for bodies that have a `cache_control`. What is in
//! the cache is not here.

use std::fmt::Arguments;

use serde_json::{Value, json};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use super::fields::{missing, one_of, wrong_type};
use super::rules::Rules;
use crate::api::error::ApiError;
use crate::api::prices::Model;
use crate::api::tokens::{Counting, Sum, Tokenizer};

/// Breakpoints in one request, at most.
const MAX_BREAKPOINTS: usize = 4;

/// Positions at which a prefix is looked for, counted back from a breakpoint, itself included.
const LOOK_BACK: usize = 20;

/// How long a prefix is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
}

/// The end of a block: the prefix up to it, and the tokens of that prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Names the prefix.
    pub prefix: u128,
    /// Its tokens.
    pub tokens: u64,
}

/// A place where a prefix is written, and the places where one is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakpoint {
    /// For how long.
    pub ttl: Ttl,
    /// The breakpoint itself and those before it, nearest first.
    pub positions: Vec<Position>,
}

/// What invalidates a prefix besides its blocks.
#[derive(Default)]
pub(super) struct Salts {
    pub(super) all: String,
    pub(super) system: String,
    pub(super) messages: String,
}

/// The three parts of a prompt, in the order in which the model reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Tools,
    System,
    Messages,
}

/// Who says a block. Consecutive messages of a role are one turn, so a role is part of a prefix and
/// the border between two of its messages is not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speaker {
    /// The request itself: its tools and its system prompt.
    Request,
    User,
    Assistant,
    System,
}

impl Speaker {
    /// Who speaks in a role of a message.
    pub(super) fn of(role: &str) -> Self {
        match role {
            "assistant" => Self::Assistant,
            "system" => Self::System,
            _ => Self::User,
        }
    }
}

struct PromptBlock {
    section: Section,
    content: u128,
    tokens: u64,
}

struct Mark {
    block: usize,
    ttl: Ttl,
    place: String,
}

/// Counts the prompt while it is read, and remembers its blocks where that is wanted.
pub(super) struct Walk {
    tokenizer: Tokenizer,
    sum: Sum,
    attachment_tokens: u64,
    blocks: Option<Vec<PromptBlock>>,
    marks: Vec<Mark>,
}

impl Walk {
    /// A walk that remembers blocks only if `tracking`.
    pub(super) fn new(tracking: bool, counting: Counting, model: &Model) -> Self {
        Self {
            tokenizer: Tokenizer::of(counting, model),
            sum: Sum::default(),
            attachment_tokens: 0,
            blocks: tracking.then(Vec::new),
            marks: Vec::new(),
        }
    }

    /// Counts text that the model reads.
    pub(super) fn add(&mut self, text: &str) {
        self.sum = self.sum.and(self.tokenizer.counting, text);
    }

    /// Counts tokens that do not follow from a length of text.
    pub(super) fn add_tokens(&mut self, tokens: u64) {
        self.attachment_tokens = self.attachment_tokens.saturating_add(tokens);
    }

    /// The tokens read so far.
    pub(super) fn tokens(&self) -> u64 {
        self.tokenizer.tokens(self.sum).saturating_add(self.attachment_tokens)
    }

    /// Ends a block, which is a breakpoint if it says so.
    pub(super) fn end(
        &mut self,
        section: Section,
        speaker: Speaker,
        block: &Value,
        place: Arguments<'_>,
    ) -> Result<(), ApiError> {
        let tokens = self.tokens();
        let Some(blocks) = &mut self.blocks else {
            return Ok(());
        };
        let content = match block {
            // A string is short for one block of text.
            Value::String(text) => canonical(&json!({"type": "text", "text": text})),
            block => canonical(block),
        };
        let content = xxh3_128_with_seed(content.as_bytes(), speaker as u64);
        blocks.push(PromptBlock { section, content, tokens });
        let control = block.get("cache_control").filter(|control| !control.is_null());
        if let Some(control) = control {
            let place = format!("{place}.cache_control");
            let ttl = ttl(control, &place)?;
            self.marks.push(Mark { block: blocks.len() - 1, ttl, place });
        }
        Ok(())
    }

    /// The breakpoints of the whole prompt, the automatic one of the top level included.
    pub(super) fn finish(
        mut self,
        automatic: Option<&Value>,
        salts: &Salts,
        rules: Rules,
    ) -> Result<Vec<Breakpoint>, ApiError> {
        let blocks = self.blocks.take().unwrap_or_default();
        if let (Some(control), Some(last)) = (automatic, blocks.len().checked_sub(1)) {
            let ttl = ttl(control, "cache_control")?;
            match self.marks.last() {
                Some(mark) if mark.block == last && mark.ttl != ttl && !rules.contract => {
                    return Err(ApiError::invalid_request(format!(
                        "cache_control: the last block already has a `cache_control` with a \
                         different ttl ({})",
                        mark.place
                    )));
                }
                Some(mark) if mark.block == last => {}
                _ => self.marks.push(Mark { block: last, ttl, place: "cache_control".into() }),
            }
        }
        if !rules.contract {
            check_marks(&self.marks)?;
        }
        let positions = positions(&blocks, salts);
        Ok(self.marks.iter().map(|mark| breakpoint(mark, &positions)).collect())
    }
}

fn check_marks(marks: &[Mark]) -> Result<(), ApiError> {
    if marks.len() > MAX_BREAKPOINTS {
        return Err(ApiError::invalid_request(format!(
            "A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {}.",
            marks.len()
        )));
    }
    let short = marks.iter().position(|mark| mark.ttl == Ttl::FiveMinutes);
    let late = marks.iter().rposition(|mark| mark.ttl == Ttl::Hour);
    match (short, late) {
        (Some(short), Some(late)) if short < late => Err(ApiError::invalid_request(format!(
            "{}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control \
             block. Note that blocks are processed in the following order: `tools`, `system`, \
             `messages`.",
            marks[late].place
        ))),
        _ => Ok(()),
    }
}

fn positions(blocks: &[PromptBlock], salts: &Salts) -> Vec<Position> {
    let mut chain = xxh3_128(salts.all.as_bytes());
    let mut section = Section::Tools;
    let mut positions = Vec::with_capacity(blocks.len());
    for block in blocks {
        if section < Section::System && block.section >= Section::System {
            chain = link(chain, xxh3_128(salts.system.as_bytes()), Section::System);
        }
        if section < Section::Messages && block.section == Section::Messages {
            chain = link(chain, xxh3_128(salts.messages.as_bytes()), Section::Messages);
        }
        section = block.section;
        chain = link(chain, block.content, section);
        positions.push(Position { prefix: chain, tokens: block.tokens });
    }
    positions
}

fn link(chain: u128, content: u128, section: Section) -> u128 {
    let mut input = [0; 32];
    input[..16].copy_from_slice(&chain.to_le_bytes());
    input[16..].copy_from_slice(&content.to_le_bytes());
    xxh3_128_with_seed(&input, section as u64)
}

fn breakpoint(mark: &Mark, positions: &[Position]) -> Breakpoint {
    let before = positions[..=mark.block].iter().rev();
    Breakpoint { ttl: mark.ttl, positions: before.take(LOOK_BACK).copied().collect() }
}

fn ttl(control: &Value, place: &str) -> Result<Ttl, ApiError> {
    let Value::Object(fields) = control else {
        return Err(wrong_type(place, "dictionary"));
    };
    let kind = fields.get("type").ok_or_else(|| missing(format_args!("{place}.type")))?;
    one_of(&format!("{place}.type"), kind, &["ephemeral"])?;
    match fields.get("ttl") {
        None | Some(Value::Null) => Ok(Ttl::FiveMinutes),
        Some(ttl) => match one_of(&format!("{place}.ephemeral.ttl"), ttl, &["5m", "1h"])? {
            "1h" => Ok(Ttl::Hour),
            _ => Ok(Ttl::FiveMinutes),
        },
    }
}

/// A block as text without its `cache_control`, which is no part of what the model reads.
pub(super) fn canonical(block: &Value) -> String {
    let Value::Object(fields) = block else {
        return block.to_string();
    };
    if !fields.contains_key("cache_control") {
        return block.to_string();
    }
    let rest = fields.iter().filter(|(name, _)| *name != "cache_control");
    let rest: Vec<String> =
        rest.map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
    format!("{{{}}}", rest.join(","))
}
