//! Goal: a service of the user's is started, waited for, asked, attributed, and stopped.
//! Method: a service over Python's standard library that asks the mock for each file that it is
//! posted, under a quick scenario.

#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::net::{TcpListener, TcpStream};

use reports::Cause;
use reports::record::{Job, Outcome};
use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox, wait_until};

/// Asks the mock once or twice for what it is posted, and answers with its documentation.
const SERVICE: &str = r#"
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        code, answer = work(body["file_path"], body["file_content"])
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *words): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 2000
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

const ASK: &str = "def work(path, text): return 200, {'documentation': ask(text)['content']}";

fn sandbox(work: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.write("service.py", format!("{PYTHON_CLIENT}\n{work}\n{SERVICE}"));
    sandbox
}

/// A port that was free a moment ago.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").port()
}

fn run(sandbox: &Sandbox, port: u16, more: &[&str]) -> Ran {
    let url = format!("http://127.0.0.1:{port}/document");
    let words = ["run", "quick.toml", "--http", &url, "--out", "out", "--force"];
    let mut command = sandbox.command(&[&words[..], more].concat());
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Ran::of(&mut command)
}

/// Runs the service, and gives its jobs.
fn jobs(sandbox: &Sandbox) -> Vec<Job> {
    let port = port();
    run(sandbox, port, &["--start", &format!("exec python3 service.py {port}")]);
    let judged = sandbox.judged("out");
    assert!(judged.run().complete(), "{:?}", judged.run().gaps);
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    wait_until("the service has stopped", || TcpStream::connect(("127.0.0.1", port)).is_err());
    judged.run().pipelines[0].jobs.clone()
}

fn causes(jobs: &[Job]) -> Vec<Option<Cause>> {
    jobs.iter().map(|job| job.cause).collect()
}

#[test]
fn every_call_of_a_service_belongs_to_the_job_whose_file_is_in_its_prompt() {
    let twice = "def work(path, text):\n    half = len(text) // 2\n    \
        return 200, [ask(text[:half]), ask(text[half:])]";
    let jobs = jobs(&sandbox(twice));
    assert_eq!(jobs.len(), 6);
    for job in &jobs {
        assert_eq!((job.outcome, job.calls, job.chunks), (Outcome::Documented, 2, 2), "{job:?}");
        assert!(job.cost_microusd > 0, "{job:?}");
    }
}

#[test]
fn calls_that_nothing_attributes_are_shown_and_never_spread() {
    let other = "def work(path, text):\n    ask('hello')\n    return 200, ask(text)";
    let sandbox = sandbox(other);
    let jobs = jobs(&sandbox);
    assert!(jobs.iter().all(|job| job.calls == 1), "{jobs:?}");
    let judged = sandbox.judged("out");
    let summary = &judged.summaries()[0];
    assert_eq!((summary.calls, summary.jobless_calls), (12, 6));
    assert!(sandbox.read("out/summary.txt").contains("calls without a job"));
}

#[test]
fn a_service_that_answers_with_an_error_has_failed_its_job() {
    let failed = "def work(path, text): return 500, {'detail': 'no sk-ant-secret', 'x': ask(text)}";
    let jobs = jobs(&sandbox(failed));
    assert_eq!(causes(&jobs), [Some(Cause::CommandFailed); 6]);
    let detail = jobs[0].detail.as_deref().expect("words");
    assert!(detail.starts_with("answered 500: ") && !detail.contains("secret"), "{detail}");
}

#[test]
fn a_refusal_that_a_service_hides_is_the_cause_all_the_same() {
    let hidden = "def work(path, text):\n    try: return 200, ask(text)\n    \
        except urllib.error.HTTPError: return 200, {}";
    let sandbox = sandbox(hidden);
    let fault = "[[fault]]\nkind = \"status\"\nname = \"busy\"\nstatus = 529\n";
    sandbox.write("quick.toml", format!("{QUICK}\n{fault}"));
    assert_eq!(causes(&jobs(&sandbox)), [Some(Cause::Overloaded); 6]);
}

#[test]
fn a_service_in_a_file_is_judged_by_its_answer() {
    let sandbox = sandbox(ASK);
    let port = port();
    let file = format!(
        "format = 1\n[http]\nurl = \"http://127.0.0.1:{port}/document\"\n\
         start = \"exec python3 service.py {port}\"\nready_timeout_s = 20\n\
         [[judge]]\nkind = \"json\"\npath = \"$.documentation[0].text\"\n\
         [[judge]]\nkind = \"definitions\"\n"
    );
    sandbox.write("service.toml", file);
    let words = ["run", "quick.toml", "--pipeline", "service.toml", "--out", "out"];
    let mut command = sandbox.command(&words);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    let screen = Ran::of(&mut command).exits(0).stdout.replace("\n  ", " ");
    assert!(screen.contains("service.toml 6/6 documented"), "{screen}");
    assert!(screen.contains("status 2xx, JSON path $.documentation[0].text"), "{screen}");
}

#[test]
fn a_service_that_never_gets_ready_says_why_and_leaves_nothing() {
    let sandbox = sandbox(ASK);
    let port = port();
    let exits = run(&sandbox, port, &["--start", "echo out of luck >&2; exit 3"]);
    exits.exits(4).says(&["ended before it was ready: exited with 3: out of luck"]);
    let other = self::port();
    let file = format!(
        "format = 1\n[http]\nurl = \"http://127.0.0.1:{port}/document\"\n\
         start = \"exec python3 service.py {other}\"\nready_timeout_s = 1\n"
    );
    sandbox.write("service.toml", file);
    let words = ["run", "quick.toml", "--pipeline", "service.toml", "--out", "out"];
    let mut command = sandbox.command(&words);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    let said = [&*format!("nothing answers at 127.0.0.1:{port} after 1 s"), "on this port?"];
    Ran::of(&mut command).exits(4).says(&said);
    wait_until("the service has stopped", || TcpStream::connect(("127.0.0.1", other)).is_err());
}

#[test]
fn a_service_that_cannot_be_meant_is_refused_with_what_to_type() {
    let sandbox = sandbox(ASK);
    let refused = |more: &[&str], words: &[&str]| {
        let typed = [&["run", "quick.toml", "--http"], more].concat();
        sandbox.chaos(&typed).exits(2).says(words);
    };
    refused(&["http://10.1.2.3/x", "--start", "true"], &["not on this machine", "--allow-remote"]);
    refused(&["http://127.0.0.1:1/x"], &["cannot know where the mock listens", "--mock-port"]);
    refused(&["127.0.0.1:8000", "--start", "true"], &["no URL"]);
}

#[test]
fn a_place_where_somebody_listens_already_is_not_taken_for_the_service() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it has an address").port();
    let sandbox = sandbox(ASK);
    let start = format!("exec python3 service.py {port}");
    let ran = run(&sandbox, port, &["--start", &start, "--speed", "60"]).exits(2);
    assert!(ran.stderr.contains(&format!("listens at 127.0.0.1:{port} already")), "{}", ran.stderr);
}
