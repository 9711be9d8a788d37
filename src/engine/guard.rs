//! Turns a site's guard into the element that a page gets for one visitor.
//!
//! 1. Its files are one for all visitors of the site; what this one allows, and what the page's own site is, stand in the element.
//! 2. Where a script writes a cookie of another consent manager, the guard asks here what that means: it reads none of them itself.
//! 3. A purpose counts as allowed where its vendors are. Where a TC string holds some of them back, they are named by their hosts
//!    (`data-except`); where a list that was shown holds all but its own back, those of the list are (`data-told`).

use super::{Served, Site, told::ToldTexts};
use crate::{
    catalog::{Catalog, Destination, Scope},
    consent,
    page::{File, guard, texts::Language},
    policy::{Gate, Ruling},
    purpose::Purpose,
    rewrite::OwnScript,
    site::{Site as Domain, is_public},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::{Arc, LazyLock},
};

/// Where a guard asks what the visitor allows, behind the path of its file.
pub(super) const STATE: &str = "state";

/// The folder of its files.
const BASE: &str = "/_consentry/guard/";

/// How many names of a site that are aliases a page tells.
const MOST_ALIASES: usize = 32;

/// Where it asks for the words of a held frame, before a language.
pub(super) const WORDS: &str = "words/";

static SPOKEN: LazyLock<BTreeMap<Language, Arc<Served>>> = LazyLock::new(|| {
    let one = |language| (language, Arc::new(Served::new(guard::words(language))));
    Language::ALL.into_iter().map(one).collect()
});

/// The words of a held frame in the language of `tag`, or in English.
pub(super) fn words(tag: &str) -> Option<Arc<Served>> {
    SPOKEN.get(&Language::of_tag(tag).unwrap_or_default()).cloned()
}

/// The guard of a site.
#[derive(Debug)]
pub(super) struct Guard {
    first: Part,
    second: Part,
    /// Whether what needs no consent has a place on the site itself.
    needs_second: bool,
    telling: String,
    told: ToldTexts,
}

/// One of its two files.
#[derive(Debug)]
struct Part {
    served: Arc<Served>,
    integrity: String,
}

impl Part {
    fn new(file: File) -> Self {
        let integrity = file.integrity();
        Self { served: Arc::new(Served::new(file)), integrity }
    }

    fn script(&self, mut attributes: Vec<(&'static str, String)>) -> OwnScript {
        attributes.insert(0, ("integrity", self.integrity.clone()));
        let path = format!("{BASE}{}.js", self.served.file().hash);
        OwnScript { path, attributes, blocking: true }
    }
}

impl Guard {
    /// The guard of `site`, where it has one.
    pub(super) fn new(site: &Site, catalog: &Arc<Catalog>, scope: &Arc<Scope>) -> Option<Self> {
        let collect = &site.collect;
        let settings = guard::Settings {
            catalog,
            scope,
            prefix: collect.enabled.then_some(&collect.prefix),
            offered: &collect.vendors,
            keeps_queues: site.guard.keep_queues,
        };
        site.guard.enabled.then(|| {
            let guard::Files { first, second } = guard::files(settings, BASE);
            let needs_second = collect.enabled
                && catalog.served_rules().any(|rule| rule.value.purpose == Purpose::Necessary);
            let (first, second) = (Part::new(first), Part::new(second));
            let told = ToldTexts::new(catalog.clone(), scope.clone());
            Self { first, second, needs_second, telling: telling(&site.consent), told }
        })
    }

    /// What of the vendors' lists the guard goes by.
    pub(super) const fn told(&self) -> &ToldTexts {
        &self.told
    }

    /// The file of this name, without its `.js`; the first one where it is neither's.
    pub(super) fn file(&self, name: &str) -> Arc<Served> {
        let is_second = self.second.served.file().hash == name;
        if is_second { &self.second } else { &self.first }.served.clone()
    }

    /// The scripts of the page of `gate`: the second file where something is open, for it says where that goes.
    pub(super) fn scripts(&self, gate: &Gate, withheld: bool) -> impl Iterator<Item = OwnScript> {
        let first = self.first(gate, withheld);
        let is_open = self.needs_second || !letters(gate.ruling()).is_empty();
        iter::once(first).chain(is_open.then(|| self.second.script(Vec::new())))
    }

