//! A target of the user's in a file: a `[command]` or an `[http]` service, how its work is judged,
//! and what it may take.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::{Document, Problem};

use super::TargetPlan;
use super::command::{Command, CommandConfig};
use super::http::{Http, HttpConfig};
use super::judge::Check;
use super::limits::LimitsConfig;
use super::template::Template;
use crate::Failure;

/// The version of the format.
const FORMAT: i64 = 1;

/// The file of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The version of the format: 1.
    pub format: u32,
    /// What it is, in a sentence for reports.
    #[serde(default)]
    pub description: Option<String>,
    /// A program that is started for the work.
    #[serde(default)]
    pub command: Option<CommandConfig>,
    /// A service that is asked for it.
    #[serde(default)]
    pub http: Option<HttpConfig>,
    /// Checks that all have to hold for a job to be good.
    #[serde(default)]
    pub judge: Vec<Check>,
    /// What a job may take.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// Whether a file is one of a target of the user's, and not of a built-in pipeline.
pub fn is_one(document: &Document<'_>) -> bool {
    document.keys().any(|key| key == "command" || key == "http")
}

/// Reads a target; `name` is what the records call it, and its path.
pub fn read(name: &str, document: &Document<'_>) -> Result<Arc<dyn TargetPlan>, Failure> {
    document.check_format(FORMAT)?;
    let file: TargetFile = document.read()?;
    let mut problems: Vec<Problem> = (0..)
        .zip(&file.judge)
        .flat_map(|(at, check): (u32, _)| check.problems(&format!("judge[{at}]")))
        .collect();
    let home = Path::new(name).parent().unwrap_or(Path::new(""));
    let (name, common) = (name.to_owned(), (file.judge, file.limits));
    match (file.command, file.http) {
        (Some(command), None) => {
            let template = Template::new(command.argv.clone());
            if command.argv.is_empty() {
                problems.push(Problem::new("command.argv", "names no program"));
            }
            if let Err(unusable) = template {
                problems.push(unusable.problem("command.argv"));
            }
            document.check(problems)?;
            let template = template_of(template)?;
            let folder = folder(home, command.cwd.as_deref());
            let command = Command::of_file(name, command, template, common, folder)?;
            Ok(Arc::new(command.described(file.description)))
        }
        (None, Some(http)) => {
            problems.extend(http.problems());
            document.check(problems)?;
            let folder = folder(home, http.cwd.as_deref());
            Ok(Arc::new(Http::of_file(name, http, common, folder)?.described(file.description)))
        }
        _ => {
            let message = "a target is a `[command]` or an `[http]` service, not both";
            problems.push(Problem::new("http", message));
            document.check(problems)?;
            Err(Failure::internal(message))
        }
    }
}

fn template_of(template: Result<Template, super::template::Unusable>) -> Result<Template, Failure> {
    template.map_err(|unusable| Failure::internal(unusable.message))
}

/// Where a target is started: below its file's folder, or in it.
fn folder(home: &Path, cwd: Option<&str>) -> Option<PathBuf> {
    let folder = cwd.map_or_else(|| home.to_owned(), |cwd| home.join(cwd));
    (!folder.as_os_str().is_empty()).then_some(folder)
}
