//! The screen of `chaos run`: the numbers, what this machine took, and the first files.

use super::each::each;
use super::{comparison, jobs};
use crate::judge::Judged;
use crate::render::export::{Exporter, ReportFormat, text_of};
use crate::render::style::Style;

/// The files of each pipeline that are listed without `--verbose`.
const SHOWN_JOBS: usize = 10;

/// `--format terminal`.
#[derive(Debug)]
pub struct Terminal;

impl Exporter<[Judged]> for Terminal {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "terminal",
            about: "The screen of `chaos run`",
            file: "report.txt",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        each(runs, |judged| self.page(judged, "", style))
    }
}

impl Terminal {
    /// The screen of one run; `places` is said before the conclusion, which comes last.
    pub fn page(&self, judged: &Judged, places: &str, style: Style) -> String {
        let mut page = comparison::figures(judged, judged.measured(), style);
        page.push('\n');
        page.push_str(&if style.verbose {
            text_of(|out| jobs::every(judged.run(), style, out))
        } else {
            jobs::some(judged.run(), SHOWN_JOBS, style)
        });
        page + places + "\n" + &comparison::conclusion(judged, style)
    }
}
