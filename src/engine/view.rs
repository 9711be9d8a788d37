//! Turns the response to one request into header edits and a body's [`Treatment`].
//!
//! 1. With `mode = "off"` nothing is touched; with `"report"` the page is read, and nothing but the operator's header
//!    is added.
//! 2. Where the ruling grants every purpose the body passes in its own bytes and coding, unless the site serves vendors on its
//!    own paths: then it is read, to point there. One that cannot be read passes even so, for nothing in it is gated.
//! 3. A page leaves in the coding that is cheapest among those that the client accepts; where unreadable pages pass,
//!    in the origin's own, so that the rest can still pass when a body turns out to be unreadable.
//! 4. The filter lists of the moment when the request came judge the whole response, and its validator names them.
//! 5. Scripts and style sheets of the site itself are rewritten where the operator says so, in the same way for every visitor:
//!    their validators name the configuration alone, and caches may share them.
//! 6. A 304 is a page's when a page was asked for, or when it was asked for by a page's validator of ours.

use super::{
    Client, Engine, Inventory, OnOverload, OnUnreadable, Site, asset,
    banner::{Last, Visit},
    fetched::FetchedAs,
    guard::Guard,
    mirror::Mirror,
    short_hash,
    sites::{Compiled, Visitor},
    treatment::{
        Body, FileEditor, OwnFile, Treatment, charset, is_page, is_sniffed, readable, syntax,
    },
    wall::Ours,
};
use crate::{
    catalog::Page,
    coding::{self, Coding},
    collect::ScriptRewriter,
    consent::Consent,
    headers::{self, Edit, Facts, OwnPolicy, State},
    policy::{
        Finding, Front, Gate, Judged, Location, Mode, Regime, Ruling,
        csp::{self, Fit, Inline, OwnNeeds, Wall},
    },
    rewrite::{self, Additions, Ending, Rewriter, StyleRewriter},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY_REPORT_ONLY, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED, X_DNS_PREFETCH_CONTROL,
    },
    request, response,
};
use std::{fmt, sync::Arc, time::SystemTime};
use url::Url;

/// The request headers on which a page depends.
const SIGNALS: &[&str] = &["Cookie", "Sec-GPC", "DNT", "Accept-Encoding"];
/// The same where pages get something of ours, and pieces of pages do not.
const SIGNALS_WITH_ADDITIONS: &[&str] =
    &["Cookie", "Sec-GPC", "DNT", "Accept-Encoding", "Sec-Fetch-Dest", "Sec-Fetch-Mode"];
/// The same of a page with a banner, which has a language.
const SIGNALS_WITH_BANNER: &[&str] = &[
    "Cookie",
    "Sec-GPC",
    "DNT",
    "Accept-Encoding",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Accept-Language",
];

/// The class of files that are the same for every visitor, in their validators; no consent class has its name.
const EVERYBODY: &str = "own";

/// How the response to one request is seen: site, ruling and page.
pub struct View {
    gate: Gate,
    fingerprint: Arc<str>,
    site: Arc<Compiled>,
    visitor: Visitor,
    regime: Regime,
    /// Whether the page gets no vendor that needs consent, whatever the law.
    withheld: bool,
    class: String,
    stubs: Vec<String>,
    accepts: Option<String>,
    method: Method,
    request: Vec<Edit>,
    ended: Vec<String>,
    is_document: bool,
    /// Whether a script or a style sheet of the site's is asked for, which is rewritten.
    is_file: bool,
    /// Whether the script of a worker is asked for.
    is_worker: bool,
    /// The engine's own fingerprint.
    edition: Arc<str>,
    mode: Mode,
    /// What the response is to become.
    fetched: FetchedAs,
    /// What of the banner's is known before the page is read, if it gets one.
    visit: Option<Visit>,
}

