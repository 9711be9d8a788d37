//! Turns a page on standard input into the page that a visitor would get, on standard output.
//!
//! 1. The engine is the proxy's, and `mode` and `on_unreadable` of the page's site hold as they do there.
//! 2. The page leaves as it comes in: nothing waits for its end but what the engine holds.

use super::{
    ConfigFile, finding,
    visit::{self, Visitor},
};
use crate::{
    engine::{FileEditor, OnUnreadable, Treatment, View},
    policy::{Finding, Mode},
    rewrite::{Rewriter, Unreadable},
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
/// How much of a page is kept for passing it as it came while nothing of it has left; bytes.
const KEPT: usize = 256 << 10;

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
    let engine = visit::engine(&arguments.config.load(&visit::overrides())?)?;
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
    match (view.body(response), view.mode()) {
        (Treatment::Rewrite(body) | Treatment::Perhaps(body), Mode::Enforce) => {
            let kept = (view.on_unreadable() == OnUnreadable::Pass).then(Vec::new);
            edit(body.rewriter, kept, input, out, findings)?;
        }
        (Treatment::Rewrite(body), Mode::Report) => look(body.rewriter, input, out, findings)?,
        (Treatment::Unreadable(cause), Mode::Enforce)
            if view.on_unreadable() == OnUnreadable::Block =>
        {
            return Err(anyhow!("the page cannot be read: {}", cause.name()));
        }
        (Treatment::File(file), _) => edit_file(file.editor, input, out)?,
        (
            Treatment::Other | Treatment::Bypass | Treatment::Unreadable(_) | Treatment::Passing(_),
            _,
        )
        | (Treatment::Rewrite(_) | Treatment::Perhaps(_), Mode::Off)
        | (Treatment::Perhaps(_), Mode::Report) => drop(io::copy(input, out)?),
    }
    Ok(())
}

/// Writes a file of the site's as it is rewritten.
fn edit_file(
    mut editor: FileEditor,
    input: &mut impl Read,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (mut piece, mut left) = (vec![0; PIECE], Vec::new());
    loop {
        let length = input.read(&mut piece)?;
        let read = piece.get(..length).unwrap_or_default();
        match length {
            0 => editor.finish(&mut left),
            _ => editor.feed(read, &mut left),
        }
        out.write_all(&left)?;
        left.clear();
        if length == 0 {
            return Ok(());
        }
    }
}

/// Writes the page as it is edited; one that cannot be read as it came, where it is `kept` and nothing has left.
fn edit(
    mut rewriter: Rewriter,
    mut kept: Option<Vec<u8>>,
    input: &mut impl Read,
    out: &mut impl Write,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let (mut piece, mut ready) = (vec![0; PIECE], Vec::new());
    loop {
        let read = next(input, &mut piece)?;
        kept = kept.filter(|kept| kept.len() + read.len() <= KEPT);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(read);
        }
        let done = step(&mut rewriter, read, &mut ready);
        findings.write(&rewriter.take_findings())?;
        kept = kept.filter(|_| ready.is_empty());
        if let (Err(_), Some(kept)) = (&done, &kept) {
            out.write_all(kept)?;
            return Ok(io::copy(input, out).map(drop)?);
        }
        done.context("the page cannot be read to its end")?;
        out.write_all(&ready)?;
        out.flush()?;
        ready.clear();
        if read.is_empty() {
            return Ok(());
        }
    }
}

/// Writes the page as it comes, and looks what is in it as far as it can be read.
fn look(
    rewriter: Rewriter,
    input: &mut impl Read,
    out: &mut impl Write,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let (mut piece, mut scrap, mut reading) = (vec![0; PIECE], Vec::new(), Some(rewriter));
    loop {
        let read = next(input, &mut piece)?;
        out.write_all(read)?;
        out.flush()?;
        if let Some(rewriter) = &mut reading {
            let done = step(rewriter, read, &mut scrap);
            scrap.clear();
            findings.write(&rewriter.take_findings())?;
            reading = reading.filter(|_| done.is_ok());
        }
        if read.is_empty() {
            return Ok(());
        }
    }
}

/// The next bytes; none at the end.
fn next<'p>(input: &mut impl Read, piece: &'p mut [u8]) -> anyhow::Result<&'p [u8]> {
    loop {
        match input.read(piece) {
            Ok(read) => return Ok(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("standard input cannot be read"),
        }
    }
}

fn step(rewriter: &mut Rewriter, read: &[u8], ready: &mut Vec<u8>) -> Result<(), Unreadable> {
    if read.is_empty() { rewriter.finish(ready) } else { rewriter.feed(read, ready) }
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
