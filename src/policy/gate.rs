//! Turns a URL, a snippet or a cookie name of one page into a [`Judged`]: whose it is and what is decided for it.

use super::{Decision, Ruling, Verdict};
use crate::{
    catalog::{Catalog, Destination, Lists, Page, Scope, Shape, Snippet, Target},
    vendor::Vendor,
};
use std::sync::Arc;

/// Whose a thing is, and what was decided for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whose it is.
    pub vendor: Arc<Vendor>,
    /// What is decided.
    pub decision: Decision,
}

impl Judged {
    /// Whether the thing must not reach the browser.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.decision.verdict != Verdict::Allow
    }
}

/// Where in a response a thing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An attribute of an element, as `img src`.
    Attribute {
        /// Lower case name of the element.
        element: String,
        /// Lower case name of the attribute.
        attribute: String,
    },
    /// The text of a script element.
    InlineScript,
    /// The text of a style element.
    Stylesheet,
    /// A response header, by its lower case name.
    Header(&'static str),
    /// A cookie in `Set-Cookie`, by its name.
    Cookie(String),
}

/// A thing found in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose it is and what is decided.
    pub judged: Judged,
    /// Where it was.
    pub place: Place,
    /// The URL, or the start of the snippet; at most 200 characters.
    pub what: String,
    /// Byte offset in the decoded page, 0 for headers.
    pub at: u64,
    /// Line in the decoded page from 1, 0 for headers.
    pub line: u64,
}

/// The decisions for one response: the catalogue under the site's settings, one page and one ruling.
#[derive(Clone)]
pub struct Gate {
    catalog: Arc<Catalog>,
    scope: Arc<Scope>,
    /// Pinned, so that a response is judged by one version of the lists from its head to its end.
    lists: Arc<Lists>,
    ruling: Arc<Ruling>,
    page: Arc<Page>,
}

impl Gate {
    /// The gate of one page.
    #[must_use]
    pub fn new(
        catalog: Arc<Catalog>,
        scope: Arc<Scope>,
        ruling: Arc<Ruling>,
        page: Arc<Page>,
    ) -> Self {
        let lists = scope.lists();
        Self { catalog, scope, lists, ruling, page }
    }

    /// The same gate for another page.
    #[must_use]
    pub fn of(self, page: Arc<Page>) -> Self {
        Self { page, ..self }
    }

    /// The same gate under another ruling.
    #[must_use]
    pub fn under(self, ruling: Arc<Ruling>) -> Self {
        Self { ruling, ..self }
    }

    /// The filter lists by which it judges.
    #[must_use]
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The ruling.
    #[must_use]
    pub fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Judges `url`, resolved against the page's own URL; `None` when it is nobody's that needs a decision.
    #[must_use]
    pub fn url(&self, url: &str, destination: Destination) -> Option<Judged> {
        let url = self.page.url().join(url).ok()?;
        self.target(&Target::new(&url, destination, Shape::Plain)?)
    }

    /// Judges a resolved target.
    #[must_use]
    pub fn target(&self, target: &Target<'_>) -> Option<Judged> {
        let vendor = self.catalog.classify(target, &self.page, &self.scope, &self.lists)?;
        Some(self.judged(vendor))
    }

    /// Whether a URL on the page's own site can be a vendor's: the operator named copies or hosts of its own.
    #[must_use]
    pub fn judges_own_site(&self) -> bool {
        self.scope.has_copies() || self.catalog.has_own_hosts()
    }

    /// Judges what an inline script holds; see [`Catalog::snippets`].
    pub fn snippets<'g>(&'g self, text: &'g [u8]) -> impl Iterator<Item = (Snippet<'g>, Judged)> {
        self.catalog.snippets(text).map(|snippet| self.with_judgement(snippet))
    }

    /// Judges what in a style hides the page; see [`Catalog::hides`].
    pub fn hides<'g>(&'g self, text: &'g [u8]) -> impl Iterator<Item = (Snippet<'g>, Judged)> {
        self.catalog.hides(text).map(|snippet| self.with_judgement(snippet))
    }

    fn with_judgement<'g>(&self, snippet: Snippet<'g>) -> (Snippet<'g>, Judged) {
        let judged = self.judged(snippet.vendor);
        (snippet, judged)
    }

    /// Judges a cookie by its name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<Judged> {
        self.catalog.cookie(name).map(|vendor| self.judged(vendor))
    }

    fn judged(&self, vendor: &Arc<Vendor>) -> Judged {
        Judged { vendor: vendor.clone(), decision: self.ruling.decide(vendor) }
    }
}
