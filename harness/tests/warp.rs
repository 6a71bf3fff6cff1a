//! Goal: a command in warped time gives what it gives in real time, only sooner; it is stopped,
//! killed and refused like any other, and leaves nothing behind.
//! Method: run small programs under shipped scenarios, whose answers take half a minute. Nothing
//! asserts how long that took here, but that it was less than what has passed for the programs.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use reports::Cause;
use reports::measured::{Measured, Warped};
use reports::record::{Job, Outcome};
use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox, wait_for, wait_until};

/// Asks one question, the same in every job, so that all answers cost about the same.
const QUESTION: &str =
    r#"ask("".join(f"def f{number}(x):\n    return x + {number}\n\n" for number in range(60)))"#;

/// A service that takes five seconds for a file, apart from what the mock takes.
const SERVICE: &str = r#"
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(5)
        data = json.dumps(ask(body["file_content"])).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

/// A call of the binary with a command of its own.
fn command(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    // Python has to be found.
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    command
}

fn warped(sandbox: &Sandbox) -> (Measured, Warped) {
    let measured = Measured::read(&sandbox.read("out/measured.json")).expect("measurements");
    let warped = measured.warped.clone().expect("time was warped");
    (measured, warped)
}

#[test]
fn ten_clients_at_once_are_refused_as_in_real_time() {
    let sandbox = Sandbox::new();
    sandbox.write("client.py", format!("{PYTHON_CLIENT}\n{QUESTION}\n"));
    let run = ["run", "concurrent", "--speed", "60", "--out", "out", "--"];
    let python = ["python3", "client.py", "{job}"];
    let ran = Ran::of(&mut command(&sandbox, &[&run[..], &python].concat()));
    assert!(ran.stdout.contains("time: warped x60, "), "{}", ran.stdout);
    assert!(ran.stdout.contains("warped time x60"), "{}", ran.stdout);
    let judged = sandbox.judged("out");
    assert!(judged.run().complete(), "{:?}", judged.run().gaps);
    assert_eq!(judged.run().header.speed, Some(60));
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    let jobs = &judged.run().pipelines[0].jobs;
    let (documented, refused): (Vec<_>, Vec<_>) =
        jobs.iter().partition(|job| job.outcome == Outcome::Documented);
    assert_eq!((documented.len(), refused.len()), (4, 6));
    assert!(refused.iter().all(|job| job.cause == Some(Cause::RateLimited)), "{refused:?}");
    // How long an answer is differs by a few tokens with the order in which they are asked for.
    let cost = documented.iter().map(|job| job.cost_microusd).sum::<u64>() / 4;
    let near = |job: &&&Job| job.cost_microusd.abs_diff(cost) <= cost / 100;
    assert!(cost > 0 && documented.iter().filter(near).count() == 4, "{documented:?}");
    let (measured, warped) = warped(&sandbox);
    assert!(warped.passed_us > 4_000_000, "{warped:?}");
    assert!(measured.wall_us < warped.passed_us, "{measured:?}");
    assert!(warped.computing_us <= measured.wall_us, "{measured:?}");
    assert_eq!(warped.strangers, None);
}

#[test]
fn a_service_that_is_started_follows_the_clock_and_one_that_runs_already_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.write("service.py", format!("{PYTHON_CLIENT}\n{SERVICE}"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/document");
    let run = ["run", "quick.toml", "--speed", "60", "--out", "out", "--http", &url];
    let running = ["--mock-port", &port.to_string()];
    let refused = Ran::of(&mut command(&sandbox, &[&run[..], &running].concat())).exits(2);
    refused.says(&["a service that is running already", "--start"]);
    let start = format!("exec python3 service.py {port}");
    Ran::of(&mut command(&sandbox, &[&run[..], &["--start", &start]].concat()));
    let judged = sandbox.judged("out");
    assert!(judged.run().complete(), "{:?}", judged.run().gaps);
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    for job in &judged.run().pipelines[0].jobs {
        assert_eq!((job.outcome, job.calls), (Outcome::Documented, 1), "{job:?}");
        assert!(job.end_us - job.start_us >= 5_000_000, "{job:?}");
    }
    let (measured, warped) = warped(&sandbox);
    assert!(measured.wall_us < warped.passed_us, "{measured:?}");
    assert_eq!(warped.strangers, None);
}

#[test]
fn the_limit_of_a_command_in_a_file_is_of_the_warped_time() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let argv = r#"argv = ["sh", "-c", "trap '' TERM; sleep 600; {file}"]"#;
    let file = format!("format = 1\n[command]\n{argv}\n[limits]\ntime_s = 20\n");
    sandbox.write("deaf.toml", file);
    let run = ["run", "quick.toml", "--speed", "60", "--out", "out", "--pipeline", "deaf.toml"];
    Ran::of(&mut command(&sandbox, &run));
    let judged = sandbox.judged("out");
    for job in &judged.run().pipelines[0].jobs {
        assert_eq!(job.cause, Some(Cause::JobTimeout), "{job:?}");
        assert!((20_000_000..40_000_000).contains(&(job.end_us - job.start_us)), "{job:?}");
    }
}

