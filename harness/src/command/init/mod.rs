//! `chaos init`: a scenario, a pipeline and a workflow for the user's own command, as files to go
//! on with. It asks for what was not typed, where there is somebody to ask, and replaces nothing.

mod files;

use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use scenarios::library;

use self::files::{Written, files};
use crate::args::{Ci, InitArgs};
use crate::process::terminal;
use crate::target::TargetPlan;
use crate::target::command::Command;
use crate::{Exit, Failure};

/// What is known of what is to be written.
struct Answers {
    argv: Vec<String>,
    scenario: &'static library::Shipped,
    ci: Ci,
    /// Whether waits can pass faster for the command.
    can_be_warped: bool,
}

/// Writes the files, all of them or none.
pub fn execute(args: &InitArgs) -> Result<Exit, Failure> {
    let answers = answers(args)?;
    let written = files(&answers);
    // What an earlier call wrote, and nobody changed since, is there already as it should be.
    let is_other = |file: &&Written| match fs::read(file.name) {
        Ok(there) => there != file.text.as_bytes(),
        Err(_) => Path::new(file.name).exists(),
    };
    if let Some(taken) = written.iter().find(is_other) {
        return Err(Failure::usage(format!(
            "`{}` is there already\nhint: move it away, or run this in another folder; nothing was \
             written",
            taken.name
        )));
    }
    let missing = || written.iter().filter(|file| !Path::new(file.name).exists());
    let names: Vec<&str> = missing().map(|file| file.name).collect();
    missing().try_for_each(write)?;
    let names =
        if names.is_empty() { "nothing: all is there".to_owned() } else { names.join(", ") };
    let ci = match args.ci {
        Some(_) => "",
        None => "      chaos init --ci github -- COMMAND adds a workflow for CI\n",
    };
    let speed = if answers.can_be_warped { " --speed 60" } else { "" };
    terminal::print(&format!(
        "wrote {names}\n\nnext: chaos run chaos-scenario.toml{speed}\n      \
         chaos diagnose --pipeline chaos-pipeline.toml\n{ci}"
    ))?;
    Ok(Exit::Pass)
}

/// Writes one file, where there is none.
fn write(file: &Written) -> Result<(), Failure> {
    let path = Path::new(file.name);
    let unwritable = |error: io::Error| Failure::unwritable(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut open = File::create_new(path).map_err(unwritable)?;
    open.write_all(file.text.as_bytes()).map_err(unwritable)
}

fn answers(args: &InitArgs) -> Result<Answers, Failure> {
    let somebody = io::stdin().is_terminal() && io::stderr().is_terminal();
    let command = match (&args.command[..], somebody) {
        ([], true) => words(&ask("The command that sends one file to Claude", "")?),
        ([], false) => Vec::new(),
        (typed, _) => typed.to_vec(),
    };
    if command.is_empty() {
        return Err(Failure::usage(
            "`chaos init` has to know your command\n\
             hint: chaos init -- python pipeline.py {file}",
        ));
    }
    // What cannot be started as a pipeline is refused before anything is written.
    let can_be_warped = Command::typed(command.clone())?.can_be_warped().is_ok();
    let name = match &args.scenario {
        Some(name) => name.clone(),
        None if somebody => ask("The trouble (`chaos list` has all)", "concurrent")?,
        None => "concurrent".to_owned(),
    };
    let scenario = library::ALL.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        Failure::usage(format!("no shipped scenario `{name}`\nhint: `chaos list` shows them all"))
    })?;
    let ci = match args.ci {
        Some(ci) => ci,
        None if somebody => {
            match ask("A workflow for CI: github, gitlab or none", "none")?.as_str() {
                "github" => Ci::Github,
                "gitlab" => Ci::Gitlab,
                _ => Ci::None,
            }
        }
        None => Ci::None,
    };
    Ok(Answers { argv: command, scenario, ci, can_be_warped })
}

/// Asks on standard error, so that standard output stays what was done.
fn ask(question: &str, otherwise: &str) -> Result<String, Failure> {
    let hint = if otherwise.is_empty() { String::new() } else { format!(" [{otherwise}]") };
    let mut out = io::stderr();
    // A question that cannot be shown is answered with what stands for no answer.
    let _ = write!(out, "{question}{hint}: ").and_then(|()| out.flush());
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::usage(format!("no answer could be read: {error}")))?;
    let line = line.trim();
    Ok(if line.is_empty() { otherwise } else { line }.to_owned())
}

/// A line as words; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => (quote, any) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            _ => word.push(character),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_spaces_outside_of_quotes() {
        assert_eq!(words("python pipeline.py {file}"), ["python", "pipeline.py", "{file}"]);
        assert_eq!(words(r#" sh -c 'a "b" c'  "" "#), ["sh", "-c", "a \"b\" c", ""]);
        assert_eq!(words("  "), [""; 0]);
    }
}
