//! The latest requests, a line each, the latest first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};

use super::look::{Theme, titled};
use super::words::{cell, short, span};
use crate::cli::words::{key, time_of_day};
use crate::server::admin::live::{Row, Snapshot};

/// The columns of everything that does not grow with the terminal, spaces included.
const FIXED: usize = 8 + 3 + 6 + 6 + 9 + 7;

/// The columns of what was said by the client or by a configuration.
struct Widths {
    who: usize,
    what: usize,
    fault: usize,
}

impl Widths {
    fn of(columns: usize) -> Self {
        let left = columns.saturating_sub(FIXED);
        let (who, fault) = (left * 3 / 10, left * 3 / 10);
        Self { who, what: left - who - fault, fault }
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, theme: Theme) {
    let inner = titled(frame, area, "latest requests");
    let widths = Widths::of(inner.width.into());
    let mut lines = vec![head(&widths)];
    let room = usize::from(inner.height).saturating_sub(1);
    let rows = snapshot.latest.iter().take(room);
    lines.extend(rows.map(|row| line(row, snapshot.epoch_ms, &widths, theme)));
    frame.render_widget(Text::from(lines), inner);
}

fn head(widths: &Widths) -> Line<'static> {
    let [who, what, fault] = [
        cell("client", widths.who),
        cell("model or path", widths.what),
        cell("fault", widths.fault),
    ];
    let text = format!(
        "{:<8} {who} {what} {:>3} {fault} {:>6} {:>6} {:>9}",
        "UTC", "", "in", "out", "took"
    );
    Line::styled(text, Theme::soft())
}

fn line(row: &Row, epoch_ms: i64, widths: &Widths, theme: Theme) -> Line<'static> {
    let at_ms = i64::try_from(row.at_us / 1_000).unwrap_or(0).saturating_add(epoch_ms);
    let time: String = time_of_day(at_ms).chars().take(8).collect();
    let what = &row.what;
    let who = match (&what.job, &what.key) {
        (Some(job), _) => job.clone(),
        (None, Some(hash)) => key(hash),
        (None, None) => "no key".to_owned(),
    };
    let model = match &what.model {
        Some(model) => model.clone(),
        None => format!("{} {}", what.method, what.path),
    };
    let status = if row.status == 0 { "---".to_owned() } else { row.status.to_string() };
    let took = row.took_us.map_or_else(|| "…".to_owned(), span);
    let before = format!("{time} {} {} ", cell(&who, widths.who), cell(&model, widths.what));
    let fault = format!(" {} ", cell(&fault(row), widths.fault));
    let after = format!("{:>6} {:>6} {took:>9}", short(row.tokens_in), short(row.tokens_out));
    Line::from(vec![
        Span::raw(before),
        Span::styled(format!("{status:>3}"), theme.status(row.status)),
        Span::styled(fault, theme.warning()),
        Span::raw(after),
    ])
}

/// The fault, after how the answer broke off, which matters more.
fn fault(row: &Row) -> String {
    let end = match (row.cut, row.client_left) {
        (true, _) => "cut",
        (false, true) => "left",
        (false, false) => "",
    };
    match &row.what.fault {
        Some(fault) if end.is_empty() => fault.clone(),
        Some(fault) => format!("{end} {fault}"),
        None => end.to_owned(),
    }
}