#[test]
fn a_built_in_pipeline_alongside_stays_simulated_to_the_byte() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let of_phase1 = |speed: &[&str]| {
        let run = ["run", "quick.toml", "--out", "out", "--force", "--pipeline", "phase1"];
        Ran::of(&mut command(&sandbox, &[&run, speed, &["--", "true", "{file}"]].concat()));
        let records = sandbox.read("out/run.jsonl");
        let own = records.lines().filter(|line| line.contains(r#""pipeline":"phase1""#));
        own.map(str::to_owned).collect::<Vec<_>>()
    };
    let real = of_phase1(&[]);
    assert!(real.len() > 6, "{real:?}");
    assert_eq!(of_phase1(&["--speed", "1000"]), real);
}

#[test]
fn what_cannot_be_warped_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    let refused = |arguments: &[&str], words: &[&str]| {
        let all = [&["run", "concurrent", "--speed"], arguments].concat();
        Ran::of(&mut command(&sandbox, &all)).exits(2).says(words);
    };
    refused(&["60"], &["`--speed` is for a command of yours", "--speed 60 -- python"]);
    // One run of the two has nothing but built-in pipelines.
    sandbox
        .write("mine.toml", "format = 1\n[command]\nargv = [\"python3\", \"x.py\", \"{file}\"]\n");
    sandbox.write("own.toml", QUICK.replacen('\n', "\npipelines = [\"mine.toml\"]\n", 1));
    refused(&["60", "--scenario", "own.toml"], &["`--speed` is for a command of yours"]);
    refused(&["0", "--", "sh"], &["0 is not in 1..=1000"]);
    refused(&["1001", "--", "sh"], &["1001 is not in 1..=1000"]);
    // No loader is named in it.
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    header[18] = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    sandbox.write("static", header);
    sandbox.write("script", "#!./static\n");
    for name in ["static", "script"] {
        let path = sandbox.path(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it can be changed");
        let word = format!("./{name}");
        refused(&["60", "--", &word], &["`./static` is statically linked", "leave out `--speed`"]);
    }
    assert!(!sandbox.path("chaos-out").exists(), "nothing was begun");
}

#[test]
fn a_program_that_does_not_follow_the_clock_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let run = ["run", "quick.toml", "--speed", "60", "--out", "out", "--"];
    let script = ["sh", "-c", "env -u LD_PRELOAD sleep 1; true"];
    let ran = Ran::of(&mut command(&sandbox, &[&run[..], &script].concat()));
    assert!(ran.stdout.contains("warning: `sleep` did not follow the clock"), "{}", ran.stdout);
    let (_, warped) = warped(&sandbox);
    assert_eq!(warped.strangers, Some((1, "sleep".to_owned())));
}

/// Whether a process is there and is no zombie.
fn is_running(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

/// Starts a run whose processes wait for what never comes, with one that was forgotten, and waits
/// until all have begun. Gives the number of the process that does the run.
fn start(sandbox: &Sandbox) -> (Child, String) {
    sandbox.write("quick.toml", QUICK);
    let script = "setsid sh -c 'echo $$ > forgotten-{job}; exec sleep 100000' & \
        echo $PPID > parent-{job}; echo $$ > pid-{job}; sleep 100000; true";
    let run = ["run", "quick.toml", "--speed", "2", "--out", "out", "--", "sh", "-c", script];
    let mut command = command(sandbox, &run);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the binary starts");
    let wrote = |name: &str| {
        let text = fs::read_to_string(sandbox.path(name));
        text.is_ok_and(|text| text.ends_with('\n'))
    };
    wait_until("every process has begun", || {
        let of_job = |job| ["pid", "parent", "forgotten"].map(|name| format!("{name}-{job}"));
        (1..=6).flat_map(of_job).all(|name| wrote(&name))
    });
    let parent = sandbox.read("parent-1").trim().to_owned();
    (child, parent)
}

fn nothing_is_left(sandbox: &Sandbox) {
    let files = (1..=6).flat_map(|job| [format!("pid-{job}"), format!("forgotten-{job}")]);
    for file in files.chain(["parent-1".to_owned()]) {
        let Ok(pid) = fs::read_to_string(sandbox.path(&file)) else { continue };
        wait_until(&format!("{file} has ended with the run"), || !is_running(&pid));
    }
}

fn send(name: &str, pid: &str) {
    let sent = Command::new("kill").args([format!("-{name}").as_str(), pid]).status();
    assert!(sent.expect("`kill` is there").success(), "SIG{name} cannot be sent to {pid}");
}

#[test]
fn an_interrupted_run_is_readable_and_leaves_no_process() {
    let sandbox = Sandbox::new();
    let (child, parent) = start(&sandbox);
    assert_ne!(parent, child.id().to_string(), "the run is below the clock");
    send("INT", &child.id().to_string());
    wait_for(child).exits(105);
    let judged = sandbox.judged("out");
    assert!(judged.run().interrupted(), "{:?}", judged.run().gaps);
    assert_eq!(judged.run().pipelines[0].jobs.len(), 6);
    nothing_is_left(&sandbox);
}

#[test]
fn a_run_that_is_killed_takes_its_processes_with_it() {
    let sandbox = Sandbox::new();
    let (child, parent) = start(&sandbox);
    send("KILL", &parent);
    wait_for(child).exits(1).says(&["the run was ended by signal 9"]);
    nothing_is_left(&sandbox);
}

#[test]
fn a_run_whose_clock_is_killed_ends_as_if_it_had_been_interrupted() {
    let sandbox = Sandbox::new();
    let (mut child, parent) = start(&sandbox);
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    wait_until("the run has ended", || !is_running(&parent));
    assert!(sandbox.judged("out").run().interrupted());
    // What has left its group is nobody's by now, as without a clock.
    for job in 1..=6 {
        let pid = sandbox.read(&format!("forgotten-{job}"));
        let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
    }
    nothing_is_left(&sandbox);
}
