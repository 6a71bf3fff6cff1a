//! Reads `run.jsonl` line by line, and puts the records in order by pipeline.
//!
//! Invariant: a run that died is readable up to its last whole line, and says that it is not
//! whole; anything else that is wrong with the file is an error with its line. The lines come
//! from the caller one by one, so that a large file is never in memory twice.

use std::fmt;

use serde::Deserialize;

use super::contents::{Gap, PipelineRun, Run};
use super::plausible;
use crate::record::{Aborted, FORMAT, PipelineName, Record};

/// Why a file is not a readable run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// There is no line at all.
    Empty,
    /// The first line is not a header.
    NotAHeader {
        /// What is wrong with it.
        message: String,
    },
    /// The header names a format that this version does not read.
    UnknownFormat {
        /// The format.
        found: u64,
        /// The version of `chaos` that wrote it, where it says so.
        tool: Option<String>,
    },
    /// A line that is not the last is no record, or not one that may stand there.
    Malformed {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
}

impl Run {
    /// Reads the lines of `run.jsonl`.
    pub fn read<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Result<Self, ReadError> {
        let mut reader = RunReader::default();
        for line in lines {
            reader.push(line.as_ref())?;
        }
        reader.finish()
    }

    /// Puts records in order that were never written.
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Result<Self, ReadError> {
        let mut reader = RunReader::default();
        for record in records {
            reader.push_record(record)?;
        }
        reader.finish()
    }
}

/// Reads a run line by line.
#[derive(Debug, Default)]
pub struct RunReader {
    line: u64,
    run: Option<Run>,
    /// The name of each pipeline, which its records share.
    names: Vec<PipelineName>,
    /// A line that could not be read: torn where it stays the last, an error where it does not.
    unread: Option<ReadError>,
}

impl RunReader {
    /// Takes the next line, without its end.
    pub fn push(&mut self, line: &str) -> Result<(), ReadError> {
        if let Some(error) = self.unread.take() {
            return Err(error);
        }
        if self.run.is_none() {
            check_format(line)?;
        }
        match Record::of_line(line) {
            Ok(record) => self.push_record(record),
            Err(error) if self.run.is_none() => {
                Err(ReadError::NotAHeader { message: error.to_string() })
            }
            Err(error) => {
                self.line += 1;
                let error = self.malformed(error.to_string());
                if self.run.as_ref().is_some_and(|run| run.footer.is_some()) {
                    return Err(error);
                }
                self.unread = Some(error);
                Ok(())
            }
        }
    }

    /// Takes the next record.
    pub fn push_record(&mut self, record: Record) -> Result<(), ReadError> {
        self.line += 1;
        let line = self.line;
        if let Some(message) = plausible::problem(&record) {
            return Err(self.malformed(message));
        }
        let Some(run) = &mut self.run else {
            let run = begin(record)?;
            self.names = run.pipelines.iter().map(|p| p.header.name.as_str().into()).collect();
            self.run = Some(run);
            return Ok(());
        };
        let names = &self.names;
        if run.footer.is_some() {
            return Err(self.malformed("a record after the footer".to_owned()));
        }
        let placed = match record {
            Record::Header(_) => Err("a second header".to_owned()),
            Record::Attempt(mut r) => {
                owner(run, names, &mut r.pipeline).map(|p| p.attempts.push(r))
            }
            Record::Fault(mut r) => owner(run, names, &mut r.pipeline).map(|p| p.faults.push(r)),
            Record::Job(mut r) => owner(run, names, &mut r.pipeline).map(|p| p.jobs.push(r)),
            Record::Platform(mut r) => {
                owner(run, names, &mut r.pipeline).map(|p| p.platform.push(r))
            }
            Record::PipelineEnd(mut r) => {
                owner(run, names, &mut r.pipeline).map(|p| p.end = Some(r))
            }
            Record::Footer(footer) => {
                let found = line - 1;
                if footer.records != found {
                    run.gaps.push(Gap::LostRecords { expected: footer.records, found });
                }
                match &footer.aborted {
                    Some(Aborted { pipeline, check, .. }) => run.gaps.push(Gap::Aborted {
                        pipeline: pipeline.to_string(),
                        check: check.clone(),
                    }),
                    None if footer.interrupted => run.gaps.push(Gap::Interrupted),
                    None => {}
                }
                run.footer = Some(footer);
                Ok(())
            }
        };
        placed.map_err(|message| ReadError::Malformed { line, message })
    }

