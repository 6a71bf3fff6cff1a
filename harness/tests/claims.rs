//! `chaos claims` from outside: every figure comes from a run, in each of the shapes of the list.
//!
//! The whole list takes a while without optimisation, so most tests measure a few rows.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// Row, quantity and verdict of every line of the CSV.
fn verdicts(csv: &str) -> Vec<(String, String, String)> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let records = reader.records().map(|record| record.expect("a line of the list"));
    records.map(|line| (line[0].to_owned(), line[3].to_owned(), line[7].to_owned())).collect()
}

fn measure(rows: &[&str]) -> Vec<(String, String, String)> {
    let mut arguments = vec!["claims", "--format", "csv", "--row"];
    arguments.extend(rows);
    verdicts(&Sandbox::new().chaos(&arguments).exits(0).stdout)
}

fn verdict(found: &[(String, String, String)], quantity: &str) -> String {
    let line = found.iter().find(|(_, what, _)| what == quantity);
    line.unwrap_or_else(|| panic!("no `{quantity}` in {found:?}")).2.clone()
}

#[test]
fn a_claim_is_reproduced_or_needs_other_parameters_or_is_refuted() {
    let found = measure(&["4", "8", "18"]);
    assert_eq!(verdict(&found, "saved"), "reproduced");
    assert_eq!(verdict(&found, "success rate"), "reproduced with these parameters");
    assert_eq!(verdict(&found, "longest wait"), "refuted", "16 s are never waited");
}

#[test]
fn the_same_list_is_the_same_text_in_another_process() {
    let list = || Sandbox::new().chaos(&["claims", "--row", "4", "9", "13"]).exits(0).stdout;
    let first = list();
    assert_eq!(first, list());
    assert!(first.starts_with("CLAIMS  "), "{first}");
}

#[test]
fn a_row_that_does_not_exist_is_refused_with_the_rows_that_do() {
    let ran = Sandbox::new().chaos(&["claims", "--row", "99"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("rows go from 1 to 24"), "{}", ran.stderr);
}
