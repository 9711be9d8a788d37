//! Turns a language into the words of the banner, and a vendor into what visitors are told of it.

use crate::{
    page::banner::{self, Shown, Vendor as Told},
    purpose::Purpose,
    vendor::Vendor,
};
use std::collections::BTreeMap;

/// The languages that the banner speaks.
pub(super) const SPOKEN: &[&str] = &["en"];

/// The words of one of them.
pub(super) fn words(_lang: &str) -> BTreeMap<String, String> {
    banner::english()
}

/// Whether it is written from right to left.
pub(super) fn is_rtl(lang: &str) -> bool {
    lang == "ar"
}

/// What is said of `purpose` and those of `vendors` that are for it; nothing where there are none.
pub(super) fn purpose<'v>(
    purpose: Purpose,
    texts: &BTreeMap<String, String>,
    vendors: impl Iterator<Item = &'v Vendor>,
    lang: &str,
) -> Option<Shown> {
    let text = |what: &str| texts.get(&format!("{purpose}_{what}")).cloned().unwrap_or_default();
    let own = vendors.filter(|vendor| vendor.purpose == purpose);
    let vendors: Vec<_> = own.map(|vendor| told(vendor, lang)).collect();
    let shown = Shown { id: purpose, name: text("name"), description: text("text"), vendors };
    (!shown.vendors.is_empty()).then_some(shown)
}

fn told(vendor: &Vendor, _lang: &str) -> Told {
    Told { id: vendor.id.to_string(), name: vendor.name.to_string(), ..Told::default() }
}
