//! The faults in force, and their changes: all of them put in place of others, one more, one less.
//!
//! A list is taken as a whole or not at all, and every entry of it that is wrong is named.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use strict_toml::{Document, Problem};

use super::mask;
use super::query::Query;
use super::respond::{json_response, problem, problems};
use super::state::{Admin, Shared};
use crate::fault::FaultConfig;
use crate::fault::plan::InForce;
use crate::mock::presets;

/// Why the faults stay as they are.
enum Refused {
    /// What was sent makes no sense.
    Wrong(String),
    /// What was to be changed is not there, or not any more.
    Gone(String),
}

impl From<Vec<Problem>> for Refused {
    fn from(found: Vec<Problem>) -> Self {
        Self::Wrong(problems(&found))
    }
}

/// A document of faults, as `--faults` takes it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<FaultConfig>,
}

pub(super) async fn list(State(admin): Shared) -> Response {
    let faults = admin.mock.core().injector.faults();
    let names: Vec<String> = faults.iter().map(FaultConfig::name).collect();
    json_response(StatusCode::OK, &json!({"faults": shown(&faults), "names": names}))
}

/// The faults that are shipped, to choose from.
pub(super) async fn shipped() -> Response {
    let one = |(from, fault): (&str, FaultConfig)| {
        let name = fault.name();
        json!({"from": from, "name": name, "fault": shown(&[fault])[0]})
    };
    json_response(StatusCode::OK, &presets::faults().into_iter().map(one).collect::<Vec<_>>())
}

/// Puts these faults in place of those in force.
pub(super) async fn replace(State(admin): Shared, body: Bytes) -> Response {
    answer(&admin, read(&body), |there, given| {
        *there = given;
        Ok(())
    })
}

/// Puts these faults before those in force, so that they act at once.
pub(super) async fn add(State(admin): Shared, body: Bytes) -> Response {
    answer(&admin, read(&body), |there, given| {
        there.splice(0..0, given);
        Ok(())
    })
}

/// Removes the fault with a number, counted from 1; all of them without one. With `name`, only if
/// it is still called so: somebody else may have changed the list.
pub(super) async fn remove(State(admin): Shared, uri: Uri) -> Response {
    let asked = Query::of(&uri, &["number", "name"]).and_then(|query| {
        let name = query.text("name").map(ToOwned::to_owned);
        match (query.number("number")?, name) {
            (None, Some(_)) => Err("`name` needs `number`".to_owned()),
            asked => Ok(asked),
        }
    });
    let (number, name) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return problem(StatusCode::BAD_REQUEST, &wrong),
    };
    answer(&admin, Ok(Vec::new()), |there, _| {
        let Some(number) = number else {
            there.clear();
            return Ok(());
        };
        let index = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
        let found = there.get(index);
        if found.is_none_or(|found| name.is_some_and(|name| name != found.fault.name())) {
            let words = format!("fault {number} is not there, or is another one by now");
            return Err(Refused::Gone(words));
        }
        there.remove(index);
        Ok(())
    })
}

fn answer(
    admin: &Admin,
    given: Result<Vec<FaultConfig>, String>,
    change: impl FnOnce(&mut Vec<InForce>, Vec<InForce>) -> Result<(), Refused>,
) -> Response {
    let mut number = 0;
    let changed = given.map_err(Refused::Wrong).and_then(|given| {
        admin.mock.core().change_faults(|there| {
            change(there, given.into_iter().map(InForce::from).collect())?;
            number = there.len();
            Ok(())
        })
    });
    match changed {
        Ok(()) => json_response(StatusCode::OK, &json!({"faults": number})),
        Err(Refused::Wrong(why)) => problem(StatusCode::BAD_REQUEST, &why),
        Err(Refused::Gone(why)) => problem(StatusCode::CONFLICT, &why),
    }
}

/// The faults of a body: a list in JSON, one alone, or TOML with `[[fault]]` sections.
fn read(body: &[u8]) -> Result<Vec<FaultConfig>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "not faults: the body is no text")?;
    let begins = text.trim_start();
    if begins.starts_with('{') {
        let fault = serde_json::from_str(text).map_err(|error| format!("no fault: {error}"))?;
        return Ok(vec![fault]);
    }
    if begins.starts_with('[') && !begins.starts_with("[[") {
        return of_list(text);
    }
    let read = Document::parse("faults", text).and_then(|document| document.read::<File>());
    read.map(|file| file.fault).map_err(|invalid| invalid.to_string())
}

/// Reads a list entry by entry, to name each that is wrong.
fn of_list(text: &str) -> Result<Vec<FaultConfig>, String> {
    let entries: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| format!("not faults: {error}"))?;
    let number = entries.len();
    let (mut faults, mut wrong) = (Vec::new(), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        match serde_json::from_str(entry.get()) {
            Ok(fault) => faults.push(fault),
            Err(error) => {
                let nth = index + 1;
                wrong.push(format!("`fault.{index}`, number {nth} of {number}: {error}"));
            }
        }
    }
    if wrong.is_empty() { Ok(faults) } else { Err(wrong.join("; ")) }
}

/// Faults as anybody may see them.
fn shown(faults: &[FaultConfig]) -> Value {
    let mut faults = serde_json::to_value(faults).unwrap_or_default();
    mask::redact(&mut faults);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(body: &str) -> String {
        read(body.as_bytes()).map(|faults| faults.len()).unwrap_err()
    }

    #[test]
    fn faults_are_read_in_json_and_in_toml() {
        let one = r#"{"kind": "status", "status": 529}"#;
        let list = format!("[{one}, {one}]");
        let toml =
            "# two\n[[fault]]\nkind = \"status\"\nstatus = 529\n[[fault]]\nkind = \"none\"\n";
        let number = |body: &str| read(body.as_bytes()).map(|faults| faults.len());
        assert_eq!([number(one), number(&list), number(toml)], [Ok(1), Ok(2), Ok(2)]);
        assert_eq!(number("[]"), Ok(0));
    }

    #[test]
    fn every_entry_that_is_wrong_is_named() {
        let list = r#"[{"kind": "status", "status": 529}, {"kind": "statis"}, {"kind": "status"}]"#;
        let words = wrong(list);
        assert!(words.starts_with("`fault.1`, number 2 of 3: unknown variant `statis`"), "{words}");
        assert!(words.ends_with("; `fault.2`, number 3 of 3: missing field `status`"), "{words}");
        let toml = "[[fault]]\nkind = \"none\"\n[[fault]]\nkind = \"statis\"\n";
        insta::assert_snapshot!(wrong(toml), @"
        `faults` has 1 problem
          faults:4:8: `fault.1.kind`: unknown value `statis`
            hint: did you mean `status`?
        ");
        assert!(wrong("").contains("fault"), "{}", wrong(""));
        assert!(wrong("[{").starts_with("not faults: "));
    }
}
