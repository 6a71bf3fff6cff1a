//! A target under load, with everything that each of its jobs needs.

use std::fmt;
use std::sync::Arc;

use engine::outside::RunClock;
use reports::record::PipelineName;

use super::recorder::Recorder;
use super::resume::Earlier;
use crate::target::Target;

/// A target under load.
pub struct Subject {
    /// What the records call it.
    pub name: PipelineName,
    /// What does the jobs.
    pub target: Arc<dyn Target>,
    /// Where records go.
    pub recorder: Arc<Recorder>,
    /// What earlier lives of the run have done.
    pub earlier: Earlier,
    /// The run's time.
    pub clock: RunClock,
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subject").field("name", &self.name).finish_non_exhaustive()
    }
}
