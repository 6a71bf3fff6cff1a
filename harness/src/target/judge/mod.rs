//! How a user says whether a job's work is good, beside its exit status: checks, a file each, that
//! all have to hold. What the mock saw is judged whatever they say.

mod definitions;
mod document;
mod file;
mod json;
mod output;
mod program;
mod work;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

pub(super) use self::work::Work;
use self::work::{KEPT_OUTPUT, Wrong};

/// One `[[judge]]` of a target's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// A file that the job has to leave behind, and that is not empty.
    File {
        /// Where; `{out}` is the job's own place, and `{file}`, `{dir}` and `{job}` are known too.
        path: String,
        /// A regular expression that has to match somewhere in it.
        #[serde(default)]
        matches: Option<String>,
    },
    /// What the job prints, or a service answers.
    Output {
        /// A regular expression that has to match somewhere in it.
        matches: String,
    },
    /// A JSON document in what the job prints or a service answers.
    Json {
        /// An RFC 9535 path, for example `$.documentation`, that has to lead to something.
        path: String,
        /// A regular expression that has to match what it leads to.
        #[serde(default)]
        matches: Option<String>,
        /// The file that the document is in, in place of the output.
        #[serde(default)]
        file: Option<String>,
    },
    /// The names of the source's functions, classes and types, in the documentation.
    Definitions {
        /// How many of a hundred have to be there.
        #[serde(default = "all")]
        #[schemars(range(min = 1, max = 100))]
        least_percent: u64,
        /// The file that the documentation is in, in place of the output.
        #[serde(default)]
        file: Option<String>,
    },
    /// A program of your own, which ends with 0 where the work is good. It reads the output from
    /// standard input.
    Command {
        /// The program and its arguments, with the same placeholders.
        argv: Vec<String>,
    },
}

const fn all() -> u64 {
    100
}

/// How many definitions of a source the checks count; nothing where none does.
pub(super) fn definitions(checks: &[Check], path: &str, source: &str) -> u64 {
    let counts = checks.iter().any(|check| matches!(check, Check::Definitions { .. }));
    if counts { definitions::count(path, source) } else { 0 }
}

/// How much of a job's output has to be kept for the checks, in bytes.
pub(super) fn kept_bytes(checks: &[Check]) -> usize {
    if checks.iter().any(Check::reads_output) { KEPT_OUTPUT } else { 0 }
}

/// Judges one job by every check, in order. Gives how many definitions the documentation names,
/// where a check counts them.
pub(super) async fn judge(checks: &[Check], work: &Work<'_>) -> Result<u64, Wrong> {
    let mut documented = 0;
    for check in checks {
        match check {
            Check::File { path, matches } => file::check(path, matches.as_deref(), work)?,
            Check::Output { matches } => output::check(matches, work)?,
            Check::Json { path, matches, file } => {
                json::check(path, matches.as_deref(), file.as_deref(), work)?;
            }
            Check::Definitions { least_percent, file } => {
                documented = definitions::check(*least_percent, file.as_deref(), work)?;
            }
            Check::Command { argv } => program::check(argv, work).await?,
        }
    }
    Ok(documented)
}

/// All that a job has to hold, in a few words: what the target says itself, then the checks.
pub(super) fn words(own: Option<&str>, checks: &[Check]) -> String {
    let own = own.map(str::to_owned).into_iter();
    let all: Vec<String> = own.chain(checks.iter().map(Check::words)).collect();
    if all.is_empty() {
        return "nothing but its calls".to_owned();
    }
    redact::text(&all.join(", ")).into_owned()
}

impl Check {
    /// The check in a few words.
    fn words(&self) -> String {
        match self {
            Self::File { path, matches: None } => format!("file {path}"),
            Self::File { path, matches: Some(matches) } => format!("file {path} matches {matches}"),
            Self::Output { matches } => format!("output matches {matches}"),
            Self::Json { path, .. } => format!("JSON path {path}"),
            Self::Definitions { least_percent, .. } => {
                format!("{least_percent} % of the definitions named")
            }
            Self::Command { argv } => redact::words(argv).join(" "),
        }
    }

    /// Whether it reads what the job prints.
    const fn reads_output(&self) -> bool {
        match self {
            Self::File { .. } => false,
            Self::Output { .. } | Self::Command { .. } => true,
            Self::Json { file, .. } | Self::Definitions { file, .. } => file.is_none(),
        }
    }

    /// What cannot be read of it.
    pub(super) fn problems(&self, key: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |name: &str, message: String| {
            problems.push(Problem::new(format!("{key}.{name}"), message));
        };
        if let Self::File { matches: Some(text), .. }
        | Self::Output { matches: text }
        | Self::Json { matches: Some(text), .. } = self
            && let Err(error) = regex::Regex::new(text)
        {
            add("matches", format!("no regular expression: {}", last_line(&error.to_string())));
        }
        match self {
            Self::Json { path, .. } => {
                if let Err(error) = serde_json_path::JsonPath::parse(path) {
                    add("path", format!("no JSON path: {error}"));
                }
            }
            Self::Command { argv } if argv.is_empty() => {
                add("argv", "names no program".to_owned());
            }
            _ => {}
        }
        problems
    }
}

/// The line of a regular expression's error that says what is wrong.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}
