//! Turns records, the oldest first, into CSV (RFC 4180) or lines of JSON.
//!
//! 1. Both have every field that the hash is made of, so that who has all records can verify the chain without us.
//! 2. A page of records is held at a time, however many there are.

use super::{Choice, ConfigFile, Opened, cells, say, time};
use crate::{
    purpose::Purpose,
    record::{Chained, Minute},
};
use clap::ValueEnum;
use serde_json::json;
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How they are written.
    #[arg(long, default_value = "csv")]
    format: Format,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For spreadsheets.
    Csv,
    /// For programs: one object a line, refusals of which only the number is kept among them.
    Jsonl,
}

const COLUMNS: [&str; 17] = [
    "number",
    "time",
    "site",
    "method",
    "functional",
    "analytics",
    "marketing",
    "receipt",
    "policy",
    "language",
    "regime",
    "text",
    "vendors",
    "software",
    "id",
    "minute",
    "hash",
];

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let filter = arguments.choice.filter()?;
    let opened = Opened::of(&arguments.config).await?;
    let mut out = BufWriter::new(io::stdout());
    if matches!(arguments.format, Format::Csv) {
        write!(out, "{}\r\n", cells::csv(COLUMNS))?;
    }
    let mut after = 0;
    let mut count = 0_u64;
    loop {
        let page = opened.store.records(&filter, after).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        count += page.len() as u64;
        page.iter().try_for_each(|record| line(&mut out, arguments.format, record))?;
    }
    // Numbers are of all visitors, so a visitor's own export has none.
    let counted =
        if filter.receipt.is_none() { opened.store.refusals().await? } else { Vec::new() };
    let wanted = |(day, site, ..): &&(Minute, String, String, i64)| {
        filter.site.as_ref().is_none_or(|wanted| wanted == site)
            && filter.from.is_none_or(|from| *day >= from)
            && filter.until.is_none_or(|until| *day < until)
    };
    for (day, site, policy, number) in counted.iter().filter(wanted) {
        match arguments.format {
            Format::Csv => say(&format!(
                "not in the table: {number} refusals of {} on {}",
                cells::printable(site),
                time::day(*day)
            )),
            Format::Jsonl => {
                let line = json!({"kind": "refusals", "day": time::day(*day), "site": site, "policy": policy, "number": number});
                writeln!(out, "{line}")?;
            }
        }
    }
    out.flush()?;
    say(&cells::many(count, "record"));
    opened.say_waiting();
    Ok(ExitCode::SUCCESS)
}

fn line(out: &mut impl Write, format: Format, chained: &Chained) -> io::Result<()> {
    match format {
        Format::Csv => write!(out, "{}\r\n", csv(chained)),
        Format::Jsonl => writeln!(out, "{}", jsonl(chained)),
    }
}

fn csv(Chained { seq, record, hash }: &Chained) -> String {
    let allowed = |purpose| if record.purposes.contains(purpose) { "yes" } else { "no" };
    cells::csv([
        &*seq.to_string(),
        &time::iso(record.at),
        &record.site,
        record.method.name(),
        allowed(Purpose::Functional),
        allowed(Purpose::Analytics),
        allowed(Purpose::Marketing),
        record.receipt.as_deref().unwrap_or_default(),
        &record.policy,
        &record.language,
        &record.regime,
        &record.text,
        &record.vendors,
        &record.software,
        &record.id,
        &record.at.to_string(),
        hash,
    ])
}

fn jsonl(Chained { seq, record, hash }: &Chained) -> String {
    json!({"kind": "record", "number": seq, "time": time::iso(record.at), "record": record, "hash": hash})
        .to_string()
}
