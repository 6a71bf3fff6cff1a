//! The words of a command, with what each job puts in the place of `{file}` and its like.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use strict_toml::Problem;

/// What can stand in a word, in braces. Other braces are the command's own.
const FILE: &str = "{file}";
const FILES: &str = "{files}";
const DIR: &str = "{dir}";
const OUT: &str = "{out}";
const JOB: &str = "{job}";

/// How a command is given its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A process for each job.
    EachFile,
    /// One process for the whole load.
    Whole,
}

/// Why a command cannot be given its work, and what would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable {
    /// What is wrong.
    pub message: &'static str,
    /// What to write.
    pub hint: &'static str,
}

impl Unusable {
    /// The same as a problem of a file's key.
    pub fn problem(self, key: &str) -> Problem {
        Problem { hint: Some(self.hint.to_owned()), ..Problem::new(key, self.message) }
    }
}

/// A command as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    words: Vec<String>,
    scope: Scope,
}

/// What one process is given.
#[derive(Debug)]
pub struct Given<'a> {
    /// The job's number.
    pub job: u64,
    /// The job's file; of a whole load, every one.
    pub files: &'a [PathBuf],
    /// The folder that the files are in.
    pub dir: &'a Path,
    /// Where the process may leave its output.
    pub out: &'a Path,
}

impl Template {
    /// Reads a command; refuses one that cannot be given its work.
    pub fn new(words: Vec<String>) -> Result<Self, Unusable> {
        let has = |name: &str| words.iter().any(|word| word.contains(name));
        let (each, whole) = (has(FILE), has(FILES) || has(DIR));
        if each && whole {
            return Err(Unusable {
                message: "the command takes one file and all files at once",
                hint: "`{file}` starts a process for each file; `{files}` and `{dir}` start one \
                       for all of them",
            });
        }
        if words.iter().any(|word| word.contains(FILES) && word != FILES) {
            return Err(Unusable {
                message: "`{files}` becomes one argument for each file, so it stands alone",
                hint: "write it as a word of its own, or use `{dir}`",
            });
        }
        let scope = if each || (has(JOB) && !whole) { Scope::EachFile } else { Scope::Whole };
        Ok(Self { words, scope })
    }

    /// How the command is given its work.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether anything in it says which files it is for.
    pub fn names_files(&self) -> bool {
        let known = [FILE, FILES, DIR, JOB];
        self.words.iter().any(|word| known.iter().any(|name| word.contains(name)))
    }

    /// The words as they were typed.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words of one process.
    pub fn fill(&self, given: &Given<'_>) -> Vec<OsString> {
        let mut filled = Vec::with_capacity(self.words.len());
        for word in &self.words {
            if word == FILES {
                filled.extend(given.files.iter().map(|file| file.clone().into_os_string()));
            } else {
                filled.push(fill(word, given));
            }
        }
        filled
    }
}

/// One word with its placeholders filled. A path is put in as it is, whatever its bytes.
pub(super) fn fill(word: &str, given: &Given<'_>) -> OsString {
    let mut filled = OsString::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        filled.push(&rest[..at]);
        rest = &rest[at..];
        let job = given.job.to_string();
        let file = given.files.first().map_or(Path::new(""), PathBuf::as_path);
        let known: [(&str, &OsStr); 4] = [
            (FILE, file.as_os_str()),
            (DIR, given.dir.as_os_str()),
            (OUT, given.out.as_os_str()),
            (JOB, OsStr::new(&job)),
        ];
        let found = known.into_iter().find(|(name, _)| rest.starts_with(name));
        let (taken, value) =
            found.map_or((1, OsStr::new("{")), |(name, value)| (name.len(), value));
        filled.push(value);
        rest = &rest[taken..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(words: &[&str]) -> Result<Template, Unusable> {
        Template::new(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn filled(words: &[&str]) -> Vec<String> {
        let files = [PathBuf::from("/in/a.py"), PathBuf::from("/in/b.py")];
        let given =
            Given { job: 7, files: &files, dir: Path::new("/in"), out: Path::new("/out/7") };
        let words = template(words).unwrap().fill(&given);
        words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn every_placeholder_is_filled_and_other_braces_stay() {
        let words = ["p", "{file}", "--out={out}.md", "{job}{job}", "{\"a\": {}}", "{fil", "{"];
        let expected = ["p", "/in/a.py", "--out=/out/7.md", "77", "{\"a\": {}}", "{fil", "{"];
        assert_eq!(filled(&words), expected);
        assert_eq!(filled(&["p", "{files}", "{dir}/x"]), ["p", "/in/a.py", "/in/b.py", "/in/x"]);
    }

    #[test]
    fn the_words_say_how_a_command_is_given_its_work() {
        let scope = |words: &[&str]| template(words).map(|template| template.scope()).ok();
        assert_eq!(scope(&["p", "{file}"]), Some(Scope::EachFile));
        assert_eq!(scope(&["p", "{job}"]), Some(Scope::EachFile));
        assert_eq!(scope(&["p", "{dir}", "{job}"]), Some(Scope::Whole));
        assert_eq!(scope(&["p", "{files}"]), Some(Scope::Whole));
        assert_eq!(scope(&["p"]), Some(Scope::Whole));
        assert_eq!(scope(&["p", "{file}", "{dir}"]), None);
        assert_eq!(scope(&["p", "--in={files}"]), None);
    }
}
