//! Goal: `compat` writes what the original script writes, to the byte.
//! Method: `scripts/analyze_chaos_failures.py` of fraiseql 1.9.1, as its source distribution has
//! it, ran on every `.log` of `triage/compat` (`CPython` 3.13, UTF-8); packed with each log is
//! what it wrote: its report (`.txt`) and its inventory (`.csv`). The logs are made to reach every
//! branch and every quirk; `names` has all tests of that project, and `half` a third of them
//! failing. `random` has logs of random pieces of all of these.

mod archive;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use testlog::triage::compat::{NoTests, analyse};

/// A log, and the two files that the original made of it.
struct Golden {
    name: &'static str,
    log: &'static str,
    report: &'static str,
    inventory: &'static str,
}

static FILES: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| archive::unpacked("triage/compat/goldens.tar.gz"));

fn text(file: &str) -> &'static str {
    let bytes = FILES.get(file).unwrap_or_else(|| panic!("no {file} in the archive"));
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Every log, as `goldens.tsv` lists them.
static GOLDENS: LazyLock<Vec<Golden>> = LazyLock::new(|| {
    let rows = include_str!("triage/compat/goldens.tsv").lines().skip(1);
    let goldens = rows.map(|row| {
        let name = row.split('\t').next().expect("a name");
        let file = |kind: &str| text(&format!("{name}.{kind}"));
        Golden { name, log: file("log"), report: file("txt"), inventory: file("csv") }
    });
    goldens.collect()
});

fn check(name: &str, log: &str, report: &str, inventory: &str) {
    let compat = analyse(log).unwrap_or_else(|NoTests| panic!("{name}: the original had output"));
    assert_eq!(compat.report, report, "the report of {name}");
    assert_eq!(compat.inventory, inventory, "the inventory of {name}");
    assert_eq!(compat.failed, inventory.lines().count() - 1, "the failures of {name}");
}

#[test]
fn the_table_lists_what_is_in_the_archive() {
    assert_eq!(GOLDENS.len(), 11);
    assert_eq!(FILES.len(), 3 * GOLDENS.len() + 1, "three files each, and the random ones");
    for row in include_str!("triage/compat/goldens.tsv").lines().skip(1) {
        let [name, failed, _] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let inventory = text(&format!("{name}.csv"));
        assert_eq!(failed, (inventory.lines().count() - 1).to_string(), "{name}");
    }
}

#[test]
fn both_files_are_those_of_the_original_to_the_byte() {
    for Golden { name, log, report, inventory } in &*GOLDENS {
        check(name, log, report, inventory);
    }
}

#[test]
fn four_hundred_logs_of_random_pieces_are_read_as_the_original_reads_them() {
    let lines = text("random.jsonl");
    let mut died = 0;
    for line in lines.lines() {
        // The log; the two files, or nothing where the original died.
        let (log, files): (String, Option<(String, String)>) =
            serde_json::from_str(line).expect("two files or none");
        died += usize::from(files.is_none());
        let compat = analyse(&log).ok();
        assert_eq!(compat.map(|compat| (compat.report, compat.inventory)), files, "{log:?}");
    }
    assert!(lines.lines().count() == 400 && (20..200).contains(&died), "{died} died");
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing_as_they_did_not_in_the_original() {
    for Golden { name, log, report, inventory } in &*GOLDENS {
        check(name, &log.replace('\n', "\r\n"), report, inventory);
        check(name, &format!("\u{feff}{log}"), report, inventory);
    }
}

#[test]
fn where_the_original_sees_no_test_it_dies() {
    let xdist = "[gw0] [ 50%] PASSED tests/chaos/a.py::test_a \n\
                 [gw1] [100%] FAILED tests/chaos/a.py::test_b \n";
    let parameters = "tests/chaos/a.py::test_a[1] FAILED\n";
    for log in ["", "no tests ran in 0.02s\n", xdist, parameters] {
        assert_eq!(analyse(log), Err(NoTests), "{log}");
    }
}

#[test]
fn the_original_knows_two_in_five_of_its_own_names() {
    let names = GOLDENS.iter().find(|golden| golden.name == "names").expect("it is above");
    let compat = analyse(names.log).expect("137 tests");
    let count = |category: &str| compat.inventory.matches(&format!(",FAILED,{category},")).count();
    let counts = ["UNKNOWN", "TEST_DESIGN", "BUG", "CONFIGURATION", "ENVIRONMENT"].map(count);
    assert_eq!(counts, [82, 24, 22, 5, 4]);
}
