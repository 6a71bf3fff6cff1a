//! How the parts of the screen look: colours, titles, and how two of them share the columns.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders};

/// How things look. Without colours, what matters is bold.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli::ui) struct Theme {
    pub(in crate::cli::ui) colours: bool,
}

impl Theme {
    fn coloured(self, colour: Color, otherwise: Modifier) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new().add_modifier(otherwise) }
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green, Modifier::empty())
    }

    pub(super) fn warning(self) -> Style {
        self.coloured(Color::Yellow, Modifier::BOLD)
    }

    pub(super) fn bad(self) -> Style {
        self.coloured(Color::Red, Modifier::BOLD)
    }

    pub(super) fn soft() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn status(self, status: u16) -> Style {
        match status {
            0 | 500.. => self.bad(),
            400..500 => self.warning(),
            _ => self.good(),
        }
    }
}

/// Two parts beside each other, the right one with this many columns.
pub(super) fn beside(area: Rect, right: u16) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1), Constraint::Length(right)]).spacing(2).areas(area)
}

/// A part below its title, and the area that is left to it.
pub(super) fn titled(frame: &mut Frame<'_>, area: Rect, title: &str) -> Rect {
    // The title stands on the line, whose softness it would take over.
    let style = Theme::strong().remove_modifier(Modifier::DIM);
    let title = Line::styled(format!("{title} "), style);
    let block = Block::new().borders(Borders::TOP).border_style(Theme::soft()).title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}
