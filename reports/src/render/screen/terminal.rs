//! The screen of `chaos run`: the numbers, what this machine took, and the first files.

use super::each::each;
use super::{comparison, jobs};
use crate::judge::Judged;
use crate::render::export::{Exporter, ReportFormat};
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
        let cap = if style.verbose { None } else { Some(SHOWN_JOBS) };
        each(runs, |judged| {
            let mut page = comparison::render(judged, judged.measured(), style);
            page.push('\n');
            page.push_str(&jobs::render(judged.run(), cap, style));
            page
        })
    }
}
