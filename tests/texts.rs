//! The banner's script with what a usual site has, in every language: small enough, and true to the catalogue.

#![expect(clippy::print_stdout, reason = "sizes are shown")]
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use consentry::{
    catalog::Catalog,
    config::built_in,
    page::{
        banner::{Config, Options, script},
        data,
        texts::Language,
    },
    purpose::Purpose,
};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// The most that the script may be, compressed.
const MOST: usize = 15_000;

/// What a shop with videos and a chat has.
const VENDORS: [&str; 12] = [
    "ga4",
    "gtm",
    "google_ads",
    "meta",
    "clarity",
    "hotjar",
    "youtube",
    "google_maps",
    "google_fonts",
    "intercom",
    "linkedin",
    "hubspot",
];

fn compressed(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn the_banner_is_small_in_every_language() {
    let catalog = Catalog::new(&built_in(), &[]).unwrap();
    let vendors: Vec<(Purpose, &str)> =
        VENDORS.iter().map(|id| (catalog.vendor(id).unwrap().purpose, *id)).collect();
    for language in Language::ALL {
        let look = Config::default();
        let of = |vendors: &[_]| {
            let vendors = vendors.iter().copied();
            data(&catalog, vendors, language, &look, "a1b2c3d4", Options::default())
        };
        let said = of(&vendors);
        let shown = compressed(said.shown().as_bytes());
        let whole = compressed(&script(&said).body);
        let bare = compressed(&script(&of(&[])).body);
        println!("{} shown {shown} B, script {whole} B, without vendors {bare} B", language.tag());
        assert!(whole < MOST, "{language:?}: {whole} bytes");
    }
}

#[test]
fn a_vendor_says_all_that_is_known_of_it_in_every_language() {
    let catalog = Catalog::new(&built_in(), &[]).unwrap();
    let asked = |purpose| purpose != Purpose::Necessary;
    let vendors: Vec<_> =
        catalog.vendors().filter(|v| asked(v.purpose)).map(|v| (v.purpose, &*v.id)).collect();
    for language in Language::ALL {
        let look = Config::default();
        let vendors = vendors.iter().copied();
        let said = data(&catalog, vendors.clone(), language, &look, "a1b2c3d4", Options::default());
        let shown: Vec<_> = said.purposes.iter().flat_map(|purpose| &purpose.vendors).collect();
        assert_eq!(shown.len(), vendors.count());
        for vendor in shown {
            for fact in
                [&vendor.name, &vendor.company, &vendor.receives, &vendor.keeps, &vendor.country]
            {
                assert!(!fact.is_empty() && !fact.contains(['{', '}']), "{language:?}: {vendor:?}");
            }
        }
    }
}

/// The names of vendors that stand for several services are sentences of ours: no language leaves them in English.
#[test]
fn what_stands_for_several_services_has_a_name_in_every_language() {
    let catalog = Catalog::new(&built_in(), &[]).unwrap();
    let asked = catalog.vendors().filter(|v| v.purpose != Purpose::Necessary);
    let groups: Vec<_> = asked.filter(|vendor| vendor.facts.company.len() > 2).collect();
    assert!(groups.len() >= 19);
    for language in Language::ALL.into_iter().filter(|l| *l != Language::English) {
        for vendor in &groups {
            assert_ne!(language.name_of(vendor), &*vendor.name, "{language:?}");
        }
    }
}
