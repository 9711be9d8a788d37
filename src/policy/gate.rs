//! Turns a URL, a snippet or a cookie name of one page into a [`Judged`]: whose it is, what is decided for it and where it goes.
//!
//! 1. What is not allowed goes nowhere, whatever the site serves for it.
//! 2. An allowed vendor's URL goes to the site's own path where the catalogue has an endpoint for it whose vendor is allowed too;
//!    the visitor's way to another page (`meta refresh`) stays as it is.
//! 3. A connection that is opened in advance to a host on which an allowed vendor has an endpoint is needless: it would reach the
//!    vendor for nothing, and its loss costs no more than time where the host is used for something else too.

use super::{Decision, Front, Ruling, Verdict, csp};
use crate::{
    catalog::{
        Catalog, Cloaks, Destination, Lists, Mention, Page, Prefix, Reach, Scope, Shape, Snippet,
        Target,
    },
    purpose::Purpose,
    vendor::Vendor,
};
use std::{collections::BTreeSet, sync::Arc};
use url::Url;

/// Where the browser goes for a thing that is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// To the vendor.
    #[default]
    Direct,
    /// To this path and query of the site itself.
    Served(Box<str>),
    /// Nowhere: what it would be for goes to the site itself.
    Needless,
}

/// Whose a thing is, and what was decided for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whose it is.
    pub vendor: Arc<Vendor>,
    /// What is decided.
    pub decision: Decision,
    /// Where the browser goes, if it is allowed.
    pub route: Route,
}

