//! A recorded run in memory, whole or not, by pipeline.
//!
//! Invariant: a run cannot be copied. It is judged by giving it away ([`crate::judge`]), so no page
//! can judge it a second time.

use std::fmt;

use crate::record::{
    Aborted, Attempt, Fault, Footer, Header, Job, PipelineEnd, PipelineHeader, Platform,
};

/// A run, whole or not.
#[derive(Debug, PartialEq)]
pub struct Run {
    /// What was run.
    pub header: Header,
    /// What each pipeline did, in the order of the header.
    pub pipelines: Vec<PipelineRun>,
    /// The end of the run; absent where it died.
    pub footer: Option<Footer>,
    /// What is missing from the run; empty where it is whole.
    pub gaps: Vec<Gap>,
}

/// What one pipeline did.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineRun {
    /// The pipeline as the header announces it.
    pub header: PipelineHeader,
    /// Its jobs, in job order.
    pub jobs: Vec<Job>,
    /// Its requests, in the order in which they ended.
    pub attempts: Vec<Attempt>,
    /// The faults that it met, in the order in which they were injected.
    pub faults: Vec<Fault>,
    /// What the platform did with its jobs; empty where the scenario names no platform.
    pub platform: Vec<Platform>,
    /// Its end; absent where the run died before.
    pub end: Option<PipelineEnd>,
}

/// Something that a run lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The last line is not a whole record.
    TornLine {
        /// The line, counted from 1.
        line: u64,
    },
    /// There is no footer.
    NoFooter,
    /// The footer counts other lines than there are.
    LostRecords {
        /// The lines that the footer counts.
        expected: u64,
        /// The lines that there are.
        found: u64,
    },
    /// The run was stopped.
    Interrupted,
    /// The run was stopped, because a threshold could not be met any more.
    Aborted {
        /// The pipeline.
        pipeline: String,
        /// Its threshold.
        check: String,
    },
}

impl Run {
    /// Whether the run has everything that it recorded.
    pub fn complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether the run says of itself that it was stopped.
    pub fn interrupted(&self) -> bool {
        self.footer.as_ref().is_some_and(|f| f.interrupted)
    }

    /// Why the run was stopped, where that was for a threshold.
    pub fn aborted(&self) -> Option<&Aborted> {
        self.footer.as_ref()?.aborted.as_ref()
    }

    /// The time before which a pipeline's jobs count for its warm-up. A target that does the whole
    /// load as one job has none.
    pub fn warm_up_us(&self, pipeline: &PipelineRun) -> u64 {
        if pipeline.header.jobs > 1 { self.header.warm_up_us } else { 0 }
    }

    /// What one pipeline did.
    pub fn pipeline(&self, name: &str) -> Option<&PipelineRun> {
        self.pipelines.iter().find(|p| p.header.name == name)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornLine { line } => write!(f, "the run died while it wrote line {line}"),
            Self::NoFooter => write!(f, "the run died before its end: it has no footer"),
            Self::LostRecords { expected, found } => {
                write!(f, "records are lost: {found} lines where the footer counts {expected}")
            }
            Self::Interrupted => write!(f, "the run was interrupted"),
            Self::Aborted { pipeline, check } => {
                write!(f, "the run was stopped: {pipeline} cannot meet `{check}` any more")
            }
        }
    }
}
