//! Goal: a command of the user's is driven, attributed, judged and ended like any other pipeline.
//! Method: run small programs under a scenario whose answers take a few milliseconds. The client
//! is Python's standard library, so that nothing has to be installed.

#![cfg(unix)]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use reports::record::{Job, Outcome};
use reports::{Cause, Quantile};
use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox, signal, wait_for, wait_until};

/// A sandbox with the scenario, and a client with these last lines.
fn sandbox(scenario: &str, last_lines: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", format!("{QUICK}\n{scenario}"));
    sandbox.write("client.py", format!("{PYTHON_CLIENT}\n{last_lines}\n"));
    sandbox
}

/// Runs a command under the scenario, and gives its jobs.
fn jobs(sandbox: &Sandbox, command: &[&str]) -> Vec<Job> {
    let run = ["run", "quick.toml", "--out", "out", "--force", "--quiet", "--"];
    let arguments = [&run[..], command].concat();
    let mut program = sandbox.command(&arguments);
    // Python has to be found.
    program.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    program.env("ANTHROPIC_API_KEY", "sk-ant-real").env("AWS_PROFILE", "production");
    Ran::of(&mut program);
    let judged = sandbox.judged("out");
    assert!(judged.run().complete(), "{:?}", judged.run().gaps);
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    let [pipeline] = &judged.run().pipelines[..] else { panic!("one pipeline") };
    let end = pipeline.end.as_ref().expect("it has ended");
    let by_job: u64 = pipeline.jobs.iter().map(|job| job.cost_microusd).sum();
    assert_eq!(by_job, end.ledger_microusd, "what the jobs cost is what the ledger says");
    let calls: u64 = pipeline.jobs.iter().map(|job| job.calls).sum();
    assert_eq!(calls, end.ledger_requests, "every call is in its job");
    pipeline.jobs.clone()
}

const PYTHON: [&str; 3] = ["python3", "client.py", "{file}"];

fn causes(jobs: &[Job]) -> Vec<Option<Cause>> {
    jobs.iter().map(|job| job.cause).collect()
}

#[test]
fn every_call_belongs_to_the_job_of_its_process() {
    let sandbox = sandbox("", "text = open(sys.argv[1]).read()\nask(text)\nask(text[:2000])");
    let jobs = jobs(&sandbox, &PYTHON);
    assert_eq!(jobs.len(), 6);
    for job in &jobs {
        assert_eq!((job.outcome, job.calls, job.chunks), (Outcome::Documented, 2, 2), "{job:?}");
        assert!(job.cost_microusd > 0 && job.bytes > 1000, "{job:?}");
    }
    let page = sandbox.chaos(&["report", "out", "--format", "markdown"]).exits(0).stdout;
    let again = page.lines().find(|line| line.starts_with("- run again: ")).unwrap_or(&page);
    assert!(again.ends_with(" -- python3 client.py {file}`"), "{again}");
}

/// The latency of a command includes the start of its interpreter: every page says how much.
#[test]
fn what_a_command_takes_up_to_its_first_call_is_in_every_page() {
    let late = "import time\ntime.sleep(0.3)\nask(open(sys.argv[1]).read())\nask('x = 1')";
    let sandbox = sandbox("", late);
    jobs(&sandbox, &PYTHON);
    let judged = sandbox.judged("out");
    let summary = &judged.summaries()[0];
    let (first, whole) = (&summary.first_call, &summary.latency);
    assert_eq!(first.count(), 6);
    assert!(first.quantile_us(Quantile::P50) >= Some(300_000), "it slept for 300 ms: {first:?}");
    assert!(first.max_us() <= whole.max_us(), "it is part of the latency: {first:?} {whole:?}");
    for format in ["terminal", "markdown", "html"] {
        let page = sandbox.chaos(&["report", "out", "--format", format]).exits(0).stdout;
        for row in ["start to first call p50", "start to first call max"] {
            let cells = page.lines().find_map(|line| Some(line.split_once(row)?.1));
            assert!(cells.is_some_and(|cells| cells.contains("(n=6)")), "{format}: {page}");
        }
    }
}

#[test]
fn what_was_refused_and_never_answered_is_the_cause_of_the_failure() {
    let fault = "[[fault]]\nkind = \"status\"\nname = \"busy\"\nstatus = 529\n";
    // The second client hides it behind an exit status of 0.
    for last_lines in [
        "ask(open(sys.argv[1]).read())",
        "try: ask(open(sys.argv[1]).read())\nexcept urllib.error.HTTPError: pass",
    ] {
        let jobs = jobs(&sandbox(fault, last_lines), &PYTHON);
        assert_eq!(causes(&jobs), [Some(Cause::Overloaded); 6]);
    }
}

