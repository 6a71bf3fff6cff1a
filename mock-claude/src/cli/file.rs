//! The files of the command line: a configuration, or a list of faults.
//!
//! How a file is read and how its problems are reported is the same for every file (see
//! [`strict_toml`]); here is what these two may hold.

use std::path::Path;

use serde::Deserialize;
use strict_toml::{Document, Problem};

use super::failure::Failure;
use super::replies;
use crate::fault::FaultConfig;
use crate::mock::Config;

/// The sections of a valid file, as a table.
pub(super) fn config(name: &str, text: &str) -> Result<toml::Table, Failure> {
    let (document, _) = checked(name, text)?;
    let mut table = document.table()?;
    replies::anchor(&mut table, replies::folder(name));
    Ok(table)
}

/// The faults of a file that has nothing else.
pub(super) fn faults(name: &str, text: &str) -> Result<Vec<FaultConfig>, Failure> {
    let (document, config) = checked(name, text)?;
    let message = "does not belong into a file of faults; give the file to `--config`";
    let others = document.keys().filter(|key| *key != "fault");
    document.check(others.map(|key| Problem::new(key, message)).collect())?;
    Ok(config.fault)
}

/// A file that is a configuration, and the configuration.
fn checked<'a>(name: &'a str, text: &'a str) -> Result<(Document<'a>, Config), Failure> {
    let document = Document::parse(name, text)?;
    let mut config: Config = document.read()?;
    let mut problems = replies::load(&mut config, replies::folder(name));
    problems.extend(config.problems());
    document.check(problems)?;
    Ok((document, config))
}

/// One configuration of several tables, of which the later ones replace the sections of the
/// earlier ones.
pub(super) fn merged(layers: Vec<toml::Table>) -> Result<Config, Failure> {
    let mut all = toml::Table::new();
    for layer in layers {
        all.extend(layer);
    }
    // Each layer has been checked, and sections do not depend on each other.
    let mut config = Config::deserialize(all)
        .map_err(|error| Failure::internal("the settings do not fit", &error))?;
    match replies::load(&mut config, Path::new("")).first() {
        None => Ok(config),
        Some(problem) => Err(Failure::usage(format!("`{}`: {}", problem.key, problem.message))),
    }
}

/// The sections of the valid file at this path, as a table.
pub(super) fn config_at(path: &Path) -> Result<toml::Table, Failure> {
    config(&path.display().to_string(), &text(path)?)
}

/// The configuration that the file at this path holds.
#[cfg(feature = "proxy")]
pub(super) fn read(path: &Path) -> Result<Config, Failure> {
    merged(vec![config_at(path)?])
}

