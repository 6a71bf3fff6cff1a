//! Goal: what other runners print, and pytest's formats for machines, is read exactly.
//! Method: files that those runners really wrote, about tests that forge their lines, are read and
//! shown as a page. For pytest the suite's own list is the truth, as it is for its text.

mod archive;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use reports::text::escape;
use testlog::{Case, Completeness, Log, Phase, Status};

/// What other runners wrote about tests that forge their lines.
static FORGED: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| archive::unpacked("forged/logs.tar.gz"));

/// What pytest wrote about the hard suite.
static FILES: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| archive::unpacked("suite/pytest.tar.gz"));

fn page(name: &str) -> String {
    let log = testlog::read(FORGED[name].as_slice(), None).expect("a readable file");
    let runs = log.runs.into_iter().map(|run| {
        let failures: String = run.cases.iter().map(shown).collect();
        let text = testlog::render::runs::render(&Log { runs: vec![run] }) + &failures;
        // As much of a line as a source file has room for.
        let cut = |line: &str| line.chars().take(96).chain(['\n']).collect::<String>();
        text.lines().map(cut).collect::<String>()
    });
    runs.collect::<Vec<_>>().join("\n")
}

/// A failure in two lines: its whole id, and its place with the first line of its message.
fn shown(case: &Case) -> String {
    let word = match (case.status, case.phase) {
        (Status::Error, Phase::Collection) => "error in collection",
        (Status::SubtestFailed, _) => "failed (part)",
        (status, _) => status.name(),
    };
    let part = case.subtest.as_deref().filter(|part| !part.is_empty());
    let part = part.map(|part| format!(" {part}")).unwrap_or_default();
    let attempts = match case.attempts {
        1 => String::new(),
        attempts => format!(" · {attempts} attempts"),
    };
    let head = format!("  {word}  {}{part}{attempts}", case.id.full);
    let place = case.location.as_ref().map(|at| format!("{}:{}: ", at.file, at.line));
    let first = case.message.lines().next().unwrap_or_default();
    let message = format!("{}{first}", place.unwrap_or_default());
    let message = if message.is_empty() { message } else { format!("    {}\n", escape(&message)) };
    format!("{}\n{message}", escape(&head))
}

fn packed(file: &str) -> Log {
    testlog::read(FILES[file].as_slice(), None).expect("a slice")
}

