//! The prompt for a piece of code, what it needs of the API's limits, and the most that it can
//! cost.
//!
//! With prompt caching, what stands before the first placeholder is the same in every call: it is
//! sent as a system block of its own, marked for the API's cache.

use mock_claude::internals::prices::{self, Charge, InputTokens, Model};
use mock_claude::internals::tokens::{Counting, Tokenizer};

use crate::admission::pacing::Need;
use crate::preset::request::{Mode, RequestConfig};
use crate::source::language::Language;

/// A template, and what fills its placeholders. The text is made where it is sent: who waits for an
/// answer does not keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt<'a> {
    /// What the API is asked to keep; none where caching is off.
    pub cached: Option<&'a str>,
    template: &'a str,
    language: Language,
    path: &'a str,
    code: &'a str,
}

/// The part of a template that is the same in every call, and the rest of it.
pub fn split(template: &str) -> (&str, &str) {
    let placeholders = ["{path}", "{language}", "{code}"].into_iter();
    let first = placeholders.filter_map(|placeholder| template.find(placeholder)).min();
    template.split_at(first.unwrap_or(0))
}

impl<'a> Prompt<'a> {
    /// A template that is filled with these.
    pub fn new(
        config: &'a RequestConfig,
        language: Language,
        path: &'a str,
        code: &'a str,
    ) -> Self {
        let (cached, template) = match split(&config.prompt) {
            (fixed, rest) if config.prompt_caching => (Some(fixed), rest),
            _ => (None, config.prompt.as_str()),
        };
        Self { cached, template, language, path, code }
    }

    /// The text without what is cached. The code is put in as it is: braces in it mean nothing.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.template.len() + self.code.len() + 64);
        let (mut rest, mut has_code) = (self.template, false);
        while let Some((before, from)) = rest.split_once('{') {
            text.push_str(before);
            rest = if let Some(after) = from.strip_prefix("language}") {
                text.push_str(self.language.fence());
                after
            } else if let Some(after) = from.strip_prefix("path}") {
                text.push_str(self.path);
                after
            } else if let Some(after) = from.strip_prefix("code}").filter(|_| !has_code) {
                text.push_str(self.code);
                has_code = true;
                after
            } else {
                text.push('{');
                from
            };
        }
        text.push_str(rest);
        text
    }

    /// What it needs of the API's limits, and the most that a call with it can cost.
    pub fn weight(&self, config: &RequestConfig) -> (Need, u64) {
        // A model without a price is refused before anything runs, and not sent here.
        let model = prices::model(&config.model);
        let count = |text: &str| model.map_or(0, |model| tokenizer(model).count(text));
        let cached = self.cached.map_or(0, count);
        let uncached = count(&self.text());
        let max_output_tokens = u64::from(config.max_tokens.get());
        let need = Need { input_tokens: cached + uncached, max_output_tokens };
        // Nothing is found in the API's cache, and the answer is as long as may be.
        let input = InputTokens { uncached, written_5m: cached, ..InputTokens::default() };
        let batch = config.mode == Mode::Batch;
        let charge = Charge { input, output: max_output_tokens, batch };
        let most = model.map_or(u64::MAX, |model| model.cost(&charge));
        (need, most)
    }
}

/// What a pipeline counts the tokens of a model by, before anybody tells it.
pub fn tokenizer(model: &Model) -> Tokenizer {
    Tokenizer::of(Counting::Classes, model)
}

/// What keeps a template from being cached, in words.
pub fn too_short_to_cache(template: &str, model: &Model) -> Option<String> {
    let (found, least) = (tokenizer(model).count(split(template).0), model.shortest_cached());
    (found < least).then(|| {
        format!(
            "has no effect: the prompt has {found} tokens before its first placeholder, and \
             `{}` caches {least} or more",
            model.id
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Preset, shipped};

    fn config(prompt: &str, prompt_caching: bool) -> RequestConfig {
        let preset = Preset::parse("phase1", shipped("phase1").unwrap()).unwrap();
        RequestConfig { prompt: prompt.to_owned(), prompt_caching, ..preset.request }
    }

    #[test]
    fn braces_in_the_code_are_left_alone() {
        let config = config("File {path}\n```{language}\n{code}\nEnd of {path}", false);
        let prompt = Prompt::new(&config, Language::Rust, "{language}.rs", "x = '{path} {code}'");
        let expected = "File {language}.rs\n```rust\nx = '{path} {code}'\nEnd of {language}.rs";
        assert_eq!(prompt.text(), expected);
    }

    #[test]
    fn what_is_no_placeholder_stays_and_the_code_comes_once() {
        let config = config("{{path}{langauge} {code} {code} {", false);
        let prompt = Prompt::new(&config, Language::Rust, "a.rs", "x");
        assert_eq!(prompt.text(), "{a.rs{langauge} x {code} {");
    }

    #[test]
    fn what_is_cached_holds_no_placeholder_and_nothing_is_lost() {
        let config = config("Be brief.\nFile {path}\n{code}", true);
        let prompt = Prompt::new(&config, Language::Python, "a.py", "x = 1");
        assert_eq!(prompt.cached, Some("Be brief.\nFile "));
        assert_eq!(prompt.text(), "a.py\nx = 1");
    }

    #[test]
    fn the_most_is_the_price_of_the_longest_answer() {
        let config = config("{path}{code}", false);
        let code = "x = 1\n".repeat(200_000);
        let prompt = Prompt::new(&config, Language::Python, "", &code);
        let tokens = tokenizer(prices::model(&config.model).unwrap()).count(&code);
        // At $3 a million, and 4,096 at $15.
        assert_eq!(prompt.weight(&config).1, 3 * tokens + 61_440);
    }

    #[test]
    fn a_prefix_below_the_minimum_is_said_to_have_no_effect() {
        let model = prices::model("claude-sonnet-4-5").unwrap();
        let words = too_short_to_cache("Be brief. {path} {code}", model).unwrap();
        assert!(words.contains("3 tokens") && words.contains("1024"), "{words}");
        assert_eq!(too_short_to_cache(&format!("{}{{code}}", "word ".repeat(1_024)), model), None);
    }
}
