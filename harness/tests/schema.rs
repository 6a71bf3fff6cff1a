//! Goal: a published schema is the one that files are checked against, or reports written by.
//! Method: derive it again from the types and compare it with the file in the tree.

use std::path::Path;

use engine::Preset;
use engine::preset::SHIPPED;

/// Holds a schema in the tree against the one that follows from the types.
fn check(path: &str, schema: &schemars::Schema) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = serde_json::to_string_pretty(schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&place, &text).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        kept == text,
        "{path} is out of date\n\
         hint: UPDATE_SCHEMA=1 cargo test -p harness --test schema"
    );
}

#[test]
fn the_schema_in_the_tree_is_the_one_of_this_code() {
    check("harness/engine/presets/pipeline.schema.json", &schemars::schema_for!(Preset));
}

#[test]
fn the_schema_of_a_target_is_the_one_of_this_code() {
    check("harness/target.schema.json", &schemars::schema_for!(harness::target::file::TargetFile));
}

/// Here and not in `reports`, whose lints keep even its tests from the disk.
#[test]
fn the_schema_of_a_report_is_the_one_of_this_code() {
    check("reports/report.schema.json", &schemars::schema_for!(reports::render::json::Report));
}

#[test]
fn the_schema_of_a_gate_and_of_a_comparison_is_the_one_of_this_code() {
    let document = schemars::schema_for!(reports::render::compared_json::Document);
    check("reports/compared.schema.json", &document);
}

#[test]
fn the_schema_of_a_history_is_the_one_of_this_code() {
    let document = schemars::schema_for!(reports::render::history_json::Document);
    check("reports/history.schema.json", &document);
}

#[test]
fn the_schema_of_a_report_card_is_the_one_of_this_code() {
    check("reports/card.schema.json", &schemars::schema_for!(reports::card::Card));
}

#[test]
fn the_schema_of_why_tests_failed_is_the_one_of_this_code() {
    let report = schemars::schema_for!(testlog::render::json::Report);
    check("reports/testlog/triage.schema.json", &report);
}

#[test]
fn the_schema_of_rules_is_the_one_of_this_code_and_the_shipped_rules_name_it() {
    check("reports/testlog/rules.schema.json", &schemars::schema_for!(testlog::triage::RuleFile));
    assert!(testlog::triage::SHIPPED.starts_with("#:schema ./rules.schema.json\n"));
}

#[test]
fn every_shipped_pipeline_names_the_schema() {
    for (name, text) in SHIPPED {
        assert!(text.starts_with("#:schema ./pipeline.schema.json\n"), "{name}");
    }
}
