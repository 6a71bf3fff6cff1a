//! `chaos generate`: source files from a seed, streamed, never over something that exists.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use generators::{GeneratedFile, Input, Nesting, Spread};

use crate::args::{GenerateTo, GenerateWhat, ShapeArg, SpreadArg};
use crate::{Exit, Failure};

/// Writes what was asked for.
pub fn execute(what: GenerateWhat) -> Result<Exit, Failure> {
    match what {
        GenerateWhat::File { lines, to } => single(&Input::File { lines }, &to),
        GenerateWhat::Nested { shape, depth, to } => {
            let shape = match shape {
                ShapeArg::Blocks => Nesting::Blocks,
                ShapeArg::Brackets => Nesting::Brackets,
                ShapeArg::Expression => Nesting::Expression,
            };
            single(&Input::Nested { shape, depth }, &to)
        }
        GenerateWhat::Repo { files, lines, spread, duplicates, seed, output } => {
            let spread = match spread {
                SpreadArg::Even => Spread::Even,
                SpreadArg::Skewed => Spread::Skewed,
            };
            if !(0.0..=1.0).contains(&duplicates) {
                return Err(Failure::usage("`--duplicates` is a share from 0 to 1"));
            }
            tree(&Input::Repository { files, lines, spread, duplicates }, seed, &output)
        }
    }
}

fn single(input: &Input, to: &GenerateTo) -> Result<Exit, Failure> {
    check(input)?;
    for file in input.files(to.seed, 0) {
        match &to.output {
            None => {
                let result = write(&file, io::stdout().lock());
                if let Err(error) = result
                    && error.kind() != io::ErrorKind::BrokenPipe
                {
                    return Err(Failure::internal(format!("cannot write the file: {error}")));
                }
            }
            Some(path) => to_disk(&file, path)?,
        }
    }
    Ok(Exit::Pass)
}

fn tree(input: &Input, seed: u64, root: &Path) -> Result<Exit, Failure> {
    check(input)?;
    let occupied = match fs::read_dir(root) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::unreadable(root, &error)),
    };
    if occupied {
        return Err(Failure::usage(format!(
            "output folder `{}` is not empty\nhint: name a folder that does not exist yet",
            root.display()
        )));
    }
    for file in input.files(seed, 0) {
        let path = root.join(&file.path);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, &error))?;
        to_disk(&file, &path)?;
    }
    Ok(Exit::Pass)
}

fn check(input: &Input) -> Result<(), Failure> {
    let problems: Vec<String> = input
        .problems()
        .iter()
        .map(|problem| format!("`--{}`: {}", problem.key, problem.message))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::usage(problems.join("\n"))) }
}

fn to_disk(file: &GeneratedFile, path: &Path) -> Result<(), Failure> {
    let target = File::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "`{}` exists already\nhint: name a file that does not exist yet",
            path.display()
        )),
        _ => Failure::usage(format!("cannot create `{}`: {error}", path.display())),
    })?;
    write(file, target).map_err(|error| Failure::unwritable(path, &error))
}

fn write(file: &GeneratedFile, target: impl Write) -> io::Result<()> {
    let mut writer = BufWriter::new(target);
    for piece in file.pieces() {
        writer.write_all(piece.as_bytes())?;
    }
    writer.flush()
}
