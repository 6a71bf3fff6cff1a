//! Goal: no credential that a user gives, or that a program, a service or a test log lets slip, is
//! in anything that `chaos` or `mock-claude` leaves or prints.
//! Method: random keys, with a form of their own and without, are planted in every place that text
//! comes from; then every file and both streams are searched for each key as it is, in base64 and
//! in percent signs.

#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox};

/// One case in a few: each starts processes.
fn check(plant: impl Fn(&[String])) {
    let shaped = "[A-Za-z0-9_-]{20,60}".prop_map(|key| format!("sk-ant-api03-{key}"));
    let opaque = proptest::collection::vec("[A-Za-z][0-9][A-Za-z0-9]{18,58}", 5);
    let keys = (shaped, opaque).prop_map(|(shaped, opaque)| [vec![shaped], opaque].concat());
    let cases =
        Cases { cases: 2, failure_persistence: None, max_shrink_iters: 0, ..Cases::default() };
    let run = TestRunner::new(cases).run(&keys, |keys| {
        plant(&keys);
        Ok(())
    });
    run.expect("every case holds");
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.as_bytes().chunks_exact(3);
    let digits = groups.flat_map(|group| {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))
    });
    digits.collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

#[track_caller]
fn assert_without(text: &str, keys: &[String], what: &str) {
    for (number, key) in keys.iter().enumerate() {
        for form in [key.clone(), base64(key), percent(key)] {
            assert!(!text.contains(&form), "key {number}, {form}, is in {what}:\n{text}");
        }
    }
}

/// Both streams, and every file below a folder.
#[track_caller]
fn assert_nothing_leaked(ran: &Ran, folder: &Path, keys: &[String]) {
    assert_without(&ran.stdout, keys, "standard output");
    assert_without(&ran.stderr, keys, "standard error");
    let mut files = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
                assert_without(&text, keys, &path.display().to_string());
                files += 1;
            }
        }
    }
    assert!(files > 0 || !folder.exists(), "there is something to be searched");
}

fn with_path(sandbox: &Sandbox, arguments: &[&str]) -> std::process::Command {
    let mut command = sandbox.command(arguments);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    command
}

/// What a program prints when it lets every key slip, as it is and in two codings.
const SPILL: &str = r#"
import base64, urllib.parse
def spill(text, keys):
    for key in keys:
        print("using", key, base64.b64encode(("u:" + key).encode()).decode(), file=text)
        coded = "".join("%%%02X" % byte for byte in key.encode())
        print("at", coded, json.dumps({"k": key}), file=text)
"#;

#[test]
fn a_command_that_prints_its_keys_leaves_none_of_them() {
    check(|keys| {
        let sandbox = Sandbox::new();
        sandbox.write("quick.toml", QUICK.replace("files = 6", "files = 2"));
        let last = "keys = [sys.argv[2], sys.argv[3].split('=')[1], os.environ['MY_SECRET'],\n\
                    sys.argv[4].split(':')[2].split('@')[0], sys.argv[5].split(': ')[1]]\n\
                    spill(sys.stdout, keys); spill(sys.stderr, keys)\n\
                    sys.exit('failed with ' + ' and '.join(keys))";
        sandbox.write("client.py", format!("{PYTHON_CLIENT}{SPILL}{last}\n"));
        let (token, url) = (format!("--token={}", keys[1]), format!("redis://:{}@h.x", keys[3]));
        let header = format!("x-api-key: {}", keys[4]);
        // The key of a form of its own is given in no place that is known.
        let words =
            ["python3", "client.py", "--api-key", &keys[5], &token, &url, &header, "{file}"];
        let last = ["run", "quick.toml", "--out", "out", "--"];
        sandbox.write(
            "client.py",
            sandbox
                .read("client.py")
                .replace("sys.argv[2]", &format!("'{}', sys.argv[2]", keys[0])),
        );
        let words = [&last[..], &words[..]].concat();
        let ran = Ran::of(with_path(&sandbox, &words).env("MY_SECRET", &keys[2]));
        let output = sandbox.read("out/output.txt");
        assert!(output.contains("using [masked]"), "{output}\n{}", ran.stderr);
        let page = sandbox.chaos(&["report", "out", "--format", "markdown"]).exits(0).stdout;
        assert!(page.contains("-- python3 client.py --api-key '[masked]'"), "{page}");
        assert_nothing_leaked(&ran, &sandbox.path("out"), keys);
        for report in ["json", "csv", "html", "markdown", "junit", "failures-txt", "github"] {
            let ran = sandbox.chaos(&["report", "out", "--report", report]);
            assert_nothing_leaked(&ran, &sandbox.path("out"), keys);
        }
    });
}

