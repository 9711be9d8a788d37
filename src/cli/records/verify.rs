//! Turns the chain of records into one line: it holds, from when to when, or where it does not.

use super::{ConfigFile, Opened, cells, print, time};
use crate::record::{Flaw, Verified};
use std::{io, process::ExitCode};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A hash that an earlier run said, or one of a record: whether that is still in this chain. Who can write to the store can
    /// make another whole chain, but none with a hash that was noted elsewhere.
    #[arg(long, value_name = "HASH")]
    noted: Option<String>,
    #[command(flatten)]
    config: ConfigFile,
}

/// The chain is not what was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the chain is broken: {0}")]
    Flaw(#[from] Flaw),
    #[error(
        "the chain holds, but has no record with the hash {0}: it is another chain, or that record was kept for its time"
    )]
    Other(String),
    #[error(transparent)]
    Output(#[from] io::Error),
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let opened = Opened::of(&arguments.config).await?;
    let verified = opened.store.verify().await?;
    opened.say_waiting();
    tell(&verified)?;
    if let Some(noted) = &arguments.noted
        && !opened.store.has(noted).await?
    {
        return Err(Broken::Other(noted.escape_debug().to_string()).into());
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that the chain holds; else gives why not.
pub(super) fn tell(verified: &Result<Verified, Flaw>) -> Result<(), Broken> {
    let verified = verified.as_ref().map_err(Flaw::clone)?;
    Ok(print(&words(verified))?)
}

fn words(Verified { records, head, hash, span }: &Verified) -> String {
    let Some((first, last)) = span else {
        return match head {
            0 => "ok: no records yet".to_owned(),
            head => format!("ok: no records; record {head} was the last that was removed"),
        };
    };
    let (first, last) = (time::shown(*first), time::shown(*last));
    let whole = cells::many(*records, "record");
    format!(
        "ok: the chain holds: {whole}, from {first} to {last} (UTC), and so do the texts and lists that they name\n\
         head: record {head}, {hash}"
    )
}
