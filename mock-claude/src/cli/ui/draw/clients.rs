//! What the clients do wrong, and the faults that they meet.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};

use super::look::{Theme, beside, titled};
use super::words::{fit, wrapped};
use crate::cli::ui::state::View;
use crate::journal::conduct::{Conduct, Finding, Judgement, Severity};

/// The columns of the faults.
const FAULTS: u16 = 22;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &View, theme: Theme) {
    let [left, right] = beside(area, FAULTS.max(area.width / 4));
    let inner = titled(frame, left, "clients");
    let lines = verdict(&view.conduct, inner, theme);
    frame.render_widget(Text::from(lines), inner);
    faults(frame, right, &view.faults);
}

/// The verdict, the findings, and what became of the questions, as far as there is room.
fn verdict(conduct: &Conduct, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let columns = usize::from(area.width);
    let text = conduct.text();
    let mut words = text.lines();
    let style = match conduct.verdict {
        Judgement::Clean => theme.good(),
        Judgement::Faulty => theme.bad(),
        Judgement::Unproved => theme.warning(),
    };
    let styled = |line| Line::styled(line, style);
    let mut lines: Vec<Line<'static>> =
        wrapped(words.next().unwrap_or_default(), columns, 2).into_iter().map(styled).collect();
    lines.extend(conduct.findings.iter().map(|finding| found(finding, columns, theme)));
    if conduct.outcomes.questions > 0 {
        let room = usize::from(area.height).saturating_sub(lines.len());
        let outcomes = wrapped(words.next().unwrap_or_default(), columns, room.min(2));
        lines.extend(outcomes.into_iter().map(Line::raw));
    }
    lines
}

/// One finding in a line: what to do about it is shown as far as it fits.
fn found(finding: &Finding, columns: usize, theme: Theme) -> Line<'static> {
    let Finding { name, severity, count, n, advice, .. } = finding;
    let style = match severity {
        Severity::Error => theme.bad(),
        Severity::Warning => theme.warning(),
    };
    let what = fit(&format!("{name}: {count} of {n}"), columns);
    let left = columns.saturating_sub(what.chars().count() + 2);
    let advice = fit(advice, left);
    Line::from(vec![
        Span::styled(what, style),
        Span::raw("  "),
        Span::styled(advice, Theme::soft()),
    ])
}

fn faults(frame: &mut Frame<'_>, area: Rect, names: &[String]) {
    let inner = titled(frame, area, &format!("faults in force: {}", names.len()));
    let (columns, room) = (usize::from(inner.width), usize::from(inner.height));
    let shown = if names.len() > room { room.saturating_sub(1) } else { names.len() };
    let mut lines: Vec<Line<'_>> =
        names[..shown].iter().map(|name| Line::raw(fit(name, columns))).collect();
    if shown < names.len() {
        let more = fit(&format!("and {} more", names.len() - shown), columns);
        lines.push(Line::styled(more, Theme::soft()));
    }
    if names.is_empty() {
        lines.push(Line::styled("none", Theme::soft()));
    }
    frame.render_widget(Text::from(lines), inner);
}
