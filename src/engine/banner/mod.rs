//! Turns what a site asks its visitors about into the banner in their language: its script, its page and its text.
//!
//! 1. It is made when it is asked for the first time in a language, and again when there is another vendor.
//! 2. It is for the whole site: nothing in it is of one visitor.
//! 3. A text that it is made of is known by its hash, on every node that has the same vendors and the same configuration.

mod config;
mod ending;
mod language;
mod words;

pub use self::config::{Banner, Enabled};
pub(super) use self::ending::{Last, Visit};
use super::{Served, Snapshot};
use crate::{
    choice::Shown,
    consent::{self, Basis, Consent, PolicyVersion, Signal},
    page::banner::{self, Data, Options},
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
    made: ArcSwap<FxHashMap<(Box<str>, PolicyVersion), Arc<Made>>>,
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
    pub(super) fn new(config: &Banner, consent: &consent::Config) -> Self {
        let look = &config.look;
        let options = Options {
            position: look.position,
            button: look.button,
            logo: look.logo.clone(),
            after: config.after,
            wp_consent: config.wp_consent,
            data_layer: config.data_layer,
            gated: false,
            gpc: consent.gpc,
            dnt: consent.dnt,
        };
        Self { config: config.clone(), options, made: ArcSwap::default() }
    }

    /// The banner in the language `lang`, which is one of those that it speaks.
    pub(super) fn made(&self, lang: &str, now: &Snapshot) -> Arc<Made> {
        let key = (lang.into(), now.offer().version().clone());
        if let Some(made) = self.made.load().get(&key) {
            return made.clone();
        }
        let made = Arc::new(self.make(lang, now));
        self.made.rcu(|all| {
            let mut all =
                if all.len() < MOST { FxHashMap::clone(all) } else { FxHashMap::default() };
            all.insert(key.clone(), made.clone());
            all
        });
        made
    }

    fn make(&self, lang: &str, now: &Snapshot) -> Made {
        let look = &self.config.look;
        let texts = look.texts(lang, words::words(lang));
        let vendors = || now.vendors().map(|vendor| &**vendor);
        let shown = |purpose| words::purpose(purpose, &texts, vendors(), lang);
        let data = Data {
            lang: lang.to_owned(),
            is_rtl: words::is_rtl(lang),
            policy: now.offer().version().to_string(),
            purposes: Purpose::OPTIONAL.into_iter().filter_map(shown).collect(),
            links: look.links(&texts),
            texts,
            options: self.options.clone(),
            theme: look.theme.clone(),
        };
        let shown = Shown { language: data.lang.clone(), body: data.shown().into() };
        let script = Arc::new(Served::new(banner::script(&data)));
        Made { script, hash: data.shown_hash(), shown, data }
    }

    /// The text with this hash, among those that were made, else in the language that the browser names.
    pub(super) fn shown(&self, hash: &str, lang: Option<&str>, now: &Snapshot) -> Option<Shown> {
        let made = self.made.load();
        let kept = made.values().find(|made| made.hash == hash).cloned();
        let named = || Some(self.made(spoken(lang?)?, now)).filter(|made| made.hash == hash);
        kept.or_else(named).map(|made| made.shown.clone())
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
        self.config.enabled == Enabled::Never || self.is_on(config) && !self.is_elsewhere(said)
    }

    /// Whether one who says this was asked by a consent manager, where that counts.
    pub(super) fn is_elsewhere(&self, said: &Consent) -> bool {
        let own = |signal: &Signal| ["own", "gpc", "dnt"].contains(&&*signal.name);
        self.yields() && said.signals.iter().any(|s| !own(s) && s.basis != Basis::None)
    }

    /// Whether what says that others ask counts.
    pub(super) fn yields(&self) -> bool {
        self.config.enabled == Enabled::Auto
    }
}

/// The language with exactly this tag.
pub(super) fn spoken(tag: &str) -> Option<&'static str> {
    words::SPOKEN.iter().find(|spoken| **spoken == tag).copied()
}

/// The language for a page in `page` and a browser that accepts `accepted`.
pub(super) fn language(page: Option<&str>, accepted: Option<&str>) -> Option<&'static str> {
    language::language(words::SPOKEN, page, accepted)
}
