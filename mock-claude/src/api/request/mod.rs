//! What a client may send to `POST /v1/messages`, and the refusals for what it may not.
//!
//! A body is read as JSON first and checked field by field, because the API names the field and
//! what is wrong with it. Here is what a request becomes; each group of fields is read in a file of
//! its own, and the same rules serve `count_tokens`.

mod attachments;
mod blocks;
mod caching;
mod content;
mod effort;
mod fields;
mod json;
mod pdf;
mod plain;
mod reminders;
mod roles;
mod rules;
mod sampling;
mod thinking;
mod thoughts;
mod tools;
mod turns;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value, json};

pub use self::caching::{Breakpoint, Position, Ttl};
use self::caching::{Salts, Walk};
pub use self::content::ToolResult;
use self::content::{Checks, Reading};
use self::fields::{flag, missing, string, wrong_type};
use self::json::Body;
#[cfg(feature = "workspace-internals")]
pub use self::json::MAX_VALUES;
pub use self::rules::{Purpose, Rules, Version};
pub use self::thinking::Thinking;
pub use self::tools::{Choice, Offer, Tool};
use crate::api::error::ApiError;
use crate::api::generation::Generation;
use crate::api::prices::{self, Model};
use crate::api::tokens::Tokenizer;

/// What the response says again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Echo {
    /// The container that was named.
    pub container: Option<Value>,
    /// Whether context management was asked for.
    pub context_management: bool,
    /// Whether diagnostics were asked for.
    pub diagnostics: bool,
    /// `standard` or `fast`, where one was asked for.
    pub speed: Option<&'static str>,
    /// Where it was computed.
    pub inference_geo: &'static str,
}

/// A request that passed every check.
#[derive(Debug, Clone)]
pub struct MessagesRequest {
    /// The model, its limits and prices.
    pub model: &'static Model,
    /// The model's id as the client wrote it, dated or not.
    pub model_id: Cow<'static, str>,
    /// The most output tokens that the client wants.
    pub max_tokens: u64,
    /// Whether the reply is streamed.
    pub stream: bool,
    /// All text of all messages, in order.
    pub text: String,
    /// Where the words of the last user turn stand in the text.
    pub turn: Range<usize>,
    /// The tokens of everything that the model reads.
    pub tokens_in: u64,
    /// What counts the tokens of the answer.
    pub tokenizer: Tokenizer,
    /// What the last user turn asks, where there are tools that its words can name.
    pub asked: String,
    /// The answers of tools in the last user turn.
    pub results: Vec<ToolResult>,
    /// The tools that may be called.
    pub offer: Offer,
    /// How much it thinks.
    pub thinking: Thinking,
    /// How much effort it makes: `low` to `max`.
    pub effort: Cow<'static, str>,
    /// Where the answer ends early.
    pub stop_sequences: Vec<String>,
    /// The schema of a structured answer.
    pub format: Option<Value>,
    /// Where prefixes are cached.
    pub breakpoints: Vec<Breakpoint>,
    /// What the response says again.
    pub echo: Echo,
}

/// The model that stands in for a made-up one in contract mode.
const CONTRACT_MODEL: &str = "claude-opus-5-5";

impl MessagesRequest {
    /// Reads and checks the body of a message without betas.
    pub fn parse(body: &[u8], version: Version) -> Result<Self, ApiError> {
        Self::read(body, Rules::of(version))
    }

    /// Reads and checks a body.
    pub fn read(body: &[u8], rules: Rules) -> Result<Self, ApiError> {
        match plain::read(body, rules) {
            Some(request) => Ok(request),
            None => Self::read_each_field(body, rules),
        }
    }

