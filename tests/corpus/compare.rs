//! Turns the loads of one page in one variant, beside its direct loads, into counts and the things that are wrong.
//!
//! 1. Requests are compared by host and path, with long runs of digits and hexadecimal digits made equal.
//! 2. A thing is lost when it is in every direct load and in no load of the variant; it is extra when it is in
//!    every load of the variant and in no direct load.
//! 3. A request is the page's own script's work when its host is nowhere in the page where a browser would act on it, character
//!    references decoded: comments, links and data blocks do not count. (The browser's own word for who asked is of no
//!    use here: it says "parser" of what a script writes into the page.) Otherwise it could be seen in the page.

use crate::{
    judge::{Judge, Verdict},
    load::{Load, Request, Variant},
};
use consentry::catalog::Page;
use regex::Regex;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// What one page did in one variant. Counts are sums over its loads; `loads` says how many.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Comparison {
    pub(crate) file: String,
    pub(crate) loads: usize,
    pub(crate) capped: usize,
    /// Requests to other sites.
    pub(crate) third_party: usize,
    /// Those that the filter lists block.
    pub(crate) trackers: usize,
    /// Of `trackers`, those whose host is nowhere in the page and that a script asked for.
    pub(crate) trackers_assembled: usize,
    /// Requests to the page's own site that the filter lists block.
    pub(crate) first_party_trackers: usize,
    /// `vendor url` of requests and connections to catalogue vendors that the page shows.
    pub(crate) vendors: BTreeSet<String>,
    /// The same, put together at run time.
    pub(crate) vendors_assembled: BTreeSet<String>,
    /// Innocent requests to other sites in every direct load.
    pub(crate) innocent: usize,
    /// Those of them that no load of the variant has.
    pub(crate) innocent_lost: BTreeSet<String>,
    /// Requests to other sites in every direct load and in no load of the variant.
    pub(crate) missing: BTreeSet<String>,
    /// Requests to other sites in every load of the variant and in no direct load.
    pub(crate) extra: BTreeSet<String>,
    /// Lines of visible text that are lost.
    pub(crate) text_lost: BTreeSet<String>,
    /// Script errors beyond the direct loads' (fewest of the variant, most of direct).
    pub(crate) more_errors: usize,
    /// Errors that no direct load has.
    pub(crate) new_errors: BTreeSet<String>,
    /// Script errors in all loads.
    pub(crate) errors: usize,
    /// Requests that the browser spoke of and that did not leave it.
    pub(crate) unsent: usize,
}

/// A page's direct loads, understood.
pub(crate) struct Direct<'p> {
    page: Page,
    /// As it was saved, in lower case, without what a browser does not act on.
    saved: String,
    loads: &'p [Load],
    keys: Vec<BTreeMap<String, Verdict>>,
}

impl<'p> Direct<'p> {
    pub(crate) fn new(judge: &Judge, saved: &str, loads: &'p [Load]) -> Self {
        let page = Page::new(Url::parse(&loads[0].url).expect("the page's URL"));
        let keys = loads.iter().map(|load| keys(judge, &page, load)).collect();
        Self { page, saved: acted_on(saved), loads, keys }
    }

    /// The same page's loads in `variant` beside these.
    pub(crate) fn compare(
        &self,
        judge: &Judge,
        variant: Variant,
        file: &str,
        loads: &[Load],
    ) -> Comparison {
        let mut comparison =
            Comparison { file: file.into(), loads: loads.len(), ..Comparison::default() };
        for load in loads {
            self.count(judge, load, &mut comparison);
        }
        self.requests(judge, variant, loads, &mut comparison);
        self.text(variant, loads, &mut comparison);
        self.errors(loads, &mut comparison);
        comparison
    }

    fn count(&self, judge: &Judge, load: &Load, into: &mut Comparison) {
        into.capped += usize::from(load.capped);
        into.errors += load.errors.len();
        into.unsent += load.unsent.len();
        for request in &load.requests {
            let verdict = judge.request(&self.page, request);
            let assembled = self.assembled(request);
            into.third_party += usize::from(verdict.third_party);
            into.trackers += usize::from(verdict.third_party && verdict.tracker);
            into.trackers_assembled +=
                usize::from(verdict.third_party && verdict.tracker && assembled);
            into.first_party_trackers += usize::from(!verdict.third_party && verdict.tracker);
            if let Some(vendor) = verdict.vendor {
                let place = if assembled { &mut into.vendors_assembled } else { &mut into.vendors };
                place.insert(format!("{vendor} {}", request.url));
            }
        }
        for host in silent(load) {
            if let Some(vendor) = judge.contact(&self.page, &host) {
                into.vendors.insert(format!("{vendor} {host}"));
            }
        }
    }

    fn assembled(&self, request: &Request) -> bool {
        let host = Url::parse(&request.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| !self.mentions(&host))
    }

    fn mentions(&self, host: &str) -> bool {
        self.saved.contains(host)
    }

