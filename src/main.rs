//! The `consentry` program.

use clap::Parser as _;
use consentry::cli::{self, Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli::run(cli) {
        Ok(code) => code,
        Err(error) => cli::report(&error),
    }
}
