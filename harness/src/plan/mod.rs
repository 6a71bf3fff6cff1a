//! What the arguments mean: names become scenarios and pipelines, inputs become files, and whatever
//! cannot be used is said before anything runs.

mod expect;
mod memory;
mod replay;
pub mod run_plan;
pub mod stage;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::Preset;
use engine::preset::{SHIPPED, shipped};
use reports::record::Clock;
use scenarios::{Scenario, library, suggest};
use strict_toml::Document;

use self::run_plan::{DIRECT_FROM, RunPlan};
use crate::args::{ClockArg, RunArgs, ServiceArgs};
use crate::process::terminal;
use crate::service::admin_client::RemoteMock;
use crate::source::{Origin, SourceFile, tree};
use crate::storage::cache::CachePlace;
use crate::storage::docs;
use crate::target::command::Command;
use crate::target::http::Http;
use crate::target::{self, TargetPlan, builtin};
use crate::{Exit, Failure};

/// The largest scenario or pipeline file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The runs that the arguments ask for, in order.
pub fn runs(args: &RunArgs) -> Result<Vec<RunPlan>, Failure> {
    let names: Vec<String> = if args.all {
        library::ALL.iter().map(|scenario| scenario.name.to_owned()).collect()
    } else {
        args.scenarios.iter().chain(&args.scenario).cloned().collect()
    };
    let own = own_targets(&args.service, &args.command, args.quiet)?;
    if let Some(folder) = &args.docs {
        fs::create_dir_all(folder).map_err(|error| {
            let folder = folder.display();
            Failure::usage(format!("cannot create the folder `{folder}` of `--docs`: {error}"))
        })?;
    }
    let tree = match &args.input {
        None => None,
        Some(root) => Some(tree::files(root).map_err(|error| Failure::usage(error.to_string()))?),
    };
    names
        .iter()
        .map(|name| {
            let mut plan = scenario(name)?;
            put_under_load(&mut plan, args, &own)?;
            follow(&mut plan, args)?;
            if let Some(files) = &tree {
                plan.files.clone_from(files);
                plan.from_disk = true;
                // What ships expects something of its own files, not of anybody else's.
                plan.judged = library::find(name).is_none();
            }
            plan.seed = args.seed.unwrap_or(plan.seed);
            if let Some(currency) = args.currency {
                plan.scenario.currency = currency.resolved();
            }
            plan.speed = args.speed.filter(|speed| *speed > 1);
            plan.cache = args
                .cache
                .as_deref()
                .map(|typed| CachePlace::check(typed, plan.clock))
                .transpose()?;
            plan.mock = mock(args, plan.clock)?;
            plan.docs.clone_from(&args.docs);
            documented_apart(&plan)?;
            generate(&mut plan)?;
            expect::add(&mut plan, &args.expect)?;
            plan.aborts = args.abort_on_fail;
            expect::is_there(&plan)?;
            if args.resume && !plan.has_checkpoints() {
                return Err(Failure::usage(
                    "`--resume` needs a pipeline that keeps checkpoints\n\
                     hint: give the pipeline a section `[store]` with `policy = \"checkpoint\"`",
                ));
            }
            Ok(plan)
        })
        .collect()
}

/// The user's own targets, as far as they were typed.
pub fn own_targets(
    service: &ServiceArgs,
    command: &[String],
    quiet: bool,
) -> Result<Vec<Arc<dyn TargetPlan>>, Failure> {
    let mut own: Vec<Arc<dyn TargetPlan>> = Vec::new();
    if let Some(url) = &service.http {
        own.push(Arc::new(Http::typed(url, service.start.clone(), service.mock_port)?));
    }
    if !command.is_empty() {
        let command = Command::typed(command.to_vec())?;
        if !command.names_files() && !quiet {
            terminal::say(
                "note: without `{file}` in it, the command is run once, as one job of the whole \
                 load; with `{file}`, once for each file",
            );
        }
        own.push(Arc::new(command));
    }
    Ok(own)
}

/// Gives a run its targets: those that were asked for, or the scenario's.
fn put_under_load(
    plan: &mut RunPlan,
    args: &RunArgs,
    own: &[Arc<dyn TargetPlan>],
) -> Result<(), Failure> {
    let mut all = match &args.pipeline[..] {
        [] if own.is_empty() => std::mem::take(&mut plan.targets),
        [] => Vec::new(),
        names => targets(names)?,
    };
    for target in own {
        add(&mut all, Arc::clone(target))?;
    }
    if !args.service.allow_remote {
        all_here(&all)?;
    }
    plan.give(all);
    Ok(())
}

/// Refuses targets on other machines, which would get the load of a scenario.
pub fn all_here(targets: &[Arc<dyn TargetPlan>]) -> Result<(), Failure> {
    let Some(url) = targets.iter().find_map(|target| target.remote()) else { return Ok(()) };
    Err(Failure::usage(format!(
        "`{url}` is not on this machine, and would get the load of the scenario\n\
         hint: `--allow-remote` says that this is meant"
    )))
}

