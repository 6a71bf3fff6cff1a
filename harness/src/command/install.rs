//! `chaos completions` and `chaos man`: what a package installs beside the binary, made of the same
//! arguments that it parses.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::process::terminal;
use crate::storage::files::write_piecewise;
use crate::{Exit, Failure};

/// Prints completions for a shell.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "chaos", &mut script);
    terminal::stream(|out| out.write_all(&script))?;
    Ok(Exit::Pass)
}

/// Writes a page for the program and for each of its commands.
pub fn man(folder: &Path) -> Result<Exit, Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, &error))?;
    let program = Args::command();
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
    let commands = shown.map(|command| {
        let name = format!("chaos-{}", command.get_name());
        (name.clone(), command.clone().name(name))
    });
    for (name, command) in [("chaos".to_owned(), program.clone())].into_iter().chain(commands) {
        let page = Man::new(command);
        write_piecewise(&folder.join(format!("{name}.1")), |mut out| page.render(&mut out))?;
    }
    Ok(Exit::Pass)
}