impl View {
    pub(super) fn new(
        engine: &Engine,
        site: Arc<Compiled>,
        visitor: Visitor,
        request: &request::Parts,
        url: Url,
    ) -> Self {
        let withheld = site.withheld(request.uri.path());
        let (regime, mut ruling) = site.ruling(&visitor, &engine.locator.regions);
        if let Some(reason) = withheld {
            ruling = Ruling::nothing(reason);
        }
        let class = ruling.class();
        let stubs = engine.stubs(&ruling);
        let (catalog, scope) = (engine.catalog.clone(), site.scope.clone());
        let gate = Gate::new(catalog, scope, Arc::new(ruling), Arc::new(Page::new(url)));
        let collect = &site.config.collect;
        let gate = gate.offering(site.rules.offered().clone());
        let gate = if collect.enabled { gate.serving(&collect.prefix) } else { gate };
        let back =
            gate.page().url()[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let host = gate.page().url().host_str().unwrap_or_default();
        let held = site.held(host, &request.headers, SystemTime::now());
        let (headers, consent) = (&request.headers, &visitor.consent);
        let visit = Visit::new(&site, consent, headers, held, back, withheld.is_some());
        let fetched = FetchedAs::of(headers);
        let stamp = stamp(&site, visit.as_ref(), regime, fetched);
        let fingerprint = fingerprint(engine, &gate, stamp.as_deref());
        let state = State { class: &class, fingerprint: &fingerprint };
        let mode = site.mode(request.uri.path());
        let is_file = site.config.rewrite.assets
            && mode == Mode::Enforce
            && gate.front().is_some()
            && asset::is_asked_for(request);
        let edition = engine.fingerprint.clone();
        let edits = if is_file {
            headers::file_request(request, &of_everybody(&edition))
        } else {
            headers::request(request, &state)
        };
        let ours =
            edits.iter().any(|edit| matches!(edit, Edit::Append(name, _) if name == IF_NONE_MATCH));
        let mut view = Self {
            gate,
            stubs,
            request: edits,
            ended: Vec::new(),
            is_document: !is_file && (ours || headers::is_document(request)),
            is_file,
            is_worker: asset::is_worker(request),
            edition,
            fingerprint,
            mode,
            site,
            visitor,
            regime,
            withheld: withheld.is_some(),
            class,
            accepts: joined(&request.headers),
            method: request.method.clone(),
            fetched,
            visit,
        };
        view.hold_cookies(&request.headers);
        view
    }

    /// Keeps held vendors' cookies from the origin, and notes those of refused vendors.
    fn hold_cookies(&mut self, headers: &HeaderMap) {
        let refused = |judged: &Judged| self.ruling().refuses(judged.vendor.purpose);
        let ended = headers::ended(headers, &self.gate, refused);
        self.request.extend(headers::cookies(headers, &self.gate));
        self.ended = ended;
    }

    /// Looks at the response as with `mode = "enforce"`, whatever the site's mode is.
    pub const fn enforce(&mut self) {
        self.mode = Mode::Enforce;
    }

    /// Tells what became known of the visitor after the plan was made. Where the address shows that another law holds,
    /// the response is seen under that; the request has gone by the stricter one.
    pub fn identify(&mut self, engine: &Engine, client: Client) {
        if self.visitor.location == Location::Unknown && !self.withheld {
            self.visitor.location = engine.locator.location(&HeaderMap::new(), client.ip);
            let (regime, ruling) = self.site.ruling(&self.visitor, &engine.locator.regions);
            self.regime = regime;
            self.class = ruling.class();
            self.stubs = engine.stubs(&ruling);
            self.gate = self.gate.clone().under(Arc::new(ruling));
            let stamp = stamp(&self.site, self.visit.as_ref(), self.regime, self.fetched);
            self.fingerprint = fingerprint(engine, &self.gate, stamp.as_deref());
        }
        let mut url = self.page().url().clone();
        if client.secure && url.set_scheme("https").is_ok() {
            let gate = self.gate.clone().of(Arc::new(Page::new(url)));
            let collect = &self.site.config.collect;
            // The site's own paths for vendors are on the page's scheme too.
            self.gate = if collect.enabled { gate.serving(&collect.prefix) } else { gate };
        }
    }

    /// Edits to the request for the origin.
    #[must_use]
    pub fn request(&self) -> Vec<Edit> {
        if self.mode() != Mode::Enforce {
            return Vec::new();
        }
        let mut edits = self.request.clone();
        // A stored response would keep the policy of the choice before (RFC 9111, 3.2).
        if self.is_worker && self.narrows() {
            edits.extend([IF_NONE_MATCH, IF_MODIFIED_SINCE].map(Edit::Remove));
        }
        if !self.passes() {
            edits.push(Edit::Set(ACCEPT_ENCODING, self.readable()));
        }
        edits
    }

    /// Edits to the response's head, but for its framing and content coding, and the findings in it.
    #[must_use]
    pub fn head(
        &self,
        response: &response::Parts,
        treatment: &Treatment,
    ) -> (Vec<Edit>, Vec<Finding>) {
        let gate = &self.gate;
        let unchanged = response.status == StatusCode::NOT_MODIFIED && self.is_document;
        let bypass = matches!(treatment, Treatment::Bypass);
        let of_file = self.is_file && response.status == StatusCode::NOT_MODIFIED;
        if matches!(treatment, Treatment::File(_)) || of_file {
            let state = of_everybody(&self.edition);
            let (mut edits, findings) = headers::file(&response.headers, gate, SIGNALS, &state);
            edits.extend(self.of_worker(response));
            return (self.made(edits), findings);
        }
        if matches!(treatment, Treatment::Other | Treatment::Passing(_)) && !unchanged {
            let (mut edits, findings) = headers::subresource(&response.headers, gate, SIGNALS);
            edits.extend(self.of_worker(response));
            return (self.made(edits), findings);
        }
        let state = State { class: &self.class, fingerprint: &self.fingerprint };
        let own = if bypass { OwnNeeds::default() } else { self.needs(&response.headers) };
        let ours = self.ours(response);
        let ours = ours.as_ref().and_then(|ours| {
            let text = ours.built.policy.as_deref()?;
            Some(OwnPolicy { text, holds: ours.wall == Wall::Enforce })
        });
        let facts = Facts {
            rewritten: true,
            depends_on_consent: true,
            state,
            signals: self.signals(),
            own: &own,
            narrow: self.narrows(),
            ours,
        };
        let (mut edits, findings) = headers::page(&response.headers, gate, &facts);
        if bypass {
            edits.retain(|edit| *edit != Edit::Remove(CONTENT_LENGTH));
        } else {
            edits.extend(transcoded(response));
        }
        edits.extend(self.endings());
        edits = self.made(edits);
        if self.site.config.announce {
            edits.push(Edit::Set(headers::OPERATOR, headers::operator(self.mode(), &self.class)));
        }
        (edits, findings)
    }

    /// Edits to the head of a page that leaves as it came, unread: the browser may contact the site alone, and keeps nothing of it.
    #[must_use]
    pub fn head_of_unread(&self, response: &response::Parts) -> (Vec<Edit>, Vec<Finding>) {
        let (mut edits, findings) = headers::subresource(&response.headers, &self.gate, SIGNALS);
        edits.extend([ETAG, LAST_MODIFIED, ACCEPT_RANGES].map(Edit::Remove));
        edits.push(Edit::Set(CACHE_CONTROL, HeaderValue::from_static("private, no-store")));
        edits.push(Edit::Set(X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")));
        let policy = HeaderValue::try_from(Ours::of_unread(&self.site.needs, &self.gate));
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'self'"));
        edits.push(Edit::Append(CONTENT_SECURITY_POLICY, policy));
        if self.site.config.announce {
            let value = format!("enforce; consent={}; unread", self.class);
            edits
                .extend(HeaderValue::try_from(value).ok().map(|v| Edit::Set(headers::OPERATOR, v)));
        }
        (edits, findings)
    }

    /// The policy of a worker's script, where the site's pages get one.
    fn of_worker(&self, response: &response::Parts) -> Vec<Edit> {
        let ours = if self.is_worker { self.ours(response) } else { None };
        let text = ours.as_ref().and_then(|ours| ours.built.policy.as_deref().zip(Some(ours.wall)));
        text.map_or_else(Vec::new, |(text, wall)| {
            let ours = OwnPolicy { text, holds: wall == Wall::Enforce };
            headers::worker(&response.headers, SIGNALS, &ours)
        })
    }

    /// The lines that end the cookies of refused vendors.
    fn endings(&self) -> Vec<Edit> {
        let url = self.page().url();
        let host = url.host_str().unwrap_or_default();
        headers::endings(&self.ended, host, url.scheme() == "https")
    }

    /// Edits to the head of an informational response (RFC 8297), and the findings in it.
    #[must_use]
    pub fn hints(&self, response: &response::Parts) -> (Vec<Edit>, Vec<Finding>) {
        let (edits, findings) = headers::early_hints(&response.headers, &self.gate);
        (self.made(edits), findings)
    }

    /// What becomes of the response's body.
    #[must_use]
    pub fn body(&self, response: &response::Parts) -> Treatment {
        let page = is_page(response);
        if let Some(kind) = self.file(response) {
            return match readable(response) {
                Ok(coding) => Treatment::File(Box::new(self.read_file(kind, coding))),
                Err(cause) => Treatment::Passing(cause),
            };
        }
        if self.mode() == Mode::Off || !page && !is_sniffed(response) {
            return Treatment::Other;
        }
        if self.passes() {
            return Treatment::Bypass;
        }
        match (readable(response), page) {
            (Ok(coding), true) => {
                Treatment::Rewrite(Box::new(self.read(response, coding, self.leaves(coding))))
            }
            (Ok(coding), false) => {
                Treatment::Perhaps(Box::new(self.read(response, coding, coding)))
            }
            (Err(cause), true) => Treatment::Unreadable(cause),
            (Err(_), false) => Treatment::Other,
        }
    }

    /// What of the site's files the response is, where these are rewritten.
    fn file(&self, response: &response::Parts) -> Option<asset::Kind> {
        let bodyless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        let rewrites = self.site.config.rewrite.assets
            && self.mode() == Mode::Enforce
            && self.gate.front().is_some()
            && !response.status.is_informational()
            && !bodyless.contains(&response.status);
        asset::kind(response).filter(|_| rewrites)
    }

    fn read_file(&self, kind: asset::Kind, coding: Coding) -> OwnFile {
        let (gate, limits) = (self.gate(), self.site.config.limits);
        let editor = match kind {
            asset::Kind::Style => FileEditor::Style(StyleRewriter::new(gate)),
            asset::Kind::Script => {
                let base = gate.front().map(Front::base).unwrap_or_default();
                let script = ScriptRewriter::new(gate.shared_catalog(), &base);
                let script = script.offering(self.site.rules.offered().clone());
                FileEditor::Script(script.of_the_site(gate))
            }
        };
        OwnFile { coding, limits, editor }
    }

    /// The decisions for this page.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// The site's settings.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site.config
    }

    /// What the gate does.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What becomes of the page when it cannot be read.
    #[must_use]
    pub fn on_unreadable(&self) -> OnUnreadable {
        if self.grants_everything() { OnUnreadable::Pass } else { self.site.config.on_unreadable }
    }

    /// What becomes of the page when there is no room to read it. A policy cannot tell copies of vendors' scripts that the site
    /// serves itself from its own scripts, so that such a site's pages do not leave unread.
    #[must_use]
    pub fn on_overload(&self) -> OnOverload {
        let has_copies = !self.site.config.gate.first_party.is_empty();
        if has_copies { OnOverload::Shed } else { self.site.config.on_overload }
    }

    /// The request's method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.gate.page()
    }

    /// The law that holds for the visitor.
    #[must_use]
    pub const fn regime(&self) -> Regime {
        self.regime
    }

    /// What the request says of the visitor's choice.
    #[must_use]
    pub const fn consent(&self) -> &Consent {
        &self.visitor.consent
    }

    /// What the visitor's consent grants.
    #[must_use]
    pub fn ruling(&self) -> &Ruling {
        self.gate.ruling()
    }

    /// What our scripts in the page need of its policies.
    fn needs(&self, headers: &HeaderMap) -> OwnNeeds {
        let additions = self.additions();
        let mut inline = self.hashes(headers, &self.gate);
        if additions.end.is_some() && headers::needs_integrity(headers) {
            inline.push(csp::sha256_source(rewrite::LOADER));
        }
        OwnNeeds { inline, ..additions.needs(&self.page().url().origin().ascii_serialization()) }
    }

    /// The policy of our own for a page, and whether it holds.
    fn ours(&self, response: &response::Parts) -> Option<Ours> {
        let not_modified = response.status == StatusCode::NOT_MODIFIED;
        let Compiled { config, needs, .. } = &*self.site;
        Ours::new(config, needs, &self.gate, &response.headers, not_modified)
    }

    /// How the hosts that a page needs found room in its policy; `None` where it gets none.
    #[must_use]
    pub fn fit(&self, response: &response::Parts) -> Option<Fit> {
        self.ours(response).filter(|_| self.mode() == Mode::Enforce).map(|ours| ours.fit())
    }

    /// The hashes of the scripts that a page may get, where it has a policy.
    fn hashes(&self, headers: &HeaderMap, gate: &Gate) -> Vec<String> {
        let policies = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
        let lines = policies.iter().flat_map(|name| headers.get_all(name));
        let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        if lines.is_empty() {
            return Vec::new();
        }
        let named = lines.iter().flat_map(|policy| gate.stubs_of(policy)).map(csp::sha256_source);
        let own = rewrite::insertions(gate);
        let own = own.iter().map(|text| csp::sha256_source(text));
        let mut all: Vec<_> = self.stubs.iter().cloned().chain(own).chain(named).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Of `edits` those that the mode lets be made.
    fn made(&self, edits: Vec<Edit>) -> Vec<Edit> {
        match self.mode() {
            Mode::Enforce => edits,
            Mode::Report | Mode::Off => Vec::new(),
        }
    }

    fn read(&self, response: &response::Parts, coding: Coding, leaves: Coding) -> Body {
        let config = &self.site.config;
        let nonce = match headers::inline_script(&response.headers) {
            Inline::Nonce(nonce) => Some(nonce),
            Inline::Free | Inline::Hashes => None,
        };
        let (syntax, charset) = (syntax(response), charset(response));
        let rewriter = Rewriter::new(
            self.gate(),
            &config.rewrite,
            syntax,
            charset.as_deref(),
            nonce.as_deref(),
        );
        let additions = self.additions();
        let own = additions.needs(&self.page().url().origin().ascii_serialization());
        let by_hash = !additions.is_empty() && headers::needs_integrity(&response.headers);
        let narrow = self.narrows();
        let rewriter = rewriter.adding(additions).under(own, by_hash, narrow);
        let watch = self.visit().and_then(|visit| visit.managers().watch());
        Body { coding, leaves, limits: config.limits, rewriter, watch }
    }

    fn leaves(&self, coding: Coding) -> Coding {
        match (self.mode(), self.on_unreadable()) {
            (Mode::Report | Mode::Off, _) => Coding::Identity,
            (Mode::Enforce, OnUnreadable::Block) => {
                coding::cheapest(self.accepts.as_deref(), coding)
            }
            (Mode::Enforce, OnUnreadable::Pass) => coding,
        }
    }

    fn readable(&self) -> HeaderValue {
        let accepts = coding::readable(self.accepts.as_deref());
        let accepts = accepts.and_then(|accepts| accepts.try_into().ok());
        accepts.unwrap_or(HeaderValue::from_static("identity"))
    }

    /// Whether pages go out as they came.
    fn passes(&self) -> bool {
        let additions = self.visit().is_some() || self.guard().is_some() || self.mirror().is_some();
        self.grants_everything() && self.gate.front().is_none() && !additions
    }

    /// Whether pages' own policies lose what serves gated vendors alone.
    fn narrows(&self) -> bool {
        self.mode() == Mode::Enforce && self.site.config.csp.wall != Wall::Off
    }

    /// The visit whose page gets a banner; none where pages are not edited.
    fn visit(&self) -> Option<&Visit> {
        match self.mode() {
            Mode::Enforce => self.visit.as_ref().filter(|_| self.fetched.is_page()),
            Mode::Report | Mode::Off => None,
        }
    }

    /// What pages get of our own.
    fn additions(&self) -> Additions {
        let last = self.visit().map(|visit| Last {
            site: self.site.clone(),
            visit: visit.clone(),
            regime: self.regime,
            ruling: self.gate.shared_ruling().clone(),
        });
        let end = last.map(|last| Arc::new(last) as Arc<dyn Ending>);
        let guard = self.guard().map(|guard| guard.scripts(&self.gate, self.withheld));
        let mirror = self.mirror().map(Mirror::script);
        let head = guard.into_iter().flatten().chain(mirror).collect();
        Additions { head, end, is_page: self.is_document }
    }

    /// The request headers on which a page of the site depends.
    fn signals(&self) -> &'static [&'static str] {
        match (&self.visit, adds(&self.site, None)) {
            (Some(_), _) => SIGNALS_WITH_BANNER,
            (None, true) => SIGNALS_WITH_ADDITIONS,
            (None, false) => SIGNALS,
        }
    }

    /// What holds the decision in the page; none where pages are not edited.
    fn guard(&self) -> Option<&Guard> {
        match self.mode() {
            Mode::Enforce => self.site.guard.as_ref().filter(|_| self.fetched.is_page()),
            Mode::Report | Mode::Off => None,
        }
    }

    /// What reads choices in the browser, where the page takes it; none where pages are not edited.
    fn mirror(&self) -> Option<&Mirror> {
        match self.mode() {
            Mode::Enforce => self.site.mirror.as_ref().filter(|_| self.fetched.asks()),
            Mode::Report | Mode::Off => None,
        }
    }

    /// The vendors of the site.
    #[must_use]
    pub fn inventory(&self) -> &Arc<Inventory> {
        &self.site.inventory
    }

    fn grants_everything(&self) -> bool {
        self.ruling().allows_everything()
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, mode, .. } = self;
        let page = self.page().url().as_str();
        f.debug_struct("View")
            .field("page", &page)
            .field("class", class)
            .field("mode", mode)
            .finish_non_exhaustive()
    }
}

