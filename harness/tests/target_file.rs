//! Goal: a command in a file does what it does after `--`, and everything that a file can say of it
//! holds: where it starts, what it reads, what it may take, and when its work is good.
//! Method: small programs over Python's standard library and the shell, under a quick scenario.

#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use reports::Cause;
use reports::record::{Job, Outcome};
use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox};

/// Asks for its file and prints the answer.
const ASK: &str = "print(ask(open(sys.argv[1]).read())['content'][0]['text'])";

/// A sandbox whose target is in a file with these sections.
fn sandbox(last_lines: &str, sections: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.write("own/client.py", format!("{PYTHON_CLIENT}\n{last_lines}\n"));
    sandbox.write("own/mine.toml", format!("format = 1\n{sections}\n"));
    sandbox
}

fn run(sandbox: &Sandbox, out: &str) -> Ran {
    let words = ["run", "quick.toml", "--pipeline", "own/mine.toml", "--out", out, "--force"];
    let mut command = sandbox.command(&words);
    command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Ran::of(&mut command)
}

/// Runs the target, and gives its jobs.
fn jobs(sandbox: &Sandbox) -> Vec<Job> {
    run(sandbox, "out");
    let judged = sandbox.judged("out");
    assert!(judged.run().complete(), "{:?}", judged.run().gaps);
    assert_eq!(judged.summaries()[0].unreconciled, Vec::<String>::new());
    judged.run().pipelines[0].jobs.clone()
}

fn causes(jobs: &[Job]) -> Vec<Option<Cause>> {
    jobs.iter().map(|job| job.cause).collect()
}

/// The cause of every job of a target that prints its answers, under one check.
fn checked(last_lines: &str, check: &str) -> (Option<Cause>, String) {
    let command = r#"[command]
argv = ["python3", "client.py", "{file}", "{out}"]
[[judge]]
"#;
    let jobs = jobs(&sandbox(last_lines, &format!("{command}{check}")));
    let first = causes(&jobs)[0];
    assert_eq!(causes(&jobs), [first; 6]);
    (first, jobs[0].detail.clone().unwrap_or_default())
}

#[test]
fn a_command_in_a_file_starts_in_its_folder_with_its_environment() {
    let section = r#"[command]
argv = ["python3", "client.py", "{file}"]
env = { GREETING = "hello" }"#;
    let ask = format!("assert os.environ['GREETING'] == 'hello'\n{ASK}");
    let sandbox = sandbox(&ask, section);
    let screen = run(&sandbox, "out").exits(0).stdout;
    assert!(screen.contains("own/mine.toml 6/6 documented"), "{screen}");
    assert!(screen.contains("judged by what the mock saw, and by exit status 0."), "{screen}");
}

#[test]
fn a_command_can_read_its_file_from_standard_input() {
    let section = "[command]\nargv = [\"python3\", \"client.py\"]\nstdin = \"file\"";
    let jobs = jobs(&sandbox("ask(sys.stdin.read())", section));
    assert_eq!(causes(&jobs), [None; 6]);
}

#[test]
fn a_file_that_was_to_be_left_behind_is_looked_for_and_read() {
    let leave = "text = open(sys.argv[1]).read()\nask(text)\n\
        open(sys.argv[2], 'w').write('# Documentation')";
    let check = "kind = \"file\"\npath = \"{out}\"\nmatches = \"^# Doc\"";
    assert_eq!(checked(leave, check).0, None);
    let other = check.replace("Doc", "Other");
    let (cause, words) = checked(leave, &other);
    assert_eq!(cause, Some(Cause::Rejected));
    assert_eq!(words, "`{out}` has no match for `^# Other`");
    assert_eq!(checked(ASK, check).1, "left no file `{out}`");
}

#[test]
fn what_a_command_prints_is_matched_and_read_as_json() {
    let output = "kind = \"output\"\nmatches = \"(?i)documentation\"";
    assert_eq!(checked(&format!("{ASK}\nprint('Documentation')"), output).0, None);
    assert_eq!(checked("ask(open(sys.argv[1]).read())", output).0, Some(Cause::Rejected));
    let print = "print(json.dumps({'answer': ask(open(sys.argv[1]).read())['content']}))";
    let json = "kind = \"json\"\npath = \"$.answer[0].text\"";
    assert_eq!(checked(print, json).0, None);
    let (cause, words) = checked(print, "kind = \"json\"\npath = \"$.nothing\"");
    assert_eq!((cause, &*words), (Some(Cause::Rejected), "its output has nothing at `$.nothing`"));
    assert_eq!(checked(ASK, json).0, Some(Cause::Rejected), "what is printed is no JSON");
}

