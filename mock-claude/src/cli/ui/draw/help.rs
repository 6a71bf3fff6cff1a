//! What the keys do, over everything else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear};

use super::words::{cell, fit};
use crate::cli::ui::state::View;
use crate::mock::presets::PRESETS;

/// The most columns of the box.
const COLUMNS: u16 = 110;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let lines = lines(view);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = area.centered(
        Constraint::Max(COLUMNS.min(area.width.saturating_sub(4))),
        Constraint::Max(height.min(area.height)),
    );
    let block = Block::bordered().title(" help ");
    let inner = block.inner(area);
    let columns = usize::from(inner.width);
    let fitted = lines.iter().map(|line| Line::raw(fit(line, columns)));
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Text::from(fitted.collect::<Vec<_>>()), inner);
}

fn lines(view: &View) -> Vec<String> {
    let mut lines = vec![
        " q, Ctrl-C  stop the mock, with a summary".to_owned(),
        " c          clear the faults".to_owned(),
        " p          pause what is drawn; the mock goes on".to_owned(),
        " ?          hide this".to_owned(),
        String::new(),
        " A preset sets latency, limits and faults; the same key takes it back:".to_owned(),
    ];
    for (index, preset) in PRESETS.iter().enumerate() {
        let mark = if view.preset == Some(index) { '*' } else { ' ' };
        lines.push(format!("{mark}{} {} {}", index + 1, cell(preset.name, 13), preset.about()));
    }
    if let Some(page) = &view.addresses.page {
        lines.extend([String::new(), format!(" page {page}")]);
    }
    lines
}
