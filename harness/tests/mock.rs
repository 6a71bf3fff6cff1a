//! Goal: `chaos mock` is the mock's own binary under another name: the same flags, the same first
//! line, the same words for what is wrong.
//! Method: start it on port 0, read its address, talk to it with plain HTTP, and stop it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Stdio};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Sandbox, message, signal, wait_for};

const BODY: &str =
    r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

/// Starts the mock and waits for its address.
fn start(sandbox: &Sandbox, arguments: &[&str]) -> (Child, String) {
    let mut child = sandbox
        .command(&[&["mock"], arguments].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped"))
        .read_line(&mut line)
        .expect("it prints its address");
    let address = line.trim().strip_prefix("http://").expect("the first line is the URL");
    (child, address.to_owned())
}

#[test]
fn it_prints_its_address_answers_and_stops_when_it_is_told_to() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", "[latency]\nfirst_token_ms = 1\nrefusal_ms = 1\n");
    let fault = "[[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { first_attempts = 1 }\n";
    sandbox.write("brownout.toml", fault);
    let flags = ["--port", "0", "--limits", "start", "--faults", "brownout.toml", "--seed", "7"];
    let (child, address) = start(&sandbox, &[&flags[..], &["--config", "quick.toml"]].concat());
    let refused = message(&address, BODY);
    let answered = message(&address, BODY);
    signal(&child, "TERM");
    let ran = wait_for(child).exits(0);
    assert!(refused.starts_with("HTTP/1.1 529 "), "{refused}");
    assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
    assert!(answered.contains("anthropic-ratelimit-requests-limit: 1000"), "{answered}");
    assert!(answered.contains(r#""type":"message""#), "{answered}");
    assert!(ran.stderr.contains("2 requests, 1 error"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_has_the_exit_codes_and_the_words_of_every_other_command() {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.toml", "[latency]\njiter = 0.1\n");
    let wrong = sandbox.chaos(&["mock", "--config", "wrong.toml"]).exits(104);
    assert!(wrong.stderr.contains("hint: did you mean `jitter`?"), "{}", wrong.stderr);
    let unknown = sandbox.chaos(&["mock", "--preset", "brown-out"]).exits(2);
    assert!(unknown.stderr.contains("did you mean `brownout`?"), "{}", unknown.stderr);
    let listed = sandbox.chaos(&["mock", "--list-presets"]).exits(0);
    assert!(listed.stdout.contains("\nhealthy  "), "{}", listed.stdout);
    let help = sandbox.chaos(&["mock", "--help"]).exits(0);
    assert!(help.stdout.contains("chaos mock --port 8080 --preset realistic"), "{}", help.stdout);
    assert!(!help.stdout.contains("mock-claude --port"), "{}", help.stdout);
}

/// Whoever holds all its descriptors is told apart from a mock that hangs.
#[cfg(target_os = "linux")]
#[test]
fn it_says_when_it_stops_accepting_and_when_it_goes_on() {
    let sandbox = Sandbox::new();
    let script = format!("ulimit -n 40; exec {} mock --port 0 --quiet", support::CHAOS);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(sandbox.root()).env_clear();
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("`sh` is there");
    let mut said = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = move || said.next().expect("it says something").expect("it is text");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    stdout.read_line(&mut line).expect("it prints its address");
    let address = line.trim().strip_prefix("http://").expect("the first line is the URL");
    let held: Vec<TcpStream> =
        (0..60).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    let words = said();
    assert!(words.contains("no connection is accepted any more"), "{words}");
    assert!(words.contains("Too many open files"), "{words}");
    drop(held);
    let words = said();
    assert!(words.contains("connections are accepted again"), "{words}");
    assert!(message(address, BODY).starts_with("HTTP/1.1 200 "));
    signal(&child, "TERM");
    child.wait().expect("it ends");
}
