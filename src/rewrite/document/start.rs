//! Turns a start tag into the tag that leaves, and into the state in which what follows is read.
//!
//! 1. A tag that nothing can be wrong with is passed without being copied.
//! 2. A script whose type says that it is data, or that it was made inert already, is left alone with all its attributes.
//! 3. The first `<base href>` counts for everything behind it; a policy in a `meta` lends its nonce to our stubs.

use super::{Content, Document, Kind, State, newlines};
use crate::{
    policy::{Judged, csp},
    rewrite::{
        Gated, Rewriter, Syntax, Unreadable,
        change::Change,
        element::Element,
        script::{self, ScriptKind},
        tag::Tag,
    },
};
use std::ops::Range;

/// What is to be done with an element.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) change: Change,
    /// The element is taken out.
    pub(super) gone: bool,
    /// For whom a script was gated.
    pub(super) stubs: Vec<Judged>,
}

impl Document {
    /// Decides on a start tag.
    pub(super) fn start(
        &mut self,
        range: &Range<u64>,
        foreign: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        // The tag is copied only when it has something to decide on.
        let raw = self.slice(range.clone());
        let element = Element::of(Tag::new(raw).name(), foreign);
        let passes = element == Element::Other && !may_count(raw);
        if passes {
            out.extend_from_slice(raw);
            self.cursor = range.end;
            return Ok(());
        }
        let raw = raw.to_vec();
        let tag = Tag::new(&raw);
        self.cursor = range.end;
        if element == Element::Meta {
            self.meta(&tag);
        } else if let (Element::Base, Some(href)) = (element, tag.value("href")) {
            self.lens.set_base(href);
        }
        let script = self.script_kind(element, &tag);
        if script == Some(ScriptKind::Data) {
            out.extend_from_slice(&raw);
            return Ok(());
        }
        let outcome = self.attributes(element, &tag, range.start);
        self.finish_start(element, script, &tag, outcome, range, out)
    }

    pub(super) fn script_kind(&self, element: Element, tag: &Tag<'_>) -> Option<ScriptKind> {
        (element == Element::Script).then(|| {
            let text = |name| tag.value(name).map(|v| self.lens.text(v).into_owned());
            script::kind(text("type").as_deref(), text("language").as_deref())
        })
    }

    /// Takes the nonce of a policy that the page itself declares.
    pub(super) fn meta(&mut self, tag: &Tag<'_>) {
        let declares = tag
            .value("http-equiv")
            .is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case(b"content-security-policy"));
        if let (true, None, Some(content)) = (declares, &self.nonce, tag.value("content"))
            && let csp::Inline::Nonce(nonce) = csp::inline_script(&[&self.lens.text(content)])
        {
            self.nonce = Some(nonce.into());
        }
    }

    pub(super) fn finish_start(
        &mut self,
        element: Element,
        script: Option<ScriptKind>,
        tag: &Tag<'_>,
        outcome: Outcome,
        range: &Range<u64>,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let Outcome { mut change, gone, stubs } = outcome;
        let has_source = element == Element::Script
            && ["src", "href", "xlink:href"].iter().any(|name| tag.value(name).is_some());
        if element == Element::Script {
            self.stub(&stubs, out);
        }
        if gone {
            if matches!(element, Element::Script | Element::Iframe) && !ends_itself(tag, element) {
                self.state = State::Dropping;
            }
            return Ok(());
        }
        if element == Element::Script && !stubs.is_empty() && self.config.gated == Gated::Inert {
            make_script_inert(&mut change, tag);
        }
        let holds = match (element, script) {
            (Element::Script, Some(ScriptKind::Code | ScriptKind::Delayed)) if !has_source => {
                Some(Content::Code)
            }
            (Element::Script, Some(ScriptKind::Loads)) => Some(Content::Loads),
            (Element::Style, _) => Some(Content::Style),
            _ => None,
        };
        if let Some(what) = holds.filter(|_| change.is_empty()) {
            self.state = State::Holding { what, tag: range.clone() };
            self.cursor = range.start;
            // What is held starts at its tag; the text begins behind it.
            return Ok(());
        }
        if change.is_empty() {
            out.extend_from_slice(tag.raw());
        } else {
            change.write(tag, out);
        }
        if let Some(what) = holds {
            self.state = State::Passing(what);
        }
        if element == Element::Noscript {
            let mut inner =
                Self::new(self.lens.nested(), self.config.clone(), None, Kind::Noscript);
            inner.origin = self.origin + range.end;
            inner.line.1 = self.line.1 + newlines(self.slice(self.line.0..range.end));
            self.state = State::Noscript(Box::new(Rewriter::of(inner, Syntax::Html)));
        }
        Ok(())
    }
}

/// Gives a script a type that browsers do not run, and keeps the one that it had.
pub(super) fn make_script_inert(change: &mut Change, tag: &Tag<'_>) {
    for attribute in tag.attributes() {
        if tag.bytes(&attribute.name).eq_ignore_ascii_case(b"type") {
            change.rename(&attribute, "data-consentry-type");
        }
    }
    change.insert(tag, " type=\"text/plain\"");
}

/// In HTML only a foreign script can end itself.
fn ends_itself(tag: &Tag<'_>, element: Element) -> bool {
    element == Element::Script && tag.is_self_closing() && tag.value("src").is_none()
}

/// A cheap look at a tag of no particular element: has it an attribute that can count at all?
fn may_count(raw: &[u8]) -> bool {
    Tag::new(raw).attributes().any(|attribute| {
        let name = raw.get(attribute.name).unwrap_or_default();
        matches!(
            name,
            [b's' | b'S', b't' | b'T', ..]
                | [b'o' | b'O', b'n' | b'N', ..]
                | [b'd' | b'D', _, _, _, b'-', ..]
        )
    })
}
