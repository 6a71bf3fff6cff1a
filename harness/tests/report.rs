//! Goal: `chaos report` says the same of a run in every format, to a screen, a file or a folder,
//! and nothing that a file's name or a server's words hold is obeyed by what reads it.
//! Method: run a scenario, report it in each format, and read every text back as its reader does.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::fs;
use std::path::Path;

use support::{QUICK, Sandbox};

const FORMATS: [&str; 16] = [
    "terminal",
    "markdown",
    "json",
    "csv",
    "hgrm",
    "openmetrics",
    "benchmark",
    "trace",
    "html",
    "failures-csv",
    "failures-txt",
    "junit",
    "github",
    "matrix",
    "summary",
    "jobs",
];

/// A run of `concurrent`, in which phase1 loses six of ten files as expected.
fn ran() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["run", "--quiet", "--scenario", "concurrent", "--out", "out"]).exits(0);
    sandbox
}

/// The report of a run in a format.
fn check(sandbox: &Sandbox, format: &str) -> String {
    sandbox.chaos(&["report", "out", "--format", format]).exits(0).stdout
}

#[test]
fn every_format_tells_of_the_six_lost_files_or_of_the_fourteen_documented_ones() {
    let sandbox = ran();
    let report: serde_json::Value = serde_json::from_str(&check(&sandbox, "json")).unwrap();
    assert_eq!(report["runs"][0]["failures"].as_array().unwrap().len(), 6);
    let csv = check(&sandbox, "csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let failed = reader.headers().unwrap().iter().position(|name| name == "failed").unwrap();
    let column: Vec<String> = reader.records().map(|row| row.unwrap()[failed].to_owned()).collect();
    assert_eq!(column, ["6", "0"]);
    let said = [
        ("terminal", "phase1 4/10 documented, phase3 10/10"),
        ("markdown", "`phase1` 4/10, `phase3` 10/10 documented"),
        ("hgrm", "Total count    =           10"),
        ("html", "6 jobs failed, all as the scenario expects."),
        ("failures-txt", "Failed:         6 (30.0 %)"),
        ("junit", "expected break: 429 rate limit"),
        ("matrix", "6 jobs failed, all as the scenario expects."),
        (
            "openmetrics",
            "chaos_documented{scenario=\"concurrent\",seed=\"7\",pipeline=\"phase1\"} 4",
        ),
        ("benchmark", "concurrent / phase1 / failed"),
        ("trace", "rate_limited"),
        ("summary", "phase1 4/10 documented, phase3 10/10"),
        ("jobs", "✗ File 10/10: failed, 429 rate limit"),
    ];
    for (format, words) in said {
        let text = check(&sandbox, format);
        assert!(text.contains(words), "`{words}` is missing in {format}:\n{text}");
    }
    assert_eq!(check(&sandbox, "failures-csv").lines().count(), 7);
    let notice = "::notice title=concurrent%3A phase1::broke as expected: 4 of 10 documented\n";
    assert_eq!(check(&sandbox, "github"), notice, "no error: all is as expected");
}

#[test]
fn a_file_holds_what_the_screen_shows_and_a_folder_has_a_file_for_each_format() {
    let sandbox = ran();
    for format in FORMATS {
        sandbox.chaos(&["report", "out", "--format", format, "--out", "file"]).exits(0);
        // What depends on the machine is in neither; the screen's own table has it.
        if format != "terminal" {
            assert_eq!(sandbox.read("file"), check(&sandbox, format), "{format}");
        }
    }
    let all = FORMATS.join(",");
    sandbox.chaos(&["report", "out", "--format", &all, "--out", "new/folder"]).exits(0);
    let expected = [
        "annotations.txt",
        "benchmark.json",
        "failures.csv",
        "failures.txt",
        "jobs.txt",
        "junit.xml",
        "latency-phase1.hgrm",
        "latency-phase3.hgrm",
        "matrix.txt",
        "metrics.txt",
        "report.html",
        "report.json",
        "report.md",
        "report.txt",
        "summary.csv",
        "summary.txt",
        "trace.json",
    ];
    assert_eq!(sandbox.names("new/folder"), expected);
    let stream = ["report", "out", "--format", "json,csv"];
    sandbox.chaos(&stream).exits(2).says(&["--out DIR"]);
    let repeated = ["report", "out", "--format", "json", "--format", "csv", "--out", "two"];
    sandbox.chaos(&repeated).exits(0);
    assert_eq!(sandbox.names("two"), ["report.json", "summary.csv"]);
    sandbox.chaos(&["report", "out", "--format", "html", "--out", "slash/"]).exits(0);
    assert_eq!(sandbox.names("slash"), ["report.html"]);
}

#[test]
fn what_a_run_leaves_in_its_folder_is_reported_again_to_the_letter() {
    let sandbox = ran();
    for (format, file) in [
        ("summary", "summary.txt"),
        ("jobs", "jobs.txt"),
        ("matrix", "matrix.txt"),
        ("failures-txt", "failures.txt"),
        ("github", "annotations.txt"),
    ] {
        assert_eq!(check(&sandbox, format), sandbox.read(&format!("out/{file}")), "{format}");
    }
}

/// The compiler sees to it that no renderer can judge: a run is given away to be judged, and cannot
/// be copied. Here it is seen to that no command judges what another function has judged.
#[test]
fn a_run_is_judged_where_it_is_read_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("UTF-8");
            let calls =
                text.lines().filter(|line| line.contains(" judge(") || line.contains("(judge("));
            let name = path.strip_prefix(&root).expect("below the root").display().to_string();
            found.extend(calls.map(|line| (name.clone(), line.trim().to_owned())));
        }
    }
    found.sort();
    let places: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let reader = "run/records.rs";
    assert_eq!(places, ["run/mod.rs", reader, reader], "{found:#?}");
}

