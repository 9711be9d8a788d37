//! Turns what of an element the site itself serves into edits that point there.
//!
//! 1. A URL becomes the site's own path; behind a `<base>` elsewhere, the absolute URL of it.
//! 2. `integrity` goes with it, for what is served is not the vendor's bytes any more.
//! 3. A `referrerpolicy` that would keep the page's URL from the site itself becomes `same-origin` (Referrer Policy, 3): the site
//!    shares nothing from some pages and has to know the page; the vendor never sees that header.
//! 4. `crossorigin` stays: to the page's own origin both of its values send cookies (Fetch Standard, 4.6, "same-origin"
//!    credentials mode), and a preload and its script must say the same.

use super::{Document, start::Outcome};
use crate::{
    policy::Judged,
    rewrite::{
        change::Change,
        script,
        tag::{Attribute, Tag},
    },
};

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
pub(super) fn in_css(path: String) -> String {
    let special = [('(', "%28"), (')', "%29"), ('\'', "%27"), ('"', "%22")];
    special.iter().fold(path, |path, (c, escaped)| path.replace(*c, escaped))
}