#[test]
fn an_answer_that_was_refused_is_the_cause_unless_another_model_is_asked() {
    let fault = "[[fault]]\nkind = \"semantic\"\nname = \"declined\"\nwhat = { refusal = {} }\n\
        when = { model = \"claude-sonnet*\" }\n";
    let alone = sandbox(fault, "ask(open(sys.argv[1]).read())");
    assert_eq!(causes(&jobs(&alone, &PYTHON)), [Some(Cause::Refused); 6]);
    let failure = alone.judged("out").failures().remove(0).fault.map(|fault| fault.name.to_owned());
    assert_eq!(failure.as_deref(), Some("declined"));
    let other = "text = open(sys.argv[1]).read()\nask(text)\nask(text, 'claude-opus-4-8')";
    assert_eq!(causes(&jobs(&sandbox(fault, other), &PYTHON)), [None; 6]);
}

#[test]
fn a_question_larger_than_the_limit_is_the_cause_of_the_failure() {
    let limits = "[limits]\ninput_tokens_per_minute = 300\n";
    let jobs = jobs(&sandbox(limits, "ask(open(sys.argv[1]).read())"), &PYTHON);
    assert_eq!(causes(&jobs), [Some(Cause::RequestOverLimit); 6]);
}

#[test]
fn a_question_that_is_answered_at_last_is_one_question_with_several_attempts() {
    let fault = "[[fault]]\nkind = \"status\"\nname = \"once\"\nstatus = 529\n\
        when = { first_attempts = 1 }\n";
    let again = "text = open(sys.argv[1]).read()\ntry: ask(text)\n\
        except urllib.error.HTTPError: ask(text)";
    let sandbox = sandbox(fault, again);
    let jobs = jobs(&sandbox, &PYTHON);
    for job in jobs {
        assert_eq!((job.outcome, job.calls, job.chunks), (Outcome::Documented, 2, 1), "{job:?}");
    }
}

#[test]
fn an_answer_that_was_cut_and_kept_is_no_success() {
    let cut = "ask(open(sys.argv[1]).read(), max_tokens=20)";
    assert_eq!(causes(&jobs(&sandbox("", cut), &PYTHON)), [Some(Cause::Truncated); 6]);
    // Asked for the rest, it may have been mended: that cannot be known, and is not held against
    // it.
    let rest = format!("{cut}\nask('x = 1')");
    assert_eq!(causes(&jobs(&sandbox("", &rest), &PYTHON)), [None; 6]);
}

#[test]
fn a_command_that_never_calls_has_proved_nothing() {
    let jobs = jobs(&sandbox("", ""), &["true", "{file}"]);
    assert_eq!(causes(&jobs), [Some(Cause::NoCall); 6]);
    let detail = jobs[0].detail.as_deref().expect("words");
    assert!(detail.contains("ANTHROPIC_BASE_URL"), "{detail}");
}

#[test]
fn a_command_without_a_file_does_the_whole_load_as_one_job() {
    let all = "for name in sys.argv[1:]: ask(open(name).read())";
    let sandbox = sandbox("", all);
    let found = jobs(&sandbox, &["python3", "client.py", "{files}"]);
    assert_eq!((found.len(), found[0].calls), (1, 6), "{found:?}");
    let walk = "import pathlib\n\
        for path in sorted(pathlib.Path(sys.argv[1]).rglob('*.py')): ask(path.read_text())";
    sandbox.write("client.py", format!("{PYTHON_CLIENT}\n{walk}\n"));
    let found = jobs(&sandbox, &["python3", "client.py", "{dir}"]);
    assert_eq!((found.len(), found[0].calls), (1, 6), "{found:?}");
}

#[test]
fn no_real_key_reaches_the_command_or_the_records() {
    let script = "env > env-{job}.txt; echo failed with sk-ant-api03-secret >&2; exit 3";
    let sandbox = sandbox("", "");
    let jobs = jobs(&sandbox, &["sh", "-c", script]);
    let set = sandbox.read("env-1.txt");
    assert!(set.contains("/job/1\n") && !set.contains("sk-ant-real"), "{set}");
    assert!(!set.contains("AWS_PROFILE"), "{set}");
    assert_eq!(jobs[0].cause, Some(Cause::CommandFailed));
    let detail = jobs[0].detail.as_deref().expect("words");
    assert_eq!(detail, "exited with 3: failed with [masked]");
}

