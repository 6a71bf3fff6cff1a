//! `--ui`: what the mock does, drawn a few times a second, with keys that change it.
//!
//! It shows what `/live` of the admin API says and counts nothing of its own. A thread draws and
//! reads keys, so that a slow terminal holds up no answer. The terminal is put back however this
//! ends: by a key, a signal, or a panic anywhere in the process.

mod draw;
mod keys;
mod state;
mod terminal;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};
use tokio::sync::Notify;

use self::draw::Theme;
use self::keys::Action;
pub(super) use self::state::Addresses;
use self::state::State;
use super::failure::Failure;
use super::run::no_color;
use crate::mock::MockClaude;

/// How long a drawing stays.
const PERIOD: Duration = Duration::from_millis(250);

/// How long the end waits for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A screen that is up.
pub(super) struct Ui {
    ended: Receiver<io::Result<()>>,
}

/// Refuses a screen where there is nothing to draw on, or where something else would write to it.
pub(super) fn check() -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        return Err(Failure::usage(
            "`--ui` draws on standard output, which is no terminal\nhint: \
             `--admin-port 8081` serves the same and more as a page for a browser",
        ));
    }
    if io::stderr().is_terminal() && tracing::enabled!(tracing::Level::INFO) {
        return Err(Failure::usage(
            "`--ui` and the log of `RUST_LOG` would both write to this terminal\nhint: `2> \
             mock.log` sends the log to a file",
        ));
    }
    Ok(())
}

impl Ui {
    /// Takes the terminal and draws on it. Once the user has had enough, `stop` is told.
    pub(super) fn start(
        mock: MockClaude,
        addresses: Addresses,
        stop: Arc<Notify>,
    ) -> Result<Self, Failure> {
        let state = State::new(mock, addresses);
        let screen = terminal::enter()
            .map_err(|error| Failure::internal("the terminal cannot be drawn on", &error))?;
        let (ending, ended) = channel();
        std::thread::spawn(move || {
            let stop = StopAtEnd(stop);
            show(screen, state, &ending);
            drop(stop);
        });
        Ok(Self { ended })
    }

    /// Gives the terminal back, and says why it was lost, if it was.
    pub(super) fn close(self) -> Result<(), Failure> {
        terminal::leave();
        // A terminal that takes nothing is no reason to wait.
        let ended = self.ended.recv_timeout(PATIENCE);
        if terminal::broke() {
            return Err(Failure::internal("the screen broke", &"a panic, whose words are above"));
        }
        match ended {
            Ok(Err(error)) => Err(Failure::internal("the screen cannot be drawn", &error)),
            _ => Ok(()),
        }
    }
}

/// Asks the mock to stop when the screen ends, by a panic too.
struct StopAtEnd(Arc<Notify>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn show(mut screen: terminal::Screen, mut state: State, ending: &Sender<io::Result<()>>) {
    let theme = Theme { colours: !no_color() };
    let mut draw_until_ended = || -> io::Result<()> {
        while terminal::is_up() {
            state.look();
            screen.draw(|frame| draw::draw(frame, &state.view, theme))?;
            if !event::poll(PERIOD)? {
                continue;
            }
            // A change of size needs nothing: each drawing asks for it.
            if let Event::Key(key) = event::read()? {
                match keys::action(key) {
                    Some(Action::End) => return Ok(()),
                    Some(action) => state.act(action),
                    None => {}
                }
            }
        }
        Ok(())
    };
    let ended = draw_until_ended();
    terminal::leave();
    // Whoever waited for it may have lost patience.
    let _ = ending.send(ended);
}
