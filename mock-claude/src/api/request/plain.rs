//! The request that nearly everybody sends, read in one pass: a model, a bound, and words.
//!
//! A tree of values costs more than all the rest of an answer. Here nothing is refused and nothing
//! is decided anew: whatever is unusual, or wrong, makes [`read`] give up, and the body is read
//! again field by field, where every refusal has its words. What both ways take, they take for the
//! same request; a test holds them against each other.

mod strict;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use self::strict::{Fill, Name, Object, Word, once, unusual};
use super::reminders;
use super::rules::{Purpose, Rules, Version};
use super::sampling::is_one;
use super::thinking;
use super::{Echo, MessagesRequest, Offer};
use crate::api::prices::{self, Model};
use crate::api::tokens::{Counting, Sum, Tokenizer};

/// Messages and blocks that are usual, at most: far below what the API bounds.
const MAX_PARTS: usize = 10_000;

/// The request in a body, where it is a plain one and nothing is wrong with it.
pub(super) fn read(body: &[u8], rules: Rules) -> Option<MessagesRequest> {
    if rules.contract || rules.purpose != Purpose::Reply {
        return None;
    }
    // Checked as a whole, because each name and each word would be checked for itself.
    let body = std::str::from_utf8(body).ok()?;
    let mut fields = Fields { counting: rules.counting, ..Fields::default() };
    let mut from = serde_json::Deserializer::from_str(body);
    Object(&mut fields).deserialize(&mut from).ok()?;
    from.end().ok()?;
    let Fields { model, max_tokens, stream, temperature, system, conversation, .. } = fields;
    let ((model_id, model), max_tokens) = (model?, max_tokens?);
    let Conversation { text, sum, ends_with_user, turn_start, .. } = conversation?;
    let sampled = temperature.is_none_or(|temperature| {
        rules.version == Version::V2023
            && (0.0..=1.0).contains(&temperature)
            && (is_one(temperature) || !model.generation.refuses_sampling())
    });
    let tokenizer = Tokenizer::of(rules.counting, model);
    let tokens_in = tokenizer.tokens(system.unwrap_or_default().with(sum));
    let fits = max_tokens <= model.max_output_tokens && tokens_in <= model.context_tokens;
    let is_plain = !reminders::are_in(&text[turn_start..]);
    if !(sampled && ends_with_user && fits && is_plain) {
        return None;
    }
    Some(MessagesRequest {
        model,
        model_id: model_id.into(),
        max_tokens,
        stream: stream.unwrap_or(false),
        turn: turn_start..text.len(),
        text,
        tokens_in,
        tokenizer,
        asked: String::new(),
        results: Vec::new(),
        offer: Offer::default(),
        thinking: thinking::unasked(model.generation),
        effort: "high".into(),
        stop_sequences: Vec::new(),
        format: None,
        breakpoints: Vec::new(),
        echo: Echo { inference_geo: model.generation.geography(None), ..Echo::default() },
    })
}

/// The fields of a body.
#[derive(Default)]
struct Fields {
    counting: Counting,
    model: Option<(&'static str, &'static Model)>,
    max_tokens: Option<u64>,
    stream: Option<bool>,
    temperature: Option<f64>,
    system: Option<Sum>,
    conversation: Option<Conversation>,
}

impl Fill for Fields {
    fn fill<'de, A: MapAccess<'de>>(&mut self, name: Name, from: &mut A) -> Result<(), A::Error> {
        match name {
            Name::Model => once(&mut self.model, from.next_value_seed(Word(prices::known))),
            Name::MaxTokens => once(&mut self.max_tokens, from.next_value()),
            Name::Stream => once(&mut self.stream, from.next_value()),
            Name::Temperature => once(&mut self.temperature, from.next_value()),
            Name::System => {
                let counting = self.counting;
                let count = |text: &str| Some(Sum::default().and(counting, text));
                once(&mut self.system, from.next_value_seed(Word(count)))
            }
            Name::Messages => {
                once(&mut self.conversation, from.next_value_seed(Messages(self.counting)))
            }
            _ => Err(unusual()),
        }
    }
}

/// All messages.
#[derive(Default)]
struct Conversation {
    counting: Counting,
    text: String,
    sum: Sum,
    ends_with_user: bool,
    /// Where the words of the last user turn begin.
    turn_start: usize,
    parts: usize,
}

