//! Goal: the schema that editors read is the one that scenarios are checked against.
//! Method: derive it again from the types and compare it with the file in the tree.

use std::path::Path;

use scenarios::Scenario;

#[test]
fn the_schema_in_the_tree_is_the_one_of_this_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenario.schema.json");
    let schema = schemars::schema_for!(Scenario);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &text).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "scenarios/scenario.schema.json is out of date\n\
         hint: UPDATE_SCHEMA=1 cargo test -p scenarios --test schema"
    );
}

#[test]
fn every_shipped_scenario_names_the_schema() {
    for shipped in scenarios::library::ALL {
        assert!(shipped.text.starts_with("#:schema ./scenario.schema.json\n"), "{}", shipped.name);
    }
    for probe in scenarios::library::PROBES {
        assert!(probe.text.starts_with("#:schema ../scenario.schema.json\n"), "{}", probe.name);
    }
}
