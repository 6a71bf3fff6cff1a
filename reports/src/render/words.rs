//! Words that several pages share: verdicts, pipelines, nouns with their number, and the command
//! that runs the same again.
//!
//! Invariant: what is printed as a command can be pasted: a name that a shell would read in its
//! own way is quoted.

use std::fmt::Write as _;
use std::path::Path;

use crate::judge::{Judged, Quantile, Summary, Verdict};
use crate::record::{Clock, PipelineHeader};
use crate::run::Run;
use crate::text::{duration, escape, shortened, thousands};

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
    let (typed, named): (Vec<&PipelineHeader>, Vec<_>) =
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
    if let Some(speed) = header.speed {
        let _ = write!(command, " --speed {speed}");
    }
    if header.input != "generated" {
        command.push_str(" --input DIR");
    }
    // After `--` comes nothing else.
    let (last, mut first): (Vec<_>, Vec<_>) =
        typed.into_iter().partition(|of| of.typed.first().is_none_or(|word| word == "--"));
    first.extend(last);
    for pipeline in first {
        command.push(' ');
        command.push_str(&typed_words(pipeline));
    }
    command
}

/// The command that runs one probe of a report card by itself, PROBE in the place of its name.
pub fn run_one(target: &PipelineHeader, speed: Option<u32>) -> String {
    let speed = speed.map(|speed| format!(" --speed {speed}")).unwrap_or_default();
    let target = if is_typed(target) {
        typed_words(target)
    } else {
        format!("--pipeline {}", quoted(&target.name))
    };
    format!("chaos run PROBE{speed} {target}")
}

/// What was typed for a target of the user's, for a shell: `-- python pipeline.py {file}`.
fn typed_words(pipeline: &PipelineHeader) -> String {
    if pipeline.typed.is_empty() {
        return "-- COMMAND".to_owned();
    }
    let words: Vec<String> = pipeline.typed.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// Whether a target of the user's was typed, and is not a file that can be named again.
fn is_typed(pipeline: &PipelineHeader) -> bool {
    let extension = Path::new(&pipeline.name).extension();
    // Older records have no words.
    let is_no_file = extension.is_none_or(|extension| extension != "toml");
    !pipeline.typed.is_empty() || (pipeline.judged_by.is_some() && is_no_file)
}

/// A quantile with the number of its samples: what these cannot carry is not shown as one.
pub(super) fn quantile_words(quantile: Quantile, value_us: u64, n: u64, clock: Clock) -> String {
    let (value, count, needs) = (duration(value_us), thousands(n), quantile.needs(clock));
    match clock {
        _ if quantile.is_carried_by(n, clock) => format!("{value} (n={count})"),
        Clock::Simulated => format!("{value} (max, n={count})"),
        Clock::Wall => format!("n/a (n={count}, needs {needs})"),
    }
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
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-+=,@:".contains(c);
    // No shell that has `--` reads these in its own way.
    if ["{file}", "{files}", "{dir}", "{out}", "{job}"].contains(&word) {
        return word.to_owned();
    }
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
    fn a_quantile_of_too_few_samples_is_the_greatest_or_not_shown() {
        let words = |quantile, n, clock| quantile_words(quantile, 2_000_000, n, clock);
        let cases = [
            (Quantile::P95, 20, Clock::Simulated, "2.0 s (n=20)"),
            (Quantile::P95, 19, Clock::Simulated, "2.0 s (max, n=19)"),
            (Quantile::P99, 99, Clock::Simulated, "2.0 s (max, n=99)"),
            (Quantile::P50, 1, Clock::Simulated, "2.0 s (n=1)"),
            (Quantile::Max, 1, Clock::Simulated, "2.0 s (n=1)"),
            (Quantile::P95, 59, Clock::Wall, "2.0 s (n=59)"),
            (Quantile::P95, 58, Clock::Wall, "n/a (n=58, needs 59)"),
        ];
        for (quantile, n, clock, expected) in cases {
            assert_eq!(words(quantile, n, clock), expected);
        }
    }

    #[test]
    fn a_target_that_was_typed_stands_in_the_command_as_it_was_typed() {
        let mut run = fixture::concurrent();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        (run.header.clock, run.header.speed) = (Clock::Wall, Some(60));
        let [first, second] = &mut run.header.pipelines[..] else { panic!("two pipelines") };
        (first.judged_by, second.judged_by) = (Some(String::new()), Some(String::new()));
        first.typed = words(&["--", "python", "my pipeline.py", "{file}"]);
        second.typed = words(&["--http", "http://127.0.0.1:8000/document"]);
        let expected = "chaos run --scenario concurrent --seed 7 --speed 60 \
                        --http http://127.0.0.1:8000/document -- python 'my pipeline.py' {file}";
        assert_eq!(again(&run), expected);
        let old = &mut run.header.pipelines;
        old.truncate(1);
        old[0].typed.clear();
        let expected = "chaos run --scenario concurrent --seed 7 --speed 60 -- COMMAND";
        assert_eq!(again(&run), expected, "older records have no words");
    }

    #[test]
    fn a_name_that_a_shell_would_obey_is_quoted() {
        assert_eq!(quoted("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(quoted("$(rm -rf ~)"), "'$(rm -rf ~)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
