//! Turns the command line into the program's actions.
//!
//! 1. Standard output is for results, standard error for what is said of them.
//! 2. Exit codes: 0 done, 1 failed, 2 what was written (command line or configuration) has to be changed.
//! 3. A reader of standard output that goes away ends the program quietly.

mod check;
mod completions;
pub mod demo;
mod explain;
mod finding;
mod log;
mod man;
mod notify;
mod records;
mod refresh;
mod reload;
mod rewrite;
mod scan;
mod serve;
mod show;
mod visit;

use crate::{
    config::{Config, Overrides, Problems},
    policy::Mode,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

/// What is written is wrong.
const WRONG: u8 = 2;

/// Keeps a website's third-party trackers out of its pages until the visitor's consent says yes.
///
/// Try it: `consentry demo`, then open the URL that it prints.
#[derive(Debug, Parser)]
#[command(name = "consentry", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Stand in front of a website.
    ///
    /// Example: consentry serve --origin http://127.0.0.1:3000
    Serve(serve::Arguments),
    /// Show it on a small shop with stub vendors, all on this machine.
    ///
    /// Example: consentry demo
    Demo(show::Arguments),
    /// Rewrite one page from standard input to standard output, as the proxy would.
    ///
    /// Example: consentry rewrite --url https://shop.example/ < page.html > gated.html
    Rewrite(rewrite::Arguments),
    /// Say what is decided for a URL, a script or a visitor, and why, or what would be sent of a request to a vendor.
    ///
    /// Example: consentry explain --url https://www.googletagmanager.com/gtag/js --cookie 'consentry=v1.p1.20260101.f0a1m0'
    Explain(explain::Arguments),
    /// List the trackers in pages, and what would become of them without consent.
    ///
    /// Example: consentry scan https://shop.example/ saved-pages/
    Scan(scan::Arguments),
    /// Look at the proof of visitors' choices: list, export, verify, purge, or print one for its visitor.
    ///
    /// Example: consentry records verify --config consentry.toml
    Records(records::Arguments),
    /// Find everything that is wrong in a configuration file.
    ///
    /// Example: consentry check consentry.toml
    Check(check::Arguments),
    /// Print the script by which a shell completes this command line.
    ///
    /// Example: consentry completions bash > /usr/share/bash-completion/completions/consentry
    Completions(completions::Arguments),
    /// Print the manual page, or that of one command.
    ///
    /// Example: consentry man serve | man -l -
    Man(man::Arguments),
}

/// The configuration file of a command.
#[derive(Clone, Debug, Default, Args)]
struct ConfigFile {
    /// The configuration file; without one the defaults hold.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What the gate does, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeName {
    /// Edit the pages.
    Enforce,
    /// Decide and count, and leave the pages as they are.
    Report,
    /// Pass everything through.
    Off,
}

/// What was written on the command line is wrong; the text says what to write.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Does what the command line says.
///
/// # Errors
/// When it cannot be done; [`report`] says it.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Demo(arguments) => show::run(arguments),
        Command::Rewrite(arguments) => rewrite::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Records(arguments) => records::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// Says why something was not done, and gives the exit code for it.
#[must_use]
pub fn report(error: &anyhow::Error) -> ExitCode {
    let is_closed = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(is_closed) {
        return ExitCode::SUCCESS;
    }
    if let Some(problems) = error.downcast_ref::<Problems>() {
        say(&problems.to_string());
        return ExitCode::from(WRONG);
    }
    say(&format!("consentry: {}", told(error)));
    if error.is::<Usage>() { ExitCode::from(WRONG) } else { ExitCode::FAILURE }
}

impl ConfigFile {
    fn load(&self, overrides: &Overrides) -> anyhow::Result<Config> {
        Ok(self.parse(&self.text()?, overrides)?)
    }
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Enforce => Self::Enforce,
            ModeName::Report => Self::Report,
            ModeName::Off => Self::Off,
        }
    }
}

/// An error with its causes, but for those that it tells already.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        match (told.is_empty(), told.contains(&cause)) {
            (true, _) => cause,
            (false, true) => told,
            (false, false) => format!("{told}: {cause}"),
        }
    })
}

/// Writes `text` and an end of line to standard output.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes `text` and an end of line to standard error.
fn say(text: &str) {
    // There is nowhere to tell that standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}
