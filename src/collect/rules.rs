//! Turns a request to a first-party path into what becomes of it: nobody's, not so, refused, or allowed to be forwarded.
//!
//! The first that holds decides:
//! 1. The path stands for no host and path of a vendor of the catalogue that the site serves: nobody's. What other headers say of
//!    hosts or paths is not read.
//! 2. `OPTIONS`: pages of the site need no preflight (Fetch, 4.8), so it is answered without permission for anybody else.
//! 3. A method that the endpoint does not list.
//! 4. Another site's request: `Sec-Fetch-Site`, else `Origin`, else `Referer` says so. So is a service worker's script,
//!    which would be the vendor's program between the site and its visitors.
//! 5. The site shares nothing, or the page does not: told by `Referer`, which browsers send whole to their own origin, and
//!    without the path to others (Referrer Policy, 3.7). Where some pages share nothing a request that does not name a page of
//!    this very host may be from one of them, so it is refused too.
//! 6. The visitor does not allow the vendor.

use super::{
    Config, Fields, Paths, Refused, Shaper, Share,
    forward::{About, Call, Forward},
};
use crate::{
    catalog::{Catalog, Endpoint, Verb},
    policy::Ruling,
    site::{Site, canonical},
    vendor::Vendor,
};
use http::{
    HeaderMap, HeaderName, Method,
    header::{ORIGIN, REFERER},
    request,
    uri::PathAndQuery,
};
use rustc_hash::FxHashMap;
use std::{collections::BTreeSet, sync::Arc};
use url::Url;

/// The rules of one site, compiled.
#[derive(Debug)]
pub struct Rules {
    pub(super) config: Config,
    pub(super) shaper: Shaper,
    pub(super) sensitive: Paths,
    offered: Arc<BTreeSet<String>>,
}

/// The fields of every endpoint of a catalogue, compiled.
#[derive(Debug)]
pub struct Forms {
    /// By where the endpoint is in memory, which does not change while its catalogue lives.
    by_endpoint: FxHashMap<usize, Arc<Fields>>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// No host and path of the catalogue.
    NotFound,
    /// Another method; those that are allowed.
    NotAllowed(&'static str),
    /// A preflight of a page of the site; the methods that are allowed.
    Preflight(&'static str),
    /// Where the browser is sent.
    Elsewhere(Url),
    /// A request to an endpoint, allowed or not.
    Call(Box<Call>),
}

/// Who asks, and for what, where that is known.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All vendors.
    pub catalog: &'a Arc<Catalog>,
    /// Their fields.
    pub forms: &'a Forms,
    /// The head.
    pub request: &'a request::Parts,
    /// The URL that the browser asked for.
    pub url: &'a Url,
    /// What the visitor allows.
    pub ruling: &'a Ruling,
}

// === impl Forms ===

impl Forms {
    /// The fields of all endpoints of `catalog`.
    #[must_use]
    pub fn new(catalog: &Catalog) -> Self {
        let fields = |endpoint: &Arc<Endpoint>| (place(endpoint), Arc::new(Fields::new(endpoint)));
        Self { by_endpoint: catalog.endpoints().map(|(_, endpoint)| fields(endpoint)).collect() }
    }

    /// The fields of an endpoint of the same catalogue.
    fn of(&self, endpoint: &Arc<Endpoint>) -> Option<&Arc<Fields>> {
        self.by_endpoint.get(&place(endpoint))
    }
}

fn place(endpoint: &Arc<Endpoint>) -> usize {
    Arc::as_ptr(endpoint).addr()
}

// === impl Rules ===

impl Rules {
    /// The rules that `config` describes.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let sensitive = Paths::new(&config.sensitive);
        let offered = Arc::new(config.vendors.clone());
        Self { shaper: Shaper::new(config), sensitive, offered, config: config.clone() }
    }

    /// The ids of the vendors that are served; none stands for all.
    #[must_use]
    pub const fn offered(&self) -> &Arc<BTreeSet<String>> {
        &self.offered
    }

