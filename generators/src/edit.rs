//! What happens to a source tree between one run through it and the next.
//!
//! An edit works on text and knows no parser: it looks for lines that begin a definition, and adds
//! code of the file's own kind. Edits add up: after the third round a file has been through each
//! round that chose it. Which file a round chooses is keyed by the file and the round.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::random::{Stream, to_index, to_u64};

/// The `[edit]` section: what is changed before each round after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// What is done to a file.
    pub kind: EditKind,
    /// Share of the files that a round changes, from 0 to 1.
    #[serde(default = "all")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
}

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// A line in the middle is changed and stays where it is.
    Line,
    /// A function is added at the end.
    Append,
    /// A comment is added before the first line.
    Comment,
    /// A function is added before the first definition.
    InsertTop,
    /// A function is added before a definition in the middle.
    InsertMiddle,
    /// The file gets another name; its text stays.
    Rename,
}

const fn all() -> f64 {
    1.0
}

/// Millionths, in which shares are drawn.
const WHOLE: u64 = 1_000_000;

impl Edit {
    /// What is wrong with this section beyond the range of a single key.
    pub fn problems(&self) -> Vec<Problem> {
        if self.share.is_finite() {
            return Vec::new();
        }
        let message = format!("`{}` is not a share from `0` to `1`", self.share);
        vec![Problem::new("share", message)]
    }

    /// The rounds up to `round` that change the file `item`; rounds count from 1.
    pub fn rounds(&self, seed: u64, item: u64, round: u64) -> impl Iterator<Item = u64> {
        let share = millionths(self.share);
        (1..=round)
            .filter(move |round| Stream::new(seed, "edit", *round, item).below(WHOLE) < share)
    }

    /// The path of a file after some rounds.
    pub fn path(&self, path: &str, rounds: &[u64]) -> String {
        match (self.kind, rounds.last()) {
            (EditKind::Rename, Some(last)) => match path.rsplit_once('/') {
                Some((folder, name)) => format!("{folder}/renamed_{last}_{name}"),
                None => format!("renamed_{last}_{path}"),
            },
            _ => path.to_owned(),
        }
    }

    /// The text of a file after some rounds.
    pub fn text(&self, path: &str, text: String, rounds: &[u64]) -> String {
        rounds.iter().fold(text, |text, round| self.once(path, text, *round))
    }

    fn once(&self, path: &str, mut text: String, round: u64) -> String {
        let language = Language::of(path);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        match self.kind {
            EditKind::Rename => text,
            EditKind::Append => text + &language.function(round),
            EditKind::Comment => format!("{} Revision {round}.\n{text}", language.comment()),
            EditKind::InsertTop => insert(&text, 0, &language.function(round)),
            EditKind::InsertMiddle => insert(&text, text.len() / 2, &language.function(round)),
            EditKind::Line => mark(&text, language.comment(), round),
        }
    }
}

/// How code is written in a file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Braces,
}

impl Language {
    fn of(path: &str) -> Self {
        let python = path.rsplit_once('.').is_none_or(|(_, ending)| ending.starts_with("py"));
        if python { Self::Python } else { Self::Braces }
    }

    const fn comment(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Braces => "//",
        }
    }

    /// Five lines and what separates them from the rest. Where the language is not known to be
    /// Python, they are a comment: any of the languages with braces takes it.
    fn function(self, round: u64) -> String {
        match self {
            Self::Python => format!(
                "def revised_{round}(value):\n    if value is None:\n        return {round}\n    \
                 value = value + {round}\n    return value\n\n\n"
            ),
            Self::Braces => format!(
                "// Revision {round}.\n// It says something\n// that was not said\n// before, and \
                 counts\n// {round} times.\n\n"
            ),
        }
    }
}

/// Puts `code` before the first definition at or after a byte offset; at the end without one.
fn insert(text: &str, from: usize, code: &str) -> String {
    let at = line_starts(text)
        .filter(|at| *at >= from)
        .find(|at| begins_definition(&text[*at..]))
        .unwrap_or(text.len());
    [&text[..at], code, &text[at..]].concat()
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1))
}

