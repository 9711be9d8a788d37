//! Turns the newest records into a table for people.

use super::{Choice, ConfigFile, Opened, cells, print, say, time};
use crate::{purpose::Purpose, record::Chained};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let filter = arguments.choice.filter()?;
    let opened = Opened::of(&arguments.config).await?;
    let store = &opened.store;
    let records = store.latest(&filter, i64::MAX, arguments.limit).await?;
    let all = store.count(&filter).await?;
    let heading = ["#", "time (UTC)", "site", "choice", "allowed", "lang", "receipt"];
    let rows: Vec<_> =
        [heading.map(str::to_owned)].into_iter().chain(records.iter().map(row)).collect();
    if !records.is_empty() {
        print(&cells::table(&rows, &[0]))?;
    }
    let shown = records.len() as u64;
    match u64::try_from(all).unwrap_or_default() {
        0 => say("no records"),
        all if all == shown => say(&cells::many(all, "record")),
        all => say(&format!(
            "the newest {shown} of {}; --limit shows more",
            cells::many(all, "record")
        )),
    }
    let counted: i64 = store.refusals().await?.iter().map(|(_, _, _, number)| number).sum();
    if counted > 0 {
        let refusals = cells::many(counted.unsigned_abs(), "refusal");
        say(&format!("and {refusals} of which only the number is kept, on all sites"));
    }
    opened.say_waiting();
    Ok(ExitCode::SUCCESS)
}

fn row(Chained { seq, record, hash: _ }: &Chained) -> [String; 7] {
    let allowed: Vec<_> = record.purposes.iter().map(Purpose::name).collect();
    let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    [
        seq.to_string(),
        time::shown(record.at),
        cells::printable(&record.site),
        record.method.name().to_owned(),
        allowed,
        cells::printable(&record.language),
        cells::printable(record.receipt.as_deref().unwrap_or("-")),
    ]
}
