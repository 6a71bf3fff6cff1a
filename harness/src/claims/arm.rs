//! One side of a measurement: a shipped scenario and a shipped pipeline, with some keys changed.
//!
//! A change is made in the file's own terms before the file is read, so that what is run is a
//! scenario that anybody could have written, checked like any other.

use std::collections::BTreeMap;

use engine::{Preset, preset};
use scenarios::scenario::Currency;
use scenarios::{Scenario, library};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::Failure;
use crate::plan;
use crate::plan::run_plan::RunPlan;

/// The model that the documents call, which is deprecated since.
const MODEL: &str = "claude-sonnet-4-5";

/// What is run for one side of a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// A shipped scenario.
    pub scenario: String,
    /// A shipped pipeline.
    pub pipeline: String,
    /// Keys of the scenario that are put in place of its own; a table or list replaces a whole.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// Sections of the scenario that are left out.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Keys of the pipeline that are put in place of its own.
    #[serde(default)]
    pub pipeline_set: BTreeMap<String, Value>,
}

impl Arm {
    /// The same text for arms that do the same, so that none is run twice.
    pub fn key(&self) -> String {
        toml::to_string(self).expect("an arm is plain data")
    }

    /// The run of this arm, with a single pipeline and nothing expected of it.
    pub fn plan(&self) -> Result<RunPlan, Failure> {
        let shipped = library::find(&self.scenario)
            .ok_or_else(|| Failure::internal(format!("no scenario `{}`", self.scenario)))?;
        let mut scenario = read(shipped.text)?;
        scenario.remove("expect");
        scenario.insert("pipelines".into(), Value::Array(vec![self.pipeline.clone().into()]));
        for section in &self.unset {
            scenario.remove(section);
        }
        // The documents name their amounts in rupees.
        let rupees = Value::try_from(Currency::rupees()).expect("a currency is plain data");
        scenario.entry("currency").or_insert(rupees);
        // Their tokens are bytes divided by 3.5.
        scenario.entry("tokens").or_insert("length".into());
        change(&mut scenario, &self.set)?;
        let scenario = Scenario::parse(&self.scenario, &write(&scenario))?;
        let text = preset::shipped(&self.pipeline)
            .ok_or_else(|| Failure::internal(format!("no pipeline `{}`", self.pipeline)))?;
        let mut pipeline = read(text)?;
        change(&mut pipeline, &BTreeMap::from([("request.model".into(), MODEL.into())]))?;
        change(&mut pipeline, &self.pipeline_set)?;
        let preset = Preset::parse(&self.pipeline, &write(&pipeline))?;
        plan::of_scenario(&self.scenario, scenario, vec![(self.pipeline.clone(), preset)])
    }
}

fn read(text: &str) -> Result<Table, Failure> {
    text.parse().map_err(|error| Failure::internal(format!("a shipped file: {error}")))
}

fn write(table: &Table) -> String {
    toml::to_string(table).expect("what was read can be written")
}

/// Puts each value at its dotted path; numbers lead into lists.
fn change(table: &mut Table, changes: &BTreeMap<String, Value>) -> Result<(), Failure> {
    for (path, value) in changes {
        let (folders, key) = path.rsplit_once('.').unwrap_or(("", path));
        let place = folders
            .split('.')
            .filter(|part| !part.is_empty())
            .try_fold(&mut *table, |table, part| descend(table, part));
        place
            .ok_or_else(|| Failure::internal(format!("`{path}` leads nowhere")))?
            .insert(key.to_owned(), value.clone());
    }
    Ok(())
}

/// The table under a name; a list is a table of its only entry.
fn descend<'a>(table: &'a mut Table, part: &str) -> Option<&'a mut Table> {
    match table.entry(part).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => Some(inner),
        Value::Array(items) => items.first_mut()?.as_table_mut(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reaches_into_tables_and_into_the_first_entry_of_a_list() {
        let mut table: Table = "[a]\nb = 1\n[[c]]\nd = 2\n".parse().unwrap();
        let changes = [("a.b", 3), ("c.d", 4), ("e.f", 5)];
        let changes = changes.map(|(path, value)| (path.to_owned(), Value::from(value)));
        change(&mut table, &BTreeMap::from(changes)).unwrap();
        assert_eq!(write(&table), "[a]\nb = 3\n\n[[c]]\nd = 4\n\n[e]\nf = 5\n");
    }
}
