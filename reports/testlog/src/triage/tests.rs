//! Goal: groups, evidence of a run and flakiness say what they claim. Method: small pytest logs.

use super::*;

/// A verbose pytest run: each test with its message, or none where it passed.
pub(crate) fn log(tests: &[(&str, Option<&str>)]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("=== test session starts ===\ncollected {} items\n\n", tests.len());
    let mut ordered = tests.to_vec();
    ordered.sort_by_key(|(_, message)| message.is_some());
    for (number, (id, message)) in (1..).zip(ordered) {
        let word = if message.is_some() { "FAILED" } else { "PASSED" };
        let percent = 100 * number / tests.len();
        let _ = writeln!(text, "{id} {word}  [{percent:3}%]");
    }
    text.push_str("\n=== FAILURES ===\n");
    let failed: Vec<_> = tests.iter().filter_map(|(id, why)| Some((id, (*why)?))).collect();
    for (id, why) in &failed {
        let (file, name) = id.split_once("::").unwrap();
        let _ = writeln!(text, "___ {name} ___\n{file}:9: in {name}\n    y\nE   {why}");
    }
    text.push_str("=== short test summary info ===\n");
    for (id, why) in &failed {
        let _ = writeln!(text, "FAILED {id} - {why}");
    }
    let (failed, passed) = (failed.len(), tests.len() - failed.len());
    let _ = match (failed, passed) {
        (0, _) => writeln!(text, "=== {passed} passed in 0.10s ==="),
        (_, 0) => writeln!(text, "=== {failed} failed in 0.10s ==="),
        _ => writeln!(text, "=== {failed} failed, {passed} passed in 0.10s ==="),
    };
    text
}

/// One input of one run.
pub(crate) fn input(name: &str, tests: &[(&str, Option<&str>)]) -> Input {
    let log = crate::read(log(tests).as_bytes(), None).unwrap();
    assert!(log.runs[0].completeness.is_complete(), "{:?}", log.runs[0].completeness);
    Input { name: name.to_owned(), log }
}

fn shipped() -> &'static Rules {
    rules::tests::shipped()
}

#[test]
fn one_cause_is_one_group_whatever_the_order() {
    let mut tests = [
        ("a.py::test_a", Some("OSError: job 7 lost at 0x7f01")),
        ("b.py::test_b", Some("OSError: job 12 lost at 0x9abc")),
        ("c.py::test_c", Some("ValueError: other")),
    ];
    let ids = |tests: &[(&str, Option<&str>)]| {
        let inputs = [input("log", tests)];
        let triage = Triage::new(&inputs, shipped(), false);
        let groups = triage.groups.iter();
        groups.map(|g| (g.id.clone(), g.members.len(), g.tests)).collect::<Vec<_>>()
    };
    let forwards = ids(&tests);
    assert_eq!(forwards.iter().map(|(_, count, _)| *count).collect::<Vec<_>>(), [2, 1]);
    tests.reverse();
    assert_eq!(ids(&tests), forwards);
}

#[test]
fn words_that_several_tests_share_point_outside_of_them() {
    let zork = Some("zork");
    let tests =
        [("a.py::test_a", zork), ("a.py::test_b", zork), ("a.py::test_c", zork), ("a.py::d", None)];
    let inputs = [input("log", &tests)];
    let triage = Triage::new(&inputs, shipped(), false);
    assert_eq!(triage.in_category(Category::Environment), 3);
    assert_eq!(triage.findings[0].rule.as_deref(), Some("shared-signature"));
    assert_eq!(triage.findings[0].evidence, "one signature in 3 tests: one cause");
    let inputs = [input("log", &tests[2..])];
    let triage = Triage::new(&inputs, shipped(), false);
    assert_eq!(triage.in_category(Category::Unknown), 1);
}

#[test]
fn a_run_that_failed_nearly_as_a_whole_says_nothing_about_single_tests() {
    let down = Some("ConnectionRefusedError: [Errno 111] Connection refused");
    let names = ["a.py::a", "a.py::b", "a.py::c", "a.py::d", "a.py::e", "a.py::f"];
    let broken: Vec<_> =
        names.iter().enumerate().map(|(n, name)| (*name, down.filter(|_| n > 0))).collect();
    let whole: Vec<_> = names.iter().map(|name| (*name, None)).collect();
    let inputs = [input("1", &broken), input("2", &whole)];
    let triage = Triage::new(&inputs, shipped(), false);
    assert!(triage.notes[0].starts_with("1: 5 of 6 tests failed"), "{:?}", triage.notes);
    let flakiness = triage.flakiness.unwrap();
    assert_eq!((flakiness.runs, flakiness.left_out, flakiness.tests.len()), (1, 1, 0));
}

#[test]
fn what_flips_is_told_from_what_is_broken() {
    let wrong = Some("assert 1 == 2");
    let tests = |a, b| [("a.py::a", a), ("a.py::b", b), ("a.py::c", None)];
    let inputs = [
        input("1", &tests(wrong, wrong)),
        input("2", &tests(None, wrong)),
        input("3", &tests(wrong, wrong)),
    ];
    let flakiness = Triage::new(&inputs, shipped(), false).flakiness.unwrap();
    let quarantine: Vec<_> = flakiness.quarantine().map(|test| test.id.as_str()).collect();
    assert_eq!(quarantine, ["a.py::a"]);
    let [a, b] = flakiness.tests.as_slice() else { panic!("{flakiness:?}") };
    assert_eq!((a.flips(), a.passes(), a.pass_rate_ppm(), a.alone), (2, 1, 333_333, 0));
    assert_eq!((b.flips(), b.passes(), b.alone), (0, 0, 1));
}

