//! What a key does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::mock::presets::PRESETS;

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Stop the mock.
    End,
    /// No fault any more.
    ClearFaults,
    /// This preset, or what the mock was started with where it is in force already.
    TogglePreset(usize),
    /// Let what is drawn stand still, or go on.
    TogglePause,
    /// Show what the keys do, or hide it.
    ToggleHelp,
}

/// What a key does, if it does anything.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        let ends = key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('c');
        return ends.then_some(Action::End);
    }
    match key.code {
        KeyCode::Char('q') => Some(Action::End),
        KeyCode::Char('c') => Some(Action::ClearFaults),
        KeyCode::Char('p') => Some(Action::TogglePause),
        KeyCode::Char('?') => Some(Action::ToggleHelp),
        KeyCode::Char(digit @ '1'..='9') => {
            let index = usize::try_from(digit.to_digit(10)?).ok()?.checked_sub(1)?;
            (index < PRESETS.len()).then_some(Action::TogglePreset(index))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(letter: char, modifiers: KeyModifiers) -> Option<Action> {
        action(KeyEvent::new(KeyCode::Char(letter), modifiers))
    }

    #[test]
    fn a_key_does_what_the_help_says() {
        let plain = |letter| check(letter, KeyModifiers::NONE);
        assert_eq!(plain('q'), Some(Action::End));
        assert_eq!(plain('c'), Some(Action::ClearFaults));
        assert_eq!(plain('p'), Some(Action::TogglePause));
        assert_eq!(check('?', KeyModifiers::SHIFT), Some(Action::ToggleHelp));
        assert_eq!(plain('1'), Some(Action::TogglePreset(0)));
        assert_eq!(plain('7'), Some(Action::TogglePreset(6)));
        assert_eq!(["0", "8", "9", "x", "Q"].map(|key| plain(key.as_bytes()[0].into())), [None; 5]);
        assert_eq!(action(KeyCode::Esc.into()), None);
    }

    #[test]
    fn control_and_c_end_and_never_clear_the_faults() {
        assert_eq!(check('c', KeyModifiers::CONTROL), Some(Action::End));
        assert_eq!(check('c', KeyModifiers::ALT), None);
        assert_eq!(check('q', KeyModifiers::CONTROL), None);
    }

    #[test]
    fn a_key_that_is_let_go_does_nothing() {
        let (key, none) = (KeyCode::Char('q'), KeyModifiers::NONE);
        assert_eq!(action(KeyEvent::new_with_kind(key, none, KeyEventKind::Release)), None);
    }
}
