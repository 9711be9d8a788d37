//! Turns comparisons into the list of limits that they break. All limits stand in [`limits`].

use crate::{compare::Comparison, load::Variant};
use std::collections::BTreeMap;

/// Upper bounds of one variant; `None` where a figure is not held to any.
struct Limits {
    /// Tracker requests left, in percent of the direct loads'; in both, what a page's own script puts together at run
    /// time is left out and reported apart.
    trackers: Option<f64>,
    /// Requests and connections to catalogue vendors that the page shows.
    vendors: Option<usize>,
    /// Innocent third-party requests lost, in percent of the direct loads'.
    innocent: Option<f64>,
    /// Third-party requests that differ from the direct loads'.
    different: Option<usize>,
}

const fn limits(variant: Variant) -> Limits {
    let none = Limits { trackers: None, vendors: None, innocent: None, different: None };
    match variant {
        Variant::Direct => none,
        Variant::Default => {
            Limits { trackers: Some(15.0), vendors: Some(0), innocent: Some(1.0), ..none }
        }
        Variant::Lists => Limits { trackers: Some(1.0), vendors: Some(0), ..none },
        Variant::All => Limits { trackers: Some(0.0), vendors: Some(0), ..none },
        Variant::Consent => Limits { different: Some(0), ..none },
    }
}

/// Lines of visible text lost, and script errors beyond the direct loads', in any variant but the direct one.
const TEXT_LOST: usize = 0;
const MORE_ERRORS: usize = 0;

/// A variant's sums over all pages.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) pages: usize,
    pub(crate) third_party: f64,
    pub(crate) trackers: f64,
    pub(crate) trackers_assembled: f64,
    pub(crate) first_party_trackers: f64,
    pub(crate) vendors: usize,
    pub(crate) vendors_assembled: usize,
    pub(crate) innocent: usize,
    pub(crate) innocent_lost: usize,
    pub(crate) missing: usize,
    pub(crate) extra: usize,
    pub(crate) text_lost: usize,
    pub(crate) errors: f64,
    pub(crate) more_errors: usize,
    pub(crate) new_errors: usize,
    pub(crate) unsent: f64,
    pub(crate) capped: usize,
}

impl Sums {
    /// Counts are means over a page's loads.
    pub(crate) fn of(pages: &[Comparison]) -> Self {
        let mean = |of: fn(&Comparison) -> usize| -> f64 {
            pages.iter().map(|page| of(page) as f64 / page.loads.max(1) as f64).sum()
        };
        let sum = |of: fn(&Comparison) -> usize| -> usize { pages.iter().map(of).sum() };
        Self {
            pages: pages.len(),
            third_party: mean(|page| page.third_party),
            trackers: mean(|page| page.trackers),
            trackers_assembled: mean(|page| page.trackers_assembled),
            first_party_trackers: mean(|page| page.first_party_trackers),
            vendors: sum(|page| page.vendors.len()),
            vendors_assembled: sum(|page| page.vendors_assembled.len()),
            innocent: sum(|page| page.innocent),
            innocent_lost: sum(|page| page.innocent_lost.len()),
            missing: sum(|page| page.missing.len()),
            extra: sum(|page| page.extra.len()),
            text_lost: sum(|page| page.text_lost.len()),
            errors: mean(|page| page.errors),
            more_errors: sum(|page| page.more_errors),
            new_errors: sum(|page| page.new_errors.len()),
            unsent: mean(|page| page.unsent),
            capped: sum(|page| page.capped),
        }
    }
}

impl Sums {
    /// Tracker requests that could be seen in the page.
    pub(crate) fn trackers_shown(&self) -> f64 {
        self.trackers - self.trackers_assembled
    }
}

/// `part` of `whole`, in percent.
pub(crate) fn percent(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { 100.0 * part / whole }
}

/// Whether this page alone breaks a limit.
pub(crate) fn wrong(variant: Variant, page: &Comparison) -> bool {
    let limits = limits(variant);
    variant != Variant::Direct
        && (page.text_lost.len() > TEXT_LOST
            || page.more_errors > MORE_ERRORS
            || limits.vendors.is_some_and(|most| page.vendors.len() > most)
            || limits.different.is_some_and(|most| page.missing.len() + page.extra.len() > most)
            || limits.innocent.is_some_and(|_| !page.innocent_lost.is_empty()))
}

/// Every limit that is broken, in words.
pub(crate) fn broken(all: &BTreeMap<Variant, Vec<Comparison>>) -> Vec<String> {
    let Some(direct) = all.get(&Variant::Direct).map(|pages| Sums::of(pages)) else {
        return vec!["there is no direct load".into()];
    };
    if direct.trackers == 0.0 {
        return vec!["the direct loads hold no tracker".into()];
    }
    if direct.vendors == 0 {
        return vec!["the direct loads hold no catalogue vendor".into()];
    }
    let proxied = all.iter().filter(|(variant, _)| **variant != Variant::Direct);
    proxied.flat_map(|(variant, pages)| over(*variant, &direct, &Sums::of(pages))).collect()
}

fn over(variant: Variant, direct: &Sums, sums: &Sums) -> Vec<String> {
    let limits = limits(variant);
    let trackers = percent(sums.trackers_shown(), direct.trackers_shown());
    let innocent = percent(sums.innocent_lost as f64, sums.innocent as f64);
    let count = |most: Option<usize>, found: usize| most.map(|most| (found as f64, most as f64));
    let figures = [
        ("% of tracker requests left", limits.trackers.map(|most| (trackers, most))),
        ("contacts with catalogue vendors", count(limits.vendors, sums.vendors)),
        ("% of innocent third-party requests lost", limits.innocent.map(|most| (innocent, most))),
        ("third-party requests missing", count(limits.different, sums.missing)),
        ("third-party requests extra", count(limits.different, sums.extra)),
        ("lines of visible text lost", count(Some(TEXT_LOST), sums.text_lost)),
        ("more script errors", count(Some(MORE_ERRORS), sums.more_errors)),
    ];
    figures
        .into_iter()
        .filter_map(|(what, figure)| figure.map(|(found, most)| (what, found, most)))
        .filter(|(_, found, most)| found > most)
        .map(|(what, found, most)| format!("{}: {found:.2} {what}, limit {most}", variant.name()))
        .collect()
}