    fn read_each_field(body: &[u8], rules: Rules) -> Result<Self, ApiError> {
        let Body { fields, mentions_caching } = json::object(body)?;
        fields::check(&fields, rules)?;
        let (model_id, model) = model(string(&fields, "model")?, rules)?;
        let max_tokens = match rules.purpose {
            Purpose::Reply => max_tokens(&fields, model)?,
            Purpose::Count => 0,
        };
        let generation = model.generation;
        let thinking = thinking::read(fields.get("thinking"), max_tokens, generation, rules)?;
        let mut offer = tools::read(&fields, rules)?;
        let output_config = fields.get("output_config");
        let mut effort = effort::read(output_config, "output_config", rules)?;
        if !rules.contract {
            sampling::check(&fields, thinking, generation)?;
            check_forced(thinking, &offer, generation)?;
        }
        // The blocks of a prompt are only remembered where one is marked.
        let mut reading = Reading::new(Walk::new(mentions_caching, rules.counting, model));
        reading.tools(fields.get("tools"))?;
        reading.system(fields.get("system"), rules)?;
        let most_pages = attachments::most_pages(model.context_tokens);
        let with = Checks { rules, generation, thinking, most_pages };
        reading.messages(fields.get("messages"), with)?;
        reading.attachments.finish()?;
        for change in reading.tool_changes.drain(..) {
            offer.change(change);
        }
        effort = reading.effort.take().or(effort);
        if let Some(level) = effort.as_deref().filter(|_| !rules.contract) {
            effort::check(level, thinking, generation)?;
        }
        let tokens_in = reading.walk.tokens();
        if tokens_in > model.context_tokens {
            return Err(ApiError::invalid_request(format!(
                "prompt is too long: {tokens_in} tokens > {} maximum",
                model.context_tokens
            )));
        }
        let automatic = fields.get("cache_control").filter(fields::not_null);
        let salts =
            if mentions_caching { salts(&fields, model, &reading) } else { Salts::default() };
        let asked = if offer.tools.is_empty() { String::new() } else { reading.asked() };
        let turn = reading.turn();
        Ok(Self {
            breakpoints: reading.walk.finish(automatic, &salts, rules)?,
            stream: flag(&fields, "stream")?,
            stop_sequences: fields::stop_sequences(fields.get("stop_sequences"))?,
            format: fields::format(&fields, rules)?,
            effort: effort.map_or(Cow::Borrowed("high"), Cow::Owned),
            echo: echo(&fields, generation),
            turn,
            results: reading.turns.results,
            text: reading.text,
            tokenizer: Tokenizer::of(rules.counting, model),
            model,
            model_id,
            max_tokens,
            tokens_in,
            asked,
            offer,
            thinking,
        })
    }

    /// The words of the last user turn; none where it only answers calls of tools.
    pub fn last_turn(&self) -> &str {
        self.text.get(self.turn.clone()).unwrap_or_default()
    }

    /// What decides about the request besides its text: nothing for a plain one, so that the
    /// decisions about plain requests depend on their text alone.
    pub fn shape(&self) -> Option<String> {
        if self.offer.tools.is_empty() && self.format.is_none() {
            return None;
        }
        let tools = self.offer.tools.iter();
        let tools: Vec<Value> =
            tools.map(|tool| json!([tool.name.as_str(), &tool.input_schema])).collect();
        Some(json!([tools, &self.format]).to_string())
    }
}

fn model(id: &str, rules: Rules) -> Result<(Cow<'static, str>, &'static Model), ApiError> {
    if let Some((id, model)) = prices::known(id) {
        return Ok((id.into(), model));
    }
    match prices::model(CONTRACT_MODEL) {
        Some(model) if rules.contract => Ok((id.to_owned().into(), model)),
        _ => Err(ApiError::of_status(404, format!("model: {id}"))),
    }
}

fn salts(fields: &Map<String, Value>, model: &Model, reading: &Reading) -> Salts {
    let shown = |name: &str| fields.get(name).map(Value::to_string).unwrap_or_default();
    let effort = fields.get("output_config").and_then(|output| output.get("effort"));
    Salts {
        all: model.id.clone(),
        system: format!("{}|{}", shown("speed"), reading.has_citations),
        messages: format!(
            "{}|{}|{}|{effort:?}",
            shown("tool_choice"),
            reading.has_images,
            shown("thinking"),
        ),
    }
}

fn echo(fields: &Map<String, Value>, generation: Generation) -> Echo {
    let given = |name: &str| fields.get(name).filter(fields::not_null);
    let id = |value: &Value| match value {
        Value::String(id) => Some(id.clone()),
        other => other.get("id").and_then(Value::as_str).map(str::to_owned),
    };
    let speed = |value: &Value| if value == "fast" { "fast" } else { "standard" };
    let inference_geo = generation.geography(given("inference_geo").and_then(Value::as_str));
    Echo {
        container: given("container").and_then(id).map(Value::from),
        context_management: given("context_management").is_some(),
        diagnostics: given("diagnostics").is_some(),
        speed: given("speed").map(speed),
        inference_geo,
    }
}

