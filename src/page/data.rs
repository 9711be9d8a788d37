//! Turns the vendors that a site has into everything that its banner says in one language.
//!
//! 1. Every vendor is named, under the purpose that the visitor is asked about (GDPR 13(1)(e), CNIL 2020-092); a purpose that needs
//!    no consent, or has no vendor, is not there.
//! 2. The same vendors give the same data in whatever order they come: purposes as they are shown, vendors by name.
//! 3. What the catalogue has no name for is said once for each purpose, as other services.
//! 4. A text of the operator's goes before ours, the names of purposes with them.

use super::{
    banner::{Config, Data, Options, Shown, Vendor},
    texts::Language,
};
use crate::{
    catalog::Catalog,
    purpose::Purpose,
    vendor::{self, Facts},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the banner of a site says in `language`: of `vendors`, ids with the purposes that they need, under the version `policy`.
/// What of `options` the operator's `look` says, that says.
#[must_use]
pub fn data<'v>(
    catalog: &Catalog,
    vendors: impl IntoIterator<Item = (Purpose, &'v str)>,
    language: Language,
    look: &Config,
    policy: &str,
    options: Options,
) -> Data {
    let mut texts = look.texts(language.tag(), language.texts().clone());
    // Those are the guard's.
    texts.retain(|key, _| !key.starts_with("embed_"));
    let (position, button, logo) = (look.position, look.button, look.logo.clone());
    Data {
        lang: language.tag().to_owned(),
        is_rtl: language.is_rtl(),
        policy: policy.to_owned(),
        purposes: purposes(catalog, vendors, language, &texts),
        links: look.links(&texts),
        options: Options { position, button, logo, ..options },
        theme: look.theme.clone(),
        texts,
    }
}

/// Rule 1.
fn purposes<'v>(
    catalog: &Catalog,
    vendors: impl IntoIterator<Item = (Purpose, &'v str)>,
    language: Language,
    texts: &BTreeMap<String, String>,
) -> Vec<Shown> {
    let mut by_purpose: BTreeMap<Purpose, BTreeSet<&str>> = BTreeMap::new();
    for (purpose, id) in vendors {
        by_purpose.entry(purpose).or_default().insert(id);
    }
    let text = |id: Purpose, part: &str| {
        texts.get(&format!("{}_{part}", id.name())).cloned().unwrap_or_default()
    };
    let shown = |id: Purpose| {
        let vendors = said(catalog, by_purpose.get(&id)?, language);
        Some(Shown { id, name: text(id, "name"), description: text(id, "text"), vendors })
    };
    Purpose::OPTIONAL.into_iter().filter_map(shown).collect()
}

/// The vendors with these ids, by name.
fn said(catalog: &Catalog, ids: &BTreeSet<&str>, language: Language) -> Vec<Vendor> {
    let (known, unknown): (Vec<_>, Vec<_>) =
        ids.iter().map(|id| (*id, catalog.named(id))).partition(|(_, vendor)| vendor.is_some());
    let known = known.into_iter().filter_map(|(_, vendor)| vendor);
    let unnamed = unknown.first().map(|(id, _)| Vendor {
        id: (*id).to_owned(),
        name: language.unnamed().to_owned(),
        ..Vendor::default()
    });
    let mut said: Vec<_> = known.map(|vendor| in_words(vendor, language)).collect();
    said.sort_by_cached_key(|vendor| (vendor.name.to_lowercase(), vendor.id.clone()));
    // Rule 3: after those that have one.
    said.extend(unnamed);
    said
}

fn in_words(vendor: &vendor::Vendor, language: Language) -> Vendor {
    let facts: &Facts = &vendor.facts;
    Vendor {
        id: vendor.id.to_string(),
        name: language.name_of(vendor).to_owned(),
        company: language.company(facts),
        receives: language.receives(facts),
        keeps: language.keeps(facts),
        country: language.countries(facts),
        policy: facts.policy_url.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::VendorEntry, page::banner::Corner};
    use proptest::prelude::*;

    const A: Purpose = Purpose::Analytics;
    const M: Purpose = Purpose::Marketing;

    fn catalog() -> Catalog {
        let entry = |id: &str, name: &str, facts| VendorEntry {
            id: id.into(),
            name: name.into(),
            purpose: Some(A),
            hosts: vec![format!("{id}.example")],
            facts,
            ..VendorEntry::default()
        };
        let facts = Facts {
            company: vec!["Beta GmbH".into()],
            policy_url: "https://beta.example/".into(),
            ..Facts::default()
        };
        let entries = [
            entry("b", "beta", facts),
            entry("a", "Alpha", Facts::default()),
            entry("c", "Gamma", Facts::default()),
        ];
        Catalog::new(&entries, &[]).unwrap()
    }

    fn said_of(vendors: &[(Purpose, &str)], language: Language, look: &Config) -> Data {
        data(&catalog(), vendors.iter().copied(), language, look, "a1b2c3d4", Options::default())
    }

    #[test]
    fn purposes_are_there_with_their_vendors_by_name() {
        let vendors =
            [(M, "c"), (A, "b"), (Purpose::Necessary, "x"), (A, "a"), (A, "zz"), (A, "y")];
        let data = said_of(&vendors, Language::German, &Config::default());
        let named: Vec<_> = data
            .purposes
            .iter()
            .map(|p| (p.id, p.vendors.iter().map(|v| v.name.as_str()).collect::<Vec<_>>()))
            .collect();
        assert_eq!(named, [(A, vec!["Alpha", "beta", "Weitere Dienste"]), (M, vec!["Gamma"])]);
        assert_eq!(data.purposes[0].name, "Statistik");
        assert!(data.purposes[0].description.contains("Besuche"));
        let beta = &data.purposes[0].vendors[1];
        assert_eq!((&*beta.company, &*beta.policy), ("Beta GmbH", "https://beta.example/"));
        assert_eq!(beta.keeps, "gemäß der Datenschutzerklärung des Unternehmens");
        // Of the long tail only the name is known.
        let alpha = &data.purposes[0].vendors[0];
        assert_eq!([&*alpha.company, &*alpha.keeps, &*alpha.country, &*alpha.policy], [""; 4]);
        assert_eq!((&*data.lang, data.is_rtl, &*data.policy), ("de", false, "a1b2c3d4"));
    }

    #[test]
    fn the_operators_words_go_first() {
        let own = BTreeMap::from([
            ("title".to_owned(), "Hei!".to_owned()),
            ("analytics_name".to_owned(), "Måling".to_owned()),
        ]);
        let look = Config {
            texts: BTreeMap::from([("nb".to_owned(), own)]),
            links: vec![("privacy".to_owned(), "/p".to_owned())],
            button: Some(Corner::End),
            ..Config::default()
        };
        let data = said_of(&[(A, "a")], Language::Norwegian, &look);
        assert_eq!(data.text("title"), "Hei!");
        assert_eq!(data.purposes[0].name, "Måling");
        assert_eq!(data.links[0].text, "Personvernerklæring");
        assert_eq!(data.options.button, Some(Corner::End));
        let danish = said_of(&[(A, "a")], Language::Danish, &look);
        assert_ne!(danish.text("title"), "Hei!");
        assert!(said_of(&[(A, "a")], Language::Arabic, &look).is_rtl);
    }

    #[test]
    fn the_long_tail_is_named() {
        let data = said_of(&[(M, "lead-forensics")], Language::Irish, &Config::default());
        assert_eq!(data.purposes[0].vendors[0].name, "Lead Forensics");
    }

    proptest! {
        #[test]
        fn the_order_of_vendors_changes_nothing(order in Just(vec![(A, "a"), (A, "b"), (M, "c"), (M, "a"), (A, "?")]).prop_shuffle()) {
            let sorted = said_of(&[(A, "?"), (A, "a"), (A, "b"), (M, "a"), (M, "c")], Language::Greek, &Config::default());
            prop_assert_eq!(said_of(&order, Language::Greek, &Config::default()), sorted);
        }
    }
}