#[test]
fn definitions_that_the_output_does_not_name_are_undocumented() {
    assert_eq!(checked(ASK, "kind = \"definitions\"").0, None);
    let silent = "ask(open(sys.argv[1]).read())\nprint('Everything is documented.')";
    let section = "[command]\nargv = [\"python3\", \"client.py\", \"{file}\"]\n\
        [[judge]]\nkind = \"definitions\"";
    let jobs = jobs(&sandbox(silent, section));
    let with_any: Vec<&Job> = jobs.iter().filter(|job| job.definitions > 0).collect();
    assert!(with_any.len() >= 5, "{jobs:?}");
    for job in with_any {
        let words = job.detail.as_deref().unwrap_or_default();
        assert_eq!((job.cause, job.documented), (Some(Cause::Undocumented), 0), "{job:?}");
        assert!(words.starts_with("0 of ") && words.contains("in line "), "{words}");
    }
    let most = "text = ask(open(sys.argv[1]).read())['content'][0]['text']\n\
        print(text[:len(text) * 9 // 10])";
    assert_eq!(checked(most, "kind = \"definitions\"\nleast_percent = 10").0, None);
}

#[test]
fn a_program_of_the_users_has_the_last_word() {
    let good = "kind = \"command\"\nargv = [\"grep\", \"-q\", \"[a-z]\"]";
    assert_eq!(checked(ASK, good).0, None);
    let bad = "kind = \"command\"\nargv = [\"sh\", \"-c\", \"echo too short >&2; exit 1\"]";
    let (cause, words) = checked(ASK, bad);
    assert_eq!((cause, &*words), (Some(Cause::Rejected), "the judge refused it: too short"));
}

#[test]
fn a_command_over_its_memory_or_its_time_is_killed_and_says_so() {
    let section = "[command]\nargv = [\"python3\", \"client.py\", \"{file}\"]\n[limits]\n";
    let eat = "import time\nheld = bytearray(300_000_000)\nfor at in range(0, len(held), 4096): \
        held[at] = 1\ntime.sleep(60)";
    let hungry = jobs(&sandbox(eat, &format!("{section}memory_mb = 100")));
    assert_eq!(causes(&hungry), [Some(Cause::OutOfMemory); 6]);
    let detail = hungry[0].detail.as_deref().expect("words");
    assert!(detail.contains("may hold 100 MB"), "{detail}");
    let slow = jobs(&sandbox("import time\ntime.sleep(60)", &format!("{section}time_s = 1")));
    assert_eq!(causes(&slow), [Some(Cause::JobTimeout); 6]);
}

#[test]
fn the_end_of_what_a_failed_job_printed_is_kept_without_keys() {
    let say = "print('one\\ntwo'); print('key sk-ant-api03-secret', file=sys.stderr); sys.exit(3)";
    let section = "[command]\nargv = [\"python3\", \"client.py\", \"{file}\"]";
    let sandbox = sandbox(say, section);
    jobs(&sandbox);
    let kept = sandbox.read("out/output.txt");
    assert!(kept.starts_with("# own/mine.toml\n== job "), "{kept}");
    assert!(kept.contains("one\ntwo\n") && kept.contains("key [masked]\n"), "{kept}");
    assert!(!kept.contains("secret"), "{kept}");
}

#[test]
fn an_exit_status_counts_for_nothing_where_the_file_says_so() {
    let section = "[command]\nargv = [\"python3\", \"client.py\", \"{file}\"]\n\
        ignore_exit_status = true";
    let jobs = jobs(&sandbox(&format!("{ASK}\nsys.exit(3)"), section));
    assert!(jobs.iter().all(|job| job.outcome == Outcome::Documented), "{jobs:?}");
}

#[test]
fn a_run_without_a_single_call_is_inconclusive() {
    let section = "[command]\nargv = [\"true\", \"{file}\"]";
    let ran = run(&sandbox("", section), "out").exits(4);
    assert!(ran.stdout.contains("no call reached the mock"), "{}", ran.stdout);
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once() {
    let sections = r#"[command]
argv = ["client.py", "{file}", "{dir}"]
jobs_at_onec = 3
[[judge]]
kind = "output"
matches = "("
[[judge]]
kind = "json"
path = "answer"
"#;
    let sandbox = sandbox("", sections);
    let said = run(&sandbox, "out").exits(104).stderr;
    assert!(said.contains("own/mine.toml:4:1: `command.jobs_at_onec`: unknown key"), "{said}");
    assert!(said.contains("did you mean `jobs_at_once`?"), "{said}");
    sandbox.write(
        "own/mine.toml",
        format!("format = 1\n{}", sections.replace("onec = 3", "once = 3")),
    );
    let said = run(&sandbox, "out").exits(104).stderr;
    for words in ["one file and all files at once", "no regular expression", "no JSON path"] {
        assert!(said.contains(words), "`{words}` is missing in {said}");
    }
}
