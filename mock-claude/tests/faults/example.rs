//! The commented example: valid, and complete.

use mock_claude::Config;
use schemars::schema_for;
use serde_json::Value;

/// The names that a schema offers for `what` or `kind`: constants, and keys of one-key tables.
fn names(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        names.extend(variant["const"].as_str().map(str::to_owned));
        let properties = variant["properties"].as_object();
        if let Some(kind) = properties.and_then(|all| all.get("kind")) {
            names.extend(kind["const"].as_str().map(str::to_owned));
        } else {
            names.extend(properties.into_iter().flat_map(|all| all.keys().cloned()));
        }
        let listed = variant["enum"].as_array().into_iter().flatten();
        names.extend(listed.filter_map(|name| name.as_str().map(str::to_owned)));
    }
    names
}

#[test]
fn the_example_is_valid_and_shows_every_kind_every_trouble_and_every_condition() {
    let text = include_str!("../../faults.example.toml");
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(config.problems(), []);
    let schema = serde_json::to_value(schema_for!(Config)).unwrap();
    let definitions = &schema["$defs"];
    let mut wanted = Vec::new();
    for name in ["FaultConfig", "WireTrouble", "StreamTrouble", "SemanticTrouble", "Extra"] {
        let found = names(&definitions[name]);
        assert!(!found.is_empty(), "{name} is not in the schema");
        wanted.extend(found);
    }
    let keys = definitions["When"]["properties"].as_object().unwrap().keys();
    wanted.extend(keys.cloned());
    let bare: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    for name in wanted {
        assert!(bare.contains(&name), "`{name}` is not in the example");
    }
}
