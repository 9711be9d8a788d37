//! Turns what was decided for the attributes of one tag into the tag that leaves.
//!
//! 1. Bytes outside the edits stay as they are.
//! 2. A gated attribute goes (`remove`) or is renamed to `data-consentry-…` (`inert`); every duplicate of it is judged by itself.
//! 3. What is inserted is ASCII, so that it means the same in every charset that is read.

use super::{
    Gated, markup,
    tag::{Attribute, Quote, Tag},
};
use crate::policy::Judged;
use std::ops::Range;

/// The edits of one tag.
#[derive(Debug, Default)]
pub(super) struct Change {
    edits: Vec<(Range<usize>, Vec<u8>)>,
    gated: Vec<Judged>,
}

impl Change {
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.gated.is_empty()
    }

    /// Takes an attribute out, or makes it inert.
    pub(super) fn gate(
        &mut self,
        tag: &Tag<'_>,
        attribute: &Attribute,
        judged: Judged,
        how: Gated,
    ) {
        match how {
            Gated::Remove => self.remove(tag, attribute),
            Gated::Inert => {
                let name = tag.bytes(&attribute.name).to_ascii_lowercase();
                let name = [&b"data-consentry-"[..], &name].concat();
                self.edits.push((attribute.name.clone(), name));
                self.mark(judged);
            }
        }
    }

    /// Takes an attribute out.
    pub(super) fn remove(&mut self, tag: &Tag<'_>, attribute: &Attribute) {
        // An equals sign behind would give the name before it a value.
        let rest = tag.raw().get(attribute.whole.end..).unwrap_or_default();
        let equals = rest.trim_ascii_start().starts_with(b"=");
        let with = if equals { b"data-consentry=\"\"".to_vec() } else { Vec::new() };
        self.edits.push((attribute.whole.clone(), with));
    }

    /// Marks the element with whose it is.
    pub(super) fn mark(&mut self, judged: Judged) {
        if !self.gated.iter().any(|j| j.vendor.id == judged.vendor.id) {
            self.gated.push(judged);
        }
    }

    /// Renames an attribute, so that another of its name counts.
    pub(super) fn rename(&mut self, attribute: &Attribute, name: &str) {
        self.edits.push((attribute.name.clone(), name.into()));
    }

    /// Gives an attribute another value.
    pub(super) fn set(&mut self, attribute: &Attribute, value: &str) {
        let encoded = markup::encode(value).into_bytes();
        match attribute.quote {
            Quote::Double | Quote::Single => self.edits.push((attribute.value.clone(), encoded)),
            Quote::Unquoted => {
                let quoted = [b"\"", &encoded[..], b"\""].concat();
                self.edits.push((attribute.value.clone(), quoted));
            }
            Quote::Absent => {}
        }
    }

    /// Inserts attributes behind the element's name, where they win over later ones of the same name.
    pub(super) fn insert(&mut self, tag: &Tag<'_>, attributes: &str) {
        let at = tag.after_name();
        self.edits.push((at..at, attributes.into()));
    }

    /// The tag with its edits, appended to `out`.
    pub(super) fn write(mut self, tag: &Tag<'_>, out: &mut Vec<u8>) {
        if !self.gated.is_empty() {
            let marks = marks(&self.gated);
            self.insert(tag, &marks);
        }
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut at = 0;
        for (range, with) in &self.edits {
            out.extend_from_slice(tag.raw().get(at..range.start).unwrap_or_default());
            out.extend_from_slice(with);
            at = range.end.max(at);
        }
        out.extend_from_slice(tag.raw().get(at..).unwrap_or_default());
    }
}

/// ` data-consentry="vendor" data-consentry-purpose="purpose"`, for every vendor once.
pub(super) fn marks(gated: &[Judged]) -> String {
    let ids: Vec<&str> = gated.iter().map(|j| &*j.vendor.id).collect();
    let mut purposes: Vec<&str> = gated.iter().map(|j| j.vendor.purpose.name()).collect();
    purposes.sort_unstable();
    purposes.dedup();
    format!(
        " data-consentry=\"{}\" data-consentry-purpose=\"{}\"",
        markup::encode(&ids.join(" ")),
        purposes.join(" ")
    )
}
