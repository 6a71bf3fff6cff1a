//! What the screen knows of the mock, as plain values, and how keys change both.

use strict_toml::Problem;

use super::keys::Action;
use crate::fault::FaultConfig;
use crate::journal::conduct::{self, Conduct};
use crate::mock::MockClaude;
use crate::mock::presets::PRESETS;
use crate::server::admin::live::Snapshot;

/// The latest requests that are asked for: more than fit into any terminal.
const LATEST: usize = 200;

/// How often the clients are judged: that looks at every request that is held.
const JUDGED_EVERY_US: u64 = 2_000_000;

/// How long a notice stays.
const NOTICE_US: u64 = 4_000_000;

/// Where the mock can be reached.
#[derive(Debug)]
pub(in crate::cli) struct Addresses {
    pub(in crate::cli) api: String,
    /// The page of the admin API, with its token where one was made.
    pub(in crate::cli) page: Option<String>,
}

/// What is drawn.
#[derive(Debug)]
pub(super) struct View {
    pub(super) addresses: Addresses,
    pub(super) snapshot: Snapshot,
    pub(super) conduct: Conduct,
    /// The names of the faults in force, in their order.
    pub(super) faults: Vec<String>,
    /// The preset in force, where it is one.
    pub(super) preset: Option<usize>,
    pub(super) is_paused: bool,
    pub(super) shows_help: bool,
    /// What the last key did.
    pub(super) notice: Option<String>,
}

/// The mock, and what was seen of it last.
#[derive(Debug)]
pub(super) struct State {
    mock: MockClaude,
    pub(super) view: View,
    judged_us: u64,
    notice_until_us: u64,
}

impl State {
    /// What there is to see of a mock. From here on it counts for whoever watches.
    pub(super) fn new(mock: MockClaude, addresses: Addresses) -> Self {
        let snapshot = Snapshot::of(&mock, LATEST);
        let view = View {
            addresses,
            conduct: conduct::judge(&[]),
            snapshot,
            faults: Vec::new(),
            preset: None,
            is_paused: false,
            shows_help: false,
            notice: None,
        };
        let mut state = Self { mock, view, judged_us: 0, notice_until_us: 0 };
        state.look_at_settings();
        state
    }

    /// Looks again, unless what is shown stands still.
    pub(super) fn look(&mut self) {
        let now_us = self.mock.core().clock.now_us();
        if now_us >= self.notice_until_us {
            self.view.notice = None;
        }
        if self.view.is_paused {
            return;
        }
        let before = self.view.snapshot.changes;
        self.view.snapshot = Snapshot::of(&self.mock, LATEST);
        if self.view.snapshot.changes != before {
            self.look_at_settings();
        }
        if now_us >= self.judged_us + JUDGED_EVERY_US {
            self.view.conduct = conduct::judge(&self.mock.records());
            self.judged_us = now_us;
        }
    }

    fn look_at_settings(&mut self) {
        let now = self.mock.core().config_now();
        self.view.faults = now.fault.iter().map(FaultConfig::name).collect();
        self.view.preset = PRESETS.iter().position(|preset| preset.is_in_force(&now));
    }

    /// Does what a key asks for.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::End => {}
            Action::TogglePause => self.view.is_paused = !self.view.is_paused,
            Action::ToggleHelp => self.view.shows_help = !self.view.shows_help,
            Action::ClearFaults => {
                let cleared = self.mock.set_faults(Vec::new());
                self.changed(cleared, "no faults any more".to_owned());
            }
            Action::TogglePreset(index) => self.toggle(index),
        }
    }

    fn toggle(&mut self, index: usize) {
        let core = self.mock.core();
        let preset = &PRESETS[index];
        let (applied, words) = if preset.is_in_force(&core.config_now()) {
            (core.apply(&core.config), "back to what it was started with".to_owned())
        } else {
            (core.apply(&preset.config()), format!("preset {} from now on", preset.name))
        };
        self.changed(applied, words);
    }

    /// Shows what a change came to, in a screen that stands still too.
    fn changed(&mut self, change: Result<(), Vec<Problem>>, words: String) {
        let words = change.map_or_else(|_| "that cannot be changed".to_owned(), |()| words);
        self.look_at_settings();
        self.view.notice = Some(words);
        self.notice_until_us = self.mock.core().clock.now_us() + NOTICE_US;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::Config;

    fn state(config: &str) -> State {
        let config: Config = toml::from_str(config).unwrap();
        State::new(MockClaude::new(config), Addresses { api: String::new(), page: None })
    }

    fn preset(state: &State) -> Option<&str> {
        state.view.preset.map(|index| PRESETS[index].name)
    }

    #[test]
    fn a_preset_is_put_in_force_and_taken_back_by_the_same_key() {
        let mut state = state("[[fault]]\nkind = \"status\"\nname = \"mine\"\nstatus = 529\n");
        assert_eq!((preset(&state), &*state.view.faults), (None, &["mine".to_owned()][..]));
        state.act(Action::TogglePreset(6));
        assert_eq!(preset(&state), Some("stress"));
        assert!(state.view.faults.len() > 1);
        assert_eq!(state.view.notice.as_deref(), Some("preset stress from now on"));
        state.act(Action::TogglePreset(6));
        assert_eq!((preset(&state), &*state.view.faults), (None, &["mine".to_owned()][..]));
    }

    #[test]
    fn faults_are_cleared_and_what_others_change_is_seen() {
        let mut state = state("[[fault]]\nkind = \"status\"\nname = \"mine\"\nstatus = 529\n");
        state.act(Action::ClearFaults);
        assert!(state.view.faults.is_empty() && state.mock.core().injector.faults().is_empty());
        let other = toml::from_str("kind = \"status\"\nstatus = 500\nname = \"other\"").unwrap();
        state.mock.set_faults(vec![other]).unwrap();
        state.look();
        assert_eq!(state.view.faults, ["other"]);
    }

    #[test]
    fn what_is_paused_stands_still() {
        let mut state = state("");
        state.act(Action::TogglePause);
        let now_us = state.view.snapshot.now_us;
        state.look();
        assert!(state.view.is_paused && state.view.snapshot.now_us == now_us);
        state.act(Action::TogglePause);
        state.look();
        assert!(state.view.snapshot.now_us > now_us);
    }
}
