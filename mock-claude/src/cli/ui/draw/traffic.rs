//! Requests a second over the last minute, and how requests were answered since the beginning.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Sparkline, SparklineBar};

use super::look::{Theme, beside, titled};
use super::words::{cell, fit, short, tenths, whole};
use crate::journal::live::{Minute, Second};
use crate::server::admin::live::Snapshot;

/// The columns of the answers: enough to leave one for each second of a minute in 80.
const ANSWERS: u16 = 18;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let [left, right] = beside(area, ANSWERS.max(area.width / 5));
    rates(frame, left, snapshot, theme);
    answers(frame, right, &snapshot.minute, theme);
}

fn rates(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let inner = titled(frame, area, "requests a second");
    let [above, chart] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(inner);
    let seconds = &snapshot.minute.seconds;
    let ended: u64 = seconds.iter().map(|second| second.ended).sum();
    let mean = (ended * 10).checked_div(u64::try_from(seconds.len()).unwrap_or(1)).unwrap_or(0);
    let words = format!(
        "now {}  mean {}  most {}  under way {}  in all {}",
        short(seconds.last().map_or(0, |second| second.ended)),
        tenths(mean, ""),
        short(seconds.iter().map(|second| second.ended).max().unwrap_or(0)),
        short(snapshot.in_flight.into()),
        whole(snapshot.ledger.requests),
    );
    frame.render_widget(Line::raw(fit(&words, above.width.into())), above);
    // The latest second is at the right, from the first second on.
    let columns = usize::from(chart.width).min(60);
    let missing = columns.saturating_sub(seconds.len());
    let blank = std::iter::repeat_n(Second::default(), missing);
    let shown = seconds.iter().skip(seconds.len().saturating_sub(columns)).copied();
    let bars = blank.chain(shown).map(|second| bar(second, theme));
    frame.render_widget(Sparkline::default().data(bars.collect::<Vec<_>>()), chart);
}

/// One second: as high as it was busy, coloured by how much of it failed.
fn bar(second: Second, theme: Theme) -> SparklineBar {
    let style = match second.failed {
        0 => theme.good(),
        failed if failed * 2 < second.ended => theme.warning(),
        _ => theme.bad(),
    };
    SparklineBar::from(second.ended).style(style)
}

fn answers(frame: &mut Frame<'_>, area: Rect, minute: &Minute, theme: Theme) {
    let inner = titled(frame, area, "all answers");
    let statuses = &minute.statuses;
    let count = |is: &dyn Fn(u16) -> bool| -> u64 {
        statuses.iter().filter(|(status, _)| is(**status)).map(|(_, count)| count).sum()
    };
    let all: u64 = statuses.values().sum();
    let rows = [
        ("2xx", count(&|status| (200..300).contains(&status)), theme.good()),
        ("4xx", count(&|status| (400..500).contains(&status) && status != 429), theme.warning()),
        ("429", count(&|status| status == 429), theme.warning()),
        ("5xx", count(&|status| status >= 500), theme.bad()),
        ("none", count(&|status| status == 0), theme.bad()),
        ("cut", minute.cut, theme.bad()),
    ];
    let lines: Vec<Line<'_>> =
        rows.into_iter().map(|(name, count, style)| answer(name, count, all, style)).collect();
    frame.render_widget(Text::from(lines), inner);
}

fn answer(name: &str, count: u64, all: u64, style: Style) -> Line<'static> {
    let share = (count * 1_000).checked_div(all).unwrap_or(0);
    let style = if count == 0 { Theme::soft() } else { style };
    let figures = format!("{:>6} {:>6}", short(count), tenths(share, "%"));
    Line::from(vec![Span::styled(cell(name, 5), style), Span::styled(figures, style)])
}
