//! A page put through the rewriter as the proxy does, with the built-in catalogue and no consent.

use consentry::{
    catalog::{Catalog, Config as Scope, Page},
    config,
    consent::Consent,
    policy::{Finding, Gate, Policy, Regime},
    rewrite::{Config, Rewriter, Syntax, Unreadable},
};
use std::sync::{Arc, LazyLock};
use url::Url;

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let vendors = config::Config::default().vendors;
    Catalog::new(&vendors, &[]).map_or_else(|e| unreachable!("{e}"), Arc::new)
});

/// How a page is served.
#[derive(Clone, Copy, Default)]
pub(crate) struct Served<'s> {
    pub(crate) charset: Option<&'s str>,
    pub(crate) syntax: Syntax,
    pub(crate) nonce: Option<&'s str>,
}

/// The gate of a page of `https://www.shop.example`, without consent.
pub(crate) fn gate() -> Gate {
    let url = Url::parse("https://www.shop.example/de/index.html");
    let url = url.unwrap_or_else(|e| unreachable!("{e}"));
    let scope = Arc::new(CATALOG.scope(&Scope::default()));
    let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
    Gate::new(CATALOG.clone(), scope, ruling, Arc::new(Page::new(url)))
}

/// The page as it leaves when it comes in these chunks.
pub(crate) fn rewritten<'c>(
    chunks: impl Iterator<Item = &'c [u8]>,
    config: &Config,
    served: Served<'_>,
) -> Result<(Vec<u8>, Vec<Finding>), Unreadable> {
    let Served { charset, syntax, nonce } = served;
    let mut rewriter = Rewriter::new(gate(), config, syntax, charset, nonce);
    let (mut out, mut findings) = (Vec::new(), Vec::new());
    for chunk in chunks {
        rewriter.feed(chunk, &mut out)?;
        findings.extend(rewriter.take_findings());
    }
    rewriter.finish(&mut out)?;
    findings.extend(rewriter.take_findings());
    Ok((out, findings))
}