impl Conversation {
    /// Takes words as they come; there have to be some.
    fn say(&mut self, words: &str) -> Option<()> {
        self.parts += 1;
        self.sum = self.sum.and(self.counting, words);
        if self.text.is_empty() {
            // As long as it has to be, because most conversations are one message.
            words.clone_into(&mut self.text);
        } else {
            self.text.push_str(words);
        }
        (!words.trim_start().is_empty() && self.parts <= MAX_PARTS).then_some(())
    }
}

struct Messages(Counting);

impl<'de> DeserializeSeed<'de> for Messages {
    type Value = Conversation;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Conversation, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Messages {
    type Value = Conversation;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Conversation, A::Error> {
        let mut conversation = Conversation { counting: self.0, ..Conversation::default() };
        let mut is_first = true;
        loop {
            let start = conversation.text.len();
            let into = &mut conversation;
            let mut message = PlainMessage { into, is_user: None, has_content: None };
            if from.next_element_seed(Object(&mut message))?.is_none() {
                return Ok(conversation);
            }
            let PlainMessage { is_user: Some(is_user), has_content: Some(()), .. } = message else {
                return Err(unusual());
            };
            if is_first && !is_user {
                return Err(unusual());
            }
            is_first = false;
            if is_user && !conversation.ends_with_user {
                conversation.turn_start = start;
            }
            conversation.ends_with_user = is_user;
        }
    }
}

/// One message, whose words go into the conversation.
struct PlainMessage<'a> {
    into: &'a mut Conversation,
    is_user: Option<bool>,
    has_content: Option<()>,
}

impl Fill for PlainMessage<'_> {
    fn fill<'de, A: MapAccess<'de>>(&mut self, name: Name, from: &mut A) -> Result<(), A::Error> {
        match name {
            Name::Role => {
                let is_user = |role: &str| match role {
                    "user" => Some(true),
                    "assistant" => Some(false),
                    _ => None,
                };
                once(&mut self.is_user, from.next_value_seed(Word(is_user)))
            }
            Name::Content => {
                once(&mut self.has_content, from.next_value_seed(ContentSeed(self.into)))
            }
            _ => Err(unusual()),
        }
    }
}

/// A string, or blocks of text.
struct ContentSeed<'a>(&'a mut Conversation);

impl<'de> DeserializeSeed<'de> for ContentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ContentSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("words")
    }

    fn visit_str<E: Error>(self, words: &str) -> Result<(), E> {
        self.0.say(words).ok_or_else(unusual)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let mut is_empty = true;
        loop {
            let mut block = TextBlock { into: self.0, kind: None, text: None };
            match from.next_element_seed(Object(&mut block))? {
                Some(()) if block.kind.is_some() && block.text.is_some() => is_empty = false,
                None if !is_empty => return Ok(()),
                _ => return Err(unusual()),
            }
        }
    }
}

/// One block of text.
struct TextBlock<'a> {
    into: &'a mut Conversation,
    kind: Option<()>,
    text: Option<()>,
}

