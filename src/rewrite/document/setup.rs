//! Turns the first script of an allowed vendor into that script behind what the vendor is told of the site's own paths.
//!
//! 1. A vendor's setup stands directly before its first script, a `src` or an inline snippet, once in a page.
//! 2. What Google's tags are told of the visitor's choice stands before the first script with a part of Google's in it, and before the
//!    first that speaks to its queue, whichever comes first; so it is physically before everything of Google's.
//! 3. Both run under the page's own policy as stubs do: by its nonce, else by the hashes of [`insertions`].
//! 4. Where the site serves no vendor, and in a `noscript`, nothing is put in.

use super::{Document, Kind};
use crate::{
    policy::Gate,
    rewrite::script::{GOOGLE, consent_default, may_be_google},
    vendor::Vendor,
};
use std::{ops::Range, sync::Arc};

/// What a page was told already.
pub(super) struct Told {
    consent: bool,
    /// The setups, of which vendors may have the same.
    setups: Vec<String>,
}

impl Told {
    pub(super) const fn new() -> Self {
        Self { consent: false, setups: Vec::new() }
    }
}

impl Document {
    /// Tells the page what the vendors of a script that comes next have to know; `speaks` is whether it speaks to Google's queue.
    pub(super) fn set_up(
        &mut self,
        vendors: &[Arc<Vendor>],
        speaks: bool,
        is_markup: bool,
        out: &mut Vec<u8>,
    ) {
        if self.kind == Kind::Noscript || self.lens.gate.front().is_none() {
            return;
        }
        let google = || vendors.iter().any(|vendor| GOOGLE.contains(&&*vendor.id));
        if !self.told.consent && (speaks || google()) {
            self.told.consent = true;
            if let Some(text) = consent_default(&self.lens.gate) {
                self.insert(&text, is_markup, out);
            }
        }
        for vendor in vendors {
            let Some(text) = setup(&self.lens.gate, vendor) else { continue };
            if !self.told.setups.contains(&text) {
                self.insert(&text, is_markup, out);
                self.told.setups.push(text);
            }
        }
    }

    /// The same for an inline script with this text.
    pub(super) fn set_up_for_code(&mut self, text: Range<u64>, is_markup: bool, out: &mut Vec<u8>) {
        if self.lens.gate.front().is_none() {
            return;
        }
        let text = self.slice(text);
        let mut vendors: Vec<Arc<Vendor>> = Vec::new();
        for (_, judged) in self.lens.gate.snippets(text).filter(|(_, judged)| !judged.is_held()) {
            if !vendors.iter().any(|vendor| vendor.id == judged.vendor.id) {
                vendors.push(judged.vendor);
            }
        }
        let speaks = !self.told.consent && may_be_google(text);
        self.set_up(&vendors, speaks, is_markup, out);
    }
}

/// A vendor's setup, for the site of the page.
fn setup(gate: &Gate, vendor: &Vendor) -> Option<String> {
    let text = gate.catalog().setup(&vendor.id).filter(|_| gate.offers(vendor))?;
    Some(text.replace("{base}", &gate.front()?.base()))
}

/// Every script that a page may get for its vendors, beside the stubs of gated ones.
#[must_use]
pub fn insertions(gate: &Gate) -> Vec<String> {
    let Some(_) = gate.front() else { return Vec::new() };
    let allowed = gate.catalog().vendors().filter(|vendor| gate.allows(vendor));
    consent_default(gate).into_iter().chain(allowed.filter_map(|v| setup(gate, v))).collect()
}
