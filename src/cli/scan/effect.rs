//! Turns a finding into what enforcement does with it.
//!
//! 1. What the engine does with a tag is seen by giving it that tag alone, in the same view of the same page.
//! 2. A finding in a script that is no more than a host's name is a host that was neutralised; any other was the whole script.

use crate::{
    policy::{Finding, Gate, Place},
    purpose::Purpose,
    rewrite::{Config, Gated, Rewriter, Syntax},
};
use std::fmt;

/// The longest tag that is looked at; bytes.
const TAG: usize = 16 << 10;

/// What decides on a page.
pub(super) struct Engine<'e> {
    pub(super) gate: Gate,
    pub(super) config: &'e Config,
}

/// What enforcement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The element goes.
    Removed,
    /// The element goes, and a stub for its functions stands in its place.
    Stubbed,
    /// The element stays, unloadable.
    Inert,
    /// One attribute, or a part of it, goes.
    AttributeRemoved,
    /// A host's name in a script is replaced by one that does not exist.
    HostNeutralised,
    /// A URL in a style is replaced by one that loads nothing.
    UrlRemoved,
    /// A response header, or a part of it, goes.
    HeaderRemoved,
    /// A cookie is not set.
    CookieRemoved,
    /// It stays: its purpose is necessary.
    KeptNecessary,
    /// It stays: where a form goes is the visitor's doing.
    KeptForm,
    /// It stays: it is granted.
    Kept,
    /// It stays: the site's own consent manager has made it inert.
    HeldBack,
}

impl Effect {
    /// What becomes of a finding in a head.
    pub(super) fn of_header(finding: &Finding) -> Self {
        match &finding.place {
            _ if !finding.judged.is_held() => Self::kept(finding),
            Place::Cookie(_) => Self::CookieRemoved,
            Place::Header(_)
            | Place::Attribute { .. }
            | Place::InlineScript
            | Place::Stylesheet => Self::HeaderRemoved,
        }
    }

    /// What becomes of a finding in `page`.
    pub(super) fn of(finding: &Finding, page: &[u8], engine: &Engine<'_>) -> Self {
        if !finding.judged.is_held() {
            return Self::kept(finding);
        }
        match &finding.place {
            Place::InlineScript if is_host(&finding.what) => Self::HostNeutralised,
            Place::InlineScript if engine.config.gated == Gated::Inert => Self::Inert,
            Place::InlineScript => Self::removed(finding, engine),
            // What hides the page for a script that will not come is no URL, and the whole style.
            Place::Stylesheet if finding.what.contains('{') => Self::Removed,
            Place::Stylesheet => Self::UrlRemoved,
            Place::Attribute { element, .. } => Self::of_tag(finding, element, page, engine),
            Place::Header(_) | Place::Cookie(_) => Self::of_header(finding),
        }
    }

    fn of_tag(finding: &Finding, element: &str, page: &[u8], engine: &Engine<'_>) -> Self {
        let Some(tag) = tag(page, finding.at) else { return Self::AttributeRemoved };
        let left = engine.alone(tag);
        let has = |text: &[u8]| memchr::memmem::find(&left, text).is_some();
        let opening = format!("<{element}");
        let start = left.get(..opening.len()).unwrap_or_default();
        if has(b" data-consentry") {
            return Self::Inert;
        }
        if engine.stub(finding).is_some_and(|stub| has(stub.as_bytes())) {
            return Self::Stubbed;
        }
        let stays = start.eq_ignore_ascii_case(opening.as_bytes());
        if stays { Self::AttributeRemoved } else { Self::Removed }
    }

    fn removed(finding: &Finding, engine: &Engine<'_>) -> Self {
        if engine.stub(finding).is_some() { Self::Stubbed } else { Self::Removed }
    }

    fn kept(finding: &Finding) -> Self {
        match &finding.place {
            _ if finding.judged.vendor.purpose == Purpose::Necessary => Self::KeptNecessary,
            Place::Attribute { attribute, .. } if attribute.ends_with("action") => Self::KeptForm,
            Place::Attribute { .. }
            | Place::InlineScript
            | Place::Stylesheet
            | Place::Header(_)
            | Place::Cookie(_) => Self::Kept,
        }
    }

    /// Whether it stays.
    pub(super) const fn keeps(self) -> bool {
        matches!(self, Self::KeptNecessary | Self::KeptForm | Self::Kept | Self::HeldBack)
    }

    /// The effect in words; others script against them.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Stubbed => "replaced by stub",
            Self::Inert => "made inert",
            Self::AttributeRemoved => "attribute removed",
            Self::HostNeutralised => "host neutralised",
            Self::UrlRemoved => "URL removed",
            Self::HeaderRemoved => "header removed",
            Self::CookieRemoved => "cookie removed",
            Self::KeptNecessary => "kept: necessary",
            Self::KeptForm => "kept: the visitor's doing",
            Self::Kept => "kept: granted",
            Self::HeldBack => "already held back by the site's own consent manager",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Engine<'_> {
    /// What in `page` another consent tool has made inert, and would be held otherwise.
    pub(super) fn held_back(&self, page: &[u8], found: &[Finding]) -> Vec<Finding> {
        let config = Config { through_tools: true, ..self.config.clone() };
        let mut rewriter = Rewriter::new(self.gate.clone(), &config, Syntax::Html, None, None);
        // What was read before the page became unreadable is listed.
        let _ =
            rewriter.feed(page, &mut Vec::new()).and_then(|()| rewriter.finish(&mut Vec::new()));
        let mut findings = rewriter.take_findings();
        let is_known = |new: &Finding| found.iter().any(|old| old.at == new.at);
        findings.retain(|new| new.judged.is_held() && !is_known(new));
        findings
    }

    /// The stub that stands in for the vendor of `finding`.
    fn stub(&self, finding: &Finding) -> Option<&str> {
        let stub = self.gate.catalog().surrogate(&finding.judged.vendor.id);
        stub.filter(|_| self.config.surrogates)
    }

    /// What is left of a tag that stands alone.
    fn alone(&self, tag: &[u8]) -> Vec<u8> {
        let mut rewriter =
            Rewriter::new(self.gate.clone(), self.config, Syntax::Html, Some("utf-8"), None);
        let mut left = Vec::new();
        // What cannot be read shows nothing, and counts as taken out.
        let _ = rewriter.feed(tag, &mut left).and_then(|()| rewriter.finish(&mut left));
        left
    }
}

/// The tag around the attribute that begins at `at`.
fn tag(page: &[u8], at: u64) -> Option<&[u8]> {
    let at = usize::try_from(at).ok()?;
    let start = page.get(..at)?.iter().rposition(|b| *b == b'<')?;
    let rest = page.get(start..)?;
    let rest = rest.get(..TAG).unwrap_or(rest);
    let mut quote = None;
    let end = rest.iter().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None | Some(_), _) => {}
        }
        quote.is_none() && *byte == b'>'
    })?;
    rest.get(..=end)
}

fn is_host(what: &str) -> bool {
    what.contains('.')
        && what.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}
