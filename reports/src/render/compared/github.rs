//! A gate or a comparison as annotations for GitHub Actions: nothing where nothing is wrong.

use super::page::{Compared, Page};
use crate::judge::Verdict;
use crate::render::ci::github::{Annotation, Level, annotations};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::escape;

/// `--format github`.
#[derive(Debug)]
pub(crate) struct PageGithub;

impl<T: Compared> Exporter<T> for PageGithub {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "github",
            about: "Annotations for GitHub Actions",
            file: T::FILES.github,
            kept: false,
        }
    }

    fn text(&self, subject: &T, _style: Style) -> String {
        annotations(found(&subject.page()), "the same in Markdown or HTML")
    }
}

fn found(page: &Page) -> Vec<Annotation> {
    let inconclusive = |title: &str, reason: &String| Annotation {
        level: Level::Error,
        rank: 1,
        title: format!("{title}: inconclusive"),
        message: escape(reason),
    };
    let mut found: Vec<Annotation> =
        page.reasons.iter().map(|reason| inconclusive(&escape(&page.title), reason)).collect();
    for section in &page.sections {
        let scenario = escape(&section.scenario);
        found.extend(section.reasons.iter().map(|reason| inconclusive(&scenario, reason)));
        let broken = section.rows.iter().filter(|row| row.verdict != Verdict::Pass);
        found.extend(broken.map(|row| Annotation {
            level: Level::Error,
            rank: u8::from(row.verdict != Verdict::Fail),
            title: format!("{scenario}: {} {}", escape(&row.pipeline), escape(&row.metric)),
            message: row.words(),
        }));
    }
    found
}
