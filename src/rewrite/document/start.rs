//! Turns a start tag into the tag that leaves, and into the state in which what follows is read.
//!
//! 1. A tag that nothing can be wrong with is passed without being copied.
//! 2. A script whose type says that it is data, or that it was made inert already, is left alone with all its attributes,
//!    unless it has declarations or an `attributionsrc`, which have nothing to do with its type.
//!    One that a consent tool runs later is pointed to what the site itself serves, as far as that is allowed.
//! 3. A `<base href>` counts for everything behind it; a policy in a `meta` lends its nonce to our stubs, or gets their hashes.
//! 4. An element that is taken out leaves nothing behind, unless what follows would be read in another way without it.
//! 5. In SVG and XML the content of an element is markup: there a gated element with content stays, empty of what loads.

use super::{Ambiguity, Content, Document, Held, Kind, State};
use crate::{
    policy::{Judged, csp},
    rewrite::{
        change::Change,
        element::Element,
        engine::TokenKind,
        script::{self, ScriptKind},
        tag::Tag,
    },
    vendor::Vendor,
};
use std::{ops::Range, sync::Arc};

/// Stands for an element that was taken out where the element itself ended SVG (HTML Standard, 13.2.6.5):
/// without either, what follows would be read in another way than it was decided on.
const PLACEHOLDER: &[u8] = b"<span></span>";

/// What is to be done with an element.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) change: Change,
    /// What the element is there for is gated.
    pub(super) source: bool,
    /// The element is taken out.
    pub(super) gone: bool,
    /// It is taken out because nothing needs it, and not because it is gated.
    pub(super) needless: bool,
    /// A URL of it points to the site itself now.
    pub(super) pointed: bool,
    /// For whom a script was gated.
    pub(super) stubs: Vec<Judged>,
    /// Whose its URLs are, where they are allowed.
    pub(super) allowed: Vec<Arc<Vendor>>,
}

impl Document {
    /// Decides on a start tag.
    pub(super) fn start(&mut self, range: &Range<u64>, kind: TokenKind, out: &mut Vec<u8>) {
        // The tag is copied only when it has something to decide on.
        let raw = self.slice(range.clone());
        let element = self.element(Tag::new(raw).name());
        let is_plain = matches!(element, Element::Other | Element::Anchor | Element::Table);
        let passes = is_plain && !self.xml && !may_count(raw) && !self.may_be_ambiguous(raw);
        if passes {
            out.extend_from_slice(raw);
            self.cursor = range.end;
            return;
        }
        let mut raw = raw.to_vec();
        let mut written = None;
        if element == Element::Meta {
            (raw, written) = self.with_policy(raw);
        }
        let tag = Tag::new(&raw);
        self.cursor = range.end;
        if element == Element::Meta {
            self.meta(&tag, written, out.len());
        } else if let (Element::Base, Some(href)) = (element, tag.value("href")) {
            self.lens.set_base(href);
        }
        let script = self.script_kind(element, &tag);
        let is_markup = kind == TokenKind::StartForeign || self.xml;
        let acts = ["style", "attributionsrc"].iter().any(|name| tag.value(name).is_some());
        if script == Some(ScriptKind::Data) && !acts {
            self.inert(&tag, is_markup, range, out);
            return;
        }
        let outcome = self.attributes(element, &tag, range.start);
        if outcome.gone && kind == TokenKind::StartBreakout {
            out.extend_from_slice(PLACEHOLDER);
        }
        self.finish_start(element, script, &tag, is_markup, outcome, range, out);
    }

    /// Decides on what only a preload scanner takes for a start tag. It stays where it is, so that the scanner
    /// reads on as it did.
    pub(super) fn scanned(&mut self, range: &Range<u64>, out: &mut Vec<u8>) {
        let raw = self.slice(range.clone()).to_vec();
        let tag = Tag::new(&raw);
        let element = self.element(tag.name());
        let outcome = self.attributes(element, &tag, range.start);
        outcome.change.write(&tag, out);
        self.cursor = range.end;
    }

    fn may_be_ambiguous(&self, raw: &[u8]) -> bool {
        let name = Tag::new(raw).name();
        let begins = name.eq_ignore_ascii_case(b"select") || name.eq_ignore_ascii_case(b"frameset");
        begins || (self.ambiguity != Ambiguity::None && is_text_to_some(name))
    }

    fn element(&self, name: &[u8]) -> Element {
        Element::of(self.local_name(name))
    }