#[test]
fn a_service_that_answers_with_its_keys_leaves_none_of_them() {
    check(|keys| {
        let sandbox = Sandbox::new();
        sandbox.write("quick.toml", QUICK.replace("files = 6", "files = 2"));
        let service = "import http.server\n\
            class Handler(http.server.BaseHTTPRequestHandler):\n    \
            def do_POST(self):\n        \
            data = open('keys.json', 'rb').read()\n        \
            self.send_response(500); self.send_header('content-length', str(len(data)))\n        \
            self.end_headers(); self.wfile.write(data)\n    \
            def log_message(self, *words): pass\n\
            http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n";
        sandbox.write("service.py", format!("{PYTHON_CLIENT}{service}"));
        let known = [&keys[0], &keys[1], &keys[2]];
        let said = known.map(|key| format!("{key} {}", percent(key))).join(", ");
        sandbox.write("keys.json", format!("{{\"detail\": \"{said}\"}}"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let url = format!("http://me:{}@127.0.0.1:{port}/document?api_key={}", keys[1], keys[2]);
        let start = format!("exec python3 service.py {port}");
        let words = ["run", "quick.toml", "--http", &url, "--out", "out", "--start", &start];
        let ran = Ran::of(&mut with_path(&sandbox, &words));
        let records = sandbox.read("out/run.jsonl");
        assert!(records.contains("answered 500") && records.contains("[masked]"), "{records}");
        assert_nothing_leaked(&ran, &sandbox.path("out"), keys);
    });
}

#[test]
fn what_is_typed_wrongly_is_refused_without_its_credentials() {
    check(|keys| {
        let sandbox = Sandbox::new();
        sandbox.write("quick.toml", QUICK);
        let url =
            |scheme: &str| format!("{scheme}://me:{}@127.0.0.1:1/x?token={}", keys[1], keys[2]);
        let (redis, other, ftp) = (url("redis"), url("rediss"), url("ftp"));
        let (http, bare) = (url("http"), format!("me:{}@127.0.0.1:no-port", keys[3]));
        let header = format!("--no-such-flag={}", keys[0]);
        for words in [
            &["run", "quick.toml", "--clock", "wall", "--cache", &redis][..],
            &["run", "quick.toml", "--clock", "wall", "--cache", &other],
            &["run", "quick.toml", "--http", &ftp, "--start", "true"],
            &["run", "quick.toml", "--http", &keys[0]],
            &["run", &header],
            &["mock", "proxy", "--upstream", &ftp],
            &["run", "quick.toml", "--clock", "wall", "--mock-url", &http, "--mock-admin", &bare],
        ] {
            let ran = sandbox.chaos(words).exits(2);
            assert_nothing_leaked(&ran, &sandbox.path("out"), keys);
        }
    });
}

/// A log whose only failure holds every key in a place where one is known.
fn log(keys: &[String]) -> String {
    let [shaped, password, bearer, parameter, header, field] = keys else { panic!("six keys") };
    format!(
        "=== test session starts ===\ncollected 2 items\n\n\
         a.py::test_a[x - y] FAILED                                      [ 50%]\n\
         a.py::test_b PASSED                                             [100%]\n\n\
         === FAILURES ===\n___ test_a[x - y] ___\na.py:9: in test_a\n    y\n\
         E   ValueError: {shaped} at http://me:{password}@host/x?api_key={parameter}\n\
         E   authorization: Bearer {bearer} {}\n\
         E   x-api-key: {header} {{\"token\": \"{field}\"}}\n\
         === short test summary info ===\n\
         FAILED a.py::test_a[x - y] - ValueError: {shaped} at http://me:{password}@host\n\
         === 1 failed, 1 passed in 0.10s ===\n",
        percent(shaped),
    )
}

#[test]
fn no_report_about_a_test_log_holds_its_keys_and_all_have_its_ids_and_counts() {
    check(|keys| {
        let sandbox = Sandbox::new();
        sandbox.write("log.txt", log(keys));
        sandbox.write("plain.txt", log(&["a"; 6].map(str::to_owned)));
        for report in ["text", "txt", "csv", "json", "markdown", "junit", "matrix"] {
            let read = |log: &str| sandbox.chaos(&["classify", log, "--report", report]).exits(99);
            let (ran, plain) = (read("log.txt"), read("plain.txt"));
            assert_nothing_leaked(&ran, &sandbox.path("out"), keys);
            let id = "test_a[x - y]";
            assert_eq!(
                ran.stdout.matches(id).count(),
                plain.stdout.matches(id).count(),
                "{report}"
            );
        }
        let json = sandbox.chaos(&["classify", "log.txt", "--report", "json"]).stdout;
        let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(report["runs"][0]["failed"], 1);
        let message = report["failures"][0]["message"].as_str().expect("a text");
        assert!(message.starts_with("ValueError: [masked] at http://[masked]@host/x?api_key="));
    });
}

#[test]
fn no_history_of_test_logs_holds_their_keys() {
    check(|keys| {
        let sandbox = Sandbox::new();
        sandbox.write("log.txt", log(keys));
        let label = format!("build with {}", keys[0]);
        let add = ["history", "add", "log.txt", "--file", "kept/h.redb", "--label", &label];
        fs::create_dir(sandbox.path("kept")).expect("a folder");
        let ran = sandbox.chaos(&add).exits(0);
        assert_nothing_leaked(&ran, &sandbox.path("kept"), keys);
        for format in ["terminal", "json", "csv"] {
            let show = ["history", "show", "--file", "kept/h.redb", "--format", format];
            let ran = sandbox.chaos(&[&show[..], &["--verbose"]].concat()).exits(0);
            assert_nothing_leaked(&ran, &sandbox.path("kept"), keys);
        }
    });
}
