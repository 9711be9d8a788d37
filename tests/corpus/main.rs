//! Turns the saved pages, loaded in a real browser with and without the proxy, into figures that are held to limits.
//!
//! 1. `tests/browser/corpus.mjs` loads each page in each variant; every host but the page's own is a recording sink.
//! 2. EasyPrivacy and EasyList say what a tracker is ([`Judge`]), and so does the program's own catalogue, each apart.
//! 3. A page is loaded directly twice: what differs between the two is not held against the proxy.
//! 4. A page on which something is wrong is loaded once more in all variants: what does not happen again is not
//!    held against the proxy either, except for a contact with a catalogue vendor, which always counts.
//!
//! Environment: `CONSENTRY` (the program; default the one just built), `CORPUS_VARIANTS`, `CORPUS_PAGES` (only the first
//! so many), `CORPUS_TABS`, `CORPUS_GUARD` (`true` or `false` in every variant), `CORPUS_RUN` (a finished run to judge instead of a new one).

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and shows its figures"
)]

mod compare;
mod harness;
mod judge;
mod limits;
mod load;
mod report;

use self::compare::{Comparison, Direct};
use self::harness::Harness;
use self::judge::Judge;
use self::load::{Loads, Variant};
use std::{collections::BTreeMap, fs};

#[test]
fn trackers_stay_away_until_consent() {
    let harness = match Harness::find() {
        Ok(harness) => harness,
        Err(missing) => return println!("SKIPPED: {missing}"),
    };
    let judge = Judge::new(harness.lists());
    let mut loads = harness.first_run();
    let mut wrong = wrong_pages(&compare(&harness, &judge, &loads));
    wrong.extend(loads.failed.keys().cloned());
    if !wrong.is_empty() {
        loads.add(harness.second_run(&wrong));
    }
    let comparisons = compare(&harness, &judge, &loads);
    let text = report::table(&loads, &comparisons);
    println!("{}\n{text}", report::wrong(&comparisons, 40));
    fs::write(harness.out("table.txt"), &text).expect("the table");
    fs::write(harness.out("pages.json"), report::json(&comparisons)).expect("the pages");
    let mut broken = limits::broken(&comparisons);
    broken.extend(loads.failed.iter().map(|(file, why)| format!("{file}: {}", why.join("; "))));
    broken.extend(loads.unanswered);
    assert!(broken.is_empty(), "over the limit:\n{}", broken.join("\n"));
}

/// Each page in each variant against its direct loads.
fn compare(harness: &Harness, judge: &Judge, loads: &Loads) -> BTreeMap<Variant, Vec<Comparison>> {
    let mut all: BTreeMap<Variant, Vec<Comparison>> = BTreeMap::new();
    for (file, variants) in loads.pages() {
        let Some(direct) = variants.get(&Variant::Direct) else { continue };
        let saved = harness.page(file);
        let direct = Direct::new(judge, &saved, direct);
        for (variant, loads) in variants {
            all.entry(*variant).or_default().push(direct.compare(judge, *variant, file, loads));
        }
    }
    all
}

/// The files of the pages that a second look may acquit.
fn wrong_pages(all: &BTreeMap<Variant, Vec<Comparison>>) -> Vec<String> {
    let mut files: Vec<String> = all
        .iter()
        .flat_map(|(variant, pages)| pages.iter().filter(|page| limits::wrong(*variant, page)))
        .map(|page| page.file.clone())
        .collect();
    files.sort();
    files.dedup();
    files
}
