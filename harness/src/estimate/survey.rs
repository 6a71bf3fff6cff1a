//! What a run would send: every file read once, then cut as each pipeline cuts it.
//!
//! Sizes are kept, not texts; but a pipeline that cuts needs the text again, so a file is read once
//! more for each pipeline and forgotten at once.

use std::collections::BTreeMap;

use engine::analyse::{self, Analysis};
use engine::cache::{Key, Piece};
use engine::call::prompt::tokenizer;
use engine::chunk::{self, Lines};
use engine::source::{self, Facts, Language};
use engine::{Preset, judge};
use mock_claude::internals::prices;
use reports::Cause;

use crate::source::{NoText, SourceFile};

/// A file that would be sent.
#[derive(Debug)]
pub(super) struct Found<'a> {
    file: &'a SourceFile,
    pub(super) bytes: u64,
    pub(super) facts: Facts,
}

/// The files of a tree.
#[derive(Debug, Default)]
pub(super) struct Survey<'a> {
    pub(super) files: Vec<Found<'a>>,
    pub(super) skipped: BTreeMap<String, u64>,
}

/// One file as a pipeline would send it.
#[derive(Debug)]
pub(super) struct FilePlan {
    pub(super) path: String,
    /// Why nothing of it would be sent.
    pub(super) died: Option<Cause>,
    /// What is wrong with it however its parts are answered.
    pub(super) flaw: Option<Cause>,
    pub(super) parts: Vec<PartPlan>,
}

/// One request.
#[derive(Debug)]
pub(super) struct PartPlan {
    pub(super) prompt_bytes: u64,
    /// As the simulation counts them.
    pub(super) prompt_tokens: u64,
    pub(super) code_tokens: u64,
    pub(super) definitions: u64,
    /// Under which an answer is kept; none where the pipeline keeps nothing.
    pub(super) key: Option<Key>,
}

impl<'a> Survey<'a> {
    /// Reads every file.
    pub(super) fn of(files: &'a [SourceFile]) -> Self {
        let mut survey = Self::default();
        for file in files {
            match file.text() {
                Ok(text) => survey.files.push(Found {
                    file,
                    bytes: text.len() as u64,
                    facts: source::read(Language::of(&file.path), &text),
                }),
                Err(NoText::Skipped(reason) | NoText::Unreadable(reason)) => {
                    *survey.skipped.entry(reason).or_default() += 1;
                }
            }
        }
        survey
    }

    /// The sum of something over the files.
    pub(super) fn total(&self, of: impl Fn(&Found<'_>) -> u64) -> u64 {
        self.files.iter().map(of).sum()
    }

    /// What a pipeline would send of each file.
    pub(super) fn plans(&self, preset: &Preset) -> Vec<FilePlan> {
        self.files.iter().map(|found| plan(found, preset)).collect()
    }
}

fn plan(found: &Found<'_>, preset: &Preset) -> FilePlan {
    let Found { file, bytes, facts } = found;
    let path = file.path.to_string();
    let memory_kb = analyse::memory_kb(&preset.analyse, &preset.chunk, facts, *bytes);
    let analysis = analyse::analyse(&preset.analyse, facts, memory_kb, None);
    if let Analysis::Died { cause, .. } = analysis {
        return FilePlan { path, died: Some(cause), flaw: None, parts: Vec::new() };
    }
    let Ok(text) = file.text() else {
        return FilePlan { path, died: Some(Cause::Unreadable), flaw: None, parts: Vec::new() };
    };
    let chunks = chunk::chunks(&preset.chunk, Language::of(&path), &text, facts);
    let lines = Lines::new(&text);
    let in_parts = chunks.len() > 1;
    let rules = preset.cache.rules();
    let template = preset.request.prompt.replacen("{path}", "", 1).replacen("{code}", "", 1);
    let model = prices::model(&preset.request.model);
    let count = |text: &str| model.map_or(0, |model| tokenizer(model).count(text));
    let template_tokens = count(&template);
    let parts = (1..).zip(&chunks).map(|(number, chunk)| {
        let code = lines.text(&chunk.sent);
        let label = if in_parts { format!("{path} (part {number})") } else { path.clone() };
        let inside = |line: &&u32| chunk.sent.contains(&(**line as usize - 1));
        let code_tokens = count(code);
        PartPlan {
            prompt_bytes: (template.len() + label.len() + code.len()) as u64,
            prompt_tokens: template_tokens + count(&label) + code_tokens,
            code_tokens,
            definitions: facts.definitions.iter().filter(inside).count() as u64,
            key: rules.as_ref().map(|rules| {
                let number = in_parts.then_some(number);
                rules.key().of(&preset.request, &Piece { path: &path, number, code })
            }),
        }
    });
    let flaw = (judge::lost_lines(&text, facts.lines, &chunks) > 0).then_some(Cause::LostLines);
    let parts = parts.collect();
    FilePlan { died: None, flaw, parts, path }
}
