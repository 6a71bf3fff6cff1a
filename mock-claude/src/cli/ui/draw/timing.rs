//! How long requests took in the last minute, and what all of them cost.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Text};

use super::look::{Theme, beside, titled};
use super::words::{fit, money, short, span, whole};
use crate::journal::live::{Second, Took};
use crate::server::admin::live::Snapshot;

/// The columns of tokens and money.
const COST: u16 = 30;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let [left, right] = beside(area, COST.max(area.width / 4));
    durations(frame, left, snapshot);
    costs(frame, right, snapshot);
}

fn durations(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let inner = titled(frame, area, "durations of the last minute");
    let columns = usize::from(inner.width);
    let head = format!("{:<11}{:>9}{:>9}{:>9}{:>8}", "", "p50", "p95", "p99", "n");
    let minute = &snapshot.minute;
    let lines = vec![
        Line::styled(fit(&head, columns), Theme::soft()),
        Line::raw(fit(&took("latency", minute.latency), columns)),
        Line::raw(fit(&took("first token", minute.first_token), columns)),
    ];
    frame.render_widget(Text::from(lines), inner);
}

fn took(name: &str, took: Option<Took>) -> String {
    let Some(Took { n, p50_us, p95_us, p99_us }) = took else {
        return format!("{name:<11}{:>9}{:>9}{:>9}{:>8}", "–", "–", "–", 0);
    };
    let [p50, p95, p99] = [p50_us, p95_us, p99_us].map(span);
    format!("{name:<11}{p50:>9}{p95:>9}{p99:>9}{:>8}", short(n))
}

/// All of them as long as there is room.
fn tokens(number: u64) -> String {
    if number < 1_000_000_000 { whole(number) } else { short(number) }
}

fn costs(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let inner = titled(frame, area, "tokens and money");
    let ledger = &snapshot.ledger;
    let a_minute = |of: fn(&Second) -> u64| snapshot.minute.seconds.iter().map(of).sum::<u64>();
    let row = |name: &str, all: String, last: String| {
        let text = format!("{name:<4}{all:>12} {last:>9}/min");
        Line::raw(fit(&text, inner.width.into()))
    };
    let cost = money(ledger.cost_microusd);
    let lines = vec![
        row("in", tokens(ledger.tokens_in), short(a_minute(|second| second.tokens_in))),
        row("out", tokens(ledger.tokens_out), short(a_minute(|second| second.tokens_out))),
        row("cost", cost, money(a_minute(|second| second.cost_microusd))).style(Theme::strong()),
    ];
    frame.render_widget(Text::from(lines), inner);
}
