//! Turns the configuration into an [`Engine`], and each request head into a [`Plan`].
//!
//! 1. An engine never changes: a reload makes another one, and a request keeps the one that it began with.
//! 2. The site of a request is found by its host: an exact name, else the longest `*.` suffix, else the site
//!    without hosts; a host of no site is refused (RFC 9110 15.5.20).
//! 3. Paths under [`PREFIX`], and under the site's own prefix for vendors, are our own and never reach the origin. The latter
//!    are decided in every mode: pages that were made in another one still use them, and consent is asked each time.
//! 4. `/.well-known/gpc.json` is our own where the operator says so and the site's mode is not `"off"` (Global Privacy Control,
//!    "GPC Support Resource").
//! 5. The script of a vendor's service worker in the site's own folders is ours while the visitor does not allow the vendor.
//! 6. A page's URL is what the browser sees: the scheme on its side, `Host`, path and query.

mod asset;
mod banner;
mod choice;
mod config;
mod fetched;
mod guard;
mod inventory;
mod locator;
mod mirror;
mod origins;
mod own;
mod reported;
mod served;
mod sites;
mod told;
mod treatment;
mod view;
mod wall;

pub use self::banner::{Banner, Enabled};
pub use self::config::{
    Capacity, Collection, Config, NoOrigin, OnOverload, OnUnreadable, Origin, PathMode, Site,
    Timeouts,
};
pub use self::inventory::{Inventory, Snapshot};
pub use self::locator::{Locator, NoPlaces, Places};
pub use self::mirror::Mirrored;
pub use self::origins::{
    Balance, Discovery, Ejection, Health, Http, Key, OriginTls, Origins, Probe, Server,
};
pub use self::own::{ENDING_WORKER, Own};
pub use self::reported::{Reported, Told};
pub use self::served::Served;
use self::sites::Sites;
pub use self::treatment::{Body, Cause, FileEditor, OwnFile, Treatment, is_page};
pub use self::view::View;
use crate::{
    catalog::{self, Aliases, Catalog, Scope},
    choice::Keys,
    collect::{Asked, Call, Forms, Outcome},
    policy::{Mode, Ruling, Verdict, csp},
    vendor::Vendor,
};
use http::{
    HeaderValue, Method, StatusCode,
    header::HOST,
    request,
    uri::{Authority, PathAndQuery},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt::Write as _, net::IpAddr, sync::Arc, time::SystemTime};
use url::Url;

/// The paths that are our own.
pub const PREFIX: &str = "/_consentry/";

/// Where sites say that they respect Global Privacy Control.
const GPC_SUPPORT: &str = "/.well-known/gpc.json";

/// Who sent a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The visitor's address, where it is known.
    pub ip: Option<IpAddr>,
    /// Whether the visitor's side of the connection is TLS.
    pub secure: bool,
}

/// An answer of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Plain text.
    pub text: &'static str,
    /// The methods that are allowed, where that is the answer.
    pub allow: Option<&'static str>,
    /// JSON, where that is the body in the place of a page for people.
    pub json: Option<String>,
    /// A cookie of ours.
    pub set_cookie: Option<HeaderValue>,
    /// Where the browser is sent, where that is the answer.
    pub location: Option<Box<str>>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Plan {
    /// It is answered here.
    Respond(Reply),
    /// It is for something of ours.
    Own(Own),
    /// It is one to a vendor, on the site's own path.
    Collect(Box<Call>),
    /// It goes to the origin, and the response is seen through the view.
    Proxy(Box<View>),
}

/// Why an [`Engine`] cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two sites claim one host.
    #[error("the host `{0}` belongs to two sites; keep it in one of them")]
    TwoSites(String),
    /// Two sites have no hosts.
    #[error("two sites have no hosts; give all but one of them a list of hosts")]
    TwoDefaults,
    /// A host that no request can have.
    #[error(
        "`{0}` is not a host name; write shop.example or *.shop.example, without scheme and port"
    )]
    Host(String),
}

/// The compiled, immutable whole.
#[derive(Debug)]
pub struct Engine {
    catalog: Arc<Catalog>,
    sites: Sites,
    locator: Locator,
    fingerprint: Arc<str>,
    /// The hashes of the scripts that stand in for gated vendors'.
    stubs: Vec<(Arc<Vendor>, String)>,
    forms: Forms,
    collection: Collection,
    capacity: Capacity,
}

