//! The first line, which says what this is and where, and the last, which says what keys do.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::look::{Theme, beside};
use super::words::{fit, uptime, width};
use crate::cli::ui::state::View;
use crate::mock::presets::PRESETS;

/// The first line.
pub(super) fn head(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let paused = if view.is_paused { " PAUSED " } else { "" };
    let up = format!("up {}", uptime(view.snapshot.now_us));
    let gap = if view.is_paused { " " } else { "" };
    let right = u16::try_from(width(paused) + width(gap) + width(&up)).unwrap_or(u16::MAX);
    let [left, end] = beside(area, right);
    let mut where_to = format!("mock-claude  {}", view.addresses.api);
    if let Some(page) = &view.addresses.page {
        // The token is in the help, where it is asked for.
        let page = page.split('#').next().unwrap_or_default();
        where_to.push_str("  page ");
        where_to.push_str(page);
    }
    let where_to = fit(&where_to, left.width.into());
    frame.render_widget(Line::styled(where_to, Theme::strong()), left);
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    let line = Line::from(vec![Span::styled(paused, reversed), Span::raw(gap), Span::raw(up)]);
    frame.render_widget(line.alignment(Alignment::Right), end);
}

/// The last line.
pub(super) fn foot(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let keys = format!("q end  c clear faults  1-{} preset  p pause  ? help", PRESETS.len());
    let right = match (&view.notice, view.preset) {
        (Some(notice), _) => Span::styled(notice.clone(), Theme::strong()),
        (None, Some(index)) => Span::raw(format!("preset {}", PRESETS[index].name)),
        (None, None) => Span::styled("no preset", Theme::soft()),
    };
    let columns = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width / 2);
    let [left, end] = beside(area, columns);
    frame.render_widget(Line::styled(fit(&keys, left.width.into()), Theme::soft()), left);
    frame.render_widget(Line::from(right), end);
}
