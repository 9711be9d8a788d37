//! Turns what was done with a request's fields into names and counts for the ledger; never values.
//!
//! 1. Names are the client's: they pass the detectors, are cut to 100 characters, and are at most 200 of each sort.

use super::redact::Detector;
use std::collections::{BTreeMap, BTreeSet};

const MAX_NAMES: usize = 200;
const MAX_LEN: usize = 100;

/// What was done with the fields of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Paths of fields that leave.
    pub kept: BTreeSet<String>,
    /// Paths of fields that do not; of what was dropped whole, the outermost.
    pub dropped: BTreeSet<String>,
    /// Paths of fields in which something was found.
    pub redacted_fields: BTreeSet<String>,
    /// How often each kind was found.
    pub redacted: BTreeMap<Detector, u32>,
    /// Whether the client claimed more consent than the visitor gave.
    pub consent_mismatch: bool,
}

/// Adds `name` to `names`, as `clean` makes it.
pub(super) fn note(
    names: &mut BTreeSet<String>,
    name: &str,
    clean: impl FnOnce(&str) -> Option<String>,
) {
    if names.len() >= MAX_NAMES || name.is_empty() || names.contains(name) {
        return;
    }
    if name.len() <= MAX_LEN {
        let clean = clean(name).unwrap_or_else(|| name.to_owned());
        names.insert(if clean.len() <= MAX_LEN { clean } else { shortened(&clean, MAX_LEN) });
        return;
    }
    let cut = shortened(name, 4 * MAX_LEN);
    let clean = clean(&cut).unwrap_or(cut);
    names.insert(shortened(&clean, MAX_LEN));
}

/// The first `most` characters of `text`.
fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
