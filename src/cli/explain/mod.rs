//! Turns a URL, a script and a visitor's headers into what the engine thinks of them, and why.
//!
//! 1. The consent, the ruling and the decision are those of the proxy for the same request.
//! 2. The JSON's fields are `consent`, `signals`, `regime` and, with a URL or a script, `decision`, with a request `forward`;
//!    more may come, none goes.
//! 3. A field never changes its type: where there is no vendor, purpose or signal, its name is the empty string.

mod capture;
mod decide;
mod forward;
mod readable;
mod shell;
mod told;
mod words;

use self::{
    capture::{Captured, Draft},
    decide::{Decided, decide_snippet, decide_url},
    forward::{Placed, Told},
};
use super::{
    ConfigFile, Usage, print,
    visit::{self, NOWHERE, Visitor},
};
use crate::{
    catalog::Destination,
    config::Config,
    consent::{Cmp, Consent, Signal, Vote},
    policy::{Grant, Regime, Ruling},
    purpose::Purpose,
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use http::{HeaderName, header::COOKIE};
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The longest script that is read; bytes.
const LONGEST: u64 = 64 << 20;

/// Say what is decided for a URL, a script or a visitor, and why.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The URL that a page would contact; with --forward, that of the request.
    #[arg(long)]
    url: Option<String>,
    /// Say what would be sent to a vendor: of the request in a file (raw HTTP, or a curl command as browsers copy it; `-` for
    /// standard input), or of the one that --url, --method, --header and --data say.
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "snippet")]
    forward: Option<Option<PathBuf>>,
    /// The method of the request.
    #[arg(short = 'X', long, requires = "forward")]
    method: Option<String>,
    /// The body of the request; can be given more than once, as with curl.
    #[arg(long, value_name = "TEXT", requires = "forward")]
    data: Vec<String>,
    /// The body of the request: a text, or a file as @FILE.
    #[arg(long, value_name = "TEXT|@FILE", requires = "forward", conflicts_with = "data")]
    data_binary: Option<String>,
    /// The page on which it is; with --forward, in the place of the `Referer` that was captured.
    #[arg(long, value_name = "PAGE_URL")]
    page: Option<String>,
    /// What the page does with the URL.
    #[arg(long, value_name = "WHAT", default_value = "script")]
    destination: DestinationName,
    /// A file with the text of an inline script, `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    snippet: Option<PathBuf>,
    #[command(flatten)]
    visitor: Visitor,
    /// A consent manager to read, in the place of those of the configuration; can be given more than once.
    #[arg(long, value_name = "NAME")]
    cmp: Vec<String>,
    #[command(flatten)]
    config: ConfigFile,
    /// Write JSON; a vendor, purpose or signal that there is none of is "".
    #[arg(long)]
    json: bool,
}

/// What a page does with a URL, on the command line: the names are the Fetch Standard's, where it has one.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DestinationName {
    Script,
    Image,
    Style,
    Font,
    Iframe,
    Object,
    Media,
    Connect,
    Ping,
    Other,
    Document,
}

/// What is known of the visitor.
struct Known<'k> {
    consent: &'k Consent,
    regime: Regime,
    ruling: &'k Ruling,
    decided: Option<Decided>,
    told: Option<Told>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    super::log::start("warn");
    let captured = captured(arguments)?;
    let mut config = arguments.config.load(&visit::overrides())?;
    read_only(&mut config, &arguments.cmp)?;
    let engine = visit::engine(&config)?;
    let page = arguments.page.as_deref().map(visit::page_url).transpose()?;
    let placed = captured.map(|captured| Placed::new(&engine, captured, page.as_ref()));
    let page = match &placed {
        Some(placed) => placed.page().clone(),
        None => page.map_or_else(|| visit::page_url(NOWHERE), Ok)?,
    };
    let mut request = arguments.visitor.request(&page)?;
    if let Some(placed) = &placed {
        let signals = [COOKIE, HeaderName::from_static("sec-gpc"), HeaderName::from_static("dnt")];
        request.headers.extend(placed.headers(&signals));
    }
    let view = visit::view_of(&engine, &page, &request, &arguments.visitor)?;
    let decided = match (&arguments.url, &arguments.snippet) {
        _ if placed.is_some() => None,
        (Some(url), _) => Some(decide_url(&view, url, arguments.destination.into())?),
        (None, Some(path)) => Some(decide_snippet(&view, &file(path)?)),
        (None, None) => None,
    };
    let visitor = &arguments.visitor;
    let told = placed.map(|placed| placed.tell((&engine, &view), visitor, &config.vendors));
    let told = told.transpose()?;
    let (consent, regime, ruling) = (view.consent(), view.regime(), view.ruling());
    let known = Known { consent, regime, ruling, decided, told };
    print(&if arguments.json { json(&known).to_string() } else { words::text(&known) })?;
    Ok(ExitCode::SUCCESS)
}

