//! Turns a configuration file into everything that is wrong with it, or into one line that says what it describes.
//!
//! 1. Every problem is a line `file:line:column: what; instead`, on standard error, and the exit code is 2.
//! 2. The files of certificates are read as they would be served, and those that origins are known by.
//! 3. Lines of filter lists that no rule can be made of are warnings: they are skipped when the program runs. So is a key of choices
//!    that nodes with one store do not share.

use super::{Usage, print, say};
use crate::{
    catalog::{List, ListSource, skipped_lines},
    config::{Config, Overrides, Problem, Problems, read_list},
    engine::Engine,
    proxy::{listen::facts, origins},
    record::StoreUrl,
};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

/// How many skipped lines of one list are named.
const NAMED: usize = 10;

/// Find everything that is wrong in a configuration file.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file.
    #[arg(default_value = "consentry.toml")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.file, &Overrides::default())?;
    let wrong = |error: String| Usage(format!("{}: {error}", arguments.file.display()));
    let engine = config.engine(&[]).map_err(|error| wrong(error.to_string()))?;
    let engine = Engine::new(engine).map_err(|error| wrong(error.to_string()))?;
    lists(&config, &arguments.file)?;
    certificates(&config, &arguments.file)?;
    origins::check(&engine).map_err(|error| wrong(error.to_string()))?;
    secret(&config, &arguments.file);
    print(&summary(&config, &engine))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the lists that are files, and says which of their lines are skipped.
fn lists(config: &Config, file: &Path) -> Result<(), Problems> {
    let mut read: Vec<&Path> = Vec::new();
    let mut problems = Vec::new();
    for List { source, .. } in config.served().flat_map(|site| &site.gate.lists) {
        let ListSource::File(path) = source else { continue };
        if read.contains(&path.as_path()) {
            continue;
        }
        read.push(path);
        match read_list(path) {
            Ok(text) => warn(path, &text),
            Err(error) => problems.push(Problem {
                file: file.display().to_string(),
                line: 0,
                column: 0,
                what: format!("the list {} cannot be read ({error})", path.display()),
                instead: "give the path of a text file that is readable".to_owned(),
            }),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// Reads the certificates, and says which have ended.
fn certificates(config: &Config, file: &Path) -> Result<(), Problems> {
    let tls = config.listen.listeners.iter().filter_map(|listener| listener.tls.as_ref());
    let mut problems = Vec::new();
    for files in tls.flat_map(|tls| &tls.certificates) {
        match facts(files) {
            Ok(facts) if facts.until < SystemTime::now() => {
                say(&format!("{}: warning: this certificate has ended", files.chain.display()));
            }
            Ok(_) => {}
            Err(error) => problems.push(Problem {
                file: file.display().to_string(),
                line: 0,
                column: 0,
                what: error.to_string(),
                instead: "write the paths of a certificate and of its key".to_owned(),
            }),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

/// Says where several nodes may sign with keys of their own.
fn secret(config: &Config, file: &Path) {
    let is_shared = matches!(config.records.store, Some(StoreUrl::Postgres(_)));
    if is_shared && config.secret.is_none() {
        let what =
            "`secret` in [records] is empty: a node does not take what visitors allowed on another";
        say(&format!("{}: warning: {what}", file.display()));
    }
}

fn warn(path: &Path, text: &str) {
    let skipped = skipped_lines(text);
    for line in skipped.iter().take(NAMED) {
        say(&format!("{}:{}: warning: skipped: {}", path.display(), line.line, line.why));
    }
    let more = skipped.len().saturating_sub(NAMED);
    if more > 0 {
        say(&format!("{}: warning: {more} more lines are skipped", path.display()));
    }
}

fn summary(config: &Config, engine: &Engine) -> String {
    let mut origins: Vec<String> = config
        .served()
        .flat_map(|site| &site.origin.servers)
        .map(|server| server.url.as_str().trim_end_matches('/').to_owned())
        .collect();
    origins.sort();
    origins.dedup();
    let sites = match config.sites.len() {
        0 => "one site under every host".to_owned(),
        sites => count(sites, "site"),
    };
    let origins = match &origins[..] {
        [] => "no origin (give `--origin`)".to_owned(),
        [one] => format!("origin {one}"),
        several => count(several.len(), "origin"),
    };
    format!("ok: {sites}, {origins}, {}", count(engine.catalog().vendors().count(), "vendor"))
}

fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
