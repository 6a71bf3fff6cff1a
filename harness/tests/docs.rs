//! Goal: `--docs` writes what the pipeline documented, and nothing that only looks like it.
//! Method: run over a tree whose files are cut into parts, with one answer that is refused.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use reports::Cause;
use support::{QUICK, Sandbox};

#[test]
fn every_documented_file_has_its_documentation_and_a_failed_one_has_none() {
    let sandbox = Sandbox::new();
    for (name, functions) in [("a.py", 9), ("sub/b.py", 3), ("c.py", 1)] {
        let text: Vec<String> = (0..functions)
            .map(|number| format!("def f{number}():\n    return {number}\n"))
            .collect();
        sandbox.write(&format!("tree/{name}"), text.concat());
    }
    let fault =
        "[[fault]]\nkind = \"status\"\nname = \"down\"\nstatus = 500\nwhen = { nth = [1] }\n";
    let order = QUICK.replace("shape = \"burst\"", "shape = \"sequential\"");
    sandbox.write("mine.toml", format!("{order}\n{fault}"));
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    let parts = phase3
        .replace("max_lines = 2000", "max_lines = 6")
        .replace("overlap_lines = 50", "overlap_lines = 3");
    sandbox.write("parts.toml", parts);
    let run = ["run", "--scenario", "mine.toml", "--pipeline", "phase1", "parts.toml"];
    sandbox.chaos(&[&run[..], &["--input", "tree", "--docs", "docs"]].concat()).exits(0);
    assert_eq!(sandbox.names("docs"), ["parts.toml", "phase1"]);
    // The first request is refused in each pipeline: all of `a.py`, or one part of it.
    assert_eq!(sandbox.names("docs/phase1"), ["c.py.md", "sub"]);
    assert_eq!(sandbox.names("docs/parts.toml"), ["c.py.md", "sub"]);
    let text = sandbox.read("docs/parts.toml/sub/b.py.md");
    assert!(text.starts_with("# `sub/b.py`\n"), "{text}");
    for number in 0..3 {
        let named = format!("- `f{number}` (line {}):", number * 2 + 1);
        assert_eq!(text.matches(&named).count(), 1, "{text}");
    }
    sandbox.write("file", "");
    let onto_a_file = ["--input", "tree", "--docs", "file/docs"];
    sandbox.chaos(&[&run[..], &onto_a_file].concat()).exits(2).says(&["`--docs`", "file/docs"]);
}

#[test]
fn pipelines_that_would_share_a_folder_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", QUICK);
    let phase1 = sandbox.chaos(&["show", "phase1"]).exits(0).stdout;
    sandbox.write("a/b.toml", &phase1);
    sandbox.write("a-b.toml", &phase1);
    let run = ["run", "--scenario", "mine.toml", "--pipeline", "a/b.toml", "a-b.toml"];
    let refused = sandbox.chaos(&[&run[..], &["--docs", "docs"]].concat()).exits(2);
    refused.says(&["`a/b.toml` and `a-b.toml` have one folder below `--docs`"]);
    sandbox.chaos(&run).exits(0);
}

#[cfg(unix)]
#[test]
fn what_stands_in_the_way_of_one_file_loses_that_file_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", QUICK);
    sandbox.write("tree/a.py", "def f():\n    return 1\n");
    sandbox.write("thesis.txt", "years of work");
    std::fs::create_dir_all(sandbox.path("docs/phase1")).expect("folders");
    std::os::unix::fs::symlink(sandbox.path("thesis.txt"), sandbox.path("docs/phase1/a.py.md"))
        .expect("a link");
    // `b.py.md` is documentation and a folder: whichever comes first has the name.
    sandbox.write("tree/b.py", "def f():\n    return 1\n");
    sandbox.write("tree/b.py.md/c.py", "def f():\n    return 1\n");
    let long = format!("{}.py", "n".repeat(250));
    sandbox.write(&format!("tree/{long}"), "def f():\n    return 1\n");
    sandbox.write("tree/good.py", "def f():\n    return 1\n");
    let run = "run --scenario mine.toml --pipeline phase1 --input tree --docs docs --out out";
    let run: Vec<&str> = run.split(' ').collect();
    let ran = sandbox.chaos(&run).exits(0);
    assert!(ran.stdout.contains("documentation not written"), "{}", ran.stdout);
    assert_eq!(sandbox.read("thesis.txt"), "years of work");
    let run = sandbox.records("out");
    let lost: Vec<(&str, Option<Cause>)> = run.pipelines[0]
        .jobs
        .iter()
        .filter(|job| job.cause.is_some())
        .map(|job| (&*job.path, job.cause))
        .collect();
    let unwritable = Some(Cause::Unwritable);
    let collided = lost.iter().filter(|(path, _)| path.starts_with("b.py")).count();
    assert_eq!(collided, 1, "{lost:?}");
    assert!(lost.contains(&("a.py", unwritable)), "{lost:?}");
    assert!(lost.contains(&(&*long, unwritable)), "{lost:?}");
    assert_eq!(lost.len(), 3, "{lost:?}");
    assert!(sandbox.read("docs/phase1/good.py.md").starts_with("# `good.py`"));
}