/// The one state of a file that is the same for every visitor.
fn of_everybody(edition: &str) -> State<'_> {
    State { class: EVERYBODY, fingerprint: edition }
}

/// Whether pages of `site` get something of ours, on this visit.
const fn adds(site: &Compiled, visit: Option<&Visit>) -> bool {
    visit.is_some() || site.guard.is_some() || site.mirror.is_some()
}

/// What tells what is added to one page from what is added to another, where that is not said elsewhere.
fn stamp(
    site: &Compiled,
    visit: Option<&Visit>,
    regime: Regime,
    fetched: FetchedAs,
) -> Option<String> {
    let banner = visit.map(|visit| visit.stamp(site, regime));
    match fetched {
        FetchedAs::Piece => adds(site, visit).then(|| "piece".to_owned()),
        FetchedAs::Framed if site.mirror.is_some() => {
            Some(format!("{}framed", banner.unwrap_or_default()))
        }
        FetchedAs::Framed | FetchedAs::Page => banner,
    }
}

/// What a page depends on beside the consent class: the engine's own fingerprint, with the stamps of filter lists, of names that are
/// aliases, of TC strings and of what is added.
fn fingerprint(engine: &Engine, gate: &Gate, added: Option<&str>) -> Arc<str> {
    let added = added.map(short_hash).unwrap_or_default();
    let cloaks = gate.cloaks();
    let stamps = [gate.lists().stamp(), &gate.ruling().stamp(), cloaks.stamp(), &added];
    let (own, stamp) = (&engine.fingerprint, stamps.concat());
    if stamp.is_empty() { own.clone() } else { format!("{own}{stamp}").into() }
}

