//! Goal: the binary says what it does, where, and what is wrong, with the documented exit codes.
//! Method: the binary itself, as a user starts it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mock-claude")).args(flags).output().expect("it starts")
}

/// Runs the binary and checks its exit code and what it says on standard error.
fn check(flags: &[&str], code: i32, words: &str) {
    let output = run(flags);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{shown}");
    assert!(shown.contains(words), "{words} is missing in:\n{shown}");
}

#[test]
fn every_listed_preset_can_be_shown() {
    let listed = String::from_utf8(run(&["--list-presets"]).stdout).unwrap();
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    let all = ["instant", "healthy", "realistic", "rate-limited", "brownout", "outage", "stress"];
    assert_eq!(names, all);
    for name in names {
        let shown = run(&["--show-preset", name]);
        assert!(shown.status.success() && shown.stdout.starts_with(b"# "), "{name}");
    }
}

#[test]
fn wrong_names_get_the_nearest_right_one_and_exit_code_2() {
    check(&["--preset", "brown-out"], 2, "hint: did you mean `brownout`?");
    check(&["--limits", "bulid"], 2, "hint: did you mean `build`?");
    check(&["--sed", "7"], 2, "--seed");
}

#[test]
fn a_port_in_use_is_exit_code_2_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    check(&["--port", &port], 2, "hint: `--port 0` takes a free port");
}

#[test]
fn a_file_is_refused_with_every_problem_and_exit_code_104() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.toml");
    std::fs::write(&file, "[limits]\ntier = \"strat\"\n[latency]\njiter = 0.1\n").unwrap();
    let file = file.display().to_string();
    check(&["--config", &file], 104, "has 2 problems");
    check(&["--config", &file], 104, "mock.toml:2:8: `limits.tier`: unknown value `strat`");
    check(&["--config", &file], 104, "hint: did you mean `jitter`?");
}

#[test]
fn it_ends_with_its_standard_input_where_that_is_asked_for() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .arg("--until-stdin-closes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(child.try_wait().unwrap(), None, "it serves while standard input is open");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_a_summary_and_an_open_address_is_warned_about() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--preset", "stress", "--host", "0.0.0.0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://0.0.0.0:"), "{url}");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("can be reached from other machines"), "{said}");
    assert!(
        said.ends_with("0 requests, 0 errors, 0 tokens in, 0 tokens out, $0.000000\n"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_quiet_mock_says_its_url_and_nothing_else() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--preset", "instant", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success() && child.wait().unwrap().success());
    let (mut rest, mut said) = (String::new(), String::new());
    stdout.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(
        (url.starts_with("http://127.0.0.1:"), rest, said),
        (true, String::new(), String::new())
    );
}
