//! `chaos classify`: what a test runner printed, read exactly, and why what failed did.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use reports::history::logs_of;
use reports::render::Exporter;
use scenarios::{Document, Problem};
use testlog::triage::compat::Compat;
use testlog::triage::{self, Input, RuleFile, RuleProblem, Rules, Triage};
use testlog::{Completeness, Log};

use super::deliver::Delivery;
use crate::args::ClassifyArgs;
use crate::process::terminal;
use crate::storage::files::write_atomically;
use crate::storage::history::HistoryFile;
use crate::{Exit, Failure};

/// The bytes that are read at once: logs are large.
const BUFFER: usize = 256 << 10;

/// Reads every file, or standard input; exits with the worst of what they say.
pub fn execute(args: &ClassifyArgs) -> Result<Exit, Failure> {
    let standard_input = [PathBuf::from("-")];
    let names = if args.files.is_empty() { &standard_input[..] } else { &args.files };
    if args.compat {
        return compat(names, args.out.as_deref());
    }
    let rules = rules(args.rules.as_deref())?;
    let format = args.format.map(Into::into);
    let mut exit = Exit::Pass;
    let mut inputs = Vec::new();
    for name in names {
        let log = read(open(name)?, format, name)?;
        if log.runs.is_empty() {
            let hint = match format {
                None => "name the format with `--format`",
                Some(_) => "leave `--format` out, and the format is detected",
            };
            terminal::say(&format!("`{}`: no test output found\nhint: {hint}", name.display()));
        }
        exit = exit.worst(verdict(&log));
        inputs.push(Input { name: name.display().to_string(), log });
    }
    let mut triage = Triage::new(&inputs, &rules, args.flaky);
    if let Some(path) = &args.history {
        look_back(&mut triage, path, &args.suite)?;
    }
    let report: &dyn Exporter<Triage<'_>> = args.report;
    Delivery::new(&[report], args.out.as_deref(), args.verbose)?.send(&triage)?;
    Ok(exit)
}

/// Marks each failure as new, known or come back. A history that is not there yet marks nothing:
/// the first log is added to it afterwards.
fn look_back(triage: &mut Triage<'_>, path: &Path, suite: &str) -> Result<(), Failure> {
    if !path.exists() {
        let path = path.display();
        terminal::say(&format!(
            "there is no history `{path}` yet: whether a failure is new is unknown\n\
             hint: `chaos history add LOG --file {path}` makes it"
        ));
        return Ok(());
    }
    let entries = HistoryFile::open(path)?.entries()?;
    let earlier = logs_of(&entries, &redact::text(suite));
    if earlier.is_empty() {
        let path = path.display();
        terminal::say(&format!(
            "history `{path}` has no log of suite `{suite}`: whether a failure is new is unknown"
        ));
        return Ok(());
    }
    triage.look_back(&earlier);
    Ok(())
}

/// The rules that ship, after those of the user.
pub(super) fn rules(own: Option<&Path>) -> Result<Rules, Failure> {
    let own = own.map(own_rules).transpose()?.unwrap_or_default();
    let shipped = Document::parse("rules.toml", triage::SHIPPED)?;
    Ok(own.then(shipped.read()?))
}

/// The rules of the user.
fn own_rules(path: &Path) -> Result<Rules, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let name = path.display();
        let message = format!("`{name}` is not UTF-8\nhint: save it as UTF-8");
        Failure::new(Exit::Invalid, message)
    })?;
    let name = path.display().to_string();
    let document = Document::parse(&name, &text)?;
    document.check_format(triage::FORMAT)?;
    Rules::compile(vec![document.read::<RuleFile>()?]).map_err(|problems| {
        let problems = problems.into_iter();
        let problems = problems.map(|(_, RuleProblem { rule, key, message, hint })| {
            Problem::new(format!("rule.{rule}.{key}"), message).hint(Some(hint.to_owned()))
        });
        document.invalid(problems.collect()).into()
    })
}

/// The two files of the original script; without a folder, its report.
fn compat(names: &[PathBuf], out: Option<&Path>) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    for name in names {
        open(name)?.read_to_end(&mut bytes).map_err(|error| Failure::unreadable(name, &error))?;
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            Exit::Invalid,
            "the log is not UTF-8, and there the original stops\n\
             hint: `chaos classify` without `--compat` reads any encoding",
        )
    })?;
    let Ok(Compat { report, inventory, failed }) = triage::compat::analyse(&text) else {
        return Err(Failure::new(
            Exit::Inconclusive,
            "no test below `tests/chaos/` was found, and there the original divides by zero\n\
             hint: `chaos classify` without `--compat` reads any pytest log",
        ));
    };
    match out {
        None => terminal::print(&report)?,
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, &error))?;
            write_atomically(&folder.join("failure_report.txt"), &report)?;
            write_atomically(&folder.join("failure_inventory.csv"), &inventory)?;
        }
    }
    Ok(if failed == 0 { Exit::Pass } else { Exit::Failed })
}

pub(super) fn open(name: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if name == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(name).map_err(|error| Failure::unreadable(name, &error))?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
}

pub(super) fn read(
    input: impl BufRead,
    format: Option<testlog::Format>,
    name: &Path,
) -> Result<Log, Failure> {
    testlog::read(input, format).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Failure::new(Exit::Invalid, format!("`{}`: {error}", name.display()))
        }
        _ => Failure::unreadable(name, &error),
    })
}

/// Failures are failures, however much of the log is missing; without any, a log that is not
/// whole proves nothing.
fn verdict(log: &Log) -> Exit {
    // Where no test was run, nothing failed and nothing is proved.
    const NONE_RUN: u8 = 5;
    let failed = |run: &testlog::TestRun| {
        let code = run.exit_hint.unwrap_or(0);
        run.failures().next().is_some() || code != 0 && code != NONE_RUN
    };
    let whole = |run: &testlog::TestRun| {
        run.completeness == Completeness::Reconciled && run.exit_hint != Some(NONE_RUN)
    };
    if log.runs.iter().any(failed) {
        Exit::Failed
    } else if log.runs.is_empty() || !log.runs.iter().all(whole) {
        Exit::Inconclusive
    } else {
        Exit::Pass
    }
}
