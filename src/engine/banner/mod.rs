//! Turns what a site asks its visitors about into the banner in their language: its script, its page and its text.
//!
//! 1. It is made when it is asked for the first time in a language, and again when there is another vendor.
//! 2. It is for the whole site: nothing in it is of one visitor.
//! 3. A text that it is made of is known by its hash, on every node that has the same vendors and the same configuration.

mod config;
mod ending;

pub use self::config::{Banner, Enabled};
pub(super) use self::ending::{Last, Visit};
use super::Served;
use crate::{
    catalog::Catalog,
    choice::{Offer, Shown},
    consent::{self, Basis, Cmp, Consent, PolicyVersion, Signal},
    page::{
        banner::{self, Data, Options},
        data,
        texts::{Language, choose},
    },
    purpose::Purpose,
};
use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// How many banners are kept, by language and version; all go when there are more.
const MOST: usize = 128;

/// The banners of one site.
#[derive(Debug)]
pub(super) struct Banners {
    config: Banner,
    options: Options,
    catalog: Arc<Catalog>,
    made: ArcSwap<FxHashMap<(Language, PolicyVersion), Arc<Made>>>,
}

/// The banner in one language, for one list of vendors.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) data: Data,
    pub(super) script: Arc<Served>,
    hash: String,
    shown: Shown,
}

impl Banners {
    pub(super) fn new(config: &Banner, consent: &consent::Config, catalog: Arc<Catalog>) -> Self {
        let Banner { after, wp_consent, data_layer, .. } = *config;
        let (gpc, dnt) = (consent.gpc, consent.dnt);
        let options = Options { after, wp_consent, data_layer, gpc, dnt, ..Options::default() };
        Self { config: config.clone(), options, catalog, made: ArcSwap::default() }
    }

    /// The language for a page in `page` and a browser that accepts `accepted`.
    pub(super) fn language(&self, page: Option<&str>, accepted: Option<&str>) -> Language {
        choose(page, accepted, self.config.look.language)
    }

    /// The banner in `language`.
    pub(super) fn made(&self, language: Language, now: &Offer) -> Arc<Made> {
        let key = (language, now.version().clone());
        if let Some(made) = self.made.load().get(&key) {
            return made.clone();
        }
        let made = Arc::new(self.make(language, now));
        self.made.rcu(|all| {
            let mut all =
                if all.len() < MOST { FxHashMap::clone(all) } else { FxHashMap::default() };
            all.insert(key.clone(), made.clone());
            all
        });
        made
    }

    fn make(&self, language: Language, now: &Offer) -> Made {
        let data = self.data(language, now);
        let script = Arc::new(Served::new(banner::script(&data)));
        Made { script, hash: data.shown_hash(), shown: shown(&data), data }
    }

    fn data(&self, language: Language, offer: &Offer) -> Data {
        let of = |purpose| offer.vendors(purpose).map(move |id| (purpose, id));
        let vendors = Purpose::OPTIONAL.into_iter().flat_map(of);
        let (look, policy) = (&self.config.look, offer.version().as_str());
        data(&self.catalog, vendors, language, look, policy, self.options.clone())
    }

    /// The text with this hash about `offer`, which may be an older one: among those that were made, else in the language that the
    /// browser names.
    pub(super) fn shown(&self, hash: &str, lang: Option<&str>, offer: &Offer) -> Option<Shown> {
        let (made, version) = (self.made.load(), offer.version());
        let of_offer = made.iter().filter(|((_, of), _)| of == version);
        if let Some((_, made)) = of_offer.into_iter().find(|(_, made)| made.hash == hash) {
            return Some(made.shown.clone());
        }
        let language = spoken(lang?)?;
        let is_made = made.contains_key(&(language, version.clone()));
        let data = (!is_made).then(|| self.data(language, offer))?;
        (data.shown_hash() == hash).then(|| shown(&data))
    }

    /// Whether visitors are asked by our own banner, where nothing says that they are asked by another one.
    pub(super) fn is_on(&self, consent: &consent::Config) -> bool {
        match self.config.enabled {
            Enabled::Always => true,
            Enabled::Never => false,
            Enabled::Auto => !consent.names_a_manager(),
        }
    }

    /// Whether one who says this may have to be asked: where our own banner is not used, by a banner of the operator's.
    pub(super) fn asks(&self, config: &consent::Config, said: &Consent) -> bool {
        self.config.enabled == Enabled::Never
            || self.is_on(config) && !self.is_elsewhere(config, said)
    }

    /// Whether one who says this has chosen with a consent manager, and never with our own banner, where that counts. What the manager
    /// assumes, and cookies that our own scripts write for other scripts, are no choice.
    pub(super) fn is_elsewhere(&self, config: &consent::Config, said: &Consent) -> bool {
        let signals = &said.signals;
        let is_other = |s: &Signal| {
            s.basis == Basis::Explicit
                && !["gpc", "dnt"].contains(&&*s.name)
                && !self.writes(config, s)
        };
        self.yields() && !signals.iter().any(Signal::is_own) && signals.iter().any(is_other)
    }

    /// Whether what `signal` was read from is written by our own scripts on the site.
    fn writes(&self, config: &consent::Config, signal: &Signal) -> bool {
        self.config.wp_consent && signal.name == Cmp::WpConsentApi.name() && self.is_on(config)
    }

    /// Whether what says that others ask counts.
    pub(super) fn yields(&self) -> bool {
        self.config.enabled == Enabled::Auto
    }
}

/// What is kept of what visitors are shown.
fn shown(data: &Data) -> Shown {
    Shown { language: data.lang.clone(), body: data.shown().into() }
}

/// The language with exactly this tag.
pub(super) fn spoken(tag: &str) -> Option<Language> {
    Language::of_tag(tag).filter(|language| language.tag() == tag)
}