#[test]
fn several_runs_are_in_one_report_in_every_format_and_the_worst_verdict_counts() {
    let sandbox = ran();
    sandbox.write("bad.toml", format!("{QUICK}\n[expect.phase1]\ncalls = {{ max = 0 }}\n"));
    sandbox.chaos(&["run", "--quiet", "--scenario", "bad.toml", "--out", "bad"]).exits(99);
    let report = |format: &str| {
        sandbox.chaos(&["report", "out", "bad", "--format", format]).exits(99).stdout
    };
    for format in
        FORMATS.into_iter().filter(|format| !["failures-csv", "github", "jobs"].contains(format))
    {
        let text = report(format);
        let missing = ["concurrent", "bad.toml"].into_iter().find(|name| !text.contains(name));
        assert_eq!(missing, None, "{format}:\n{text}");
    }
    let annotation = "::error title=bad.toml%3A phase1 calls fail::";
    assert!(report("github").starts_with(annotation), "{}", report("github"));
    sandbox.chaos(&["report", "out", "bad", "--format", "hgrm", "--out", "hdr/"]).exits(99);
    let first = &sandbox.names("hdr")[0];
    assert_eq!(first, "latency-1-phase1.hgrm");
}

#[test]
fn pipelines_whose_files_share_a_name_have_distributions_of_their_own() {
    let sandbox = Sandbox::new();
    let preset = sandbox.chaos(&["show", "phase1"]).exits(0).stdout;
    for folder in ["a", "b"] {
        sandbox.write(&format!("{folder}/mine.toml"), &preset);
    }
    sandbox.write("quick.toml", QUICK);
    let run = ["run", "--quiet", "--scenario", "quick.toml", "--out", "out", "--pipeline"];
    sandbox.chaos(&[&run[..], &["a/mine.toml", "b/mine.toml"]].concat()).exits(0);
    sandbox.chaos(&["report", "out", "--format", "hgrm", "--out", "hdr/"]).exits(0);
    assert_eq!(sandbox.names("hdr"), ["latency-mine-2.hgrm", "latency-mine.hgrm"]);
    assert!(sandbox.read("hdr/latency-mine-2.hgrm").contains("b/mine.toml"));
}

