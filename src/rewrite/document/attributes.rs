//! Turns the attributes of one element into findings and edits.
//!
//! 1. Each attribute is judged by what a browser does with it; duplicates are judged too, as taking one out makes the next count.
//! 2. An element that is there for a gated URL goes with it, unless another of its sources stays.
//! 3. In lists (`srcset`, `ping`, `attributionsrc`) only the gated entries go; the attribute goes with the last one.
//! 4. Where a form goes is the visitor's doing: it is reported and left.
//! 5. What the site itself serves is pointed there ([`super::served`]); a connection that is then needless goes.

use super::{
    Document, Kind,
    served::{in_list, is_edited},
    start::Outcome,
};
use crate::{
    catalog::{Destination, Shape, refresh::refresh_url},
    policy::{Judged, Place, Verdict},
    rewrite::{
        Gated, Rewriter, Syntax, Unreadable,
        change::Change,
        element::{self, Element, Use},
        lens, script, srcset,
        tag::{Attribute, Tag},
    },
};
use std::borrow::Cow;

/// A name in lower case, which it nearly always is already.
fn lower(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().any(u8::is_ascii_uppercase) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

impl Document {
    pub(super) fn attributes(&mut self, element: Element, tag: &Tag<'_>, at: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let shape = element::shape(element, tag);
        let role = element.role(tag, &self.lens, self.config.through_tools);
        let mut kept_source = false;
        for attribute in tag.attributes() {
            let name = lower(self.local_name(tag.bytes(&attribute.name)));
            let Some(use_) = element.use_of(&name, role) else { continue };
            let (before, origin) = (self.findings.len(), self.origin);
            let start = at + attribute.whole.start as u64;
            let line = self.line_of(start);
            let gated = self.attribute(use_, tag, &attribute, shape, &mut outcome);
            for finding in self.findings.iter_mut().skip(before) {
                (finding.at, finding.line) = (origin + start, line);
                if use_ == Use::Srcdoc {
                    continue;
                }
                finding.place = Place::Attribute {
                    element: String::from_utf8_lossy(tag.name()).to_ascii_lowercase(),
                    attribute: String::from_utf8_lossy(&name).into_owned(),
                };
            }
            let lives = element.lives_by(&name);
            match gated {
                Some(judged) if lives => {
                    outcome.gone = true;
                    outcome.needless = judged.is_needless();
                    outcome.stubs.push(judged);
                }
                Some(judged) if element == Element::Script => outcome.stubs.push(judged),
                None if lives && !attribute.value.is_empty() => kept_source = true,
                Some(_) | None => {}
            }
        }
        if self.config.assets && matches!(element, Element::Script | Element::Link) {
            self.trust_own(tag, &mut outcome);
        }
        outcome.source = outcome.gone && !kept_source;
        outcome.gone = outcome.source && (outcome.needless || self.config.gated == Gated::Remove);
        outcome
    }

    /// Judges one attribute, notes its edit, and says for whom it was gated whole.
    fn attribute(
        &mut self,
        use_: Use,
        tag: &Tag<'_>,
        attribute: &Attribute,
        shape: Shape,
        outcome: &mut Outcome,
    ) -> Option<Judged> {
        let value = tag.bytes(&attribute.value);
        let change = &mut outcome.change;
        let judged = match use_ {
            Use::Url(to) => {
                let judged = self.lens.value(value, to, shape)?;
                self.found_here(&judged, value);
                if !judged.is_held() {
                    outcome.allowed.push(judged.vendor.clone());
                }
                self.point(tag, attribute, &judged, outcome);
                Some(judged).filter(|judged| judged.is_held() || judged.is_needless())
            }
            Use::Background => {
                let text = self.lens.text(value);
                if text.contains('(') {
                    self.css(value, attribute, change);
                    return None;
                }
                let judged = self.lens.url(&text, Destination::Image, shape)?;
                self.found_here(&judged, value);
                self.point(tag, attribute, &judged, outcome);
                Some(judged).filter(Judged::is_held)
            }
            Use::Values => {
                let text = self.lens.text(value).into_owned();
                let judge = |url: &str| self.lens.url(url.trim(), Destination::Image, shape);
                let judged = text.split(';').filter_map(judge).find(Judged::is_held)?;
                self.found_here(&judged, value);
                Some(judged)
            }
            Use::Action => self.action(value, shape),
            Use::Navigation => self.navigation(value),
            Use::Refresh => self.refresh(value),
            Use::Handler => {
                let text = self.lens.text(value);
                let held = script::first_held_of_handler(text.as_bytes(), &self.lens);
                if held.is_none() {
                    self.handler(value, attribute, change);
                }
                held.inspect(|judged| self.found_here(judged, value))
            }
            Use::Srcset(to) => return self.srcset(tag, attribute, to, change),
            Use::Css => {
                self.css(value, attribute, change);
                return None;
            }
            Use::Ping => {
                self.ping(tag, attribute, change);
                return None;
            }
            Use::Srcdoc => {
                self.srcdoc(value, attribute, change);
                return None;
            }
        }?;
        let how = if judged.is_needless() { Gated::Remove } else { self.config.gated };
        outcome.change.gate(tag, attribute, judged.clone(), how);
        Some(judged)
    }

    pub(super) fn found_here(&mut self, judged: &Judged, value: &[u8]) {
        let what = self.lens.text(value).into_owned();
        self.found(judged.clone(), Place::InlineScript, &what, self.line.0);
    }

    /// Where a form goes is the visitor's doing: said, never touched, unless it is a script.
    fn action(&mut self, value: &[u8], shape: Shape) -> Option<Judged> {
        if let Some(judged) = self.navigation(value) {
            return Some(judged);
        }
        let mut judged = self.lens.value(value, Destination::Document, shape)?;
        judged.decision.verdict = Verdict::Allow;
        self.found_here(&judged, value);
        None
    }

    fn navigation(&mut self, value: &[u8]) -> Option<Judged> {
        let code = lens::code_of(&self.lens.text(value))?;
        let judged = script::first_held_of_handler(&code, &self.lens)?;
        self.found_here(&judged, value);
        Some(judged)
    }

    fn refresh(&mut self, value: &[u8]) -> Option<Judged> {
        let text = self.lens.text(value);
        let url = text.get(refresh_url(&text)?)?.to_owned();
        let judged = self.lens.url(&url, Destination::Document, Shape::Plain)?;
        self.found_here(&judged, value);
        Some(judged).filter(Judged::is_held)
    }

    fn srcset(
        &mut self,
        tag: &Tag<'_>,
        attribute: &Attribute,
        to: Destination,
        change: &mut Change,
    ) -> Option<Judged> {
        let text = self.lens.text(tag.bytes(&attribute.value)).into_owned();
        let (mut kept, mut gated, mut pointed) = (Vec::new(), None, false);
        for candidate in srcset::candidates(&text) {
            let url = text.get(candidate.url.clone()).unwrap_or_default();
            let judged = self.lens.url(url, to, Shape::Plain);
            if let Some(judged) = &judged {
                self.found_here(judged, url.as_bytes());
            }
            let path = judged.as_ref().and_then(|judged| self.lens.served(judged));
            match judged.filter(Judged::is_held) {
                Some(judged) => gated = Some(judged),
                None => {
                    pointed |= path.is_some();
                    let behind = text.get(candidate.url.end..candidate.whole.end);
                    let url = path.map_or(Cow::Borrowed(url), |path| Cow::Owned(in_list(path)));
                    kept.push(url + behind.unwrap_or_default());
                }
            }
        }
        if let (Some(gated), true) = (&gated, kept.is_empty()) {
            change.gate(tag, attribute, gated.clone(), self.config.gated);
            return Some(gated.clone());
        }
        if gated.is_some() || pointed {
            change.set(attribute, &kept.join(", "));
        }
        None
    }

    fn css(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        let text = self.lens.text(value).into_owned();
        let (css, found) = self.gate_css(text.as_bytes());
        let edited = found.iter().any(|(_, judged)| is_edited(judged));
        for (url, judged) in found {
            self.found_here(&judged, url.url.as_bytes());
        }
        if edited {
            change.set(attribute, &String::from_utf8_lossy(&css));
        }
    }

    fn ping(&mut self, tag: &Tag<'_>, attribute: &Attribute, change: &mut Change) {
        let text = self.lens.text(tag.bytes(&attribute.value)).into_owned();
        let (mut kept, mut edited, mut gated) = (Vec::new(), false, None);
        for url in text.split_ascii_whitespace() {
            let judged = self.lens.url(url, Destination::Ping, Shape::Plain);
            if let Some(judged) = &judged {
                self.found_here(judged, url.as_bytes());
            }
            let path = judged.as_ref().and_then(|judged| self.lens.served(judged));
            edited |= judged.as_ref().is_some_and(is_edited);
            match judged.filter(Judged::is_held) {
                Some(judged) => gated = Some(judged),
                None => kept.push(path.map_or(Cow::Borrowed(url), Cow::Owned)),
            }
        }
        match gated {
            Some(judged) if kept.is_empty() => {
                change.gate(tag, attribute, judged, self.config.gated);
            }
            Some(_) | None if edited => change.set(attribute, &kept.join(" ")),
            Some(_) | None => {}
        }
    }

    fn srcdoc(&mut self, value: &[u8], attribute: &Attribute, change: &mut Change) {
        let text = self.lens.text(value).into_owned();
        let mut page = Vec::with_capacity(text.len());
        match self.read_srcdoc(&text, &mut page) {
            Ok(()) if page == text.as_bytes() => {}
            Ok(()) => change.set(attribute, &String::from_utf8_lossy(&page)),
            // What cannot be read in an attribute is left out: the frame is then empty.
            Err(_) => change.set(attribute, ""),
        }
    }

    fn read_srcdoc(&mut self, text: &str, page: &mut Vec<u8>) -> Result<(), Unreadable> {
        let mut lens = self.lens.nested().ok_or(Unreadable::Markup)?;
        lens.set_charset(encoding_rs::UTF_8);
        let inner = Self::new(lens, self.config.clone(), self.nonce.clone(), Kind::Srcdoc);
        let mut inner = Rewriter::of(inner, Syntax::Html);
        let read = inner.parse(text.as_bytes(), page).and_then(|()| inner.parse_end(page));
        self.take_in(&mut inner.document);
        read
    }
}
