//! Goal: the schema that editors read is the one that pipelines are checked against.
//! Method: derive it again from the types and compare it with the file in the tree.

use std::path::Path;

use harness::pipeline::Preset;
use harness::pipeline::preset::SHIPPED;

#[test]
fn the_schema_in_the_tree_is_the_one_of_this_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets/pipeline.schema.json");
    let schema = schemars::schema_for!(Preset);
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &text).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "harness/presets/pipeline.schema.json is out of date\n\
         hint: UPDATE_SCHEMA=1 cargo test -p harness --test schema"
    );
}

#[test]
fn every_shipped_pipeline_names_the_schema() {
    for (name, text) in SHIPPED {
        assert!(text.starts_with("#:schema ./pipeline.schema.json\n"), "{name}");
    }
}