#[test]
fn what_cannot_be_reported_says_why() {
    let sandbox = ran();
    sandbox.chaos(&["report"]).exits(2);
    sandbox.chaos(&["report", "out", "--format", "pdf"]).exits(2).says(&["invalid value", "html"]);
    sandbox.chaos(&["report", "nowhere"]).exits(2).says(&["nowhere", "hint:"]);
    sandbox.write("taken", "a file");
    let below = ["report", "out", "--format", "html", "--out", "taken/report.html"];
    sandbox.chaos(&below).exits(2).says(&["taken/report.html"]);
    sandbox.write("broken/run.jsonl", "{}\n");
    sandbox.chaos(&["report", "out", "broken", "--format", "html"]).exits(104).says(&["broken"]);
}

/// Names that a page, a shell, a spreadsheet, a terminal, a CI system or an eye would obey.
#[cfg(unix)]
const HOSTILE: [&str; 8] = [
    "<script>alert(1)<\u{2044}script>.py",
    "\"onmouseover=alert(1) x='.py",
    "=cmd|' C calc'!A0.py",
    "\u{1b}[31mred\u{7}.py",
    "\u{202e}yp.exe.py",
    "a\n::error::owned\n.py",
    "]]><testcase name='x'>.py",
    "`| [a](b) @team <b>.py",
];

#[cfg(unix)]
#[test]
fn hostile_names_are_harmless_in_every_format() {
    let sandbox = Sandbox::new();
    let long = format!("{}.py", "n".repeat(240));
    for name in HOSTILE.into_iter().chain([long.as_str()]) {
        sandbox.write(&format!("tree/{name}"), "def one():\n    return 1\n");
    }
    let fault = "[[fault]]\nkind = \"status\"\nname = \"<img src=x>|`=1\"\nstatus = 500\n";
    sandbox.write("down.toml", format!("{QUICK}\n{fault}"));
    let run = ["run", "--quiet", "--scenario", "down.toml", "--pipeline", "phase1", "--input"];
    sandbox.chaos(&[&run[..], &["tree", "--out", "out"]].concat()).exits(0);
    for format in FORMATS {
        // The support module refuses escape codes in everything that is printed.
        let text = check(&sandbox, format);
        let harmful =
            |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(text.chars().find(harmful), None, "{format}");
        let markup = match format {
            "html" => ["<script", "<img", "\" onmouseover"],
            "junit" => ["<script", "<testcase name='x'", "]]><"],
            "github" => ["\n::error::owned", "\n::set", "\n::warning"],
            "csv" | "failures-csv" => ["\n=", ",=", ",\"="],
            _ => continue,
        };
        for harm in markup {
            assert!(!text.contains(harm), "{harm:?} in {format}:\n{text}");
        }
    }
    let markdown = check(&sandbox, "markdown");
    assert!(!markdown.contains("<img") && !markdown.contains("<script"), "{markdown}");
    let page = check(&sandbox, "html");
    assert!(page.contains("&lt;script&gt;alert(1)"), "the name itself is shown");
    assert!(page.contains("\\u{202e}yp.exe.py"), "a turned name is shown as it is written");
}

#[test]
fn a_folder_of_runs_is_one_report_of_all_and_elsewhere_named_with_what_it_holds() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    for out in ["all/b", "all/a"] {
        sandbox.chaos(&["run", "quick.toml", "--quiet", "--out", out]).exits(0);
    }
    sandbox.write("all/notes.txt", "no run");
    let both = sandbox.chaos(&["report", "all/a", "all/b"]).exits(0).stdout;
    assert_eq!(sandbox.chaos(&["report", "all"]).exits(0).stdout, both);
    let compared = sandbox.chaos(&["compare", "all", "all/a"]).exits(2);
    compared.says(&["`all` holds runs: name one of them, for example `all/a`"]);
    fs::create_dir(sandbox.path("none")).expect("a folder");
    sandbox.chaos(&["report", "none"]).exits(2).says(&["name the folder of a run"]);
}
