//! Which programs can follow the clock: those that the system's loader puts together, because only
//! there does anything come before the C library.
//!
//! A script is what its `#!` line names. What a program starts later is not known here; the pace
//! looks for it while it runs.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Why a program cannot follow the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It has no loader.
    Static,
    /// It calls the system without the C library.
    Go,
    /// The system's loader leaves out what a user preloads.
    SetUser,
    /// It is for another kind of processor.
    OtherMachine,
    /// It uses another C library.
    OtherLibrary,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Static => "is statically linked",
            Self::Go => "is a Go program, which calls the system without the C library",
            Self::SetUser => "changes its user, so that nothing can be preloaded into it",
            Self::OtherMachine => "is a program for another processor",
            Self::OtherLibrary => "uses another C library than glibc",
        })
    }
}

/// A program that cannot follow the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The program's file, which may be the interpreter of a script.
    pub program: PathBuf,
    /// Why.
    pub reason: Reason,
}

/// How many `#!` lines are followed, as the system does.
const MAX_SCRIPTS: usize = 5;

/// The largest part of a file that is looked at for its table of segments and its notes.
const MAX_READ: usize = 64 * 1024;

/// Looks at a program as it is typed. What cannot be found or read is no finding: starting it will
/// say so.
pub fn check(program: &OsStr) -> Result<(), Unsupported> {
    let mut program = program.to_owned();
    for _ in 0..MAX_SCRIPTS {
        let Some(path) = find(&program) else { return Ok(()) };
        let Ok(head) = read(&path, 0, MAX_READ) else { return Ok(()) };
        if let Some(interpreter) = interpreter(&head) {
            program = interpreter;
            continue;
        }
        let reason = if sets_user(&path) { Some(Reason::SetUser) } else { binary(&path, &head) };
        return reason.map_or(Ok(()), |reason| Err(Unsupported { program: path, reason }));
    }
    Ok(())
}

/// Where the system would find a program.
fn find(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if program.as_bytes().contains(&b'/') {
        return path.is_file().then(|| path.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&folders).map(|folder| folder.join(path)).find(executable)
}

fn read(path: &Path, at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let file = File::open(path)?;
    let mut length = 0;
    while length < most {
        match file.read_at(&mut bytes[length..], at + length as u64)? {
            0 => break,
            read => length += read,
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The program that a script's first line names; behind `env`, the one that it looks for.
fn interpreter(head: &[u8]) -> Option<OsString> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let program = words.next()?;
    let is_env = Path::new(OsStr::from_bytes(program)).file_name() == Some(OsStr::new("env"));
    let looked_for = words.find(|word| !word.starts_with(b"-") && !word.contains(&b'='));
    let program = if is_env { looked_for.unwrap_or(program) } else { program };
    Some(OsStr::from_bytes(program).to_owned())
}

fn sets_user(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.permissions().mode() & 0o6000 != 0)
}

/// What the header of a binary says; nothing where it is none that is known.
fn binary(path: &Path, head: &[u8]) -> Option<Reason> {
    const LITTLE_64: [u8; 3] = [2, 1, 1];
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    if head.get(4..7) != Some(&LITTLE_64) || number(head, 18, 2)? != u64::from(MACHINE) {
        return Some(Reason::OtherMachine);
    }
    let (table, size, count) = (number(head, 32, 8)?, number(head, 54, 2)?, number(head, 56, 2)?);
    let mut loader = None;
    for place in 0..count {
        const NAMES_LOADER: u64 = 3;
        const NOTES: u64 = 4;
        let at = usize::try_from(table + place * size).ok()?;
        let (kind, offset, length) =
            (number(head, at, 4)?, number(head, at + 8, 8)?, number(head, at + 32, 8)?);
        let part = |most: usize| {
            read(path, offset, usize::try_from(length).unwrap_or(most).min(most)).ok()
        };
        match kind {
            NAMES_LOADER => loader = part(4096),
            // The note by which Go's tools know a program: its owner's name is `Go`.
            NOTES if part(MAX_READ)?.windows(4).any(|name| name == b"Go\0\0") => {
                return Some(Reason::Go);
            }
            _ => {}
        }
    }
    match loader {
        None => Some(Reason::Static),
        Some(loader) if loader.windows(8).any(|name| name == b"ld-linux") => None,
        Some(_) => Some(Reason::OtherLibrary),
    }
}

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const MACHINE: u16 = 0;

/// A number in a header, low byte first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The head of a binary with one segment, and whatever that holds.
    fn elf(machine: u16, kind: u32, segment: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64..68].copy_from_slice(&kind.to_le_bytes());
        bytes[72] = 120;
        bytes[96..104].copy_from_slice(&(segment.len() as u64).to_le_bytes());
        bytes.extend(segment);
        bytes
    }

    fn reason(bytes: &[u8], mode: u32) -> Option<Reason> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        // By a script as well: what counts is its interpreter.
        let script = folder.path().join("script");
        fs::write(&script, format!("#! {}  -x\n", path.display())).unwrap();
        let found = [path, script].map(|path| check(path.as_os_str()).map_err(|it| it.reason));
        assert_eq!(found[0], found[1]);
        found[0].err()
    }

    #[test]
    fn what_has_no_loader_of_glibc_is_refused_with_the_reason() {
        let loader = b"/lib64/ld-linux-x86-64.so.2\0";
        assert_eq!(reason(&elf(MACHINE, 3, loader), 0o755), None);
        assert_eq!(reason(&elf(MACHINE, 3, loader), 0o4755), Some(Reason::SetUser));
        assert_eq!(reason(&elf(8, 3, loader), 0o755), Some(Reason::OtherMachine));
        let musl = b"/lib/ld-musl-x86_64.so.1\0";
        assert_eq!(reason(&elf(MACHINE, 3, musl), 0o755), Some(Reason::OtherLibrary));
        assert_eq!(reason(&elf(MACHINE, 1, b""), 0o755), Some(Reason::Static));
        let go = b"\x04\0\0\0\x53\0\0\0\x04\0\0\0Go\0\0build";
        assert_eq!(reason(&elf(MACHINE, 4, go), 0o755), Some(Reason::Go));
        assert_eq!(reason(b"not a binary at all", 0o755), None);
        assert_eq!(reason(b"\x7fELF\x02\x01\x01", 0o755), None);
    }

    #[test]
    fn env_is_asked_for_the_program_that_it_looks_for() {
        let of = |line: &str| interpreter(line.as_bytes());
        assert_eq!(of("#!/usr/bin/env python3\nx"), Some("python3".into()));
        assert_eq!(of("#!/usr/bin/env -S A=1 node --x\n"), Some("node".into()));
        assert_eq!(of("#!/bin/sh\n"), Some("/bin/sh".into()));
        assert_eq!(of("plain"), None);
        assert_eq!(check(OsStr::new("sh")), Ok(()));
        assert_eq!(check(OsStr::new("no-such-program")), Ok(()));
    }
}
