//! `chaos report`: the reports of runs again, from their records alone, in any format.
//!
//! One format goes to standard output or to a file; several, or one that has a file for each
//! pipeline, go to a folder under the names that runs use for them. Files are written whole or not
//! at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reports::render::{
    Named, comparison, failures_csv, failures_txt, github, hgrm, html, jobs, json, junit, markdown,
    matrix, summary_csv,
};
use reports::{Measured, Run, Style, judge};

use super::read_run;
use super::run::SHOWN_JOBS;
use crate::args::{FormatArg, ReportArgs};
use crate::process::terminal;
use crate::storage::files::write_atomically;
use crate::storage::folder::MEASURED;
use crate::{Exit, Failure};

/// A run with the path by which it was named.
struct Source {
    name: String,
    path: PathBuf,
    run: Run,
}

/// Reports runs; exits with their worst verdict.
pub fn execute(args: &ReportArgs) -> Result<Exit, Failure> {
    // A format that is asked for twice is meant once.
    let formats: BTreeSet<FormatArg> = args.format.iter().copied().collect();
    if formats.len() > 1 && args.out.is_none() {
        return Err(Failure::usage(
            "several formats in one stream can be read by nothing\n\
             hint: name a folder for them with `--out DIR`",
        ));
    }
    let mut sources = Vec::new();
    for path in &args.runs {
        let name = path.display().to_string();
        sources.push(Source { name, path: path.clone(), run: read_run(path)? });
    }
    match &args.out {
        None => {
            for format in formats {
                terminal::print(&text(format, &sources, args.verbose, terminal::style()))?;
            }
        }
        Some(out) => write(out, &formats, &sources, args.verbose)?,
    }
    let verdicts = sources.iter().map(|source| judge(&source.run).verdict.into());
    Ok(verdicts.fold(Exit::Pass, Exit::worst))
}

/// All runs in one format.
fn text(format: FormatArg, sources: &[Source], verbose: bool, style: Style) -> String {
    let runs: Vec<Named<'_>> =
        sources.iter().map(|source| Named { name: &source.name, run: &source.run }).collect();
    match format {
        FormatArg::Terminal => screens(sources, verbose, style),
        FormatArg::Markdown => markdown::render(&runs),
        FormatArg::Json => json::render(&runs),
        FormatArg::Csv => summary_csv::render(&runs),
        FormatArg::Hgrm => hgrm::render(&runs),
        FormatArg::Html => html::render(&runs),
        FormatArg::FailuresCsv => failures_csv::render(&runs),
        FormatArg::FailuresTxt => failures_txt::render(&runs),
        FormatArg::Junit => junit::render(&runs),
        FormatArg::Github => github::render(&runs),
        FormatArg::Matrix => matrix::render(&runs, style),
    }
}

/// The screens of runs, one after another; where there are several, each under its path.
fn screens(sources: &[Source], verbose: bool, style: Style) -> String {
    let cap = if verbose { None } else { Some(SHOWN_JOBS) };
    let screens: Vec<String> = sources
        .iter()
        .map(|Source { name, path, run }| {
            // A run without its measurements is still a run.
            let measured = fs::read_to_string(path.join(MEASURED)).ok();
            let measured = measured.and_then(|text| Measured::read(&text).ok());
            let mut text = match sources.len() {
                1 => String::new(),
                _ => format!("{}\n", reports::text::escape(name)),
            };
            text.push_str(&comparison::render(run, &judge(run), measured.as_ref(), style));
            text.push('\n');
            text.push_str(&jobs::render(run, cap, style));
            text
        })
        .collect();
    screens.join("\n")
}

/// Writes to a file where one was meant, and to a folder otherwise.
fn write(
    out: &Path,
    formats: &BTreeSet<FormatArg>,
    sources: &[Source],
    verbose: bool,
) -> Result<(), Failure> {
    let is_folder = out.is_dir() || out.as_os_str().to_string_lossy().ends_with('/');
    let single = formats.first().filter(|_| formats.len() == 1 && !is_folder);
    if let Some(format) = single {
        let text = text(*format, sources, verbose, Style::PLAIN);
        return write_atomically(out, &text);
    }
    fs::create_dir_all(out).map_err(|error| Failure::unwritable(out, &error))?;
    for format in formats {
        for (name, text) in files(*format, sources, verbose) {
            write_atomically(&out.join(name), &text)?;
        }
    }
    Ok(())
}

/// The files of one format in a folder.
fn files(format: FormatArg, sources: &[Source], verbose: bool) -> Vec<(String, String)> {
    let name = match format {
        FormatArg::Hgrm => return distributions(sources),
        FormatArg::Terminal => "report.txt",
        FormatArg::Markdown => "report.md",
        FormatArg::Json => "report.json",
        FormatArg::Csv => "summary.csv",
        FormatArg::Html => "report.html",
        FormatArg::FailuresCsv => "failures.csv",
        FormatArg::FailuresTxt => "failures.txt",
        FormatArg::Junit => "junit.xml",
        FormatArg::Github => "annotations.txt",
        FormatArg::Matrix => "matrix.txt",
    };
    vec![(name.to_owned(), text(format, sources, verbose, Style::PLAIN))]
}

/// One file for each pipeline: `latency-phase1.hgrm`, or `latency-2-phase1.hgrm` for the second of
/// several runs. Pipelines that would share a name are told apart by their number.
fn distributions(sources: &[Source]) -> Vec<(String, String)> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for (number, source) in (1..).zip(sources) {
        let named = Named { name: &source.name, run: &source.run };
        for distribution in hgrm::distributions(&named) {
            let pipeline = crate::plan::folder_name(&distribution.pipeline);
            let mut name = match sources.len() {
                1 => format!("latency-{pipeline}"),
                _ => format!("latency-{number}-{pipeline}"),
            };
            let plain = name.clone();
            for again in 2.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = format!("{plain}-{again}");
            }
            found.push((format!("{name}.hgrm"), distribution.text));
        }
    }
    found
}
