//! What programs read: everything as JSON, the numbers as CSV and for tools that draw them over
//! time, latencies for plotters, and the run as a trace.

mod benchmark;
mod csv;
mod hgrm;
pub mod json;
mod openmetrics;
mod otlp;
mod trace;

pub(super) use self::benchmark::Benchmark;
pub(super) use self::csv::SummaryCsv;
pub(super) use self::openmetrics::OpenMetrics;
pub(super) use self::otlp::Otlp;
pub(super) use self::trace::Trace;
pub(super) use hgrm::Hgrm;
pub(super) use json::Json;
