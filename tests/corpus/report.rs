//! Turns comparisons into a table for people and JSON for machines.

use crate::{
    compare::Comparison,
    limits::{self, Sums, percent},
    load::{Loads, Variant},
};
use std::{collections::BTreeMap, fmt::Write};

/// One column a variant, one row a figure.
pub(crate) fn table(loads: &Loads, all: &BTreeMap<Variant, Vec<Comparison>>) -> String {
    let sums: Vec<(Variant, Sums)> =
        all.iter().map(|(variant, pages)| (*variant, Sums::of(pages))).collect();
    let trackers = sums.first().map_or(0.0, |(_, direct)| direct.trackers);
    let mut text = row("", &sums, |variant, _| variant.name().into());
    for (name, figure) in FIGURES {
        text += &row(name, &sums, |_, sums| figure(sums, trackers));
    }
    for (variant, seconds) in &loads.seconds {
        let _ = writeln!(text, "{variant}: {seconds:.0} s");
    }
    text
}

/// A figure of a variant, given the direct loads' tracker requests.
type Figure = fn(&Sums, f64) -> String;

const FIGURES: [(&str, Figure); 18] = [
    ("pages", |sums, _| sums.pages.to_string()),
    ("third-party requests", |sums, _| format!("{:.0}", sums.third_party)),
    ("tracker requests (filter lists)", |sums, _| format!("{:.0}", sums.trackers)),
    ("  left, %", |sums, direct| format!("{:.2}", percent(sums.trackers, direct))),
    ("  of them put together at run time", |sums, _| format!("{:.0}", sums.trackers_assembled)),
    ("  first-party, not counted above", |sums, _| format!("{:.0}", sums.first_party_trackers)),
    ("catalogue vendor contacts", |sums, _| sums.vendors.to_string()),
    ("  put together at run time", |sums, _| sums.vendors_assembled.to_string()),
    ("innocent third-party requests", |sums, _| sums.innocent.to_string()),
    ("  lost", |sums, _| sums.innocent_lost.to_string()),
    ("  lost, %", |sums, _| {
        format!("{:.2}", percent(sums.innocent_lost as f64, sums.innocent as f64))
    }),
    ("third-party requests missing", |sums, _| sums.missing.to_string()),
    ("third-party requests extra", |sums, _| sums.extra.to_string()),
    ("lines of visible text lost", |sums, _| sums.text_lost.to_string()),
    ("script errors", |sums, _| format!("{:.0}", sums.errors)),
    ("  more than direct / new ones", |sums, _| {
        format!("{} / {}", sums.more_errors, sums.new_errors)
    }),
    ("seen by the browser, never sent", |sums, _| format!("{:.0}", sums.unsent)),
    ("loads cut off", |sums, _| sums.capped.to_string()),
];

fn row(name: &str, sums: &[(Variant, Sums)], cell: impl Fn(Variant, &Sums) -> String) -> String {
    let cells: String =
        sums.iter().map(|(variant, sums)| format!("{:>12}", cell(*variant, sums))).collect();
    format!("{name:<36}{cells}\n")
}

/// What is wrong on which page, so many lines at most.
pub(crate) fn wrong(all: &BTreeMap<Variant, Vec<Comparison>>, most: usize) -> String {
    let pages = all.iter().flat_map(|(variant, pages)| pages.iter().map(|page| (*variant, page)));
    let wrong = pages.filter(|(variant, page)| limits::wrong(*variant, page));
    wrong.take(most).map(|(variant, page)| describe(variant, page)).collect()
}

fn describe(variant: Variant, page: &Comparison) -> String {
    let things = [
        ("vendor", &page.vendors),
        ("text lost", &page.text_lost),
        ("error", &page.new_errors),
        ("innocent lost", &page.innocent_lost),
        ("missing", &page.missing),
        ("extra", &page.extra),
    ];
    let mut text = format!("{} {}: {} errors more\n", variant.name(), page.file, page.more_errors);
    let differs = |what: &str| variant == Variant::Consent || !matches!(what, "missing" | "extra");
    for (what, found) in things.into_iter().filter(|(what, _)| differs(what)) {
        for thing in found.iter().take(3) {
            let _ = writeln!(text, "  {what} ({} in all): {thing:.150}", found.len());
        }
    }
    text
}

/// Every page in every variant.
pub(crate) fn json(all: &BTreeMap<Variant, Vec<Comparison>>) -> String {
    let named: BTreeMap<&str, &Vec<Comparison>> =
        all.iter().map(|(variant, pages)| (variant.name(), pages)).collect();
    serde_json::to_string_pretty(&named).expect("plain data")
}
