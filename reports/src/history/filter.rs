//! Which part of a history is looked at.

/// Which part of a history is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this scenario.
    pub scenario: Option<String>,
    /// Only this pipeline.
    pub pipeline: Option<String>,
    /// Only these metrics, or beginnings of metrics with a star behind them; all where empty.
    pub metrics: Vec<String>,
    /// Only the latest runs of each series.
    pub last: Option<usize>,
}

impl Filter {
    pub(super) fn takes(&self, scenario: &str, pipeline: &str) -> bool {
        let is = |of: &Option<String>, name: &str| of.as_deref().is_none_or(|of| of == name);
        is(&self.scenario, scenario) && is(&self.pipeline, pipeline)
    }

    /// Whether it asks for runs alone.
    pub(super) const fn is_of_runs(&self) -> bool {
        self.scenario.is_some() || self.pipeline.is_some() || !self.metrics.is_empty()
    }
}