impl Engine {
    /// An engine from its configuration.
    ///
    /// # Errors
    /// When hosts are malformed or claimed twice.
    pub fn new(config: Config) -> Result<Self, Error> {
        let Config { catalog, sites, locator, fingerprint } = config;
        let sites = Sites::new(sites, &catalog)?;
        let stubs = stubs(&catalog);
        let (forms, collection) = (Forms::new(&catalog), Collection::default());
        let fingerprint = short_hash(&fingerprint).into();
        let capacity = Capacity::default();
        Ok(Self { catalog, sites, locator, fingerprint, stubs, forms, collection, capacity })
    }

    /// The engine with other than default settings of collection.
    #[must_use]
    pub fn collecting(self, collection: Collection) -> Self {
        Self { collection, ..self }
    }

    /// The settings of collection that are the same for all sites.
    #[must_use]
    pub const fn collection(&self) -> &Collection {
        &self.collection
    }

    /// The engine with room for other than the default number of pages.
    #[must_use]
    pub fn holding(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// How much may be read at a time.
    #[must_use]
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// What becomes of `request`.
    #[must_use]
    pub fn plan(&self, request: &request::Parts, client: Client) -> Plan {
        let (authority, path) = (authority(request), request.uri.path());
        let host = host_of(authority);
        let site = self.sites.find(host);
        let is_vendors = site.is_some_and(|site| site.rules.cover(path));
        let own = path.strip_prefix(PREFIX).filter(|_| !is_vendors);
        let Some(site) = site else {
            let text = "this host is not served here\n";
            return Reply::new(StatusCode::MISDIRECTED_REQUEST, text).into();
        };
        let Some(page) = page_url(request, authority, client) else {
            return Reply::new(StatusCode::BAD_REQUEST, "the host is malformed\n").into();
        };
        if let Some(own) = own {
            if own == reported::REPORT {
                return self.report(site, request, client, &page);
            }
            if let Some(name) = own.strip_prefix("guard/") {
                return self.guard(name, site, request, client);
            }
            if own == mirror::NAME {
                return self.mirrored(site, request, &page);
            }
            if let Some(name) = own.strip_prefix("mirror/") {
                return mirror::file(site, name, request);
            }
            return self.own(own, site, request, client, page);
        }
        if let Some(reply) = gpc_support(&site.config, request) {
            return reply.into();
        }
        let location = self.locator.location(&request.headers, client.ip);
        let visitor = site.visitor(host, &request.headers, location, SystemTime::now());
        if is_vendors {
            let (_, ruling) = site.ruling(&visitor, &self.locator.regions);
            let (catalog, forms) = (&self.catalog, &self.forms);
            let asked = Asked { catalog, forms, request, url: &page, ruling: &ruling };
            let outcome = site.rules.decide(asked);
            if matches!(outcome, Outcome::NotFound) && site.config.rewrite.assets {
                return site.rules.elsewhere(asked, &site.scope).into();
            }
            return outcome.into();
        }
        if let Some(vendor) = self.worker(site, request, &visitor) {
            return Plan::Own(Own::Worker(vendor));
        }
        Plan::Proxy(Box::new(View::new(self, site.clone(), visitor, request, page)))
    }

    /// What becomes of a request that reports violations.
    fn report(
        &self,
        site: &Arc<sites::Compiled>,
        request: &request::Parts,
        client: Client,
        page: &Url,
    ) -> Plan {
        if let Some(reply) = reported::refusal(request, page) {
            return reply.into();
        }
        let host = host_of(authority(request));
        let location = self.locator.location(&request.headers, client.ip);
        let visitor = site.visitor(host, &request.headers, location, SystemTime::now());
        let (_, ruling) = site.ruling(&visitor, &self.locator.regions);
        let reported = Reported::new(site.clone(), self.catalog.clone(), ruling, page);
        Plan::Own(Own::Report(Box::new(reported)))
    }

    /// What becomes of a request for `name` of the guard: the file, or what a visitor allows, for one whose page has another consent manager.
    fn guard(
        &self,
        name: &str,
        site: &sites::Compiled,
        request: &request::Parts,
        client: Client,
    ) -> Plan {
        let Some(guard) = &site.guard else { return Reply::NOT_FOUND.into() };
        if !own::reads(&request.method) {
            let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
            return Reply { allow: Some(own::READS), ..no }.into();
        }
        if let Some(served) = name.strip_prefix(guard::WORDS).and_then(guard::words) {
            let caching = served.caching("");
            return Plan::Own(Own::File { served, caching });
        }
        if name != guard::STATE {
            let name = name.strip_suffix(".js").unwrap_or(name);
            let served = guard.file(name);
            let caching = served.caching(name);
            return Plan::Own(Own::File { served, caching });
        }
        let host = host_of(authority(request));
        let location = self.locator.location(&request.headers, client.ip);
        let visitor = site.visitor(host, &request.headers, location, SystemTime::now());
        let (_, ruling) = site.ruling(&visitor, &self.locator.regions);
        let told = guard.told().of(&ruling).unwrap_or_default();
        let json = format!("{{\"granted\":\"{}\",\"told\":\"{told}\"}}", guard::letters(&ruling));
        let json = Some(json);
        Reply { json, ..Reply::new(StatusCode::OK, "") }.into()
    }

    /// The vendor of a service worker's script in the site's folders that is asked for, where the visitor does not allow it.
    fn worker(
        &self,
        site: &sites::Compiled,
        request: &request::Parts,
        visitor: &sites::Visitor,
    ) -> Option<Arc<Vendor>> {
        // Sent with these scripts only (Service Workers, 6.1).
        let asks = request.headers.get("service-worker").is_some_and(|value| value == "script");
        let asks =
            asks && site.mode(request.uri.path()) == Mode::Enforce && own::reads(&request.method);
        let vendor = self.catalog.worker(request.uri.path()).filter(|_| asks)?;
        let (_, ruling) = site.ruling(visitor, &self.locator.regions);
        let shares = site.withheld(request.uri.path()).is_none();
        (!shares || ruling.decide(vendor).verdict != Verdict::Allow).then(|| vendor.clone())
    }

    /// Tells what choices are signed with. From then on, where our own banner asks, one that allows something counts only with that
    /// signature; an engine that was not told takes each at its word, as for a choice that somebody writes down to see what it does.
    #[must_use]
    pub fn signed_with(self, keys: &Arc<dyn Keys>) -> Self {
        self.sites.all().for_each(|site| site.sign_with(keys.clone()));
        self
    }

    /// Whether what becomes of a request can depend on the address that it comes from.
    #[must_use]
    pub const fn asks_for_address(&self) -> bool {
        self.locator.places.is_some()
    }

    /// Takes over what `old` knows of the vendors of the sites that both have.
    #[must_use]
    pub fn after(self, old: &Self) -> Self {
        for site in self.sites.all() {
            let same = old.sites.all().find(|other| other.own_name() == site.own_name());
            if let Some(same) = same {
                site.inventory.take_over(&same.inventory, &self.catalog);
            }
        }
        self
    }

    /// The vendors of each site, by its first host; the empty text for one that is served under any.
    pub fn inventories(&self) -> impl Iterator<Item = (&str, &Arc<Inventory>)> {
        self.sites.all().map(|site| (site.own_name().unwrap_or_default(), &site.inventory))
    }

    /// The hashes of the stubs that pages may get under `ruling`.
    fn stubs(&self, ruling: &Ruling) -> Vec<String> {
        let held = self.stubs.iter().filter(|(v, _)| !ruling.allows(v, v.purpose));
        held.map(|(_, hash)| hash.clone()).collect()
    }

    /// The site of `host`, which may have a port.
    #[must_use]
    pub fn site(&self, host: &str) -> Option<&Site> {
        self.sites.find(host_of(host)).map(|site| &site.config)
    }

    /// The servers behind `host`, which may have a port.
    #[must_use]
    pub fn origins(&self, host: &str) -> Option<&Origins> {
        self.site(host)?.origin.as_ref()
    }

    /// The servers behind each site that has some.
    pub fn all_origins(&self) -> impl Iterator<Item = &Origins> {
        self.sites.all().filter_map(|site| site.config.origin.as_ref())
    }

    /// The sites' gates, as written and as compiled; filter lists are put into the latter.
    pub fn scopes(&self) -> impl Iterator<Item = (&catalog::Config, &Arc<Scope>)> {
        self.sites.all().map(|site| (&site.config.gate, &site.scope))
    }

    /// Takes the names under the sites' own domains that pages named and of which nothing is known yet. Whoever can resolve names
    /// asks for them now and then, finds out what they are aliases of, and tells it with [`Engine::uncloak`]; without, they stay
    /// the sites' own.
    #[must_use]
    pub fn take_noted(&self) -> BTreeSet<Box<str>> {
        self.sites.all().flat_map(|site| site.scope.take_noted()).collect()
    }

    /// Tells all that is known of what names are aliases of, in the place of what was known before.
    pub fn uncloak(&self, aliases: &Aliases) {
        let cloaks = Arc::new(self.catalog.cloaks(aliases));
        self.sites.all().for_each(|site| site.scope.set_cloaks(cloaks.clone()));
    }

    /// Every vendor.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// A short name of the configuration and catalogue, in lower case hexadecimal digits.
    #[must_use]
    pub const fn fingerprint(&self) -> &Arc<str> {
        &self.fingerprint
    }
}

// === impl Plan ===

impl From<Reply> for Plan {
    fn from(reply: Reply) -> Self {
        Self::Respond(reply)
    }
}

impl From<Outcome> for Plan {
    fn from(outcome: Outcome) -> Self {
        let allowing = |status, allow| Reply { allow: Some(allow), ..Reply::new(status, "") };
        match outcome {
            Outcome::NotFound => Reply::NOT_FOUND.into(),
            Outcome::NotAllowed(allow) => allowing(StatusCode::METHOD_NOT_ALLOWED, allow).into(),
            Outcome::Preflight(allow) => allowing(StatusCode::NO_CONTENT, allow).into(),
            Outcome::Elsewhere(url) => {
                let reply = Reply::new(StatusCode::TEMPORARY_REDIRECT, "not here\n");
                Reply { location: Some(url.as_str().into()), ..reply }.into()
            }
            Outcome::Call(call) => Self::Collect(call),
        }
    }
}

impl Reply {
    const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not found\n");

