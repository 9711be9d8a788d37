//! Turns the command line that the program understands into manual pages (man(7)).
//!
//! 1. One page goes to standard output; with a folder each command has a file there, named as `man` looks for it.

use super::{Cli, Usage, print};
use anyhow::Context as _;
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use std::{path::PathBuf, process::ExitCode};

/// Print the manual page, or that of one command.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The command that the page is about; without one it is about the program.
    command: Option<String>,
    /// A folder that is there, for the pages of the program and of all its commands.
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut program = Cli::command();
    program.build();
    if let Some(folder) = &arguments.out {
        let pages = clap_mangen::generate_to(Cli::command(), folder);
        pages.with_context(|| format!("no pages can be written to {}", folder.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let about = match &arguments.command {
        Some(name) => command(&program, name)?,
        None => program,
    };
    let mut page = Vec::new();
    Man::new(about).render(&mut page)?;
    print(str::from_utf8(&page)?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn command(program: &Command, name: &str) -> Result<Command, Usage> {
    program.find_subcommand(name).cloned().ok_or_else(|| {
        let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
        Usage(format!("there is no command `{name}`; write one of {}", names.join(", ")))
    })
}