/// Gives a run its clock: the one that was asked for, or the one that its targets need.
fn follow(plan: &mut RunPlan, args: &RunArgs) -> Result<(), Failure> {
    let real = plan.targets.iter().any(|target| target.needs_real_time());
    let reason = match args.clock {
        Some(ClockArg::Simulated) if real => {
            Some("runs in real time: leave out `--clock simulated`")
        }
        _ if real && args.mock_url.is_some() => {
            Some("is given a mock of its own: leave out `--mock-url`")
        }
        _ if real && args.resume => Some("keeps no checkpoints: leave out `--resume`"),
        _ => None,
    };
    if let Some(reason) = reason {
        return Err(Failure::usage(format!("a command or a service {reason}")));
    }
    if args.clock == Some(ClockArg::Wall) {
        (plan.clock, plan.mixes_clocks) = (Clock::Wall, false);
    }
    if args.resume && plan.clock == Clock::Simulated {
        return Err(Failure::usage(
            "`--resume` needs `--clock wall`: a simulated run costs nothing to repeat\n\
             hint: run it again without `--resume`",
        ));
    }
    Ok(())
}

/// Adds a target under a name that no other one has.
fn add(targets: &mut Vec<Arc<dyn TargetPlan>>, target: Arc<dyn TargetPlan>) -> Result<(), Failure> {
    let name = target.header().name;
    if targets.iter().any(|earlier| earlier.header().name == name) {
        return Err(Failure::usage(format!(
            "two pipelines of the run are called `{name}`\nhint: rename one of the two files"
        )));
    }
    targets.push(target);
    Ok(())
}

/// Refuses pipelines whose documentation would go to one folder, each in place of the other's.
fn documented_apart(plan: &RunPlan) -> Result<(), Failure> {
    let mut folders: BTreeMap<PathBuf, String> = BTreeMap::new();
    for name in plan.targets.iter().map(|target| target.header().name) {
        let Some(folder) = docs::folder(plan.docs.as_deref(), &name) else { continue };
        if let Some(earlier) = folders.insert(folder, name.clone()) {
            return Err(Failure::usage(format!(
                "pipelines `{earlier}` and `{name}` have one folder below `--docs`\n\
                 hint: rename a file, or run them one at a time with a folder each"
            )));
        }
    }
    Ok(())
}

/// The mock that the arguments name, if they name one.
fn mock(args: &RunArgs, clock: Clock) -> Result<Option<RemoteMock>, Failure> {
    let (Some(url), Some(admin)) = (&args.mock_url, &args.mock_admin) else { return Ok(None) };
    if clock == Clock::Simulated {
        return Err(Failure::usage(
            "a mock in another process cannot follow simulated time\nhint: add `--clock wall`",
        ));
    }
    RemoteMock::check(url, admin).map(Some)
}

/// The run that a scenario asks for by itself, in simulated time.
pub fn scenario(name: &str) -> Result<RunPlan, Failure> {
    let text = match library::find(name) {
        Some(shipped) => shipped.text.to_owned(),
        None => own_file(name, "scenario", library::ALL.iter().map(|scenario| scenario.name))?,
    };
    let mut scenario = Scenario::parse(name, &text)?;
    replay::read(name, &mut scenario.load)?;
    let targets = targets(&scenario.pipelines)?;
    let mut plan = bare(plain(name), scenario, Vec::new());
    plan.give(targets);
    Ok(plan)
}

/// The run of a scenario that was put together in memory, its files made.
pub fn of_scenario(
    name: &str,
    scenario: Scenario,
    pipelines: Vec<(String, Preset)>,
) -> Result<RunPlan, Failure> {
    of_targets(name, scenario, builtin::targets(pipelines))
}

/// The same for targets of any kind, on the clock that they need.
pub fn of_targets(
    name: &str,
    scenario: Scenario,
    targets: Vec<Arc<dyn TargetPlan>>,
) -> Result<RunPlan, Failure> {
    let mut plan = bare(name, scenario, Vec::new());
    plan.give(targets);
    generate(&mut plan)?;
    Ok(plan)
}

fn bare(name: &str, scenario: Scenario, targets: Vec<Arc<dyn TargetPlan>>) -> RunPlan {
    RunPlan {
        name: name.to_owned(),
        seed: scenario.seed,
        clock: Clock::Simulated,
        speed: None,
        mixes_clocks: false,
        targets,
        files: Vec::new(),
        order: None,
        from_disk: false,
        judged: true,
        cache: None,
        mock: None,
        docs: None,
        direct_from: DIRECT_FROM,
        aborts: false,
        expect: BTreeMap::new(),
        scenario,
    }
}