    /// Ends the reading.
    pub fn finish(self) -> Result<Run, ReadError> {
        let mut run = self.run.ok_or(ReadError::Empty)?;
        if self.unread.is_some() {
            run.gaps.push(Gap::TornLine { line: self.line });
        } else if run.footer.is_none() {
            run.gaps.push(Gap::NoFooter);
        }
        for pipeline in &mut run.pipelines {
            pipeline.jobs.sort_by_key(|job| job.job);
            pipeline.jobs.shrink_to_fit();
            pipeline.attempts.shrink_to_fit();
        }
        Ok(run)
    }

    fn malformed(&self, message: String) -> ReadError {
        ReadError::Malformed { line: self.line, message }
    }
}

/// The format comes before everything else: another version's header may have any other shape.
fn check_format(line: &str) -> Result<(), ReadError> {
    #[derive(Deserialize)]
    struct Version {
        record: Option<String>,
        format: Option<u64>,
        tool: Option<String>,
    }
    let not_a_header = |message: String| ReadError::NotAHeader { message };
    let version: Version = serde_json::from_str(line).map_err(|e| not_a_header(e.to_string()))?;
    if version.record.as_deref() != Some("header") {
        return Err(not_a_header("it is not a `header` record".to_owned()));
    }
    match version.format {
        Some(found) if found == u64::from(FORMAT) => Ok(()),
        Some(found) => Err(ReadError::UnknownFormat { found, tool: version.tool }),
        None => Err(not_a_header("it has no `format`".to_owned())),
    }
}

fn begin(record: Record) -> Result<Run, ReadError> {
    let Record::Header(header) = record else {
        return Err(ReadError::NotAHeader { message: "it is not a `header` record".to_owned() });
    };
    if header.format != FORMAT {
        let found = u64::from(header.format);
        return Err(ReadError::UnknownFormat { found, tool: Some(header.tool) });
    }
    let mut pipelines: Vec<PipelineRun> = Vec::with_capacity(header.pipelines.len());
    for pipeline in &header.pipelines {
        if pipelines.iter().any(|p| p.header.name == pipeline.name) {
            let message = format!("it names the pipeline `{}` twice", pipeline.name);
            return Err(ReadError::NotAHeader { message });
        }
        pipelines.push(PipelineRun {
            header: pipeline.clone(),
            jobs: Vec::new(),
            attempts: Vec::new(),
            faults: Vec::new(),
            platform: Vec::new(),
            end: None,
        });
    }
    Ok(Run { header, pipelines, footer: None, gaps: Vec::new() })
}

/// The pipeline that a record belongs to, whose name it then shares, or why there is none.
fn owner<'a>(
    run: &'a mut Run,
    names: &[PipelineName],
    name: &mut PipelineName,
) -> Result<&'a mut PipelineRun, String> {
    match names.iter().position(|known| known == name) {
        Some(place) => {
            *name = names[place].clone();
            Ok(&mut run.pipelines[place])
        }
        None => Err(format!("the pipeline `{name}` is not in the header")),
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the run has no records"),
            Self::NotAHeader { message } => {
                write!(f, "line 1 is not the header of a run: {message}")
            }
            Self::UnknownFormat { found, tool } => {
                write!(f, "run format {found} is unknown: this version reads format {FORMAT}")?;
                match tool {
                    Some(tool) => write!(f, "\nhint: the run was written by chaos {tool}"),
                    None => Ok(()),
                }
            }
            Self::Malformed { line, message } => write!(f, "line {line} is no record: {message}"),
        }
    }
}

impl std::error::Error for ReadError {}