impl Judged {
    /// Whether the thing must not reach the browser.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.decision.verdict != Verdict::Allow
    }

    /// The path on the site itself that stands for the thing.
    #[must_use]
    pub fn served(&self) -> Option<&str> {
        match &self.route {
            Route::Served(path) if !self.is_held() => Some(path),
            Route::Served(_) | Route::Direct | Route::Needless => None,
        }
    }

    /// Whether the thing goes although it is allowed.
    #[must_use]
    pub fn is_needless(&self) -> bool {
        !self.is_held() && self.route == Route::Needless
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
    front: Option<Front>,
    offered: Arc<BTreeSet<String>>,
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
        let offered = Arc::default();
        Self { catalog, scope, lists, ruling, page, front: None, offered }
    }

    /// The gate of a page whose site serves the catalogue's endpoints under `prefix`.
    #[must_use]
    pub fn serving(mut self, prefix: &Prefix) -> Self {
        self.front = Front::new(self.page.url(), prefix).filter(|_| self.catalog.serves());
        self
    }

    /// The same gate, whose site serves only the vendors with these ids; none stands for all.
    #[must_use]
    pub fn offering(self, offered: Arc<BTreeSet<String>>) -> Self {
        Self { offered, ..self }
    }

    /// Whether the site serves `vendor` itself, for a visitor who allows it.
    #[must_use]
    pub fn offers(&self, vendor: &Vendor) -> bool {
        self.offered.is_empty() || self.offered.contains(&*vendor.id)
    }

    /// Whether the site serves `vendor` to this visitor.
    fn serves(&self, vendor: &Vendor) -> bool {
        self.offers(vendor) && self.allows(vendor)
    }

    /// Where the site serves endpoints, if it does.
    #[must_use]
    pub const fn front(&self) -> Option<&Front> {
        self.front.as_ref()
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

    /// What is known now of the names under the site's own domain. Unlike the lists it is not pinned: what a page's validator
    /// names is never newer than what the page is judged by, so no older page is taken for a newer one.
    #[must_use]
    pub fn cloaks(&self) -> Arc<Cloaks> {
        self.scope.cloaks()
    }

    /// The names under the site's own domain behind which there is a vendor, as far as it is known.
    #[must_use]
    pub fn cloaked_hosts(&self) -> Vec<(String, Arc<Vendor>)> {
        self.catalog.cloaked_hosts(&self.scope)
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

    /// The ruling, for who outlives the gate.
    #[must_use]
    pub const fn shared_ruling(&self) -> &Arc<Ruling> {
        &self.ruling
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The catalogue, for what outlives the gate.
    #[must_use]
    pub fn shared_catalog(&self) -> Arc<Catalog> {
        self.catalog.clone()
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
        let judged = self.judged(vendor);
        let route = self.route(target, &judged);
        Some(Judged { route, ..judged })
    }

    /// The source expression for the site's own paths, where `source` of a policy lets through an allowed vendor that is served there.
    #[must_use]
    pub fn own_source(&self, source: &str) -> Option<String> {
        let front = self.front.as_ref().filter(|_| !source.starts_with('\''))?;
        let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
        let (authority, path) =
            rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let named = self.catalog.vendors_let_through(&host, path).any(|vendor| self.serves(vendor));
        named.then(|| front.base())
    }

    /// Whether a source expression of a policy lets gated vendors through and nobody else.
    #[must_use]
    pub fn only_held(&self, source: csp::HostSource<'_>) -> bool {
        let reach = self.reach(source.host, source.below, source.path);
        reach.is_whole && reach.vendors.iter().all(|vendor| !self.allows(vendor))
    }

    /// Whether a source expression of a policy lets a gated vendor through, perhaps among others.
    #[must_use]
    pub fn holds_within(&self, source: csp::HostSource<'_>) -> bool {
        let reach = self.reach(source.host, source.below, source.path);
        reach.vendors.iter().any(|vendor| !self.allows(vendor))
    }

    /// Whether a gated vendor has a host of its own on the page's site.
    #[must_use]
    pub fn holds_on_own_site(&self) -> bool {
        let site = self.page.site().as_str();
        self.catalog.has_own_hosts() && {
            let source = csp::HostSource { host: site, below: true, path: "" };
            self.holds_within(source)
        }
    }

    /// Whether the site serves, to this visitor, what `vendor` has on `host` (lower case).
    #[must_use]
    pub fn serves_on(&self, vendor: &Vendor, host: &str) -> bool {
        self.front.is_some()
            && self.serves(vendor)
            && self.catalog.served_on(host).any(|served| served.id == vendor.id)
    }

    fn reach(&self, host: &str, below: bool, path: &str) -> Reach<'_> {
        let host = host.to_ascii_lowercase();
        self.catalog.reach(&host, below, path, &self.page, &self.scope)
    }

    /// Whether `vendor` may run.
    #[must_use]
    pub fn allows(&self, vendor: &Vendor) -> bool {
        self.ruling.decide(vendor).verdict == Verdict::Allow
    }

    /// Judges what a script names of a host that is served; `None` when it is nobody's.
    #[must_use]
    pub fn mention(&self, mention: &Mention, text: &[u8]) -> Option<Judged> {
        let front = self.front.as_ref()?;
        let (host, path) = match mention {
            Mention::Literal(literal) => (literal.host.clone(), literal.path.as_str()),
            Mention::Other(range) => {
                let name = String::from_utf8_lossy(text.get(range.clone())?);
                (name.trim_start_matches('.').to_ascii_lowercase(), "/")
            }
        };
        let url = Url::parse(&format!("https://{host}{path}")).ok()?;
        let target = Target::new(&url, Destination::Other, Shape::Mention)?;
        let own = self.page.site().contains(target.host());
        let vendor = self.catalog.classify(&target, &self.page, &self.scope, &self.lists)?;
        let judged = self.judged(vendor);
        let Mention::Literal(literal) = mention else { return Some(judged) };
        let served = || self.catalog.vendors_of(literal).any(|vendor| self.serves(vendor));
        let route = if !own && !judged.is_held() && served() {
            Route::Served(format!("{}{host}{path}", front.prefix().as_str()).into())
        } else {
            Route::Direct
        };
        Some(Judged { route, ..judged })
    }

    fn route(&self, target: &Target<'_>, judged: &Judged) -> Route {
        let own = self.page.site().contains(target.host());
        let Some(front) = self.front.as_ref().filter(|_| !own && !judged.is_held()) else {
            return Route::Direct;
        };
        match target.destination() {
            Destination::Document => Route::Direct,
            Destination::Connect => {
                let needless =
                    self.catalog.served_on(target.host()).any(|vendor| self.serves(vendor));
                if needless { Route::Needless } else { Route::Direct }
            }
            Destination::Script
            | Destination::Image
            | Destination::Style
            | Destination::Font
            | Destination::Iframe
            | Destination::Object
            | Destination::Media
            | Destination::Ping
            | Destination::Other => self.served(front, target).map_or(Route::Direct, Route::Served),
        }
    }

    fn served(&self, front: &Front, target: &Target<'_>) -> Option<Box<str>> {
        let (vendor, _) = self.catalog.endpoint(target.host(), target.path())?;
        let path = front.prefix().path_of(target.url()).filter(|_| self.serves(vendor))?;
        let fragment = target.url().fragment().map(|f| format!("#{f}")).unwrap_or_default();
        Some((path + &fragment).into())
    }

    /// The path on the site itself that stands for `url` in a file that is the same for every visitor: that of a vendor of the
    /// catalogue that needs consent, whatever is decided for this visitor. What asks for the path is decided on then.
    #[must_use]
    pub fn stand_in(&self, url: &Url) -> Option<String> {
        let front = self.front.as_ref()?;
        let target = Target::new(url, Destination::Other, Shape::Mention)?;
        // Filter lists change by themselves; what is kept by everybody must not.
        let vendor = self.catalog.classify(&target, &self.page, &self.scope, &Lists::default())?;
        let entry = self.catalog.vendor(&vendor.id)?;
        let gated =
            entry.purpose != Purpose::Necessary && !self.page.site().contains(target.host());
        front.prefix().path_of(url).filter(|_| gated)
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

    /// The stubs of the gated vendors whose hosts the script lists of `policy` name: a page whose policy knows scripts by their
    /// hashes can only load a vendor that it names.
    pub fn stubs_of<'g>(&'g self, policy: &'g str) -> impl Iterator<Item = &'g str> {
        csp::script_hosts(policy).filter_map(|host| {
            let judged = self.url(&format!("https://{host}/"), Destination::Script)?;
            judged.is_held().then(|| self.catalog.surrogate(&judged.vendor.id)).flatten()
        })
    }

    /// Judges a cookie by its name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<Judged> {
        self.catalog.cookie(name).map(|vendor| self.judged(vendor))
    }

    fn judged(&self, vendor: &Arc<Vendor>) -> Judged {
        let decision = self.ruling.decide(vendor);
        Judged { vendor: vendor.clone(), decision, route: Route::Direct }
    }
}
