//! The Python standard library that is installed here, if one is.

#![expect(clippy::disallowed_methods, reason = "the tests read files of real trees")]

use std::path::PathBuf;
use std::process::Command;

use engine::chunk::Lines;
use engine::source::{self, Language};

use super::{assert_partition, cut, files_below, stable};

fn folder() -> Option<PathBuf> {
    let ask = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new("python3").args(["-c", ask]).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// Whether the code from a cut on begins with a top-level definition, decorators and comments
/// before it or not.
fn begins_definition(text: &str) -> bool {
    let mut own = text.lines().filter(|line| {
        !line.is_empty() && !line.starts_with([' ', '\t', '#', '@', ')', ']', '}', '"', '\''])
    });
    own.next().is_some_and(is_definition)
}

fn is_definition(line: &str) -> bool {
    ["def ", "class ", "async def "].iter().any(|word| line.starts_with(word))
}

#[test]
fn no_line_is_lost_and_cuts_are_between_definitions_where_there_are_any() {
    const MIN: usize = 100;
    const MAX: usize = 400;
    let Some(folder) = folder() else { return };
    let (mut cuts, mut files) = (0, 0);
    for path in files_below(&folder) {
        let python = path.extension().is_some_and(|extension| extension == "py");
        let Some(text) = python.then(|| std::fs::read_to_string(&path).ok()).flatten() else {
            continue;
        };
        if path.iter().any(|part| part == "site-packages") {
            continue;
        }
        files += 1;
        let chunks = cut(&stable(MIN, MAX, 0), Language::Python, &text);
        assert_partition(&text, &chunks);
        let lines = Lines::new(&text);
        // What stands in a string is no definition, so the lines alone do not tell.
        let top_level: Vec<usize> = source::read(Language::Python, &text)
            .definitions
            .iter()
            .map(|line| *line as usize - 1)
            .filter(|line| is_definition(lines.text(&(*line..line + 1))))
            .collect();
        for chunk in &chunks[..chunks.len() - 1] {
            // A definition's comments and decorators may begin before the window does.
            let window = chunk.own.start + MIN + 40..chunk.own.start + MAX;
            let any = top_level.iter().any(|line| window.contains(line));
            let rest = lines.text(&(chunk.own.end..lines.count()));
            cuts += 1;
            assert!(
                !any || begins_definition(rest),
                "{}:{}: not before a definition",
                path.display(),
                chunk.own.end + 1
            );
        }
    }
    assert!(files == 0 || cuts > files / 10, "{cuts} cuts in {files} files");
}
