//! Goal: a published schema is the one that files are checked against, or reports written by, and
//! the one that the binary prints.
//! Method: derive it again from the types and compare it with the file in the tree.

use std::path::Path;

use engine::preset::SHIPPED;
use harness::command::schema;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// Where each schema stands in the tree.
const PLACES: [(&str, &str); 9] = [
    ("scenario", "scenarios/scenario.schema.json"),
    ("pipeline", "harness/engine/presets/pipeline.schema.json"),
    ("target", "harness/target.schema.json"),
    ("rules", "reports/testlog/rules.schema.json"),
    ("report", "reports/report.schema.json"),
    ("compared", "reports/compared.schema.json"),
    ("card", "reports/card.schema.json"),
    ("history", "reports/history.schema.json"),
    ("triage", "reports/testlog/triage.schema.json"),
];

#[test]
fn each_schema_in_the_tree_is_the_one_of_this_code() {
    for ((name, path), published) in PLACES.into_iter().zip(schema::ALL) {
        assert_eq!(name, published.name);
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let text = published.text();
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
}

#[test]
fn the_binary_prints_each_schema_and_names_them_all() {
    let sandbox = Sandbox::new();
    let list = sandbox.chaos(&["schema"]).exits(0).stdout;
    for published in schema::ALL {
        assert!(list.contains(published.about), "{list}");
        assert_eq!(sandbox.chaos(&["schema", published.name]).exits(0).stdout, published.text());
    }
    sandbox.chaos(&["schema", "scenrio"]).exits(2).says(&["did you mean `scenario`?"]);
}

#[test]
fn what_show_and_init_print_points_at_a_schema_that_the_binary_prints() {
    let sandbox = Sandbox::new();
    let init =
        sandbox.command(&["init", "--", "true", "{file}"]).env("PATH", "/usr/bin:/bin").output();
    assert!(init.expect("the binary starts").status.success());
    let shown =
        ["concurrent", "hang", "hardened"].map(|name| sandbox.chaos(&["show", name]).stdout);
    let written = ["chaos-scenario.toml", "chaos-pipeline.toml"].map(|name| sandbox.read(name));
    for text in shown.iter().chain(&written) {
        let line = text.lines().next().expect("a first line");
        let file = line.strip_prefix("#:schema ./").expect("a schema beside the file");
        let name = file.strip_suffix(".schema.json").expect("a schema");
        assert!(schema::ALL.iter().any(|published| published.name == name), "{line}");
        assert!(text.contains(&format!("`chaos schema {name} > {file}`")), "{text}");
    }
}

#[test]
fn the_shipped_rules_name_their_schema() {
    assert!(testlog::triage::SHIPPED.starts_with("#:schema ./rules.schema.json\n"));
}

#[test]
fn every_shipped_pipeline_names_the_schema() {
    for (name, text) in SHIPPED {
        assert!(text.starts_with("#:schema ./pipeline.schema.json\n"), "{name}");
    }
}
