//! `chaos history`: runs and test logs in one file, and what they say over time.
//!
//! Everything that is to be added is read first, so that the history is open for a moment only and
//! nothing is added of what is not whole.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use redact::text as masked;
use reports::history::{Entry, Filter, Kept, KeptRun, Mark, logs_of};
use reports::render::mark_words;
use reports::text::counted;
use reports::{History, Metric};
use sha2::{Digest as _, Sha256};
use testlog::triage::{Input, Triage};

use super::deliver::Delivery;
use super::run::records;
use super::{baseline, classify};
use crate::args::{HistoryAddArgs, HistoryShowArgs};
use crate::process::{measure, terminal};
use crate::storage::folder::{MEASURED, RECORDS, is_run};
use crate::storage::history::{HistoryFile, Source};
use crate::{Exit, Failure};

/// Adds runs and test logs: all of them, or none.
pub fn add(args: &HistoryAddArgs) -> Result<Exit, Failure> {
    let day = args.day.map_or_else(measure::today, |day| day.to_string());
    // A variable that is not set is no label: runs that share it are not of one version.
    let label = args.label.as_deref().filter(|label| !label.trim().is_empty());
    // What was typed is kept for good, and may hold anything.
    let label = label.map(|label| masked(label).into_owned());
    let suite = masked(&args.suite);
    let mark = Mark { day, label };
    let (runs, logs) = sorted(&args.sources)?;
    let (mut new, mut names) = (Vec::new(), Vec::new());
    for run in &runs {
        let (source, kept) = run_in(run, &mark)?;
        names.push(kept.scenario.clone());
        new.push((source, Entry { mark: mark.clone(), kept: Kept::Run(kept) }));
    }
    let inputs = inputs(&logs)?;
    let file = HistoryFile::open_or_make(&args.file)?;
    if !inputs.is_empty() {
        let entries = file.entries()?;
        let rules = classify::rules(None)?;
        let kept = Triage::new(&inputs, &rules, false).kept(&suite, &logs_of(&entries, &suite));
        let failures = kept.failures.iter().map(|failure| failure.failures).sum::<u64>();
        let failures = usize::try_from(failures + kept.mute).unwrap_or(usize::MAX);
        names.push(format!("{} of suite `{suite}`", counted(failures, "failure")));
        if !kept.complete {
            let text = "warning: the test log is incomplete: what is not in it may still fail";
            terminal::say(text);
        }
        new.push((logs_hash(&logs, &suite, &mark)?, Entry { mark, kept: Kept::Tests(kept) }));
    }
    let before = file.add(&new)?;
    let path = args.file.display();
    for (name, before) in names.iter().zip(before) {
        terminal::say(&match before {
            None => format!("added {name} to {path}"),
            Some(mark) => format!("{name} is in {path} already: {}", mark_words(&mark)),
        });
    }
    Ok(Exit::Pass)
}

/// Runs, each by its folder where it has one, and test logs.
fn sorted(sources: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    let (mut runs, mut logs) = (Vec::new(), Vec::new());
    for source in sources {
        if is_run(source) {
            runs.push(folder_of(source));
        } else if source.is_dir() {
            runs.extend(runs_below(source)?);
        } else {
            logs.push(source.clone());
        }
    }
    Ok((runs, logs))
}

/// The folder of a run that was named by its records there: one run is one entry, however named.
fn folder_of(run: &Path) -> PathBuf {
    match run.parent() {
        Some(folder) if run.ends_with(RECORDS) && run.is_file() => match folder.as_os_str() {
            here if here.is_empty() => PathBuf::from("."),
            _ => folder.to_owned(),
        },
        _ => run.to_owned(),
    }
}

/// The runs in a folder of runs, by name.
fn runs_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::unreadable(folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() && is_run(&path) {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "`{}` is no run and has none in it\n\
             hint: name the folder of a run, as `chaos run` printed it; nothing was added",
            folder.display()
        )));
    }
    found.sort();
    Ok(found)
}

fn run_in(path: &Path, mark: &Mark) -> Result<(Source, KeptRun), Failure> {
    let judged = records::named(path)?;
    let mut kept = KeptRun::of(&judged).map_err(|reasons| {
        let reasons = reasons.join("\n  ");
        let path = path.display();
        let message =
            format!("`{path}` cannot be in a history:\n  {reasons}\nhint: nothing was added");
        Failure::new(Exit::Inconclusive, message)
    })?;
    kept.scenario = masked(&kept.scenario).into_owned();
    for pipeline in &mut kept.pipelines {
        pipeline.name = masked(&pipeline.name).into_owned();
    }
    Ok((run_hash(path, mark)?, kept))
}

