//! What a Rust test's output says about why it failed, whichever runner kept it.

use crate::{Capture, Case, Frame};

/// Fills in what a Rust test's output says: the last panic, its place, and the rest as captured.
pub(crate) fn explain(case: &mut Case, output: &str) {
    let mut message: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        if let Some((_, place)) = line.trim_start().split_once(" panicked at ")
            && line.trim_start().starts_with("thread '")
        {
            message.clear();
            inside = true;
            // Up to Rust 1.72 the message stood before the place, in quotes.
            let (text, place) = match place.strip_prefix('\'').and_then(|p| p.rsplit_once("', ")) {
                Some((text, place)) => (Some(text), place),
                None => (None, place),
            };
            message.extend(text);
            case.location = location(place.trim_end_matches(':'));
        } else if line.trim_start().starts_with("note: run with `RUST_BACKTRACE")
            || line == "stack backtrace:"
        {
            inside = false;
        } else if inside {
            message.push(line);
        }
    }
    if message.is_empty() {
        // A test that returns an error, or that should have panicked, panics nowhere.
        let said = ["Error: ", "note: test did not panic"];
        let mut lines = output.lines().rev();
        message.extend(lines.find(|line| said.iter().any(|start| line.starts_with(start))));
    } else {
        case.exception = Some("panic".to_owned());
    }
    message.join("\n").trim_end().clone_into(&mut case.message);
    if !output.trim().is_empty() {
        let text = output.trim_end().to_owned();
        case.captured.push(Capture { title: "stdout".to_owned(), text });
    }
}

/// `src/lib.rs:10:5`.
fn location(text: &str) -> Option<Frame> {
    let (rest, _column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Frame { file: file.to_owned(), line: line.parse().ok()?, function: None })
}