    /// A name without its namespace prefix, which in XML is as the author likes.
    pub(super) fn local_name<'n>(&self, name: &'n [u8]) -> &'n [u8] {
        let colon = name.iter().rposition(|b| *b == b':').filter(|_| self.xml);
        colon.map_or(name, |colon| name.get(colon + 1..).unwrap_or_default())
    }

    /// Whether something in a tag is gated.
    pub(super) fn is_gated_tag(&mut self, raw: &[u8]) -> bool {
        let tag = Tag::new(raw);
        let element = self.element(tag.name());
        let outcome = self.attributes(element, &tag, self.cursor);
        outcome.gone || !outcome.change.is_empty()
    }

    pub(super) fn script_kind(&self, element: Element, tag: &Tag<'_>) -> Option<ScriptKind> {
        (element == Element::Script).then(|| {
            let text = |name| tag.value(name).map(|v| self.lens.text(v).into_owned());
            let kind = script::kind(text("type").as_deref(), text("language").as_deref());
            let held = kind == ScriptKind::Data && is_held(text("type"));
            if held && self.config.through_tools { ScriptKind::Code } else { kind }
        })
    }

    /// A `meta` whose policy is as [`Declared::changed`](super::policy::Declared::changed) says, and the policy as written.
    fn with_policy(&mut self, raw: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let tag = Tag::new(&raw);
        let (true, Some(content)) = (self.declares(&tag), tag.attribute("content")) else {
            return (raw, None);
        };
        let policy = self.lens.text(tag.bytes(&content.value));
        let changed =
            self.declared.changed(policy.to_string(), &self.lens.gate, self.nonce.as_deref());
        if changed == policy {
            return (raw, None);
        }
        let (written, policy) = (policy.into_owned(), changed);
        let (mut change, mut changed) = (Change::default(), Vec::new());
        change.set(&content, &policy);
        change.write(&tag, &mut changed);
        (changed, Some(written))
    }

    /// Whether a `meta` declares a policy that holds.
    fn declares(&self, tag: &Tag<'_>) -> bool {
        let value = tag.value("http-equiv").map(|value| self.lens.text(value));
        let is_one =
            value.is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case("content-security-policy"));
        is_one && self.kind != Kind::Noscript
    }

    /// Reads a policy that the page itself declares, and that was `written` in another way; the tag will be at `at` in the output.
    pub(super) fn meta(&mut self, tag: &Tag<'_>, written: Option<String>, at: usize) {
        let content = || tag.value("content").map(|value| self.lens.text(value));
        let Some(policy) = self.declares(tag).then(content).flatten() else { return };
        let policy = policy.into_owned();
        match csp::inline_script(&[&policy]) {
            csp::Inline::Free => {}
            csp::Inline::Nonce(nonce) if self.nonce.is_none() => self.nonce = Some(nonce.into()),
            csp::Inline::Nonce(nonce) if self.nonce.as_deref() == Some(&*nonce) => {}
            csp::Inline::Nonce(_) | csp::Inline::Hashes => {
                let inserts = self.config.surrogates || self.lens.gate.front().is_some();
                if let (true, Some(content)) = (inserts, tag.attribute("content")) {
                    let names = written.unwrap_or_else(|| policy.clone());
                    let tag = at..at + tag.raw().len();
                    self.declared.wait(tag, content, policy, names);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one tag in all its aspects")]
    fn finish_start(
        &mut self,
        element: Element,
        script: Option<ScriptKind>,
        tag: &Tag<'_>,
        is_markup: bool,
        outcome: Outcome,
        range: &Range<u64>,
        out: &mut Vec<u8>,
    ) {
        let Outcome { mut change, source, gone, needless: _, pointed: _, stubs, allowed } = outcome;
        if element == Element::Script {
            self.stub(&stubs, is_markup, out);
            if !source && script != Some(ScriptKind::Data) {
                self.set_up(&allowed, false, is_markup, out);
            }
        }
        let stays = gone && stays(element, is_markup, tag);
        if gone && !stays {
            if matches!(element, Element::Script | Element::Iframe) && !is_markup {
                self.state = State::Dropping;
            }
            return;
        }
        if element == Element::Script && source {
            make_script_inert(&mut change, tag);
        }
        let edited = (!change.is_empty()).then(|| {
            let mut edited = Vec::with_capacity(tag.raw().len() + 100);
            change.write(tag, &mut edited);
            edited
        });
        if let Some(what) = held_content(element, script, tag, self.sources(is_markup)) {
            // What is held starts at its tag; the text begins behind it.
            self.cursor = range.start;
            let (tag, waits) = (range.clone(), false);
            self.state = State::Holding(Held { what, tag, edited, waits, is_markup });
            return;
        }
        out.extend_from_slice(edited.as_deref().unwrap_or(tag.raw()));
        let name = tag.name();
        let is_ambiguous = self.ambiguity != Ambiguity::None && is_text_to_some(name);
        if !is_markup && (is_page_to_some(element, name) || is_ambiguous) {
            self.state = State::Nested(None);
        }
        if !is_markup && name.eq_ignore_ascii_case(b"frameset") {
            self.ambiguity = Ambiguity::Frameset;
        } else if !is_markup
            && self.ambiguity == Ambiguity::None
            && name.eq_ignore_ascii_case(b"select")
        {
            self.ambiguity = Ambiguity::Select;
        }
    }

    /// Attributes for which the content of a script is not run. In XML a script is HTML's or SVG's.
    const fn sources(&self, is_markup: bool) -> &'static [&'static str] {
        match (self.xml, is_markup) {
            (true, _) => &["src", "href", "xlink:href"],
            (false, true) => &["href", "xlink:href"],
            (false, false) => &["src"],
        }
    }
}

/// Whether this is the type that consent tools give to what they hold.
fn is_held(type_: Option<String>) -> bool {
    type_.is_some_and(|type_| type_.trim().eq_ignore_ascii_case("text/plain"))
}

/// Whether a gated element stays without what loads: what it holds would be left behind, or its end tag.
fn stays(element: Element, is_markup: bool, tag: &Tag<'_>) -> bool {
    is_markup && element != Element::StyleInstruction && !tag.is_self_closing()
}

/// What of an element is decided at its end.
fn held_content(
    element: Element,
    script: Option<ScriptKind>,
    tag: &Tag<'_>,
    sources: &[&str],
) -> Option<Content> {
    let has_source = || sources.iter().any(|name| tag.value(name).is_some());
    match (element, script) {
        (Element::Script, Some(ScriptKind::Code | ScriptKind::Delayed)) if !has_source() => {
            Some(Content::Code)
        }
        (Element::Script, Some(ScriptKind::Loads)) => Some(Content::Loads),
        (Element::Style, _) => Some(Content::Style),
        _ => None,
    }
}

fn is_page_to_some(element: Element, name: &[u8]) -> bool {
    matches!(element, Element::Noscript | Element::Iframe)
        || name.eq_ignore_ascii_case(b"noembed")
        || name.eq_ignore_ascii_case(b"noframes")
}

/// Elements whose content is text, but not to browsers that ignore them where they are.
fn is_text_to_some(name: &[u8]) -> bool {
    let names = [&b"script"[..], b"style", b"title", b"textarea", b"xmp", b"plaintext"];
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
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

/// A cheap look at a tag of no particular element, a link or a table: has it an attribute or a content that can count at all?
fn may_count(raw: &[u8]) -> bool {
    let tag = Tag::new(raw);
    is_page_to_some(Element::Other, tag.name())
        || tag.attributes().any(|attribute| {
            let value = || raw.get(attribute.value.clone()).unwrap_or_default();
            match raw.get(attribute.name.clone()).unwrap_or_default() {
                [b'h' | b'H', b'r' | b'R', b'e' | b'E', b'f' | b'F'] => may_be_code(value()),
                [b'x' | b'X', ..] => may_be_code(value()),
                // `style`, `on…`, `data-…`, `ping`, `attributionsrc`, `background`, and of SVG `mask`, `marker-…`, `cursor`,
                // `clip-path`, `fill`, `filter`.
                [b's' | b'S', b't' | b'T', ..]
                | [b'a' | b'A', b't' | b'T', ..]
                | [b'o' | b'O', b'n' | b'N', ..]
                | [b'd' | b'D', _, _, _, b'-', ..]
                | [b'p' | b'P', b'i' | b'I', ..]
                | [b'b' | b'B', b'a' | b'A', ..]
                | [b'm' | b'M', b'a' | b'A', ..]
                | [b'c' | b'C', b'u' | b'U', ..]
                | [b'c' | b'C', b'l' | b'L', b'i' | b'I', ..]
                | [b'f' | b'F', b'i' | b'I', ..] => true,
                _ => false,
            }
        })
}

/// Whether a link can be `javascript:` or `data:`, however it is written.
fn may_be_code(value: &[u8]) -> bool {
    !matches!(value.first(), Some(b'#' | b'/' | b'?' | b'.' | b'h' | b'H' | b'm' | b'w'))
        && !value.is_empty()
}