#[test]
fn a_flood_of_output_and_bytes_that_are_no_text_do_no_harm() {
    let flood = "head -c 30000000 /dev/zero; head -c 100000 /dev/urandom >&2; exit 1; {file}";
    let jobs = jobs(&sandbox("", ""), &["sh", "-c", flood]);
    assert_eq!(causes(&jobs), [Some(Cause::CommandFailed); 6]);
    assert!(jobs.iter().all(|job| job.detail.as_ref().is_some_and(|words| words.len() < 2000)));
}

/// Whether a process is there and is no zombie.
fn is_running(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_command_starts_and_forgets_ends_with_it() {
    let sandbox = sandbox("", "");
    jobs(&sandbox, &["sh", "-c", "sleep 300 & echo $! > pid-{job}; true"]);
    for job in 1..=6 {
        let pid = sandbox.read(&format!("pid-{job}"));
        // A killed process takes a moment to go.
        wait_until("what was forgotten has ended", || !is_running(&pid));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_is_readable_and_leaves_no_process() {
    let sandbox = sandbox("", "");
    let script = "echo $$ > pid-{job}; sleep 300; true";
    let run = ["run", "quick.toml", "--out", "out", "--", "sh", "-c", script];
    let mut command = sandbox.command(&run);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH")).stdout(Stdio::piped());
    let child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
    let wrote = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'));
    wait_until("every process has begun", || {
        (1..=6).all(|job| wrote(&sandbox.path(&format!("pid-{job}"))))
    });
    signal(&child, "INT");
    wait_for(child).exits(105);
    let judged = sandbox.judged("out");
    let run = judged.run();
    assert!(run.interrupted() && run.pipelines[0].jobs.len() == 6, "{:?}", run.gaps);
    for job in 1..=6 {
        let pid = sandbox.read(&format!("pid-{job}"));
        wait_until("the process has ended with the run", || !is_running(&pid));
    }
}

#[test]
fn a_built_in_pipeline_runs_alongside_in_simulated_time() {
    let sandbox = sandbox("", "ask(open(sys.argv[1]).read())");
    let run = ["run", "quick.toml", "--pipeline", "phase1", "--out", "out", "--"];
    let mut command = sandbox.command(&[&run[..], &PYTHON].concat());
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    let screen = Ran::of(&mut command).exits(0).stdout;
    assert!(screen.contains("phase1") && screen.contains("client.py"), "{screen}");
    let judged = sandbox.judged("out");
    let run = judged.run();
    let documented = |at: usize| {
        let jobs = run.pipelines[at].jobs.iter();
        jobs.filter(|job| job.outcome == Outcome::Documented).count()
    };
    assert_eq!((documented(0), documented(1)), (6, 6));
}

#[test]
fn a_command_that_cannot_be_started_says_what_to_type() {
    let sandbox = sandbox("", "");
    sandbox.write("plain.txt", "");
    let refused = |arguments: &[&str], words: &[&str]| {
        let command = [&["run", "quick.toml"], arguments].concat();
        sandbox.chaos(&command).exits(2).says(words);
    };
    refused(&["--", "no-such-program"], &["no program `no-such-program`", "without a shell"]);
    refused(&["--", "./plain.txt"], &["`./plain.txt` is not executable", "interpreter"]);
    refused(&["--pipeline", "client.py"], &["-- python client.py {file}"]);
    refused(&["--", "/bin/sh", "{file}", "{dir}"], &["one file and all files at once"]);
    refused(&["--clock", "simulated", "--", "/bin/sh"], &["leave out `--clock simulated`"]);
}

/// Every process with this in its command line.
#[cfg(target_os = "linux")]
fn processes_with(words: &str) -> usize {
    let all = fs::read_dir("/proc").expect("a list of processes").flatten();
    let lines = all.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(words)).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_leaves_no_process_and_no_folder() {
    let sandbox = sandbox("", "");
    // One that stays in its group, and one that leaves it.
    let script = "setsid sleep 301.7 & echo {file} > file-{job}; sleep 301.7";
    let run = ["run", "quick.toml", "--out", "out", "--", "sh", "-c", script];
    let mut command = sandbox.command(&run);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH")).stdout(Stdio::piped());
    command.env("TMPDIR", sandbox.root());
    let child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
    let wrote = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'));
    wait_until("every process has begun", || {
        (1..=6).all(|job| wrote(&sandbox.path(&format!("file-{job}"))))
    });
    let file = sandbox.read("file-1");
    assert!(Path::new(file.trim()).exists() && processes_with("301.7") > 0);
    signal(&child, "KILL");
    wait_for(child);
    wait_until("what the run started has ended", || processes_with("301.7") == 0);
    // The folder goes after the last of its files.
    wait_until("the run's folder is removed", || {
        !sandbox.names(".").iter().any(|name| name.starts_with("chaos-"))
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_leaves_its_group_ends_with_the_run() {
    let sandbox = sandbox("", "");
    jobs(&sandbox, &["sh", "-c", "setsid sleep 302.9 & {file}; true"]);
    wait_until("what left its group has ended", || processes_with("302.9") == 0);
}

#[cfg(target_os = "linux")]
#[test]
fn calls_that_come_after_the_end_of_their_job_belong_to_none() {
    // The second process asks when the first has long ended.
    let late = "import subprocess, time\n\
        if len(sys.argv) > 2: time.sleep(1.5); ask('x = 1')\n\
        else:\n    ask(open(sys.argv[1]).read())\n    \
        subprocess.Popen(['setsid', sys.executable, *sys.argv, 'late'],\n        \
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n    time.sleep(0.1)";
    let sandbox = sandbox("", late);
    sandbox.write("slow.py", "import time; time.sleep(4)");
    let script = "if [ {job} = 6 ]; then python3 client.py {file}; exec python3 slow.py; \
        else exec python3 client.py {file}; fi";
    let run = ["run", "quick.toml", "--out", "out", "--quiet", "--", "sh", "-c", script];
    let mut command = sandbox.command(&run);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Ran::of(&mut command).exits(0);
    let judged = sandbox.judged("out");
    let summary = &judged.summaries()[0];
    assert_eq!(summary.unreconciled, Vec::<String>::new());
    assert!(summary.jobless_calls >= 1, "{}", summary.calls);
    let jobs = &judged.run().pipelines[0].jobs;
    assert!(jobs.iter().all(|job| job.calls <= 2), "{jobs:?}");
}

#[test]
fn one_that_ignores_sigterm_and_one_that_exits_at_once_are_ended_and_judged() {
    let sandbox = sandbox("", "");
    let found = jobs(&sandbox, &["sh", "-c", "exit 7; {file}"]);
    assert_eq!(causes(&found), [Some(Cause::CommandFailed); 6]);
    let deaf = "format = 1\n[limits]\ntime_s = 1\n[command]\n\
        argv = [\"sh\", \"-c\", \"trap '' TERM; sleep 60; {file}\"]\n";
    sandbox.write("deaf.toml", deaf);
    let run = ["run", "quick.toml", "--out", "deaf", "--quiet", "--pipeline", "deaf.toml"];
    let mut command = sandbox.command(&run);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Ran::of(&mut command);
    let judged = sandbox.judged("deaf");
    assert_eq!(causes(&judged.run().pipelines[0].jobs), [Some(Cause::JobTimeout); 6]);
}

#[test]
fn an_answer_whose_connection_broke_was_never_given() {
    for what in ["reset", "close"] {
        let fault = format!(
            "[[fault]]\nkind = \"wire\"\nname = \"cut\"\n\
             what = {{ {what} = {{ after_body_bytes = 50 }} }}\n"
        );
        let swallowed = "try: ask(open(sys.argv[1]).read())\nexcept Exception: pass";
        let jobs = jobs(&sandbox(&fault, swallowed), &PYTHON);
        assert_eq!(causes(&jobs), [Some(Cause::Connection); 6], "{what}");
        assert!(jobs.iter().all(|job| job.wasted_microusd > 0), "it is paid for: {jobs:?}");
    }
}

#[test]
fn a_whole_load_is_stopped_when_its_time_is_over_and_done_as_often_as_the_load_repeats() {
    let platform = "[platform]\nkind = \"lambda\"\ntimeout_s = 4\nmemory_mb = 4_096\n\
        payload_bytes = 1_000_000\nconcurrency = 9\ncold_start_ms = 0\nidle_recycle_s = 9\n";
    let sandbox = sandbox(platform, "import time\nask('x')\ntime.sleep(60)");
    let scenario = sandbox.read("quick.toml");
    let repeated = "shape = \"sequential\"\nrepeat = 2";
    sandbox.write("quick.toml", scenario.replace("shape = \"burst\"", repeated));
    let jobs = jobs(&sandbox, &["python3", "client.py", "{dir}"]);
    assert_eq!(causes(&jobs), [Some(Cause::JobTimeout); 2]);
}