impl Fill for TextBlock<'_> {
    fn fill<'de, A: MapAccess<'de>>(&mut self, name: Name, from: &mut A) -> Result<(), A::Error> {
        match name {
            Name::Type => {
                let is_text = |kind: &str| (kind == "text").then_some(());
                once(&mut self.kind, from.next_value_seed(Word(is_text)))
            }
            Name::Text => {
                let say = |words: &str| self.into.say(words);
                once(&mut self.text, from.next_value_seed(Word(say)))
            }
            _ => Err(unusual()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    const RULES: Rules = Rules::of(Version::V2023);

    /// What both ways make of a body, in words; the plain way says nothing where it gives up.
    fn both(body: &str, rules: Rules) -> (Option<String>, String) {
        let plain =
            read(body.as_bytes(), rules).map(|request| format!("{:?}", Ok::<_, ()>(request)));
        (plain, format!("{:?}", MessagesRequest::read_each_field(body.as_bytes(), rules)))
    }

    #[test]
    fn the_usual_requests_are_read_the_plain_way() {
        for rest in [
            r#""messages":[{"role":"user","content":"hi"}]"#,
            r#""stream":true,"system":"be \"brief\"",
                "messages":[{"content":"a\nb","role":"user"}]"#,
            r#""temperature":1,"messages":[{"role":"user","content":[{"type":"text","text":"a"},
                {"text":"\u00e9","type":"text"}]},{"role":"assistant","content":"b"},
                {"role":"user","content":"c"},{"role":"user","content":"d"}]"#,
        ] {
            let body = format!(r#"{{"model":"claude-sonnet-4-5","max_tokens":16,{rest}}}"#);
            let (plain, whole) = both(&body, RULES);
            assert_eq!(plain.as_deref(), Some(&*whole), "{body}");
        }
    }

    #[test]
    fn what_is_no_object_or_comes_twice_is_left_to_the_other_way() {
        for body in [
            r#"["claude-sonnet-4-5",16,[["user","hi"]]]"#,
            r#"{"model":"claude-sonnet-4-5","max_tokens":16,"messages":[["user","hi"]]}"#,
            r#"{"model":"claude-sonnet-4-5","max_tokens":1,"max_tokens":16,
                "messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"model":"claude-sonnet-4-5","max_tokens":16,
                "messages":[{"role":"user","role":"user","content":"hi"}]}"#,
            r#"{"model":"claude-sonnet-4-5","max_tokens":16,
                "messages":[{"role":"user","content":"hi","content":"ho"}]}"#,
        ] {
            assert_eq!(both(body, RULES).0, None, "{body}");
        }
    }

    fn content() -> impl Strategy<Value = String> {
        let string = select(vec![r#""hi""#, r#""a\n\"b\" \u00e9""#, r#""""#, "null", "[]", "3"]);
        let field = select(vec![
            r#""type":"text""#,
            r#""type":"image""#,
            r#""text":"x y""#,
            r#""text":"""#,
            r#""cache_control":{"type":"ephemeral"}"#,
        ]);
        let block = proptest::collection::vec(field, 0..4);
        let block = block.prop_map(|fields| format!("{{{}}}", fields.join(",")));
        let blocks = proptest::collection::vec(block, 0..3);
        prop_oneof![
            3 => string.prop_map(str::to_owned),
            1 => Just(r#"[{"type":"text","text":"one"},{"text":"two","type":"text"}]"#.to_owned()),
            1 => blocks.prop_map(|blocks| format!("[{}]", blocks.join(","))),
        ]
    }

    fn body() -> impl Strategy<Value = String> {
        let role = select(vec!["user", "user", "user", "assistant", "system", "x"]);
        let message = (role, content())
            .prop_map(|(role, content)| format!(r#"{{"role":"{role}","content":{content}}}"#));
        let messages = proptest::collection::vec(message, 0..4);
        let model = select(vec!["claude-sonnet-4-5", "claude-opus-5-5", "claude-fable-5-2", "x"]);
        let bound = select(vec!["16", "0", "-1", "1e1", "16.0", "9999999999", "null", "64000"]);
        let rest = select(vec![
            "",
            "",
            r#","stream":true"#,
            r#","stream":null"#,
            r#","stream":true,"stream":false"#,
            r#","system":"s""#,
            r#","system":"""#,
            r#","system":null"#,
            r#","temperature":0.5"#,
            r#","temperature":-0.5"#,
            r#","temperature":1"#,
            r#","temperature":null"#,
            r#","role":"user""#,
            r#","top_k":3"#,
        ]);
        let shape = (model, bound, messages, rest, rest_of_file());
        shape.prop_map(|(model, bound, messages, rest, end)| {
            let messages = messages.join(",");
            format!(
                r#"{{"model":"{model}","max_tokens":{bound},"messages":[{messages}]{rest}}}{end}"#
            )
        })
    }

    fn rest_of_file() -> impl Strategy<Value = &'static str> {
        select(vec!["", "", "", "\n", "x", "{}"])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_the_plain_way_takes_the_other_way_takes_for_the_same(
            body in body(), newer: bool,
        ) {
            let version = if newer { Version::V2026 } else { Version::V2023 };
            let (plain, whole) = both(&body, Rules::of(version));
            if let Some(plain) = plain {
                prop_assert_eq!(plain, whole);
            }
        }
    }
}
