//! Turns pages into the trackers in them, with what would become of each without consent.
//!
//! 1. The engine is the proxy's with an empty consent; a scan cannot disagree with it. It shows what `mode = "enforce"` does,
//!    and says so where the site's mode is another.
//! 2. A file's page URL is `--url`, else what the page calls itself, else one that is nobody's.
//! 3. A page that cannot be had or read is said, and the others are scanned; it is a failure when there are no others.

mod cmp;
mod effect;
mod page;
mod reports;
mod text;
mod work;

use self::page::Scanned;
use super::{ConfigFile, print, say, told, visit};
use crate::vendor::Vendor;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::ExitCode, sync::Arc};

/// List the trackers in pages, and what would become of them without consent.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Pages: HTML files, folders with such files, or URLs.
    #[arg(required_unless_present = "reports", value_name = "FILE|DIR|URL")]
    pages: Vec<String>,
    /// How the findings are written.
    #[arg(long, default_value = "text")]
    format: Format,
    /// The URL of the pages that are files, in the place of what they call themselves.
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// What browsers reported of the pages' policies: the URL of /reports on the admin listener, or a file that it was kept in.
    #[arg(long, value_name = "FILE|URL")]
    reports: Option<String>,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

/// What was found of one vendor.
struct Sum {
    vendor: Arc<Vendor>,
    findings: usize,
    kept: usize,
    pages: usize,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn");
    let base = arguments.url.as_deref().map(visit::page_url).transpose()?;
    let config = arguments.config.load(&visit::overrides())?;
    let engine = visit::engine(&config)?;
    let runtime = super::serve::runtime()?;
    let reports = arguments.reports.as_ref();
    let reported = reports.map(|source| reports::read(source, &runtime, &config)).transpose()?;
    let mut scanned = Vec::new();
    for work in work::of(&arguments.pages) {
        let page = work.load(&runtime).and_then(|loaded| loaded.scan(&engine, base.as_ref()));
        match page {
            Ok(page) => {
                text_of(arguments.format, &page)?;
                scanned.push(page);
            }
            Err(error) => say(&format!("consentry: {}: {}", work.name(), told(&error))),
        }
    }
    let sums = sums(&scanned);
    match arguments.format {
        Format::Text => {
            if !arguments.pages.is_empty() {
                print(&text::summary(&scanned, &sums))?;
            }
            if let Some(reported) = &reported {
                print(&reported.text())?;
            }
        }
        Format::Json => {
            let mut all = json_of(&scanned, &sums);
            if let (Some(reported), Some(all)) = (&reported, all.as_object_mut()) {
                all.insert("reports".to_owned(), reported.json());
            }
            print(&all.to_string())?;
        }
    }
    Ok(if scanned.is_empty() && reported.is_none() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn text_of(format: Format, page: &Scanned) -> std::io::Result<()> {
    match format {
        Format::Text => print(&text::page(page)),
        Format::Json => Ok(()),
    }
}

fn json_of(pages: &[Scanned], sums: &[Sum]) -> Value {
    let cmps = cmp::all(pages);
    let config = cmp::config(&cmps);
    json!({
        "pages": pages.iter().map(Scanned::json).collect::<Vec<_>>(),
        "cmps": cmps.iter().map(|cmp| cmp.json()).collect::<Vec<_>>(),
        "config": config,
        "summary": sums.iter().map(Sum::json).collect::<Vec<_>>(),
    })
}

/// What was found, vendor by vendor: what needs consent first, the most frequent first.
fn sums(pages: &[Scanned]) -> Vec<Sum> {
    let mut by_id: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    for page in pages {
        let mut seen: Vec<&str> = Vec::new();
        for found in &page.findings {
            let vendor = &found.finding.judged.vendor;
            let key = (&*vendor.id, vendor.purpose.name());
            let none = || Sum { vendor: vendor.clone(), findings: 0, kept: 0, pages: 0 };
            let sum = by_id.entry(key).or_insert_with(none);
            sum.findings += 1;
            sum.kept += usize::from(found.effect.keeps());
            if !seen.contains(&&*vendor.id) {
                seen.push(&vendor.id);
                sum.pages += 1;
            }
        }
    }
    let mut sums: Vec<Sum> = by_id.into_values().collect();
    let order = |sum: &Sum| (sum.findings == sum.kept, std::cmp::Reverse(sum.findings));
    sums.sort_by_key(order);
    sums
}

impl Sum {
    fn json(&self) -> Value {
        let Self { vendor, findings, kept, pages } = self;
        json!({
            "vendor": vendor.id,
            "name": vendor.name,
            "purpose": vendor.purpose.name(),
            "source": vendor.source.name(),
            "findings": findings,
            "kept": kept,
            "pages": pages,
        })
    }
}

/// Scans `html` as the page at `url`, for tests of this command's parts.
#[cfg(test)]
fn scan_text(html: &str, url: &str) -> Scanned {
    let engine = visit::engine(&crate::config::Config::default()).unwrap();
    let url = visit::page_url(url).unwrap();
    work::Loaded::file("t.html", html.into()).scan(&engine, Some(&url)).unwrap()
}