    pub(crate) const fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text, allow: None, json: None, set_cookie: None, location: None }
    }
}

/// Rule 4.
fn gpc_support(site: &Site, request: &request::Parts) -> Option<Reply> {
    let updated = site.consent.gpc_json.filter(|_| site.mode != Mode::Off)?;
    if request.uri.path() != GPC_SUPPORT {
        return None;
    }
    if ![Method::GET, Method::HEAD].contains(&request.method) {
        let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
        return Some(Reply { allow: Some("GET, HEAD"), ..no });
    }
    let json = format!(r#"{{"gpc":true,"lastUpdate":"{}"}}"#, updated.iso());
    Some(Reply { json: Some(json), ..Reply::new(StatusCode::OK, "answered here\n") })
}

/// The authority that the visitor asked for: of the target, else `Host` (RFC 9112 3.3; RFC 9113 8.3.1).
#[must_use]
pub fn authority(request: &request::Parts) -> &str {
    let host = || request.headers.get(HOST).and_then(|host| host.to_str().ok());
    request.uri.authority().map(Authority::as_str).or_else(host).unwrap_or_default()
}

/// `authority` without user and port.
fn host_of(authority: &str) -> &str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

/// The page's URL; a target that the URL Standard refuses stands for the root.
fn page_url(request: &request::Parts, authority: &str, client: Client) -> Option<Url> {
    let scheme = if client.secure { "https" } else { "http" };
    // HTTP/1.0 has no `Host`; then nothing is of the page's own site.
    let authority = if authority.is_empty() { "localhost" } else { authority };
    let target = request.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let whole = Url::parse(&format!("{scheme}://{authority}{target}"));
    whole.or_else(|_| Url::parse(&format!("{scheme}://{authority}/"))).ok()
}

fn stubs(catalog: &Catalog) -> Vec<(Arc<Vendor>, String)> {
    let stubs = catalog.hashed_surrogates();
    stubs
        .filter_map(|(id, text)| Some((catalog.vendor(id)?.clone(), csp::sha256_source(text))))
        .collect()
}

fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(4).fold(String::new(), |mut hex, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
