//! Turns a page's URL and a visitor's headers into the [`View`] that the proxy would have of them.

use super::Usage;
use crate::{
    config::{Config, Overrides},
    engine::{Client, Engine, Plan, View},
};
use anyhow::Context as _;
use clap::Args;
use http::{HeaderName, HeaderValue, Request, header::COOKIE, header::HOST, request};
use std::net::IpAddr;
use url::{Position, Url};

/// Where a thing is when nobody says it: a host that never exists (RFC 6761 6.4).
pub(super) const NOWHERE: &str = "https://page.invalid/";

/// What a visitor's browser sends.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Visitor {
    /// The `Cookie` header.
    #[arg(long, value_name = "COOKIE HEADER")]
    cookie: Option<String>,
    /// A header, as `Sec-GPC: 1`; can be given more than once.
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The address that it comes from.
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
}

/// What the command line of a command says that serves nothing.
pub(super) fn overrides() -> Overrides {
    Overrides { offline: true, ..Overrides::default() }
}

/// The engine that `config` describes, with the filter lists that are on this machine.
pub(super) fn engine(config: &Config) -> anyhow::Result<Engine> {
    let engine = Engine::new(config.engine(&[])?)?.collecting(config.collection.clone());
    super::refresh::from_disk(&engine, config.list_cache.as_deref())?;
    Ok(engine)
}

/// How the engine sees a visit of `page`.
pub(super) fn view(engine: &Engine, page: &Url, visitor: &Visitor) -> anyhow::Result<Box<View>> {
    view_of(engine, page, &visitor.request(page)?, visitor)
}

/// How the engine sees `request` of `visitor`, one for `page`.
pub(super) fn view_of(
    engine: &Engine,
    page: &Url,
    request: &request::Parts,
    visitor: &Visitor,
) -> anyhow::Result<Box<View>> {
    let client = Client { ip: visitor.ip, secure: page.scheme() == "https" };
    match engine.plan(request, client) {
        Plan::Proxy(view) => Ok(view),
        Plan::Respond(reply) => {
            let why = reply.text.trim_end();
            let instead = "write a URL of one of the sites in the configuration";
            Err(Usage(format!("`{page}`: {why}; {instead}")).into())
        }
        Plan::Own(_) => {
            let instead = "write the URL of a page";
            Err(Usage(format!("`{page}` is a file of Consentry's own; {instead}")).into())
        }
        Plan::Collect(_) => {
            let instead = "write the URL of the page itself";
            Err(Usage(format!("`{page}` stands for a vendor's server; {instead}")).into())
        }
    }
}

/// The URL of a page, as written.
pub(super) fn page_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let example = "write one like https://shop.example/";
    url.ok_or_else(|| Usage(format!("`{text}` is no URL of a page; {example}")).into())
}

impl Visitor {
    /// The `Cookie` header.
    pub(super) fn cookie(&self) -> anyhow::Result<Option<HeaderValue>> {
        let what = || Usage("--cookie is no header value; write name=value; name=value".into());
        let cookie = self.cookie.as_ref().map(HeaderValue::try_from).transpose();
        Ok(cookie.map_err(|_| what())?)
    }

    /// The address that it comes from.
    pub(super) const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The headers, as written.
    pub(super) fn headers(&self) -> &[String] {
        &self.header
    }

    /// The request for `page`.
    pub(super) fn request(&self, page: &Url) -> anyhow::Result<request::Parts> {
        let target = &page[Position::BeforePath..Position::AfterQuery];
        let host = &page[Position::BeforeHost..Position::AfterPort];
        let mut request = Request::get(target).header(HOST, host);
        if let Some(cookie) = self.cookie()? {
            request = request.header(COOKIE, cookie);
        }
        for header in &self.header {
            let (name, value) = parsed(header)?;
            request = request.header(name, value);
        }
        let request = request.body(()).context("the request cannot be made")?;
        Ok(request.into_parts().0)
    }
}

fn parsed(header: &str) -> Result<(HeaderName, HeaderValue), Usage> {
    let parts = header.split_once(':').and_then(|(name, value)| {
        Some((name.trim().parse().ok()?, HeaderValue::try_from(value.trim()).ok()?))
    });
    parts.ok_or_else(|| Usage(format!("`{header}` is no header; write one like \"Sec-GPC: 1\"")))
}
