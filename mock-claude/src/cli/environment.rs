//! A variable for every flag, by one rule: `--seed` of `chaos run` is `CHAOS_RUN_SEED`.
//!
//! Invariants: no flag is forgotten, because the rule walks the whole command; a flag that was
//! typed wins over every variable, also over that of a flag that it excludes; what destroys or
//! consents has no variable; a bad value is refused under the name of its variable.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, Error};

/// Flags that replace what is there, or send load elsewhere: they are meant only where typed.
pub const TYPED_ONLY: [&str; 2] = ["force", "allow-remote"];

/// What cannot be understood, and the variables that have to do with it.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) error: Error,
    pub(super) variables: Vec<String>,
}

/// The command with a variable for each flag, its subcommands' flags included.
pub fn with_variables(command: Command) -> Command {
    let prefix = name_of(command.get_name());
    below(command, &prefix, &|_| true)
}

/// The variable of a flag of a command whose variables begin with `prefix`; none where the flag is
/// only ever typed, has a variable of its own, or prints something and ends.
pub fn variable_of(arg: &Arg, prefix: &str) -> Option<String> {
    let long = arg.get_long()?;
    let typed = TYPED_ONLY.contains(&long) || matches!(long, "help" | "version");
    let excluded = typed || arg.is_exclusive_set() || arg.is_hide_set() || arg.get_env().is_some();
    (!excluded).then(|| format!("{prefix}_{}", name_of(long)))
}

/// A name of a command or a flag as it stands in a variable.
pub fn name_of(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// What was typed, completed by the environment.
pub(super) fn matches(command: &Command, typed: &[OsString]) -> Result<ArgMatches, Wrong> {
    let prefix = name_of(command.get_name());
    let mut dropped = BTreeSet::new();
    loop {
        let known = below(command.clone(), &prefix, &|variable| !dropped.contains(variable));
        let error = match known.clone().try_get_matches_from(typed) {
            Ok(matches) => return Ok(matches),
            Err(error) => error,
        };
        let variables = involved(&known, typed, &error);
        let conflict = error.kind() == ErrorKind::ArgumentConflict;
        match &variables[..] {
            [one] if conflict => dropped.insert(one.clone()),
            // A flag that stands alone names none of those that it excludes.
            [] if conflict => {
                return command.clone().try_get_matches_from(typed).map_err(Wrong::of);
            }
            _ => return Err(Wrong { error, variables }),
        };
    }
}

impl Wrong {
    pub(super) fn of(error: Error) -> Self {
        Self { error, variables: Vec::new() }
    }
}

fn below(command: Command, prefix: &str, is_known: &dyn Fn(&str) -> bool) -> Command {
    let command = command.mut_args(|arg| match variable_of(&arg, prefix) {
        Some(variable) if is_known(&variable) => with_variable(arg, variable),
        _ => arg,
    });
    command.mut_subcommands(|inner| {
        let prefix = format!("{prefix}_{}", name_of(inner.get_name()));
        if inner.is_hide_set() { inner } else { below(inner, &prefix, is_known) }
    })
}

fn with_variable(arg: Arg, variable: String) -> Arg {
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    // The rule is said once: a line under each flag would hide what the flag is.
    arg.env(variable).hide_env(true)
}

/// The variables behind an error: those of flags that it names and that were not typed.
fn involved(command: &Command, typed: &[OsString], error: &Error) -> Vec<String> {
    let mut named: Vec<&str> = Vec::new();
    for (kind, value) in error.context() {
        match (kind, value) {
            (ContextKind::InvalidArg | ContextKind::PriorArg, ContextValue::String(one)) => {
                named.push(one);
            }
            (ContextKind::PriorArg, ContextValue::Strings(several)) => {
                named.extend(several.iter().map(String::as_str));
            }
            _ => {}
        }
    }
    let typed: Vec<_> = typed.iter().map(|word| word.to_string_lossy()).collect();
    let own: Vec<_> = typed.iter().take_while(|word| **word != "--").collect();
    let is_typed = |flag: &str| {
        own.iter().any(|word| word.split_once('=').map_or(&***word, |(flag, _)| flag) == flag)
    };
    let mut used = command;
    for word in own.iter().skip(1) {
        used = used.find_subcommand(&***word).unwrap_or(used);
    }
    let about = used.get_arguments().filter(|arg| {
        let flag = arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        let is_named = named.iter().any(|named| named.split(' ').next() == Some(&flag));
        is_named && !is_typed(&flag)
    });
    let variables = about.filter_map(Arg::get_env).filter(|name| std::env::var_os(name).is_some());
    variables.map(|name| name.to_string_lossy().into_owned()).collect()
}
