//! Turns a page on standard input into the page that a visitor would get, on standard output.
//!
//! 1. The engine is the proxy's, and its edits are made whatever `mode` says.
//! 2. The page leaves as it comes in: nothing waits for its end but what the engine holds.

use super::{
    ConfigFile, finding,
    visit::{self, Visitor},
};
use crate::{
    config::Overrides,
    engine::{Body, Treatment, View},
    policy::Finding,
    rewrite::Rewriter,
};
use anyhow::{Context as _, anyhow};
use clap::Args;
use http::{Response, header::CONTENT_TYPE, response};
use serde_json::Value;
use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

/// How much is read at once; bytes.
const PIECE: usize = 64 << 10;

/// Rewrite one page from standard input to standard output.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The page's URL, by which first and third party are told apart.
    #[arg(long, value_name = "PAGE_URL")]
    url: String,
    #[command(flatten)]
    visitor: Visitor,
    /// The page's `Content-Type`.
    #[arg(long, value_name = "TYPE", default_value = "text/html")]
    content_type: String,
    /// Where findings are written, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Where findings go.
struct Findings(Option<BufWriter<File>>);

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn");
    let page = visit::page_url(&arguments.url)?;
    let engine = visit::engine(arguments.config.load(&Overrides::default())?)?;
    let view = visit::view(&engine, &page, &arguments.visitor)?;
    let response = response(&arguments.content_type)?;
    let mut findings = Findings::new(arguments.findings.as_ref())?;
    let mut out = io::stdout().lock();
    body(&view, &response, &mut io::stdin().lock(), &mut out, &mut findings)?;
    out.flush()?;
    findings.end()?;
    Ok(ExitCode::SUCCESS)
}

fn response(content_type: &str) -> anyhow::Result<response::Parts> {
    let response = Response::builder().header(CONTENT_TYPE, content_type).body(());
    let wrong = || super::Usage(format!("`{content_type}` is no content type; write text/html"));
    Ok(response.map_err(|_| wrong())?.into_parts().0)
}

fn body(
    view: &View,
    response: &response::Parts,
    input: &mut impl Read,
    out: &mut impl Write,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    match view.body(response) {
        Treatment::Other | Treatment::Bypass => io::copy(input, out).map(drop)?,
        Treatment::Rewrite(body) | Treatment::Perhaps(body) => {
            let Body { rewriter, coding: _, leaves: _, limits: _ } = *body;
            stream(rewriter, input, out, findings)?;
        }
        Treatment::Unreadable(cause) => {
            return Err(anyhow!("the page cannot be read: {}", cause.name()));
        }
    }
    Ok(())
}

fn stream(
    mut rewriter: Rewriter,
    input: &mut impl Read,
    out: &mut impl Write,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let (mut piece, mut ready) = (vec![0; PIECE], Vec::new());
    loop {
        let read = match input.read(&mut piece) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("standard input cannot be read"),
        };
        let done = if read == 0 {
            rewriter.finish(&mut ready)
        } else {
            rewriter.feed(piece.get(..read).unwrap_or_default(), &mut ready)
        };
        done.context("the page cannot be read to its end")?;
        out.write_all(&ready)?;
        out.flush()?;
        ready.clear();
        findings.write(&rewriter.take_findings())?;
        if read == 0 {
            return Ok(());
        }
    }
}

impl Findings {
    fn new(path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let create = |path: &PathBuf| {
            File::create(path).with_context(|| format!("cannot write {}", path.display()))
        };
        Ok(Self(path.map(create).transpose()?.map(BufWriter::new)))
    }

    fn write(&mut self, findings: &[Finding]) -> anyhow::Result<()> {
        let Some(out) = &mut self.0 else { return Ok(()) };
        for finding in findings {
            writeln!(out, "{}", Value::Object(finding::json(finding)))
                .context("the findings cannot be written")?;
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        self.0.map(|mut out| out.flush()).transpose().context("the findings cannot be written")?;
        Ok(())
    }
}
