//! Goal: what `chaos init` writes runs at once, and nothing that is there is replaced.
//! Method: a folder with a pipeline that asks the mock, and the files that were written, run.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox};

/// The program with the user's own search path, where the command is found.
fn chaos(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    Ran::of(sandbox.command(arguments).env("PATH", std::env::var_os("PATH").expect("a PATH")))
}

/// A folder with a script that sends a file and fails as the answer does.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let script = r#"import json, os, sys, urllib.request
body = {"model": "claude-sonnet-4-5", "max_tokens": 4096,
        "messages": [{"role": "user", "content": open(sys.argv[1]).read()}]}
headers = {"content-type": "application/json", "x-api-key": "key",
           "anthropic-version": "2023-06-01"}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
request = urllib.request.Request(url, json.dumps(body).encode(), headers)
print(json.load(urllib.request.urlopen(request))["content"][0]["text"])
"#;
    sandbox.write("pipeline.py", script);
    sandbox
}

#[test]
fn what_it_writes_runs_at_once_and_is_red_where_files_are_lost() {
    let sandbox = sandbox();
    let init = ["init", "--ci", "github", "--", "python3", "pipeline.py", "{file}"];
    let said = chaos(&sandbox, &init).exits(0).stdout;
    assert!(said.contains("next: chaos run chaos-scenario.toml"), "{said}");
    assert!(sandbox.read(".github/workflows/chaos.yml").contains("chaos run chaos-scenario.toml"));
    // Answers that take no time: what is lost is lost to the limit of the scenario.
    let scenario = sandbox.read("chaos-scenario.toml");
    let quick = scenario.replace("first_token_ms = 1_000", "first_token_ms = 1");
    sandbox.write("chaos-scenario.toml", quick.replace("per_second = 48", "per_second = 100_000"));
    let ran = chaos(&sandbox, &["run", "chaos-scenario.toml", "--out", "out"]).exits(99);
    // How many are lost depends on how far a busy machine spreads their starts.
    let lost = ran.stdout.contains("/10 documented") && !ran.stdout.contains(" 10/10 documented");
    assert!(lost, "{}", ran.stdout);
    assert!(ran.stdout.contains("failed") && ran.stdout.contains("== 0"), "{}", ran.stdout);
}

#[test]
fn a_file_that_is_there_is_left_alone_and_nothing_is_written() {
    let sandbox = sandbox();
    sandbox.write("chaos-pipeline.toml", "mine");
    let init = ["init", "--", "python3", "pipeline.py", "{file}"];
    chaos(&sandbox, &init).exits(2).says(&["`chaos-pipeline.toml` is there already"]);
    assert_eq!(sandbox.read("chaos-pipeline.toml"), "mine");
    assert_eq!(sandbox.names("."), ["chaos-pipeline.toml", "pipeline.py"]);
}

#[test]
fn nobody_is_asked_where_nobody_can_answer() {
    let sandbox = sandbox();
    chaos(&sandbox, &["init"]).exits(2).says(&["has to know your command", "hint: chaos init --"]);
    let unknown = ["init", "--scenario", "nowhere", "--", "true", "{file}"];
    chaos(&sandbox, &unknown).exits(2).says(&["no shipped scenario `nowhere`"]);
    let gone = chaos(&sandbox, &["init", "--", "no-such-program", "{file}"]).exits(2);
    gone.says(&["no program `no-such-program` is found"]);
    assert_eq!(sandbox.names("."), ["pipeline.py"]);
}