/// The charset in which a page leaves, where that is another than its header says.
fn transcoded(response: &response::Parts) -> Option<Edit> {
    let outgoing = rewrite::outgoing(&charset(response)?)?;
    let value = String::from_utf8_lossy(response.headers.get(CONTENT_TYPE)?.as_bytes());
    let media_type = value.split(';').next()?.trim();
    let value = HeaderValue::try_from(format!("{media_type}; charset={outgoing}")).ok()?;
    Some(Edit::Set(CONTENT_TYPE, value))
}

/// The client's `Accept-Encoding`, its lines joined (RFC 9110 5.3).
fn joined(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<_> =
        headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::{Catalog, Destination, Lists},
        engine::{Config, Locator, Plan},
        purpose::Purpose,
    };
    use http::header::ETAG;

    fn engine() -> Engine {
        let catalog = Arc::new(Catalog::new(&[], &[]).unwrap());
        let fingerprint = "tests".to_owned();
        Engine::new(Config { catalog, sites: Vec::new(), locator: Locator::default(), fingerprint })
            .unwrap()
    }

    fn put(engine: &Engine, list: &str) {
        let lists = [(Purpose::Analytics, list.to_owned())];
        engine.scopes().for_each(|(_, scope)| scope.set_lists(Arc::new(Lists::new(&lists, 1))));
    }

    fn view(engine: &Engine, tag: &str) -> Box<View> {
        let request = http::Request::get("http://shop.example/").header("accept", "text/html");
        let request = request.header(IF_NONE_MATCH, tag).body(()).unwrap().into_parts().0;
        let Plan::Proxy(view) = engine.plan(&request, Client::default()) else { panic!("no plan") };
        view
    }

    /// The validator of a page that the origin calls `"x"`.
    fn tag(view: &View) -> String {
        let response = http::Response::builder().header(CONTENT_TYPE, "text/html");
        let response = response.header(ETAG, "\"x\"").body(()).unwrap().into_parts().0;
        let (edits, _) = view.head(&response, &view.body(&response));
        let tag = edits.iter().find_map(|edit| match edit {
            Edit::Set(name, value) if name == ETAG => Some(value.to_str().unwrap().to_owned()),
            Edit::Set(..) | Edit::Append(..) | Edit::Remove(_) => None,
        });
        tag.unwrap()
    }

    fn is_asked_with_the_origins(view: &View) -> bool {
        let edits = view.request();
        edits.contains(&Edit::Append(IF_NONE_MATCH, HeaderValue::from_static("\"x\"")))
    }

    #[test]
    fn a_page_under_older_lists_is_not_revived() {
        let engine = engine();
        let unlisted = tag(&view(&engine, "*"));
        put(&engine, "||a.test^");
        let first = tag(&view(&engine, "*"));
        assert_ne!(unlisted, first);
        assert!(!is_asked_with_the_origins(&view(&engine, &unlisted)));
        let before = view(&engine, &first);
        assert!(is_asked_with_the_origins(&before));
        put(&engine, "||b.test^");
        assert!(!is_asked_with_the_origins(&view(&engine, &first)));
        // A 304 to the earlier request must not bless the page as one of the newer lists.
        assert_eq!(tag(&before), first);
        put(&engine, "||a.test^");
        assert!(is_asked_with_the_origins(&view(&engine, &first)));
    }

    #[test]
    fn the_law_follows_the_address() {
        let bytes = crate::engine::locator::tests::database([203, 0, 113, 7], "US", "CA");
        let regions = [("US".parse().unwrap(), Regime::OptOut)].into_iter().collect();
        let places = Some(crate::engine::Places::new(bytes).unwrap());
        let policy = crate::policy::Policy { allow_implied: true, ..Default::default() };
        let engine = Engine::new(Config {
            catalog: Arc::new(Catalog::new(&[], &[]).unwrap()),
            sites: vec![Site { policy, regime: Regime::None, ..Site::default() }],
            locator: Locator { header: None, places, regions },
            fingerprint: String::new(),
        })
        .unwrap();
        for (ip, regime, class) in [
            (Some([203, 0, 113, 7].into()), Regime::OptOut, "fam"),
            (Some([203, 0, 113, 8].into()), Regime::OptIn, "none"),
            (None, Regime::OptIn, "none"),
        ] {
            let client = Client { ip, secure: false };
            let mut view = view(&engine, "x");
            assert_eq!((view.regime(), &*view.class), (Regime::OptIn, "none"));
            view.identify(&engine, client);
            assert_eq!((view.regime(), &*view.class), (regime, class), "{ip:?}");
        }
    }

    #[test]
    fn one_version_of_the_lists_judges_a_response() {
        let engine = engine();
        put(&engine, "||a.test^");
        let view = view(&engine, "*");
        put(&engine, "||b.test^");
        let link = "<https://a.test/x>; rel=preconnect, <https://b.test/x>; rel=preconnect";
        let response = http::Response::builder().header(CONTENT_TYPE, "text/html");
        let response = response.header(http::header::LINK, link).body(()).unwrap().into_parts().0;
        let Treatment::Rewrite(mut body) = view.body(&response) else { panic!("no page") };
        let (_, in_head) = view.head(&response, &Treatment::Bypass);
        put(&engine, "||c.test^");
        let mut out = Vec::new();
        body.rewriter.feed(b"<img src=//a.test/x><img src=//b.test/x>", &mut out).unwrap();
        body.rewriter.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "<img src=//b.test/x>");
        assert_eq!(in_head.len(), 1, "{in_head:?}");
        assert!(view.gate().url("https://a.test/x", Destination::Image).is_some());
    }
}
