//! The subcommands, one file each: what the arguments mean, the work, what is printed, the exit.
//! They share [`run::records`], which runs, reads and judges, and [`deliver`], which prints and
//! writes.

pub mod ablate;
pub mod baseline;
pub mod claims;
pub mod classify;
pub mod compare;
pub mod deliver;
pub mod diagnose;
pub mod estimate;
pub mod gate;
pub mod generate;
pub mod guard;
pub mod history;
pub mod init;
pub mod install;
pub mod list;
pub mod mock;
pub mod report;
pub mod run;
pub mod schema;
pub mod show;

use crate::args::{Args, BaselineAction, Command, HistoryAction};
use crate::{Exit, Failure};

/// Does what was asked for.
pub fn execute(args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => init::execute(&args),
        Command::Run(args) => run::execute(&args),
        Command::Diagnose(args) => diagnose::execute(&args),
        Command::Estimate(args) => estimate::execute(&args),
        Command::List { json } => list::execute(json),
        Command::Show { name } => show::execute(&name),
        Command::Schema { name } => schema::execute(name.as_deref()),
        Command::Report(args) => report::execute(&args),
        Command::Classify(args) => classify::execute(&args),
        Command::Compare(args) => compare::execute(&args),
        Command::Gate(args) => gate::execute(&args),
        Command::Baseline { action } => match action {
            BaselineAction::Show { baseline, scenario } => {
                baseline::show(&baseline, scenario.as_deref())
            }
            BaselineAction::Diff { base, head, format } => baseline::diff(&base, &head, format),
            BaselineAction::Accept { baseline, reason, runs } => {
                baseline::accept(&baseline, reason.as_deref(), &runs)
            }
        },
        Command::History { action } => match action {
            HistoryAction::Add(args) => history::add(&args),
            HistoryAction::Show(args) => history::show(&args),
        },
        Command::Ablate(args) => ablate::execute(&args),
        Command::Claims(args) => claims::execute(&args),
        Command::Generate { what } => generate::execute(what),
        Command::Completions { shell } => install::completions(shell),
        Command::Man { folder } => install::man(&folder),
        Command::Guard { mark, folder } => guard::execute(&mark, &folder),
        Command::Mock(args) => mock::execute(*args),
    }
}
