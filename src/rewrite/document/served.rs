//! Turns what of an element the site itself serves into edits that point there.
//!
//! 1. A URL becomes the site's own path; behind a `<base>` elsewhere, the absolute URL of it.
//! 2. `integrity` goes with it, for what is served is not the vendor's bytes any more.
//!    That of the site's own files goes too, where these are rewritten on their way.
//! 3. A `referrerpolicy` that would keep the page's URL from the site itself becomes `same-origin` (Referrer Policy, 3): the site
//!    shares nothing from some pages and has to know the page; the vendor never sees that header.
//! 4. A script that a consent tool holds (`type="text/plain"`) is never gated, and pointed nevertheless: the tool will run it.
//! 5. `crossorigin` stays: to the page's own origin both of its values send cookies (Fetch Standard, 4.6, "same-origin"
//!    credentials mode), and a preload and its script must say the same.

use super::{Content, Document, Held, State, start::Outcome};
use crate::{
    catalog::{Destination, Shape},
    policy::{Judged, Place},
    rewrite::{
        change::Change,
        script,
        tag::{Attribute, Tag},
    },
};
use std::ops::Range;

/// Where a script is named that a consent tool runs later.
const SOURCES: [&str; 10] = [
    "src",
    "data-src",
    "data-cookieblock-src",
    "data-cmp-src",
    "data-cmplz-src",
    "data-borlabs-script-blocker-src",
    "data-borlabs-cookie-script-blocker-src",
    "data-uc-src",
    "data-suppressedsrc",
    "data-consent-src",
];
/// Referrer policies under which a request to the page's own origin does not name the page.
const NAMELESS: [&str; 3] = ["no-referrer", "origin", "strict-origin"];

impl Document {
    /// Points an attribute that is one URL to where the site itself serves it, if it does.
    pub(super) fn point(
        &self,
        tag: &Tag<'_>,
        attribute: &Attribute,
        judged: &Judged,
        outcome: &mut Outcome,
    ) {
        let Some(url) = self.lens.served(judged) else { return };
        outcome.change.set(attribute, &url);
        if !std::mem::replace(&mut outcome.pointed, true) {
            self.trust(tag, &mut outcome.change);
        }
    }

    /// Lets a script that is not run leave: as it came, or pointed to what the site itself serves where a consent tool runs it later.
    pub(super) fn inert(
        &mut self,
        tag: &Tag<'_>,
        is_markup: bool,
        range: &Range<u64>,
        out: &mut Vec<u8>,
    ) {
        let type_ = tag.value("type").map(|value| self.lens.text(value)).unwrap_or_default();
        if self.lens.gate.front().is_none() || !script::waits(&type_) {
            return out.extend_from_slice(tag.raw());
        }
        let mut outcome = Outcome::default();
        for attribute in tag.attributes().filter(|a| is_source(tag.bytes(&a.name))) {
            let value = tag.bytes(&attribute.value);
            let judged = self.lens.value(value, Destination::Script, Shape::Plain);
            let Some(judged) = judged.filter(|judged| !judged.is_held()) else { continue };
            self.point(tag, &attribute, &judged, &mut outcome);
            let what = self.lens.text(value).into_owned();
            let attribute =
                String::from_utf8_lossy(tag.bytes(&attribute.name)).to_ascii_lowercase();
            let place = Place::Attribute { element: "script".to_owned(), attribute };
            outcome.allowed.push(judged.vendor.clone());
            self.found(judged, place, &what, range.start);
        }
        self.set_up(&outcome.allowed, false, is_markup, out);
        let mut edited = Vec::with_capacity(tag.raw().len() + 100);
        outcome.change.write(tag, &mut edited);
        let has_source = tag.attributes().any(|a| is_source(tag.bytes(&a.name)));
        if has_source || is_markup {
            return out.extend_from_slice(&edited);
        }
        self.cursor = range.start;
        let (what, tag) = (Content::Code, range.clone());
        let held = Held { what, tag, edited: Some(edited), waits: true, is_markup };
        self.state = State::Holding(held);
    }

    /// What the other attributes of an element say of a request that goes to the site itself now.
    fn trust(&self, tag: &Tag<'_>, change: &mut Change) {
        for attribute in tag.attributes() {
            let name = tag.bytes(&attribute.name);
            if name.eq_ignore_ascii_case(b"integrity") {
                change.remove(tag, &attribute);
            } else if name.eq_ignore_ascii_case(b"referrerpolicy") {
                let value = self.lens.text(tag.bytes(&attribute.value));
                if NAMELESS.iter().any(|policy| value.trim().eq_ignore_ascii_case(policy)) {
                    change.set(&attribute, "same-origin");
                }
            }
        }
    }

    /// Takes the `integrity` of a script or a style sheet of the site itself out, which may be rewritten on its way.
    pub(super) fn trust_own(&self, tag: &Tag<'_>, outcome: &mut Outcome) {
        let is = |attribute: &Attribute, name: &[u8]| {
            tag.bytes(&attribute.name).eq_ignore_ascii_case(name)
        };
        let own = |attribute: &Attribute| self.lens.is_own(tag.bytes(&attribute.value));
        let sources = [&b"src"[..], b"href", b"xlink:href"];
        let mut named = tag.attributes().filter(|a| sources.iter().any(|name| is(a, name)));
        // What was pointed has lost it already.
        if outcome.pointed || !named.any(|attribute| own(&attribute)) {
            return;
        }
        for attribute in tag.attributes().filter(|attribute| is(attribute, b"integrity")) {
            outcome.change.remove(tag, &attribute);
        }
    }

    /// Points what an event handler's code names.
    pub(super) fn handler(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        if self.lens.gate.front().is_none() {
            return;
        }
        let text = self.lens.text(value).into_owned();
        let named = script::served(text.as_bytes(), 0, &self.lens);
        if named.iter().any(|named| named.with.is_some()) {
            let mut code = Vec::new();
            script::edited(text.as_bytes(), 0, &[], &named, &mut code);
            change.set(attribute, &String::from_utf8_lossy(&code));
        }
        for named in named {
            self.found_here(&named.judged, value);
        }
    }
}

fn is_source(name: &[u8]) -> bool {
    SOURCES.iter().any(|source| name.eq_ignore_ascii_case(source.as_bytes()))
}

/// Whether a thing does not stay as it is.
pub(super) fn is_edited(judged: &Judged) -> bool {
    judged.is_held() || judged.served().is_some()
}

/// A path as a candidate of a `srcset`, where a comma at its end would not be part of it.
pub(super) fn in_list(path: String) -> String {
    match path.strip_suffix(',') {
        Some(rest) => format!("{rest}%2C"),
        None => path,
    }
}

/// A path as a URL in CSS, in quotes or without.
pub(in crate::rewrite) fn in_css(path: String) -> String {
    let special = [('(', "%28"), (')', "%29"), ('\'', "%27"), ('"', "%22")];
    special.iter().fold(path, |path, (c, escaped)| path.replace(*c, escaped))
}
