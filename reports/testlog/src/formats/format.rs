//! Which format an input is in.

use memchr::memmem;

use crate::rust::libtest;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text, by whichever runner speaks.
    Text,
    /// pytest's text.
    Pytest,
    /// `cargo test` in text.
    Cargo,
    /// cargo-nextest in text.
    Nextest,
    /// libtest's JSON, by `cargo test` or by nextest.
    Libtest,
    /// A JUnit file.
    Junit,
    /// pytest-reportlog.
    Reportlog,
    /// `go test -json`.
    Go,
    /// `jest --json`.
    Jest,
}

impl Format {
    /// The format that an input opens as. Text is what nothing else is.
    pub fn detect(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
        let has = |mark: &str| memmem::find(start, mark.as_bytes()).is_some();
        match start.first() {
            Some(b'<') if has("<testsuite") => Self::Junit,
            // Behind other lines, it is a part of a text.
            Some(b'{') if libtest::LibtestReader::opens(start) => Self::Libtest,
            Some(b'{') if has("\"$report_type\"") => Self::Reportlog,
            Some(b'{') if has("\"testResults\"") || has("\"numTotalTests\"") => Self::Jest,
            // A build's errors stand before the first event.
            _ if has("{\"Time\":\"") || has("{\"Action\":\"") || has("{\"ImportPath\":\"") => {
                Self::Go
            }
            _ => Self::Text,
        }
    }
}
