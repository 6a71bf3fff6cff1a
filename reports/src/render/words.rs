//! Words that several pages share: verdicts, pipelines, nouns with their number, and the command
//! that runs the same again.
//!
//! Invariant: what is printed as a command can be pasted: a name that a shell would read in its
//! own way is quoted.

use std::fmt::Write as _;
use std::path::Path;

use crate::judge::{Judged, Summary, Verdict};
use crate::record::{Clock, PipelineHeader};
use crate::run::Run;
use crate::text::{escape, shortened, thousands};

/// A run's verdict in words. A run of which nothing was expected has not passed anything.
pub(super) fn verdict_words(judged: &Judged) -> &'static str {
    if judged.verdict() == Verdict::Pass && judged.run().header.expect.is_empty() {
        return "NOT JUDGED";
    }
    judged.verdict().word()
}

/// What became of a pipeline: `broke as expected: 4 of 10 documented`, escaped by nobody.
pub(super) fn standing_words(judged: &Judged, summary: &Summary) -> String {
    let (documented, tried) = (thousands(summary.documented), thousands(summary.tried()));
    format!("{}: {documented} of {tried} documented", judged.standing(summary).words())
}

/// The pipelines of a run that say what they are, a sentence each, escaped.
pub(super) fn introductions(run: &Run) -> Vec<(String, String)> {
    let said = run.pipelines.iter().filter_map(|pipeline| {
        let what = pipeline.header.description.as_deref()?;
        Some((escape(&pipeline.header.name), escape(&shortened(what, LONGEST))))
    });
    said.collect()
}

/// The longest sentence about a pipeline that is shown whole, in characters.
const LONGEST: usize = 300;

/// The pipelines of a run: `phase1 vs phase3`.
pub(super) fn pipelines_words(run: &Run) -> String {
    let names: Vec<String> = run.pipelines.iter().map(|p| escape(&p.header.name)).collect();
    names.join(" vs ")
}

/// The command that gives the same records again; a run on a directory needs the directory.
pub(super) fn again(run: &Run) -> String {
    let header = &run.header;
    let mut command = format!("chaos run --scenario {}", quoted(&header.scenario));
    // What was typed after `--` or `--http` is not on record: it may hold what nobody may see.
    let (typed, named): (Vec<_>, Vec<_>) =
        header.pipelines.iter().partition(|pipeline| is_typed(pipeline));
    if !named.is_empty() {
        command.push_str(" --pipeline");
    }
    for pipeline in named {
        command.push(' ');
        command.push_str(&quoted(&pipeline.name));
    }
    let _ = write!(command, " --seed {}", header.seed);
    let own = header.pipelines.iter().any(|pipeline| pipeline.judged_by.is_some());
    if header.clock == Clock::Wall && !own {
        command.push_str(" --clock wall");
    }
    if header.input != "generated" {
        command.push_str(" --input DIR");
    }
    if !typed.is_empty() {
        command.push_str(" -- COMMAND");
    }
    command
}

/// Whether a target of the user's was typed, and is not a file that can be named again.
fn is_typed(pipeline: &PipelineHeader) -> bool {
    let extension = Path::new(&pipeline.name).extension();
    pipeline.judged_by.is_some() && extension.is_none_or(|extension| extension != "toml")
}

/// The clock in words.
pub(super) fn clock_words(run: &Run) -> &'static str {
    match run.header.clock {
        Clock::Simulated => "simulated time",
        Clock::Wall if run.header.speed.is_some() => "warped time",
        Clock::Wall => "real time",
    }
}

/// Where the files come from, in words.
pub(super) fn origin_words(run: &Run) -> &'static str {
    if run.header.input == "generated" { "generated files" } else { "files of a directory" }
}

/// A word of a command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-+=,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_command_names_what_decides_the_outcome() {
        let mut run = fixture::concurrent();
        let expected = "chaos run --scenario concurrent --pipeline phase1 phase3 --seed 7";
        assert_eq!(again(&run), expected);
        run.header.clock = Clock::Wall;
        run.header.input = "directory".to_owned();
        assert_eq!(again(&run), format!("{expected} --clock wall --input DIR"));
    }

    #[test]
    fn a_name_that_a_shell_would_obey_is_quoted() {
        assert_eq!(quoted("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(quoted("$(rm -rf ~)"), "'$(rm -rf ~)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
