//! The terminal while the screen is up: taken once, and put back once, whoever does it first.

use std::io::{self, Stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// What is drawn on.
pub(super) type Screen = Terminal<CrosstermBackend<Stdout>>;

/// Whether the screen is up. A process has one terminal, and a panic knows nothing but statics.
static IS_UP: AtomicBool = AtomicBool::new(false);

/// Whether a panic took the screen down.
static BROKE: AtomicBool = AtomicBool::new(false);

/// Takes the terminal: keys come one by one, and what was on it comes back at the end.
pub(super) fn enter() -> io::Result<Screen> {
    leave_at_panic();
    IS_UP.store(true, Ordering::SeqCst);
    let entered = enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All)))
        .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
    if entered.is_err() {
        leave();
    }
    entered
}

/// Puts the terminal back as it was, and says whether that was still to be done.
pub(super) fn leave() -> bool {
    let was_up = IS_UP.swap(false, Ordering::SeqCst);
    if was_up {
        // Where the terminal is gone, there is nothing to put back.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
    was_up
}

/// Whether a panic took the screen down.
pub(super) fn broke() -> bool {
    BROKE.load(Ordering::SeqCst)
}

/// Whether the terminal is still ours.
pub(super) fn is_up() -> bool {
    IS_UP.load(Ordering::SeqCst)
}

/// Lets the words of a panic be read: the screen goes first, whichever thread it is.
fn leave_at_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            BROKE.fetch_or(leave(), Ordering::SeqCst);
            before(panic);
        }));
    });
}