/// Whether a top-level definition, or a decorator of one, begins here. The line before a decorated
/// definition is its decorator, so that nothing is ever put between the two.
fn begins_definition(rest: &str) -> bool {
    const WORDS: [&str; 12] = [
        "def ",
        "async def ",
        "class ",
        "@",
        "fn ",
        "pub ",
        "impl ",
        "func ",
        "function ",
        "export ",
        "public ",
        "interface ",
    ];
    WORDS.iter().any(|word| rest.starts_with(word))
}

/// Adds a remark to a line in the middle that ends a statement.
fn mark(text: &str, comment: &str, round: u64) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let plain: Vec<usize> = (0..lines.len()).filter(|line| ends_statement(lines[*line])).collect();
    let middle = to_index(to_u64(plain.len()) / 2);
    let Some(chosen) = plain.get(middle).copied() else {
        return format!("{text}{comment} Revision {round}.\n");
    };
    let mut marked = String::with_capacity(text.len() + 24);
    for (number, line) in lines.iter().enumerate() {
        marked.push_str(line);
        if number == chosen {
            // Writing to a string cannot fail.
            let _ = write!(marked, "  {comment} revision {round}");
        }
        marked.push('\n');
    }
    marked
}

fn ends_statement(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("return ")
        && !line.contains(['"', '\'', '`', '#', '\\'])
        && line.matches(['(', '[', '{']).count() == line.matches([')', ']', '}']).count()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is from 0 to 1, as the schema says"
)]
fn millionths(share: f64) -> u64 {
    (share * 1_000_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "import os\n\n@cache\ndef a():\n    return 1\n\n\ndef b():\n    return 2\n";

    fn once(kind: EditKind) -> String {
        Edit { kind, share: 1.0 }.text("a.py", TEXT.to_owned(), &[1])
    }

    #[test]
    fn a_function_goes_before_the_decorator_of_the_first_definition() {
        let text = once(EditKind::InsertTop);
        assert!(text.starts_with("import os\n\ndef revised_1(value):\n"), "{text}");
        assert!(
            text.ends_with("\n\n\n@cache\ndef a():\n    return 1\n\n\ndef b():\n    return 2\n")
        );
    }

    #[test]
    fn a_changed_line_stays_where_it_is() {
        let text = once(EditKind::Line);
        let changed: Vec<_> = TEXT.lines().zip(text.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(changed, [("    return 2", "    return 2  # revision 1")]);
        assert_eq!(text.lines().count(), TEXT.lines().count());
    }

    #[test]
    fn a_new_name_changes_no_text_and_new_text_no_name() {
        let rename = Edit { kind: EditKind::Rename, share: 1.0 };
        assert_eq!(rename.path("src/a.py", &[1, 3]), "src/renamed_3_a.py");
        assert_eq!(once(EditKind::Rename), TEXT);
        let append = Edit { kind: EditKind::Append, share: 1.0 };
        assert_eq!(append.path("src/a.py", &[1]), "src/a.py");
        assert_eq!(append.text("a.py", TEXT.into(), &[]), TEXT, "nothing before the first round");
    }

    #[test]
    fn edits_add_up_over_the_rounds() {
        let edit = Edit { kind: EditKind::Append, share: 1.0 };
        let text = edit.text("a.py", TEXT.to_owned(), &[1, 2]);
        assert!(text.contains("revised_1") && text.contains("revised_2"));
    }

    #[test]
    fn a_round_changes_about_its_share_of_the_files_and_the_same_ones_again() {
        let edit = Edit { kind: EditKind::Line, share: 0.2 };
        let changed = || (0..1000).filter(|item| edit.rounds(7, *item, 1).count() > 0).count();
        assert!((160..240).contains(&changed()), "{} of 1000", changed());
        assert_eq!(changed(), changed());
    }
}
