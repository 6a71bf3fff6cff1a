//! The program of a command: whether it can be started, and what the records call it.

use std::path::{Path, PathBuf};

use crate::Failure;

/// What the records call a command: the first of its words that names a file, or its program.
pub(super) fn name_of(words: &[String]) -> String {
    let words = redact::words(words);
    let plain = |word: &String| {
        let name = Path::new(word).file_name()?.to_str()?;
        let is_name = !word.contains('{') && !word.starts_with('-') && !word.contains(redact::MASK);
        is_name.then(|| name.to_owned())
    };
    let mut script = words.iter().skip(1).filter(|word| Path::new(word).extension().is_some());
    script
        .find_map(plain)
        .or_else(|| words.first().and_then(plain))
        .unwrap_or_else(|| "command".to_owned())
}

/// Refuses a program that is not there, or that nobody may start. A relative path starts from the
/// folder, where there is one.
pub(super) fn startable(program: &str, folder: Option<&Path>) -> Result<(), Failure> {
    let path = folder.map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
    let candidates: Vec<PathBuf> = if program.contains(std::path::MAIN_SEPARATOR) {
        vec![path.clone()]
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(program)).collect()
    };
    if candidates.iter().any(|path| is_executable(path)) {
        return Ok(());
    }
    let there = candidates.iter().find(|path| path.exists()).cloned();
    let there = there.or_else(|| path.exists().then_some(path));
    Err(Failure::usage(match there {
        Some(path) => format!(
            "`{}` is not executable\n\
             hint: name its interpreter: chaos run concurrent -- python {} {{file}}",
            path.display(),
            path.display()
        ),
        None => format!(
            "no program `{program}` is found\n\
             hint: a command is started as it is written, without a shell; \
             for a shell, write `sh -c '...'`"
        ),
    }))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
