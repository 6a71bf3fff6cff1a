//! Goal: `--ui` shows what is asked of the mock, ends when asked, and gives the terminal back.
//! Method: the binary on a pseudo-terminal, whose other end is read as a user's terminal would.

#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The codes by which a terminal shows another screen, and comes back.
const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";

/// A mock on a pseudo-terminal of 80 by 24.
struct Screen {
    mock: Child,
    keys: File,
    /// Stays open, so that the terminal outlives the mock.
    terminal: OwnedFd,
    seen: Arc<Mutex<String>>,
}

impl Screen {
    fn start() -> Self {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&user).expect("it is granted");
        unlockpt(&user).expect("it is unlocked");
        let name = ptsname(&user, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let terminal = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).expect("it opens");
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&user, size).expect("a size");
        let end = || Stdio::from(terminal.try_clone().expect("a copy"));
        let mock = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
            .args(["--ui", "--preset", "instant", "--seed", "7"])
            .env_remove("RUST_LOG")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it starts");
        let (mut output, keys) = (File::from(user.try_clone().expect("a copy")), File::from(user));
        let seen = Arc::new(Mutex::new(String::new()));
        let here = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                here.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        });
        Self { mock, keys, terminal, seen }
    }

    /// Waits until `words` are seen, and gives everything that was seen so far.
    fn sees(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let seen = self.seen.lock().expect("no panic").clone();
            if seen.contains(words) {
                return seen;
            }
            assert!(begun.elapsed() < PATIENCE, "`{words}` is not to be seen in:\n{seen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.terminal).expect("modes").local_modes.contains(LocalModes::ICANON)
    }

    /// Waits for the end: the exit code, and whether the terminal is as it was.
    fn ended(mut self) -> (Option<i32>, String) {
        let code = self.mock.wait().expect("it ends").code();
        let seen = self.sees("tokens out, $");
        assert!(!self.is_raw(), "keys are still read one by one");
        let (enter, leave) =
            (seen.rfind(ENTER).expect("it began"), seen.rfind(LEAVE).expect("it ended"));
        assert!(enter < leave, "the other screen is still shown");
        assert!(seen.rfind("\u{1b}[?25h") > seen.rfind("\u{1b}[?25l"), "the cursor is hidden");
        (code, seen[leave..].to_owned())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.mock.kill();
        let _ = self.mock.wait();
    }
}

#[tokio::test]
async fn a_request_is_seen_and_a_key_ends_the_mock_and_restores_the_terminal() {
    let mut screen = Screen::start();
    let seen = screen.sees("latest requests");
    let url = seen.lines().find(|line| line.starts_with("http://")).unwrap().trim().to_owned();
    assert!(screen.is_raw());
    let body = r#"{"model": "claude-sonnet-4-5", "max_tokens": 9,
        "messages": [{"role": "user", "content": "hello"}]}"#;
    let request = reqwest::Client::new()
        .post(format!("{url}/job/seen/v1/messages"))
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    screen.sees("claude-sonnet-4-5");
    screen.keys.write_all(b"7").unwrap();
    screen.sees("overloaded");
    screen.keys.write_all(b"q").unwrap();
    let (code, after) = screen.ended();
    assert_eq!(code, Some(0));
    assert!(
        after.contains("1 request, 0 errors") && after.contains("unproved: 1 request"),
        "{after}"
    );
}

#[test]
fn a_signal_ends_it_as_a_key_does() {
    let screen = Screen::start();
    screen.sees("latest requests");
    let pid = Pid::from_raw(i32::try_from(screen.mock.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(screen.ended().0, Some(0));
}

#[test]
fn a_screen_without_a_terminal_is_refused_with_what_to_type() {
    let output = Command::new(env!("CARGO_BIN_EXE_mock-claude")).arg("--ui").output().unwrap();
    let shown = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    insta::assert_snapshot!(shown, @"
    error: `--ui` draws on standard output, which is no terminal
    hint: `--admin-port 8081` serves the same and more as a page for a browser
    ");
}
