//! Turns the store of visitors' choices into tables, exports, a verdict on its chain, and pages for a data protection officer.
//!
//! 1. Every command works while `serve` writes, and says how much is not in the store yet. Only `purge` changes anything.
//! 2. Nothing here says who a visitor is: the store does not know. Who has a receipt id can ask for its records.
//! 3. Exit codes: 1 when the chain does not hold, when a receipt is not there or a cookie is not the one that was given with it, and
//!    when the store cannot be read.

mod cells;
mod cookie;
mod export;
mod list;
mod page;
mod receipt;
mod recording;
mod shown;
mod time;
mod verify;

pub(super) use self::recording::Recording;
use super::{ConfigFile, Usage, print, say, visit};
use crate::{
    config::Config,
    record::{Filter, Store, Waiting, waiting},
};
use clap::{Args, Subcommand};
use std::{process::ExitCode, time::SystemTime};

/// Look at the proof of visitors' choices.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest records, as a table.
    ///
    /// Example: consentry records list --site shop.example --day 2026-11-23
    List(list::Arguments),
    /// All records, the oldest first, as CSV or as lines of JSON.
    ///
    /// Example: consentry records export --format jsonl > records.jsonl
    Export(export::Arguments),
    /// Whether the records are what was written: none changed, removed, added or moved.
    ///
    /// Example: consentry records verify --config consentry.toml
    Verify(verify::Arguments),
    /// Remove records that were kept for their time.
    ///
    /// Example: consentry records purge --before 2023-11-23
    Purge(Purge),
    /// What one visitor chose, as a page to print.
    ///
    /// Example: consentry records receipt --cookie "$VALUE" > receipt.html
    Receipt(receipt::Arguments),
}

#[derive(Debug, Args)]
struct Purge {
    /// The first day that is kept; unless given, what `keep` in [records] says.
    #[arg(long, value_name = "DATE")]
    before: Option<String>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Which records.
#[derive(Debug, Args)]
struct Choice {
    /// Of this site.
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
    /// Of this day (UTC), as 2026-11-23.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "until"])]
    day: Option<String>,
    /// From this day on.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Until the day before this one.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// With this receipt id: one visitor's.
    #[arg(long, value_name = "ID")]
    receipt: Option<String>,
}

/// An open store, and what is on the way to it.
struct Opened {
    config: Config,
    store: Store,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn");
    super::serve::runtime()?.block_on(async {
        match arguments.command {
            Command::List(arguments) => list::run(&arguments).await,
            Command::Export(arguments) => export::run(&arguments).await,
            Command::Verify(arguments) => verify::run(&arguments).await,
            Command::Purge(arguments) => purge(&arguments).await,
            Command::Receipt(arguments) => receipt::run(&arguments).await,
        }
    })
}

async fn purge(arguments: &Purge) -> anyhow::Result<ExitCode> {
    let opened = Opened::of(&arguments.config).await?;
    let now = time::minute(SystemTime::now());
    let before = match &arguments.before {
        Some(day) => time::begin(day).map_err(|why| Usage(format!("`--before` {why}")))?,
        None => now.saturating_sub(time::minutes(opened.config.records.keep)),
    };
    if before > now {
        let what =
            "`--before` is in the future, and would remove everything; write a day that is over";
        return Err(Usage(what.to_owned()).into());
    }
    let gone = opened.store.purge(before).await?;
    let ends = opened.store.verify().await?;
    print(&format!("{} from before {} removed", cells::many(gone, "record"), time::shown(before)))?;
    Ok(verify::tell(&ends).map(|()| ExitCode::SUCCESS)?)
}

impl Choice {
    fn filter(&self) -> Result<Filter, Usage> {
        let begin = |flag: &str, day: &Option<String>| {
            let begin = day.as_deref().map(time::begin).transpose();
            begin.map_err(|why| Usage(format!("`{flag}` {why}")))
        };
        let day = begin("--day", &self.day)?;
        Ok(Filter {
            site: self.site.clone(),
            receipt: self.receipt.clone(),
            from: begin("--from", &self.from)?.or(day),
            until: begin("--until", &self.until)?.or(day.map(|day| day + time::DAY)),
        })
    }
}

impl Opened {
    async fn of(file: &ConfigFile) -> anyhow::Result<Self> {
        let config = file.load(&visit::overrides())?;
        let Some(url) = &config.records.store else {
            let what = "`store` in [records] is \"\": no records are kept";
            return Err(Usage(format!("{what}; write \"sqlite:consentry.db\" to keep them")).into());
        };
        match Store::look(url).await {
            Ok(store) => Ok(Self { config, store }),
            Err(error) => {
                // The choices may all be there.
                say_waiting(&config);
                Err(error.into())
            }
        }
    }

    /// Says what is not in the store yet.
    fn say_waiting(&self) {
        say_waiting(&self.config);
    }
}

fn say_waiting(config: &Config) {
    let folder = &config.records.spool;
    match waiting(folder) {
        Ok(Waiting { choices: 0, bad: 0, bytes: _ }) => {}
        Ok(Waiting { choices, bad, bytes: _ }) => {
            let bad = match bad {
                0 => String::new(),
                bad => format!(", and {} that cannot be read", cells::many(bad, "line")),
            };
            let choices = cells::many(choices, "choice");
            say(&format!("not in the store yet: {choices}{bad}, in {}", folder.display()));
        }
        Err(error) => say(&format!("the spool {} cannot be read: {error}", folder.display())),
    }
}