    fn first(&self, gate: &Gate, withheld: bool) -> OwnScript {
        let own = gate.page().site();
        let mut attributes = vec![
            ("data-granted", letters(gate.ruling()).to_owned()),
            ("data-cmp", self.telling.clone()),
            ("data-site", own.as_str().to_owned()),
        ];
        if is_apart(own) {
            attributes.push(("data-exact", "1".to_owned()));
        }
        if withheld {
            attributes.push(("data-withheld", "1".to_owned()));
        }
        let except = except(gate);
        if !except.is_empty() {
            attributes.push(("data-except", except));
        }
        if let Some(told) = self.told.of(gate.ruling()) {
            attributes.push(("data-told", told.to_string()));
        }
        let aliases = aliases(gate);
        if !aliases.is_empty() {
            attributes.push(("data-alias", aliases));
        }
        let kin: Vec<&str> = gate.catalog().kin(own).collect();
        if !kin.is_empty() {
            attributes.push(("data-kin", kin.join(" ")));
        }
        self.first.script(attributes)
    }
}

/// The purposes that are allowed, by their letters.
pub(super) fn letters(ruling: &Ruling) -> &'static str {
    optional(|purpose| ruling.grants(purpose))
}

/// The letters of the purposes that need consent for which `test` holds.
pub(super) fn optional(test: impl Fn(Purpose) -> bool) -> &'static str {
    let [functional, analytics, marketing] = Purpose::OPTIONAL.map(test);
    match (functional, analytics, marketing) {
        (false, false, false) => "",
        (true, false, false) => "f",
        (false, true, false) => "a",
        (false, false, true) => "m",
        (true, true, false) => "fa",
        (true, false, true) => "fm",
        (false, true, true) => "am",
        (true, true, true) => "fam",
    }
}

/// The cookies by which the site's own consent managers tell of a choice; `*` stands for any end.
fn telling(config: &consent::Config) -> String {
    let managers = config.cmps.iter().flat_map(|cmp| cmp.cookies());
    let renamed = config.cookies.values().map(String::as_str);
    let rules = config.rules.iter().map(|rule| rule.cookie.as_str());
    let frameworks = ["euconsent-v2", "usprivacy"];
    let all = managers.copied().chain(renamed).chain(rules).chain(frameworks);
    let all: BTreeSet<&str> = all.chain([config.cookie.as_str()]).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// The hosts and paths of vendors that are held although their purpose is allowed, the longest first.
fn except(gate: &Gate) -> String {
    if gate.ruling().tcf_stamp().is_empty() {
        return String::new();
    }
    let rules = gate.catalog().host_rules();
    let rules = rules.filter(|rule| gate.ruling().withholds(rule.value));
    let mut texts: Vec<String> = rules
        .map(|rule| format!("{}{}{}", rule.host, rule.path, if rule.open { "*" } else { "" }))
        .collect();
    texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    texts.join(" ")
}

/// The page's own site's names behind which there is a vendor, each with the letter of its purpose, the first ones.
fn aliases(gate: &Gate) -> String {
    let page = gate.page();
    let is_judged =
        |name: &str| gate.url(&format!("https://{name}/"), Destination::Other).is_some();
    let is_other = |name: &str| page.site().contains(name) && is_judged(name);
    let names = gate.cloaked_hosts().into_iter();
    let mut names: Vec<String> = names
        .filter(|(name, _)| is_other(name))
        .filter_map(|(name, vendor)| Some(format!("{}:{name}", vendor.purpose.name().get(..1)?)))
        .collect();
    names.sort_unstable();
    names.truncate(MOST_ALIASES);
    names.join(" ")
}

/// Whether the names below are other sites: an address, or a suffix under which names are registered.
fn is_apart(own: &Domain) -> bool {
    let name = own.as_str();
    !own.contains(&format!("x.{name}")) || is_public(name) && !name.contains('.')
}
