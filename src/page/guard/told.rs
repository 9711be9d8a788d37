//! Turns the lists of vendors that a visitor was shown into the text by which the guard holds all others.
//!
//! 1. It is `LETTERS|IDS|PLACES`: the purposes that are for the vendors of the lists alone; the vendors' ids; their hosts and paths,
//!    the most specific first, with `!` before what is another vendor's below them.
//! 2. What no rule names (a word in a host, every other site) stands for one vendor, by its id. Where every other site is gated, the
//!    guard has no rules of marketing ([`super::rules`]): there it takes a vendor that is not on the list for one of the other sites.

use crate::{
    catalog::{Catalog, HostRule, Scope, TailRule},
    consent::VendorLists,
    purpose::Purpose,
    site::Site,
    vendor::Vendor,
};
use rustc_hash::FxHashSet;
use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

/// The vendors that stand for what no rule names.
const UNNAMED: [&str; 4] = ["denied", "unknown-tracker", "third-party", "listed"];

/// The text for a site under `scope`, where the purposes of `letters` are for the vendors of `lists`.
#[must_use]
pub fn told(catalog: &Catalog, scope: &Scope, letters: &str, lists: &VendorLists) -> String {
    let nobody = Site::of_host("invalid");
    let tail = catalog.tail_rules(&nobody).filter_map(|(host, rule)| match rule {
        TailRule::Tracker(value) => Some(HostRule { host, path: "", open: false, value }),
        TailRule::Innocent | TailRule::Mixed => None,
    });
    let named: Vec<_> = catalog.host_rules().collect();
    let tail: Vec<_> = tail.collect();
    let unnamed = |purpose| UNNAMED.iter().filter_map(move |id| catalog.kept(purpose, id));
    let unnamed = Purpose::OPTIONAL.into_iter().flat_map(unnamed);
    let vendors = catalog.vendors().chain(tail.iter().map(|rule| rule.value)).chain(unnamed);
    let ids: BTreeSet<&str> =
        vendors.filter(|vendor| lists.have(vendor)).map(|vendor| &*vendor.id).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let places = places(named, tail, catalog.own_rules(scope).collect(), lists);
    format!("{letters}|{}|{}", ids.join(" "), places.join(" "))
}

type Rule<'c> = HostRule<'c, &'c Arc<Vendor>>;

/// The places of the vendors of `lists`, and those of others that are looked up before one of them: the site's own, then the
/// catalogue's, then the long tail's.
fn places(
    named: Vec<Rule<'_>>,
    tail: Vec<Rule<'_>>,
    own: Vec<Rule<'_>>,
    lists: &VendorLists,
) -> Vec<String> {
    let told = |rule: &&Rule<'_>| lists.have(rule.value);
    let hosts: FxHashSet<&str> =
        named.iter().chain(&tail).filter(told).map(|rule| rule.host).collect();
    let above: FxHashSet<&str> =
        tail.iter().filter(told).flat_map(|rule| ancestors(rule.host)).collect();
    let counts = |rule: &Rule<'_>| {
        above.contains(rule.host) || ancestors(rule.host).any(|host| hosts.contains(host))
    };
    let groups = [own, named, tail].into_iter().enumerate().flat_map(|(at, mut rules)| {
        rules.retain(|rule| at == 0 || counts(rule));
        rules.sort_by_key(|rule| {
            (Reverse(rule.host.len()), Reverse(rule.path.len()), rule.host, rule.path)
        });
        rules
    });
    let place = |rule: Rule<'_>| {
        let not = if lists.have(rule.value) { "" } else { "!" };
        format!("{not}{}{}{}", rule.host, rule.path, if rule.open { "*" } else { "" })
    };
    groups.map(place).collect()
}

/// A host and its parents, longest first.
fn ancestors(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| Some(host.split_once('.')?.1))
}