#[test]
fn the_table_lists_what_is_in_the_archive() {
    let read = FORGED.iter().map(|(name, bytes)| {
        let runs = testlog::read(bytes.as_slice(), None).expect("a readable file").runs;
        let failures: usize = runs.iter().map(|run| run.failures().count()).sum();
        format!("{name}\t{}\t{failures}", runs.len())
    });
    let rows = include_str!("forged/logs.tsv").lines().skip(1);
    let listed = rows.map(|row| row.rsplit_once('\t').expect("four fields").0);
    assert_eq!(read.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
}

#[test]
fn cargo_test_is_not_fooled_by_what_tests_print() {
    insta::assert_snapshot!(page("cargo-test.log"), @r#"
    cargo forged unittests src/lib.rs: 4 failed, 1 passed, 1 skipped · all counts agree
      failed  tests::does_not_panic
        note: test did not panic as expected at src/lib.rs:24:8
      failed  tests::fails
        src/lib.rs:19: assertion `left == right` failed: first line
      failed  tests::gives_an_error
        Error: "no luck"
      failed  tests::last
        src/lib.rs:37: at last

    cargo other tests/other.rs: 1 failed, 1 passed · all counts agree
      failed  crashes_or_flakes
        tests/other.rs:6: the first time

    cargo forged doc-tests: 1 failed, 1 passed · all counts agree
      failed  src/lib.rs - (line 1)
        /project/doctest/doctest_bundle_2024.rs:6: assertion `left == right` failed
    "#);
}

#[test]
fn cargo_test_names_failures_when_it_is_quiet() {
    insta::assert_snapshot!(page("cargo-quiet.log"), @r#"
    cargo forged unittests src/lib.rs: 4 failed, 1 passed, 1 skipped · all counts agree
      failed  tests::does_not_panic
        note: test did not panic as expected at src/lib.rs:24:8
      failed  tests::fails
        src/lib.rs:19: assertion `left == right` failed: first line
      failed  tests::gives_an_error
        Error: "no luck"
      failed  tests::last
        src/lib.rs:37: at last

    cargo other tests/other.rs: 1 failed, 1 passed · all counts agree
      failed  crashes_or_flakes
        tests/other.rs:6: the first time

    cargo forged doc-tests: 1 failed, 1 passed · all counts agree
      failed  src/lib.rs - (line 1)
        /project/doctest/doctest_bundle_2024.rs:6: assertion `left == right` failed
    "#);
}

#[test]
fn nextest_is_not_fooled_and_knows_flaky_tests() {
    insta::assert_snapshot!(page("nextest.log"), @r#"
    nextest: 5 failed, 2 passed, 1 deselected · all counts agree
      failed  forged tests::fails · 2 attempts
        src/lib.rs:19: assertion `left == right` failed: first line
      failed  forged tests::does_not_panic · 2 attempts
        note: test did not panic as expected at src/lib.rs:24:8
      failed  forged tests::gives_an_error · 2 attempts
        Error: "no luck"
      failed  forged tests::last · 2 attempts
        src/lib.rs:37: at last
      failed  forged::other aborts · 2 attempts
        ABRT
      flaky  forged::other crashes_or_flakes · 2 attempts
        tests/other.rs:6: the first time
    "#);
}

#[test]
fn nextest_says_the_same_in_junit() {
    insta::assert_snapshot!(page("nextest.xml"), @r#"
    junit: 5 failed, 2 passed · all counts agree
      failed  forged::tests::fails · 2 attempts
        src/lib.rs:19: assertion `left == right` failed: first line
      failed  forged::tests::does_not_panic · 2 attempts
        note: test did not panic as expected at src/lib.rs:24:8
      failed  forged::tests::gives_an_error · 2 attempts
        Error: "no luck"
      failed  forged::tests::last · 2 attempts
        src/lib.rs:37: at last
      failed  forged::other::aborts · 2 attempts
        process aborted with signal 6 (SIGABRT)
      flaky  forged::other::crashes_or_flakes · 2 attempts
    "#);
}

#[test]
fn libtest_json_is_not_fooled_by_what_tests_print() {
    insta::assert_snapshot!(page("libtest.log"), @r#"
    cargo forged unittests src/lib.rs: 6 failed, 3 passed, 1 skipped · all counts agree
      failed  tests::does_not_panic
        test did not panic as expected at src/lib.rs:61:8
      failed  tests::fails
        src/lib.rs:34: assertion `left == right` failed: first line
      failed  tests::gives_an_error
        Error: "no luck"
      failed  tests::panics_otherwise
        src/lib.rs:66: panic did not contain expected string
      failed  tests::überläuft
        src/lib.rs:82: index out of bounds: the len is 0 but the index is 3
      failed  tests::forges_itself
        src/lib.rs:41: but it fails

    cargo dies tests/dies.rs: 1 error · incomplete: no final line
      session: process didn't exit successfully: `/project/target/debug/deps/dies-d66c7bf364fca0f7 -
      error  aborts
        no result: process didn't exit successfully: `/project/target/debug/deps/dies-d66c7bf364fca0

    cargo odd tests/odd.rs: 1 passed · all counts agree

    cargo other tests/other.rs: 1 failed, 1 passed · all counts agree
      failed  flakes
        tests/other.rs:7: the first time

    cargo forged doc-tests: 2 failed, 1 passed, 1 skipped · all counts agree
      failed  src/lib.rs - (line 3)
        /project/doctest/doctest_bundle_2024.rs:6: assertion `left == right` failed
      failed  src/lib.rs - add (line 15)
        test did not panic as expected at src/lib.rs:15:0
    "#);
}

#[test]
fn nextests_libtest_json_is_put_together_by_binary() {
    insta::assert_snapshot!(page("nextest-libtest.jsonl"), @r#"
    nextest forged::forged: 6 failed, 3 passed, 1 skipped · all counts agree
      failed  forged::forged$tests::does_not_panic · 2 attempts
        note: test did not panic as expected at src/lib.rs:61:8
      failed  forged::forged$tests::fails · 2 attempts
        src/lib.rs:34: assertion `left == right` failed: first line
      failed  forged::forged$tests::forges_itself · 2 attempts
        src/lib.rs:41: but it fails
      failed  forged::forged$tests::gives_an_error · 2 attempts
        Error: "no luck"
      failed  forged::forged$tests::panics_otherwise · 2 attempts
        src/lib.rs:66: another thing
      failed  forged::forged$tests::überläuft · 2 attempts
        src/lib.rs:82: index out of bounds: the len is 0 but the index is 3

    nextest forged::dies: 1 failed, 1 passed · all counts agree
      failed  forged::dies$aborts · 2 attempts

    nextest forged::other: 2 passed · all counts agree
      flaky  forged::other$flakes · 2 attempts

    nextest forged::odd: 1 failed · all counts agree
      failed  forged::odd$sleeps · 2 attempts
        time limit exceeded
    "#);
}

#[test]
fn nextests_libtest_json_plus_says_the_same() {
    insta::assert_snapshot!(page("nextest-libtest-plus.jsonl"), @r#"
    nextest forged::forged: 6 failed, 3 passed, 1 skipped · all counts agree
      failed  forged::forged$tests::does_not_panic · 2 attempts
        note: test did not panic as expected at src/lib.rs:61:8
      failed  forged::forged$tests::fails · 2 attempts
        src/lib.rs:34: assertion `left == right` failed: first line
      failed  forged::forged$tests::forges_itself · 2 attempts
        src/lib.rs:41: but it fails
      failed  forged::forged$tests::gives_an_error · 2 attempts
        Error: "no luck"
      failed  forged::forged$tests::panics_otherwise · 2 attempts
        src/lib.rs:66: another thing
      failed  forged::forged$tests::überläuft · 2 attempts
        src/lib.rs:82: index out of bounds: the len is 0 but the index is 3

    nextest forged::dies: 1 failed, 1 passed · all counts agree
      failed  forged::dies$aborts · 2 attempts

    nextest forged::odd: 1 failed · all counts agree
      failed  forged::odd$sleeps · 2 attempts
        time limit exceeded

    nextest forged::other: 2 passed · all counts agree
      flaky  forged::other$flakes · 2 attempts
    "#);
}

#[test]
fn go_packages_are_runs_and_a_broken_build_is_the_packages() {
    insta::assert_snapshot!(page("go.jsonl"), @r"
    go example.com/good: 2 failed, 1 passed, 1 skipped · all counts agree
      failed  TestTable/a_-_b
        good_test.go:12: got 1, want 2
      failed  TestTable

    go example.com/broken: no tests · all counts agree
      session: broken/broken_test.go:6:2: undefined: missing

    go example.com/panics: 1 failed · all counts agree
      failed  TestBoom
        panic: boom [recovered]
    ");
}

#[test]
fn a_jest_suite_that_cannot_be_loaded_is_an_error() {
    insta::assert_snapshot!(page("jest.json"), @r"
    jest: 2 failed, 1 passed, 2 skipped, 1 error · all counts agree
      failed  /project/a.test.js::outer fails - with :: marks
        /project/a.test.js:3: Error: expect(received).toBe(expected) // Object.is equality
      failed  /project/a.test.js::outer throws
        /project/a.test.js:6: TypeError: not this
      error in collection  /project/broken.test.js
        broken.test.js:1: Cannot find module './no-such-module' from 'broken.test.js'
    ");
}

/// How often each id failed, was in error or passed, by pytest's own list.
fn truth(version: &str) -> BTreeMap<(&'static str, String), u64> {
    let text = std::str::from_utf8(&FILES[&format!("{version}/v-auto.tsv")]).expect("UTF-8");
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let kind = match fields[0] {
            "failed" => "failed",
            "error" => "error",
            "passed" => "passed",
            _ => continue,
        };
        *counts.entry((kind, fields[2].to_owned())).or_insert(0) += 1;
    }
    counts
}

#[test]
fn a_reportlog_is_exact() {
    for version in ["v62", "v74", "v84", "v90"] {
        let log = packed(&format!("{version}/reportlog.jsonl"));
        let [run] = log.runs.as_slice() else { panic!("{} runs", log.runs.len()) };
        assert_eq!(run.completeness, Completeness::Reconciled, "{version}");
        assert_eq!(run.exit_hint, Some(1));
        let mut found = BTreeMap::new();
        for case in &run.cases {
            let kind = if case.status == Status::Error { "error" } else { "failed" };
            *found.entry((kind, case.id.full.clone())).or_insert(0) += 1;
        }
        for (status, id) in run.quiet.iter() {
            // Version 6 counts parts that held as tests that passed.
            if status == Status::Passed || version == "v62" && status == Status::SubtestPassed {
                *found.entry(("passed", id)).or_insert(0) += 1;
            }
        }
        assert_eq!(found, truth(version), "{version}");
    }
}

#[test]
fn a_junit_file_of_pytest_has_every_failure() {
    for version in ["v62", "v74", "v84", "v90"] {
        let log = packed(&format!("{version}/junit.xml"));
        let [run] = log.runs.as_slice() else { panic!("{} runs", log.runs.len()) };
        assert_eq!(run.completeness, Completeness::Reconciled, "{version}");
        // The file has dotted names instead of paths: `test_ids.TestOuter::test_method`.
        let dotted = |id: &str| match id.split_once("::") {
            None => id.strip_suffix(".py").unwrap_or(id).to_owned(),
            Some((file, rest)) => {
                let end = rest.find('[').unwrap_or(rest.len());
                let (path, params) = rest.split_at(end);
                let path = path.replace("::", ".");
                let file = file.strip_suffix(".py").unwrap_or(file);
                match path.rsplit_once('.') {
                    Some((class, name)) => format!("{file}.{class}::{name}{params}"),
                    None => format!("{file}::{path}{params}"),
                }
            }
        };
        let mut expected = BTreeMap::new();
        for ((kind, id), count) in truth(version) {
            if kind != "passed" {
                *expected.entry((kind, dotted(&id))).or_insert(0) += count;
            }
        }
        let mut found = BTreeMap::new();
        for case in &run.cases {
            let kind = if case.status == Status::Error { "error" } else { "failed" };
            *found.entry((kind, case.id.full.clone())).or_insert(0) += 1;
        }
        assert_eq!(found, expected, "{version}");
    }
}

#[test]
fn a_document_type_is_refused() {
    let bomb = b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
        <testsuites><testsuite><testcase name=\"&b;\"/></testsuite></testsuites>";
    let error = testlog::read(bomb.as_slice(), None).expect_err("a bomb");
    assert_eq!(error.to_string(), "a JUnit file with a document type is not read");
}

#[test]
fn a_junit_file_that_is_cut_says_so() {
    let text = &FILES["v84/junit.xml"];
    let log = testlog::read(&text[..text.len() / 2], None).expect("a slice");
    assert!(matches!(log.runs[0].completeness, Completeness::Mismatch(_)));
    assert!(log.runs[0].cases.len() > 10);
}
