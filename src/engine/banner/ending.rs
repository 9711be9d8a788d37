//! Turns a visit to a page into what comes last in it: the banner's script, with where the visitor stands.
//!
//! 1. A page gets it where the site has something to ask about, this page's own vendors included: they are added to the site's first.
//! 2. It asks (`data-ask`) where the law does, and nothing that was chosen before stands, with this page's own vendors on the site's
//!    list; else it is there to be opened again. What it says is granted (`data-granted`) is what this page was made with, by the law
//!    and the browser's signal too; what was chosen (`data-state`) stands beside it.
//! 3. With `enabled = "auto"` a page that has a consent manager gets none, and a visitor who chose with one, and never here, gets none.
//! 4. Where nothing is shared on a page nobody is asked on it; the way back to a choice stays (GDPR 7(3)).

use super::super::{Snapshot, sites::Compiled};
use crate::{
    choice::law_asks,
    consent::{Consent, Held, Managers, VendorList, VendorLists},
    page::banner as page,
    policy::{Regime, Ruling},
    purpose::{Purpose, PurposeSet},
    rewrite::{End, Ending, Gated, OwnScript},
    vendor::Vendor,
};
use http::{HeaderMap, header::ACCEPT_LANGUAGE};
use std::sync::Arc;

/// What is known of a visit before its page is read.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Visit {
    held: Option<Held>,
    accepts: Option<String>,
    /// The path and query of the page.
    back: String,
    /// What the visitor's browser says for him.
    signal: &'static str,
    withheld: bool,
    /// Whether the page has a consent manager.
    managers: Managers,
}

/// What comes last in one page.
#[derive(Debug)]
pub(in crate::engine) struct Last {
    pub(in crate::engine) site: Arc<Compiled>,
    pub(in crate::engine) visit: Visit,
    pub(in crate::engine) regime: Regime,
    pub(in crate::engine) ruling: Arc<Ruling>,
}

// === impl Visit ===

impl Visit {
    /// The visit of a page of `site`, unless it gets no banner.
    pub(in crate::engine) fn new(
        site: &Compiled,
        consent: &Consent,
        headers: &HeaderMap,
        held: Option<Held>,
        back: String,
        withheld: bool,
    ) -> Option<Self> {
        let banners = &site.banners;
        let config = &site.config.consent;
        let is_on = banners.is_on(config) && !banners.is_elsewhere(config, consent);
        if !is_on || site.shares_nothing() {
            return None;
        }
        let accepts = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let says = |name: &str| consent.signals.iter().any(|signal| signal.name == name);
        let signal = if says("gpc") {
            "gpc"
        } else if says("dnt") {
            "dnt"
        } else {
            ""
        };
        let managers = if banners.yields() { Managers::watched() } else { Managers::unwatched() };
        let accepts = accepts.map(str::to_owned);
        Some(Self { held, accepts, back, signal, withheld, managers })
    }

    /// Looks for consent managers in the page.
    pub(in crate::engine) const fn managers(&self) -> &Managers {
        &self.managers
    }

    /// What the page depends on, as text.
    pub(in crate::engine) fn stamp(&self, site: &Compiled, regime: Regime) -> String {
        let lang = site.banners.language(None, self.accepts.as_deref()).tag();
        let now = site.inventory.now();
        let (version, asks) = (now.offer().version(), u8::from(self.asks(site, regime)));
        format!("{version}{asks}{}{}{lang}", self.state(), self.signal)
    }

    /// The letters of what was chosen and still counts, `-` for none of it, empty without a choice.
    fn state(&self) -> String {
        let Some(held) = &self.held else { return String::new() };
        let letters = letters(held.upheld);
        if letters.is_empty() { "-".to_owned() } else { letters }
    }

    fn asks(&self, site: &Compiled, regime: Regime) -> bool {
        let now = site.inventory.now();
        let stands = self.held.as_ref().is_some_and(|held| held.under(now.terms()).stands());
        law_asks(regime, site.config.policy.allow_implied) && !stands && !self.withheld
    }
}

// === impl Last ===

impl Ending for Last {
    fn ending(&self, found: &[Arc<Vendor>], lang: Option<&str>) -> Option<End> {
        let Self { site, visit, regime, .. } = self;
        site.inventory.add(found);
        let now = site.inventory.now();
        if now.offer().is_empty() || visit.managers.were_seen() {
            return None;
        }
        let language = site.banners.language(lang, visit.accepts.as_deref());
        let (made, lang) = (site.banners.made(language, now.offer()), language.tag());
        let asks = u8::from(visit.asks(site, *regime)).to_string();
        let mut attributes = vec![
            ("data-state", visit.state()),
            ("data-granted", self.granted()),
            ("data-ask", asks),
            ("data-signal", visit.signal.to_owned()),
            ("data-removed", self.removed(found)),
        ];
        attributes.extend(self.new_vendors(&now).map(|letters| ("data-new", letters)));
        attributes.extend(self.told(&now).map(|told| ("data-told", told)));
        let path = format!("/_consentry/banner/{lang}/{}.js", made.script.file().hash);
        let script = OwnScript { path, attributes, blocking: false };
        let back: String = url::form_urlencoded::byte_serialize(visit.back.as_bytes()).collect();
        let href = format!("/_consentry/consent?back={back}");
        Some(End { script, noscript: page::noscript(&made.data, &href) })
    }
}

impl Last {
    /// The letters of what the page was made with; `-` where nothing is shared on it, whatever is allowed on others.
    fn granted(&self) -> String {
        if self.visit.withheld {
            return "-".to_owned();
        }
        letters(Purpose::OPTIONAL.into_iter().filter(|p| self.ruling.grants(*p)).collect())
    }

    /// The letters of what is granted to vendors of an older list alone, where there are others now; a new choice is for these too.
    fn new_vendors(&self, now: &Snapshot) -> Option<String> {
        let Self { ruling, .. } = self;
        let is_new = |vendor: &Vendor| {
            ruling.goes_by_list(vendor.purpose) && !ruling.allows(vendor, vendor.purpose)
        };
        let new = now.vendors().filter(|vendor| is_new(vendor)).map(|vendor| vendor.purpose);
        Some(letters(new.collect())).filter(|letters| !letters.is_empty())
    }

    /// The list that is shown, as the guard goes by it once more is allowed; none where it goes by that already.
    fn told(&self, now: &Snapshot) -> Option<String> {
        let Self { site, ruling, regime, .. } = self;
        let guard = site.guard.as_ref()?;
        let offer: Arc<dyn VendorList> = now.offer().clone();
        let lists: VendorLists = [offer].into_iter().collect();
        let asks = law_asks(*regime, site.config.policy.allow_implied);
        (asks && *ruling.lists() != lists).then(|| guard.told().text(ruling, &lists).to_string())
    }

    /// The letters of what the page lacks, where it is taken out and not only held.
    fn removed(&self, found: &[Arc<Vendor>]) -> String {
        if self.site.config.rewrite.gated != Gated::Remove {
            return String::new();
        }
        let gone = found.iter().filter(|vendor| !self.ruling.allows(vendor, vendor.purpose));
        letters(gone.map(|vendor| vendor.purpose).collect())
    }
}

/// The first letters of those that need consent.
fn letters(purposes: PurposeSet) -> String {
    let optional = Purpose::OPTIONAL.into_iter().filter(|purpose| purposes.contains(*purpose));
    optional.filter_map(|purpose| purpose.name().chars().next()).collect()
}