/// A model that has to call a tool cannot first think up to a budget, and the newest models cannot
/// be made to call one at all.
fn check_forced(thinking: Thinking, offer: &Offer, generation: Generation) -> Result<(), ApiError> {
    let forced = matches!(offer.choice, Choice::Any | Choice::Tool(_));
    if forced && generation.refuses_forced_tools() {
        // The words are those of can1357/oh-my-pi#12939.
        let message = "tool_choice: type \"tool\" and \"any\" are not supported for this model.";
        return Err(ApiError::invalid_request(message));
    }
    if forced && matches!(thinking, Thinking::Enabled { .. }) {
        let message = "Thinking may not be enabled when tool_choice forces tool use.";
        return Err(ApiError::invalid_request(message));
    }
    Ok(())
}

fn max_tokens(fields: &Map<String, Value>, model: &Model) -> Result<u64, ApiError> {
    let value = fields.get("max_tokens").ok_or_else(|| missing("max_tokens"))?;
    let wanted = match value.as_i64() {
        Some(wanted) if wanted < 0 => {
            let message = "max_tokens: Input should be greater than or equal to 0";
            return Err(ApiError::invalid_request(message));
        }
        Some(wanted) => wanted.unsigned_abs(),
        None => return Err(wrong_type("max_tokens", "integer")),
    };
    if wanted > model.max_output_tokens {
        return Err(ApiError::invalid_request(format!(
            "max_tokens: {wanted} > {}, which is the maximum allowed number of output tokens for \
             {}",
            model.max_output_tokens,
            model.dated_id()
        )));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tokens::Counting;
    use proptest::prelude::*;
    use serde_json::json;

    fn refusal(body: &Value, version: Version) -> String {
        let rules = Rules { counting: Counting::Length, ..Rules::of(version) };
        let error = MessagesRequest::read(body.to_string().as_bytes(), rules).unwrap_err();
        format!("{} {}", error.status, error.message)
    }

    fn good() -> Value {
        json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "hello"}],
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = good();
        body[name] = value;
        body
    }

    fn without(name: &str) -> Value {
        let mut body = good();
        body.as_object_mut().unwrap().remove(name);
        body
    }

    #[test]
    fn what_the_api_refuses_is_refused_in_its_words() {
        let check = |body: &Value, expected: &str| {
            assert_eq!(refusal(body, Version::V2023), expected);
        };
        check(&without("max_tokens"), "400 max_tokens: Field required");
        check(&without("messages"), "400 messages: Field required");
        check(&without("model"), "400 model: Field required");
        check(&with("model", json!("gpt-4")), "404 model: gpt-4");
        check(&with("max_tokens", json!("10")), "400 max_tokens: Input should be a valid integer");
        check(&with("messages", json!([])), "400 messages: at least one message is required");
        check(&with("colour", json!(1)), "400 colour: Extra inputs are not permitted");
        check(
            &with("temperature", json!(1.5)),
            "400 temperature: Input should be less than or equal to 1",
        );
        check(
            &with("messages", json!([{"role": "assistant", "content": "x"}])),
            "400 messages: first message must use the \"user\" role",
        );
        check(
            &with("messages", json!([{"role": "user", "content": "x".repeat(700_001)}])),
            "400 prompt is too long: 200001 tokens > 200000 maximum",
        );
    }

    #[test]
    fn the_newer_version_refuses_what_the_older_one_takes() {
        let sampled = with("temperature", json!(1.0));
        assert!(MessagesRequest::parse(sampled.to_string().as_bytes(), Version::V2023).is_ok());
        assert_eq!(
            refusal(&sampled, Version::V2026),
            "400 temperature: Extra inputs are not permitted"
        );
        let cited = with(
            "messages",
            json!([{"role": "user", "content": [
                {"type": "text", "text": "x", "citations": [{"type": "char_location"}]}
            ]}]),
        );
        assert!(MessagesRequest::parse(cited.to_string().as_bytes(), Version::V2023).is_ok());
        assert!(refusal(&cited, Version::V2026).contains("citations"));
    }

    #[test]
    fn text_blocks_are_read_in_order() {
        let body = with(
            "messages",
            json!([{"role": "user", "content": [
                {"type": "text", "text": "one "}, {"type": "text", "text": "two"}
            ]}]),
        );
        let request = MessagesRequest::parse(body.to_string().as_bytes(), Version::V2026).unwrap();
        assert_eq!(request.text, "one two");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = MessagesRequest::parse(&bytes, Version::V2023);
        }
    }
}