/// Makes the scenario's own files, where no source tree takes their place, and gives them out to
/// the arrivals that are about a certain one.
pub fn generate(plan: &mut RunPlan) -> Result<(), Failure> {
    if !plan.from_disk {
        let (seed, inputs) = (plan.seed, &plan.scenario.input);
        plan.files = (0..)
            .zip(inputs)
            .flat_map(|(position, input)| input.files(seed, position))
            .map(|file| SourceFile {
                path: file.path.as_str().into(),
                origin: Origin::Generated(Arc::new(file)),
            })
            .collect();
    }
    plan.order = replay::order(&plan.name, &plan.scenario.load, &plan.files)?;
    Ok(())
}

/// Pipelines by name, as targets of a run: shipped ones, files of pipelines, and files of the
/// user's own commands and services.
pub fn targets(names: &[String]) -> Result<Vec<Arc<dyn TargetPlan>>, Failure> {
    let mut found: Vec<Arc<dyn TargetPlan>> = Vec::new();
    for name in names {
        let text = text_of(name)?;
        // What is no TOML is reported by whoever reads it as a pipeline.
        let own = Document::parse(name, &text).ok().filter(target::file::is_one);
        let next = match own {
            Some(document) => target::file::read(plain(name), &document)?,
            None => builtin::target(plain(name).to_owned(), Preset::parse(name, &text)?),
        };
        if found.iter().any(|earlier| earlier.header().name == plain(name)) {
            return Err(asked_twice(name));
        }
        found.push(next);
    }
    Ok(found)
}

/// Built-in pipelines by name; the name is what the records call them.
pub fn pipelines(names: &[String]) -> Result<Vec<(String, Preset)>, Failure> {
    let mut found: Vec<(String, Preset)> = Vec::new();
    for name in names {
        if found.iter().any(|(earlier, _)| earlier == plain(name)) {
            return Err(asked_twice(name));
        }
        let text = text_of(name)?;
        if Document::parse(name, &text).is_ok_and(|document| target::file::is_one(&document)) {
            return Err(Failure::usage(format!(
                "`{name}` is a command or a service of yours, and this needs a built-in pipeline\n\
                 hint: `chaos run SCENARIO --pipeline {name}` runs it"
            )));
        }
        found.push((plain(name).to_owned(), Preset::parse(name, &text)?));
    }
    Ok(found)
}

/// The text of a shipped pipeline, or of a file.
fn text_of(name: &str) -> Result<String, Failure> {
    match shipped(name) {
        Some(text) => Ok(text.to_owned()),
        None => own_file(name, "pipeline", SHIPPED.iter().map(|(name, _)| *name)),
    }
}

fn asked_twice(name: &str) -> Failure {
    Failure::usage(format!("pipeline `{name}` is asked for twice"))
}

/// A path without the `./` that changes nothing: the records know a file by one name.
fn plain(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    name
}

/// Reads a file of the user's; a name that is no file is taken for a slip.
fn own_file<'a>(
    name: &str,
    what: &str,
    shipped: impl IntoIterator<Item = &'a str> + Clone,
) -> Result<String, Failure> {
    let path = Path::new(name);
    let looks_like_a_path = name.contains(['/', '\\']) || path.extension().is_some();
    if !looks_like_a_path && !path.is_file() {
        let hint = suggest(name, shipped).unwrap_or_default();
        let message = format!("unknown {what} `{name}`\nhint: {hint}, or the path of a file");
        return Err(Failure::usage(message.replace("?, or", "? Or")));
    }
    if what == "pipeline" && path.is_file() && is_a_program(path) {
        return Err(Failure::usage(format!(
            "`{name}` is a program, and `--pipeline` takes a pipeline's TOML file\n\
             hint: type the command after `--`: chaos run concurrent -- {} {{file}}",
            call_of(name)
        )));
    }
    let unreadable = |error: io::Error| {
        let mut failure = Failure::unreadable(path, &error);
        failure.message.push_str("\nhint: `chaos list` names what ships with the binary");
        failure
    };
    // The size of a pipe or a device is not known before it is read.
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?.take(MAX_FILE_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!(
            "`{name}` is too large for a {what} file\nhint: at most {MAX_FILE_BYTES} bytes are read"
        );
        return Err(Failure::new(Exit::Invalid, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        Failure::new(Exit::Invalid, format!("`{name}`:{line}: not UTF-8\nhint: save it as UTF-8"))
    })
}

/// Whether a file is a script or a program by its name.
fn is_a_program(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(
        extension,
        Some("py" | "js" | "mjs" | "cjs" | "ts" | "sh" | "rb" | "rs" | "go" | "exe")
    )
}

/// How a program is called, as far as its name tells.
fn call_of(name: &str) -> String {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("py") => format!("python {name}"),
        Some("js" | "mjs" | "cjs") => format!("node {name}"),
        Some("ts") => format!("npx tsx {name}"),
        Some("sh") => format!("sh {name}"),
        Some("rb") => format!("ruby {name}"),
        _ => format!("./{}", plain(name)),
    }
}

/// The folder name that a scenario's runs get by default.
pub fn folder_name(scenario: &str) -> String {
    reports::text::file_name(scenario)
}
