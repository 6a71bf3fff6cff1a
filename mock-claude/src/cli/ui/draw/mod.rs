//! Draws what the screen knows: where each part stands, and how it looks.
//!
//! A pure function of what is known and of the size. 80 columns by 24 lines hold all of it; a
//! larger terminal shows more, and in a smaller one something is missing at the end.

mod clients;
mod frame;
mod help;
mod look;
mod requests;
#[cfg(test)]
mod tests;
mod timing;
mod traffic;
mod words;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::Line;

pub(super) use self::look::Theme;
use super::state::View;

/// The smallest terminal that is drawn on.
const MIN_COLUMNS: u16 = 50;
const MIN_LINES: u16 = 12;

/// From this height on, more is said of the clients.
const TALL_LINES: u16 = 32;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View, theme: Theme) {
    let area = frame.area();
    if area.width < MIN_COLUMNS || area.height < MIN_LINES {
        frame.render_widget(Line::raw("too small; 80x24 shows all"), area);
        return;
    }
    let of_clients = if area.height < TALL_LINES { 4 } else { 7 };
    let [head, traffic, timing, clients, requests, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(7),
        Constraint::Length(4),
        Constraint::Length(of_clients),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame::head(frame, head, view);
    traffic::draw(frame, traffic, &view.snapshot, theme);
    timing::draw(frame, timing, &view.snapshot);
    clients::draw(frame, clients, view, theme);
    requests::draw(frame, requests, &view.snapshot, theme);
    frame::foot(frame, foot, view);
    if view.shows_help {
        help::draw(frame, area, view);
    }
}
