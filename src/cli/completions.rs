//! Turns the command line that the program understands into the script by which a shell completes it.
//!
//! 1. The script is all that is on standard output; where it belongs is the shell's matter, and the help names bash's place.

use super::{Cli, print};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::process::ExitCode;

/// Print the script by which a shell completes this command line.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (mut program, mut script) = (Cli::command(), Vec::new());
    clap_complete::generate(arguments.shell, &mut program, "consentry", &mut script);
    print(str::from_utf8(&script)?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