/// Two runs with one seed have the same records, but took different times: with these, each is
/// another. A run that has lost them is told from others by its label or its day.
fn run_hash(path: &Path, mark: &Mark) -> Result<Source, Failure> {
    let mut hash = Sha256::new_with_prefix("run");
    let (records, measured) = (path.join(RECORDS), path.join(MEASURED));
    if !path.is_dir() {
        add_file(&mut hash, path)?;
        add_mark(&mut hash, mark);
    } else if measured.is_file() {
        add_file(&mut hash, &records)?;
        add_file(&mut hash, &measured)?;
    } else {
        add_file(&mut hash, &records)?;
        add_mark(&mut hash, mark);
    }
    Ok(hash.finalize().into())
}

/// Two runs of the tests may print the same: with another label, or without one on another day,
/// they are two.
fn logs_hash(logs: &[PathBuf], suite: &str, mark: &Mark) -> Result<Source, Failure> {
    let mut hash = Sha256::new_with_prefix("tests");
    hash.update(Sha256::digest(suite));
    for log in logs {
        add_file(&mut hash, log)?;
    }
    add_mark(&mut hash, mark);
    Ok(hash.finalize().into())
}

/// As a hash of its own, so that no text can pass for two.
fn add_file(hash: &mut Sha256, path: &Path) -> Result<(), Failure> {
    let mut of_file = Sha256::new();
    let unreadable = |error| Failure::unreadable(path, &error);
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    loop {
        let bytes = file.fill_buf().map_err(unreadable)?;
        if bytes.is_empty() {
            break;
        }
        of_file.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
    hash.update(of_file.finalize());
    Ok(())
}

fn add_mark(hash: &mut Sha256, mark: &Mark) {
    hash.update(mark.label.as_deref().unwrap_or(&mark.day));
}

fn inputs(logs: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let read = |path: &PathBuf| {
        let log = classify::read(classify::open(path)?, None, path)?;
        let name = path.display().to_string();
        if log.runs.is_empty() {
            let message = format!(
                "`{name}` is no run, and no test output was found in it\n\
                 hint: `chaos classify {name}` says what can be read; nothing was added"
            );
            return Err(Failure::new(Exit::Inconclusive, message));
        }
        Ok(Input { name, log })
    };
    logs.iter().map(read).collect()
}

/// Prints a history. It describes, and fails only where there is nothing to describe.
pub fn show(args: &HistoryShowArgs) -> Result<Exit, Failure> {
    let delivery = Delivery::new(&args.format, args.out.as_deref(), args.verbose)?;
    let baseline = args.baseline.as_deref().map(baseline::read).transpose()?;
    let entries = HistoryFile::open(&args.file)?.entries()?;
    let filter = Filter {
        scenario: args.scenario.clone(),
        pipeline: args.pipeline.clone(),
        metrics: args.metric.clone(),
        last: args.last.map(Into::into),
    };
    let history = History::of(&entries, &filter, baseline.as_ref());
    if history.is_empty() {
        let all = Filter { metrics: Vec::new(), ..filter };
        let is_of_metrics = !History::of(&entries, &all, None).is_empty();
        return Err(nothing(args, &entries, is_of_metrics));
    }
    delivery.send(&history)?;
    Ok(Exit::Pass)
}

/// Why there is nothing to show, and what there is.
fn nothing(args: &HistoryShowArgs, entries: &[Entry], is_of_metrics: bool) -> Failure {
    let file = args.file.display();
    if entries.is_empty() {
        return Failure::new(
            Exit::Inconclusive,
            format!("history `{file}` is empty\nhint: add a run with `chaos history add DIR`"),
        );
    }
    let runs = || {
        entries.iter().filter_map(|entry| match &entry.kept {
            Kept::Run(run) => Some(run),
            Kept::Tests(_) => None,
        })
    };
    let mut pairs: Vec<String> = runs()
        .flat_map(|run| run.pipelines.iter().map(move |of| format!("{} {}", run.scenario, of.name)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let hint = if is_of_metrics {
        let names = Metric::ALL.map(Metric::name).join(", ");
        format!("metrics are {names}, failed.CAUSE, and `latency_*` for all that begin so")
    } else if pairs.is_empty() {
        "it has test logs alone".to_owned()
    } else {
        format!("of scenarios and pipelines it has: {}", pairs.join(", "))
    };
    Failure::usage(format!("history `{file}` has nothing of what was asked for\nhint: {hint}"))
}