    fn requests(&self, judge: &Judge, variant: Variant, loads: &[Load], into: &mut Comparison) {
        let stable = self.stable();
        into.innocent = stable.values().filter(|verdict| verdict.innocent()).count();
        if variant == Variant::Direct {
            into.extra = self.unstable(&stable);
            return;
        }
        let seen: Vec<_> = loads.iter().map(|load| keys(judge, &self.page, load)).collect();
        let lost = |key: &String| !seen.iter().any(|keys| keys.contains_key(key));
        for (key, verdict) in stable.iter().filter(|(key, _)| lost(key)) {
            into.missing.insert(key.clone());
            if verdict.innocent() {
                into.innocent_lost.insert(key.clone());
            }
        }
        let ever = |key: &String| self.keys.iter().any(|keys| keys.contains_key(key));
        let always = |key: &String| seen.iter().all(|keys| keys.contains_key(key));
        into.extra = seen[0].keys().filter(|key| always(key) && !ever(key)).cloned().collect();
    }

    /// Third-party requests that every direct load has.
    fn stable(&self) -> BTreeMap<String, Verdict> {
        let mut stable = self.keys.first().cloned().unwrap_or_default();
        stable.retain(|key, _| self.keys.iter().all(|keys| keys.contains_key(key)));
        stable
    }

    /// Third-party requests that only some direct loads have.
    fn unstable(&self, stable: &BTreeMap<String, Verdict>) -> BTreeSet<String> {
        let all = self.keys.iter().flat_map(BTreeMap::keys);
        all.filter(|key| !stable.contains_key(*key)).cloned().collect()
    }

    /// A line counts as shown wherever its letters stand: taking a frame away joins and splits lines.
    fn text(&self, variant: Variant, loads: &[Load], into: &mut Comparison) {
        let [first, others @ ..] = self.loads else { return };
        let others: Vec<String> = others.iter().map(shown).collect();
        let shown: Vec<String> = loads.iter().map(shown).collect();
        let stable = |line: &&String| others.iter().all(|text| text.contains(&squeezed(line)));
        let lost = |line: &&String| !shown.iter().any(|text| text.contains(&squeezed(line)));
        into.text_lost = match variant {
            Variant::Direct => first.text.iter().filter(|line| !stable(line)).cloned().collect(),
            Variant::Default | Variant::Consent | Variant::Lists | Variant::All => {
                first.text.iter().filter(stable).filter(lost).cloned().collect()
            }
        };
    }

    fn errors(&self, loads: &[Load], into: &mut Comparison) {
        let most = self.loads.iter().map(|load| load.errors.len()).max().unwrap_or_default();
        let fewest = loads.iter().map(|load| load.errors.len()).min().unwrap_or_default();
        into.more_errors = fewest.saturating_sub(most);
        let known: BTreeSet<&String> = self.loads.iter().flat_map(|load| &load.errors).collect();
        let errors = loads.iter().flat_map(|load| &load.errors);
        into.new_errors = errors.filter(|error| !known.contains(error)).cloned().collect();
    }
}

/// The load's third-party requests by their comparable form.
fn keys(judge: &Judge, page: &Page, load: &Load) -> BTreeMap<String, Verdict> {
    let judged =
        load.requests.iter().map(|request| (key(&request.url), judge.request(page, request)));
    judged.filter(|(_, verdict)| verdict.third_party).collect()
}

/// Host and path, with runs of eight digits (of any base up to 16) and more made equal.
fn key(url: &str) -> String {
    let bare = url.split(['?', ';', '#']).next().unwrap_or_default();
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let mut key = String::new();
    for run in bare.split_inclusive(|letter: char| !letter.is_ascii_hexdigit()) {
        let digits = run.trim_end_matches(|letter: char| !letter.is_ascii_hexdigit());
        let long = digits.len() >= 8 && digits.contains(|letter: char| letter.is_ascii_digit());
        key.push_str(if long { "#" } else { digits });
        key.push_str(&run[digits.len()..]);
    }
    key
}

/// Hosts that were contacted, or whose names were to be resolved, without any request.
fn silent(load: &Load) -> BTreeSet<String> {
    let host =
        |url: &String| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let asked: BTreeSet<String> =
        load.requests.iter().filter_map(|request| host(&request.url)).collect();
    let hinted = load.hints.iter().filter_map(host);
    load.contacts.iter().cloned().chain(hinted).filter(|host| !asked.contains(host)).collect()
}

fn shown(load: &Load) -> String {
    load.text.iter().map(|line| squeezed(line)).collect()
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect()
}

/// A page in lower case without comments, links and data blocks.
fn acted_on(saved: &str) -> String {
    let inert = [
        r"(?s)<!--.*?-->",
        r"(?s)<a\s[^>]*>",
        r#"(?s)<script[^>]*type=["']?(?:application/(?:ld\+)?json|text/(?:plain|template|x-))[^>]*>.*?</script"#,
    ];
    let acted_on = inert.iter().fold(saved.to_ascii_lowercase(), |page, pattern| {
        Regex::new(pattern).expect("a pattern").replace_all(&page, "").into_owned()
    });
    htmlize::unescape(acted_on).into_owned()
}