    /// What is served at `url`: whose it is, and how the catalogue knows it.
    pub(super) fn served<'c>(
        &self,
        catalog: &'c Catalog,
        url: &Url,
    ) -> Option<(&'c Arc<Vendor>, &'c Arc<Endpoint>)> {
        let (vendor, endpoint) = catalog.endpoint(url.host_str()?, url.path())?;
        let offered = self.offered.is_empty() || self.offered.contains(&*vendor.id);
        offered.then_some((vendor, endpoint))
    }

    /// Whether a request's path is one of those that stand for vendors.
    #[must_use]
    pub fn cover(&self, path: &str) -> bool {
        self.config.prefix.covers(path)
    }

    /// Whether nothing is shared on the page with this path.
    #[must_use]
    pub fn withhold(&self, path: &str) -> Option<Refused> {
        let share = match self.config.share {
            Share::None => Some(Refused::Share),
            Share::Consent => None,
        };
        share.or_else(|| self.sensitive.cover(path).then_some(Refused::Sensitive))
    }

    /// Whether nothing is shared on any page.
    #[must_use]
    pub fn share_nothing(&self) -> bool {
        self.config.share == Share::None
    }

    /// The path of a page of the site, as it may be told: without a query, and redacted.
    #[must_use]
    pub fn page_path(&self, page: &Url) -> String {
        self.shaper.page(page.path(), None)
    }

    /// What becomes of a request whose path these rules cover.
    #[must_use]
    pub fn decide(self: &Arc<Self>, asked: Asked<'_>) -> Outcome {
        let Asked { catalog, forms, request, url: own, ruling } = asked;
        let target = request.uri.path_and_query().map_or("", PathAndQuery::as_str);
        let found = self.config.prefix.url_of(target).filter(|_| self.config.enabled);
        let Some(url) = found else { return Outcome::NotFound };
        let Some((vendor, endpoint)) = self.served(catalog, &url) else { return Outcome::NotFound };
        let Some(fields) = forms.of(endpoint) else { return Outcome::NotFound };
        let site = own_site(own);
        let foreign = is_foreign(&request.headers, &site);
        let allow = allowed(&endpoint.methods);
        match &request.method {
            method if *method == Method::OPTIONS && !foreign => return Outcome::Preflight(allow),
            method if *method != Method::OPTIONS && !takes(&endpoint.methods, method) => {
                return Outcome::NotAllowed(allow);
            }
            _ => {}
        }
        let about = About::new(own, &url, vendor, endpoint, ruling);
        let withheld = if foreign { Some(Refused::CrossSite) } else { None };
        let withheld = withheld.or_else(|| self.unshared(&request.headers, own));
        let step = match (withheld, ruling.permit(vendor)) {
            (Some(why), _) => Err(why),
            (None, None) => Err(Refused::Consent),
            (None, Some(permit)) => Ok(Box::new(Forward::new(
                permit,
                self.clone(),
                vendor.clone(),
                fields.clone(),
                catalog.clone(),
                (endpoint.kind, url, own.clone()),
                request,
            ))),
        };
        Outcome::Call(Box::new(Call { about, step }))
    }

    /// Why nothing is shared with the page that asks.
    pub(super) fn unshared(&self, headers: &HeaderMap, own: &Url) -> Option<Refused> {
        if self.config.share == Share::None {
            return Some(Refused::Share);
        }
        if self.sensitive.is_empty() {
            return None;
        }
        let mut pages = headers.get_all(REFERER).iter().peekable();
        if pages.peek().is_none() {
            return Some(Refused::Unplaced);
        }
        pages.find_map(|page| match page.to_str().ok().and_then(|page| Url::parse(page).ok()) {
            Some(page) if page.host() == own.host() => self.withhold(page.path()),
            Some(_) | None => Some(Refused::Unplaced),
        })
    }
}

/// Whether the methods that an endpoint lists hold `method`.
fn takes(methods: &[Verb], method: &Method) -> bool {
    let read = *method == Method::GET || *method == Method::HEAD;
    methods.iter().any(|verb| match verb {
        Verb::Get => read,
        Verb::Post => *method == Method::POST,
    })
}

fn allowed(methods: &[Verb]) -> &'static str {
    match (methods.contains(&Verb::Get), methods.contains(&Verb::Post)) {
        (true, true) => "GET, HEAD, POST, OPTIONS",
        (true, false) => "GET, HEAD, OPTIONS",
        (false, true) => "POST, OPTIONS",
        (false, false) => "OPTIONS",
    }
}

/// Whether another site asks, or a worker that would stand before this one.
pub(super) fn is_foreign(headers: &HeaderMap, own: &Site) -> bool {
    let told = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("null"));
    let mut sites = told(FETCH_SITE).peekable();
    let mut origins = told(ORIGIN).peekable();
    let is_ours = |page: &str| Url::parse(page).is_ok_and(|page: Url| is_of(&page, own));
    let placed = sites.peek().is_some() || origins.peek().is_some();
    headers.contains_key(SERVICE_WORKER)
        || sites.any(|site| !matches!(site, "same-origin" | "same-site" | "none"))
        || origins.any(|origin| !is_ours(origin))
        || !placed && told(REFERER).any(|page| !is_ours(page))
}

fn is_of(page: &Url, own: &Site) -> bool {
    page.host_str().is_some_and(|host| own.contains(&canonical(host)))
}

pub(super) fn own_site(own: &Url) -> Site {
    Site::of_host(own.host_str().unwrap_or_default())
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Sent with the script of a worker only (Service Workers, "Service-Worker").
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");