/// The request that is to be explained.
fn captured(arguments: &Arguments) -> anyhow::Result<Option<Captured>> {
    let Some(source) = &arguments.forward else { return Ok(None) };
    if let Some(path) = source {
        return Ok(Some(capture::read(&file(path)?)?));
    }
    let mut draft = Draft {
        method: arguments.method.clone(),
        url: arguments.url.clone(),
        headers: arguments.visitor.headers().to_vec(),
        body: None,
    };
    arguments.data.iter().for_each(|data| draft.add_data(data.clone().into_bytes()));
    if let Some(data) = &arguments.data_binary {
        draft.add_data(match data.strip_prefix('@') {
            Some(path) => file(Path::new(path))?,
            None => data.clone().into_bytes(),
        });
    }
    draft.say_form();
    Ok(Some(draft.finish()?))
}

/// Reads only the consent managers with these `names`, where there are any.
fn read_only(config: &mut Config, names: &[String]) -> Result<(), Usage> {
    if names.is_empty() {
        return Ok(());
    }
    let cmps: Result<Vec<Cmp>, _> = names.iter().map(|name| name.parse()).collect();
    let cmps = cmps.map_err(|error: crate::consent::UnknownCmp| Usage(error.to_string()))?;
    for site in config.sites.iter_mut().chain([&mut config.default]) {
        site.consent.cmps.clone_from(&cmps);
    }
    Ok(())
}

fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LONGEST).read_to_end(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text))
    };
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(text)
}

fn json(known: &Known<'_>) -> Value {
    let consent: Map<String, Value> = Purpose::OPTIONAL
        .into_iter()
        .filter_map(|purpose| {
            Some((purpose.name().to_owned(), grant(known.ruling.grant(purpose)?)))
        })
        .collect();
    let signals: Vec<Value> = known.consent.signals.iter().map(signal).collect();
    let mut all = json!({ "consent": consent, "signals": signals, "regime": known.regime.name() });
    if let (Some(fields), Some(decided)) = (all.as_object_mut(), &known.decided) {
        fields.insert("decision".to_owned(), decided.json());
    }
    if let (Some(fields), Some(told)) = (all.as_object_mut(), &known.told) {
        fields.insert("forward".to_owned(), told.json());
    }
    all
}

/// A signal; of each purpose `true`, `false`, or `null` where it says nothing.
fn signal(signal: &Signal) -> Value {
    let Signal { name, basis, votes, note } = signal;
    let said = |purpose| match votes.on(purpose) {
        Vote::Grant => Some(true),
        Vote::Deny => Some(false),
        Vote::Silent => None,
    };
    let votes = Purpose::OPTIONAL.map(|purpose| (purpose.name().to_owned(), json!(said(purpose))));
    let votes: Map<String, Value> = votes.into_iter().collect();
    json!({ "name": name, "basis": basis.name(), "votes": votes, "note": note })
}

fn grant(grant: &Grant) -> Value {
    let Grant { granted, listed, told, basis, signal, reason } = grant;
    json!({
        "granted": granted,
        "granted_to_listed_vendors": listed,
        "granted_to_shown_vendors": told,
        "basis": basis.name(),
        "signal": signal.as_deref().unwrap_or_default(),
        "reason": &**reason,
    })
}

impl From<DestinationName> for Destination {
    fn from(name: DestinationName) -> Self {
        match name {
            DestinationName::Script => Self::Script,
            DestinationName::Image => Self::Image,
            DestinationName::Style => Self::Style,
            DestinationName::Font => Self::Font,
            DestinationName::Iframe => Self::Iframe,
            DestinationName::Object => Self::Object,
            DestinationName::Media => Self::Media,
            DestinationName::Connect => Self::Connect,
            DestinationName::Ping => Self::Ping,
            DestinationName::Other => Self::Other,
            DestinationName::Document => Self::Document,
        }
    }
}
