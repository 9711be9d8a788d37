//! Turns the response to one request into header edits and a body's [`Treatment`].
//!
//! 1. With `mode = "off"` nothing is touched; with `"report"` the page is read, and nothing but the operator's header
//!    is added.
//! 2. Where the ruling grants every purpose the body passes in its own bytes and coding, unless the site serves vendors on its
//!    own paths: then it is read, to point there. One that cannot be read passes even so, for nothing in it is gated.
//! 3. A page leaves in the coding that is cheapest among those that the client accepts; where unreadable pages pass,
//!    in the origin's own, so that the rest can still pass when a body turns out to be unreadable.
//! 4. Validators name the filter lists of the moment when the request came: newer ones may judge the response, and
//!    then its validator is merely of no more use.
//! 5. A 304 is a page's when a page was asked for, or when it was asked for by a page's validator of ours.

use super::{
    Client, Engine, OnUnreadable, Site,
    sites::Compiled,
    treatment::{Body, Treatment, charset, is_page, is_sniffed, readable, syntax},
};
use crate::{
    catalog::{Catalog, Page},
    coding::{self, Coding},
    headers::{self, Edit, Facts, State},
    policy::{
        Finding, Gate, Mode, Ruling,
        csp::{self, Inline},
    },
    purpose::Purpose,
    rewrite::{self, Rewriter},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY_REPORT_ONLY, CONTENT_TYPE, IF_NONE_MATCH,
    },
    request, response,
};
use std::sync::Arc;
use url::Url;

/// The request headers on which a page depends.
const SIGNALS: &[&str] = &["Cookie", "Sec-GPC", "Accept-Encoding"];

/// How the response to one request is seen: site, ruling and page.
#[derive(Debug)]
pub struct View {
    catalog: Arc<Catalog>,
    fingerprint: Arc<str>,
    site: Arc<Compiled>,
    ruling: Arc<Ruling>,
    class: String,
    page: Arc<Page>,
    stubs: Vec<String>,
    accepts: Option<String>,
    method: Method,
    request: Vec<Edit>,
    is_document: bool,
}

impl View {
    pub(super) fn new(
        engine: &Engine,
        site: Arc<Compiled>,
        ruling: Ruling,
        request: &request::Parts,
        url: Url,
    ) -> Self {
        let class = ruling.class();
        let fingerprint = fingerprint(&engine.fingerprint, site.scope.lists().stamp());
        let state = State { class: &class, fingerprint: &fingerprint };
        let edits = headers::request(request, &state);
        let ours =
            edits.iter().any(|edit| matches!(edit, Edit::Append(name, _) if name == IF_NONE_MATCH));
        let stubs = engine.stubs.iter().filter(|(purpose, _)| !ruling.grants(*purpose));
        Self {
            stubs: stubs.map(|(_, hash)| hash.clone()).collect(),
            request: edits,
            is_document: ours || headers::is_document(request),
            catalog: engine.catalog.clone(),
            fingerprint,
            site,
            ruling: Arc::new(ruling),
            class,
            page: Arc::new(Page::new(url)),
            accepts: joined(&request.headers),
            method: request.method.clone(),
        }
    }

    /// Tells what became known of the visitor after the plan was made.
    pub fn identify(&mut self, client: Client) {
        let mut url = self.page.url().clone();
        if client.secure && url.set_scheme("https").is_ok() {
            self.page = Arc::new(Page::new(url));
        }
    }

    /// Edits to the request for the origin.
    #[must_use]
    pub fn request(&self) -> Vec<Edit> {
        if self.mode() != Mode::Enforce {
            return Vec::new();
        }
        let mut edits = self.request.clone();
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
        let gate = self.gate();
        let unchanged = response.status == StatusCode::NOT_MODIFIED && self.is_document;
        let bypass = matches!(treatment, Treatment::Bypass);
        if matches!(treatment, Treatment::Other) && !unchanged {
            let (edits, findings) = headers::subresource(&response.headers, &gate, SIGNALS);
            return (self.made(edits), findings);
        }
        let state = State { class: &self.class, fingerprint: &self.fingerprint };
        let hashes = if bypass { Vec::new() } else { self.hashes(&response.headers, &gate) };
        let facts = Facts {
            rewritten: true,
            depends_on_consent: true,
            state,
            signals: SIGNALS,
            hashes: &hashes,
        };
        let (mut edits, findings) = headers::page(&response.headers, &gate, &facts);
        if bypass {
            edits.retain(|edit| *edit != Edit::Remove(CONTENT_LENGTH));
        } else {
            edits.extend(transcoded(response));
        }
        edits = self.made(edits);
        if self.site.config.announce {
            edits.push(Edit::Set(headers::OPERATOR, headers::operator(self.mode(), &self.class)));
        }
        (edits, findings)
    }

    /// Edits to the head of an informational response (RFC 8297), and the findings in it.
    #[must_use]
    pub fn hints(&self, response: &response::Parts) -> (Vec<Edit>, Vec<Finding>) {
        let (edits, findings) = headers::early_hints(&response.headers, &self.gate());
        (self.made(edits), findings)
    }

    /// What becomes of the response's body.
    #[must_use]
    pub fn body(&self, response: &response::Parts) -> Treatment {
        let page = is_page(response);
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

    /// The decisions for this page.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let Self { catalog, site, ruling, page, .. } = self;
        let gate = Gate::new(catalog.clone(), site.scope.clone(), ruling.clone(), page.clone());
        let collect = &site.config.collect;
        if collect.enabled { gate.serving(&collect.prefix) } else { gate }
    }

    /// The site's settings.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site.config
    }

    /// What the gate does.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.site.config.mode
    }

    /// What becomes of the page when it cannot be read.
    #[must_use]
    pub fn on_unreadable(&self) -> OnUnreadable {
        if self.grants_everything() { OnUnreadable::Pass } else { self.site.config.on_unreadable }
    }

    /// The request's method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// What the visitor's consent grants.
    #[must_use]
    pub fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    /// The hashes of the scripts that a page may get, where it has a policy.
    fn hashes(&self, headers: &HeaderMap, gate: &Gate) -> Vec<String> {
        let policies = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
        if !policies.iter().any(|name| headers.contains_key(name)) {
            return Vec::new();
        }
        let own = rewrite::insertions(gate);
        let own = own.iter().map(|text| csp::sha256_source(text));
        self.stubs.iter().cloned().chain(own).collect()
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
        Body { coding, leaves, limits: config.limits, rewriter }
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
        self.grants_everything() && self.gate().front().is_none()
    }

    fn grants_everything(&self) -> bool {
        Purpose::OPTIONAL.into_iter().all(|purpose| self.ruling.grants(purpose))
    }
}

/// What a page depends on beside consent: the engine's `own` fingerprint, with the filter lists' `stamp`.
fn fingerprint(own: &Arc<str>, stamp: &str) -> Arc<str> {
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
        catalog::Lists,
        engine::{Config, Plan},
    };
    use http::header::ETAG;

    fn engine() -> Engine {
        let catalog = Arc::new(Catalog::new(&[], &[]).unwrap());
        let fingerprint = "tests".to_owned();
        Engine::new(Config { catalog, sites: Vec::new(), fingerprint }).unwrap()
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
}