/// Puts the faults of the file at this path before those that are there.
pub(super) fn put_before(there: &mut Config, path: &Path) -> Result<(), Failure> {
    let mut faults = faults(&path.display().to_string(), &text(path)?)?;
    faults.append(&mut there.fault);
    there.fault = faults;
    Ok(())
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strict_toml::Invalid;

    #[test]
    fn every_problem_is_reported_at_once_with_its_place_and_its_remedy() {
        let text = "sed = 7\n[latency]\njitter = 2.0\nfirst_token = 3\n[limits]\n\
                    requests_burst = 4\n[[fault]]\nkind = \"status\"\n[[fault]]\n\
                    kind = \"statis\"\n";
        let failure = config("mock.toml", text).unwrap_err();
        assert_eq!(failure.code, 104);
        insta::assert_snapshot!(failure.message, @"
        `mock.toml` has 5 problems
          mock.toml:1:1: `sed`: unknown key
            hint: did you mean `seed`?
          mock.toml:3:10: `latency.jitter`: must be at most 1
          mock.toml:4:1: `latency.first_token`: unknown key
            hint: did you mean `first_token_ms`?
          mock.toml:7:1: `fault.0`: missing key `status`
          mock.toml:10:8: `fault.1.kind`: unknown value `statis`
            hint: did you mean `status`?
        ");
    }

    #[test]
    fn what_no_single_key_can_say_has_a_place_too() {
        let failure = config("m.toml", "[limits]\nwindow_s = 4\nrequests_burst = 1\n").unwrap_err();
        insta::assert_snapshot!(failure.message, @r#"
        `m.toml` has 2 problems
          m.toml:2:1: `limits.window_s`: has no meaning without `algorithm = "fixed_window"`
          m.toml:3:1: `limits.requests_burst`: needs `requests_per_minute` beside it
        "#);
    }

    #[test]
    fn a_problem_with_a_secret_key_does_not_show_it() {
        let secret = "wJalrXUtnFEMI/K7MDENG";
        for text in [
            format!("[bedrock.keys]\nAKIA = \"{secret}\nAKIB = \"x\"\n"),
            format!("[bedrock.keys]\n\"AKIA:1\" = \"{secret}\"\n"),
            format!("[bedrock]\nkeys = {{ AKIA = [\"{secret}\"] }}\n"),
            format!("[bedrock]\nkeys = \"{secret}\"\n"),
        ] {
            let failure = config("m.toml", &text).unwrap_err();
            assert_eq!(failure.code, 104);
            assert!(!failure.message.contains(secret), "{failure:?}");
            assert!(failure.message.contains("m.toml:2:"), "{failure:?}");
        }
    }

    fn check(text: &str) -> String {
        let Err(Invalid { problems, .. }) =
            Document::parse("x.toml", text).and_then(|document| document.read::<Config>())
        else {
            return String::new();
        };
        let line = |Problem { key, message, hint, .. }: Problem| {
            format!("{key}: {message}{}", hint.map(|hint| format!(" ({hint})")).unwrap_or_default())
        };
        problems.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn fault(keys: &str) -> String {
        check(&format!("[[fault]]\n{keys}\n"))
    }

    #[test]
    fn a_union_is_told_apart_by_its_tag_or_by_its_only_key() {
        assert_eq!(fault("kind = \"wire\"\nwhat = { reset = {} }"), "");
        assert_eq!(fault("kind = \"wire\"\nwhat = \"garbage\""), "");
        assert_eq!(fault("kind = \"latency\"\nextra = { fixed_ms = 4 }"), "");
        let wrong = [
            "kind = \"wire\"\nwhat = { rest = {} }",
            "kind = \"wire\"\nwhat = { reset = { after = 1 } }",
            "kind = \"latency\"\nextra = { fixed_ms = 1, heavy_tail = {} }",
            "kind = \"wire\"\nwhat = \"reset\"",
            "kind = \"wire\"\nwhat = \"garbag\"",
            "kind = \"latency\"\nextra = { fixed_ms = \"4\" }",
            "kind = \"latency\"\nextra = {}",
            "kind = \"latency\"\nextra = 7",
        ];
        insta::assert_snapshot!(wrong.map(fault).join("\n"), @"
        fault.0.what.rest: unknown key (did you mean `reset`?)
        fault.0.what.reset.after: unknown key (did you mean `after_body_bytes`?)
        fault.0.extra: needs exactly one key (one of `fixed_ms`, `log_normal`, `heavy_tail`)
        fault.0.what: `reset` needs a table of its own (write `{ reset = { .. } }`)
        fault.0.what: unknown value `garbag` (did you mean `garbage`?)
        fault.0.extra.fixed_ms: expected an integer, found a string
        fault.0.extra: needs exactly one key (one of `fixed_ms`, `log_normal`, `heavy_tail`)
        fault.0.extra: expected a table, found an integer
        ");
    }

    #[test]
    fn the_commented_examples_and_every_preset_fit() {
        assert_eq!(check(include_str!("../../faults.example.toml")), "");
        for preset in crate::mock::presets::PRESETS {
            assert_eq!(check(preset.text), "", "{}", preset.name);
        }
    }

    #[test]
    fn a_file_of_faults_has_nothing_else() {
        let failure = faults("f.toml", "[latency]\njitter = 0.1\n").unwrap_err();
        assert!(failure.message.contains("f.toml:1:2: `latency`: does not belong"), "{failure:?}");
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_it_panic(text in "(\\PC|[\\[\\]=\"\n.a-f0-9]){0,80}") {
            let _ = config("x.toml", &text);
        }
    }
}
