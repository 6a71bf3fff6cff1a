//! Goal: every fault that the mock knows can stand in a scenario. Method: the mock's own commented
//! example, which has each of them, put below a scenario that has none.

use scenarios::{Invalid, Scenario};

const FAULTS: &str = include_str!("../../mock-claude/faults.example.toml");

const SCENARIO: &str = r#"format = 1
title = "Faults"
question = "Are they read?"

[[input]]
kind = "repository"
files = 1
lines = 10

[load]
shape = "burst"
"#;

fn read(faults: &str) -> Result<Scenario, Invalid> {
    Scenario::parse("mine.toml", &format!("{SCENARIO}\n{faults}"))
}

#[test]
fn every_fault_of_the_mock_s_example_can_stand_in_a_scenario() {
    let from = FAULTS.find("[[fault]]").expect("it has faults");
    let scenario = read(&FAULTS[from..]).unwrap_or_else(|invalid| panic!("{invalid}"));
    assert_eq!(scenario.fault.len(), FAULTS.matches("\n[[fault]]").count());
}

#[test]
fn a_fault_that_does_two_things_or_an_unknown_one_is_refused_with_the_known_ones() {
    let check = |what: &str, words: [&str; 2]| {
        let invalid = read(&format!("[[fault]]\nkind = \"wire\"\nwhat = {what}\n")).unwrap_err();
        let text = invalid.to_string();
        for word in words {
            assert!(text.contains(word), "`{word}` is missing in:\n{text}");
        }
    };
    check("{ rest = {} }", ["`fault.0.what.rest`: unknown key", "did you mean `reset`?"]);
    check("{ reset = {}, close = {} }", ["needs exactly one key", "`slow_loris`"]);
    check("\"garbages\"", ["unknown value `garbages`", "did you mean `garbage`?"]);
}