/// The only finding of a log: its test, category and rule.
#[track_caller]
fn only_finding(text: &str) -> (String, Category, String) {
    let log = crate::read(text.as_bytes(), None).unwrap();
    let inputs = [Input { name: "log".to_owned(), log }];
    let triage = Triage::new(&inputs, shipped(), false);
    let [finding] = triage.findings.as_slice() else { panic!("{:?}", triage.findings) };
    let rule = finding.rule.clone().unwrap_or_default();
    (finding.case.id.full.clone(), finding.category, rule.into_owned())
}

#[test]
fn a_run_that_broke_before_any_test_is_a_failure_with_a_cause() {
    let built = r#"{"ImportPath":"a","Action":"build-output","Output":"./x.go:5:2: undefined: f\n"}
{"ImportPath":"a","Action":"build-fail"}
{"Action":"output","Package":"demo/a","Output":"FAIL\tdemo/a [build failed]\n"}
{"Action":"fail","Package":"demo/a","Elapsed":0,"FailedBuild":"demo/a"}
"#;
    let (id, category, rule) = only_finding(built);
    assert_eq!((&*id, category, &*rule), ("demo/a", Category::Bug, "does-not-compile"));
    let built = "error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:3:5\n\n\
                 error: could not compile `demo` (lib test) due to 1 previous error\n";
    let (id, category, rule) = only_finding(built);
    assert_eq!((&*id, category, &*rule), ("demo (lib test)", Category::Bug, "does-not-compile"));
    let main = r#"{"Action":"start","Package":"demo/b"}
{"Action":"output","Package":"demo/b","Output":"dial tcp [::1]:5432: connection refused\n"}
{"Action":"fail","Package":"demo/b","Elapsed":0.1}
"#;
    let (id, category, rule) = only_finding(main);
    assert_eq!((&*id, category, &*rule), ("demo/b", Category::Environment, "connection"));
    let usage = "============= test session starts =============\ncollected 0 items\n\n\
                 ============ no tests ran in 0.00s ============\n\
                 ERROR: file or directory not found: nowhere\n\n";
    let (_, category, rule) = only_finding(usage);
    assert_eq!((category, &*rule), (Category::Configuration, "runner-arguments"));
}

#[test]
fn a_group_has_one_rule_and_names_part_causes() {
    let key = |name: &'static str| Some(name);
    let tests = [
        ("a.py::test_env", key("KeyError: 'API_KEY'")),
        ("a.py::test_qty", key("KeyError: 'qty'")),
        ("b.py::test_qty", key("KeyError: 'qty'")),
        ("a.py::test_name", key("KeyError: 'name'")),
    ];
    let inputs = [input("log", &tests)];
    let triage = Triage::new(&inputs, shipped(), false);
    let sizes: Vec<_> = triage.groups.iter().map(|group| group.members.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
    for group in &triage.groups {
        let rules: BTreeSet<_> =
            group.members.iter().map(|member| &triage.findings[*member].rule).collect();
        assert_eq!(rules.len(), 1, "{group:?}");
    }
}

#[test]
fn what_broke_before_its_test_counts_among_the_tests() {
    let text = "=== test session starts ===\ncollected 5 items\n\na.py ...FE  [100%]\n\n\
                === ERRORS ===\n___ ERROR at setup of test_e ___\na.py:9: in fix\nE   OSError: no\n\
                === FAILURES ===\n___ test_d ___\na.py:5: in test_d\nE   assert 1 == 2\n\
                === short test summary info ===\nFAILED a.py::test_d - assert 1 == 2\n\
                ERROR a.py::test_e - OSError: no\n=== 1 failed, 3 passed, 1 error in 0.1s ===\n";
    let log = crate::read(text.as_bytes(), None).unwrap();
    assert_eq!(log.runs[0].tests(), 5);
}

#[test]
fn a_log_that_names_every_failure_says_of_the_others_that_they_held() {
    let quiet = |failed: bool| {
        let text = if failed {
            ".F  [100%]\n=== FAILURES ===\n___ test_b ___\na.py:5: in test_b\nE   assert 1 == 2\n\
             === short test summary info ===\nFAILED a.py::test_b - assert 1 == 2\n\
             1 failed, 1 passed in 0.1s\n"
        } else {
            "..  [100%]\n2 passed in 0.1s\n"
        };
        let text = format!("=== test session starts ===\ncollected 2 items\n\na.py {text}");
        let log = crate::read(text.as_bytes(), None).unwrap();
        assert!(log.runs[0].completeness.is_complete(), "{:?}", log.runs[0].completeness);
        Input { name: "log".to_owned(), log }
    };
    let inputs = [quiet(true), quiet(false), quiet(true)];
    let flakiness = Triage::new(&inputs, shipped(), true).flakiness.unwrap();
    let [test] = flakiness.tests.as_slice() else { panic!("{flakiness:?}") };
    assert_eq!((test.passed.as_slice(), test.is_flaky()), (&[false, true, false][..], true));
}
