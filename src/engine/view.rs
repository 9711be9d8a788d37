//! Turns the response to one request into header edits and a body's [`Treatment`].
//!
//! 1. With `mode = "off"` nothing is touched; with `"report"` the page is read, and nothing is touched.
//! 2. Where the ruling grants every purpose the body passes in its own bytes and coding.
//! 3. A page leaves in the coding that is cheapest among those that the client accepts; where unreadable pages pass,
//!    in the origin's own, so that the rest can still pass when a body turns out to be unreadable.

use super::{
    Client, Engine, OnUnreadable,
    sites::Compiled,
    treatment::{Body, Treatment, is_page, readable},
};
use crate::{
    catalog::{Catalog, Page},
    coding::{self, Coding},
    headers::Edit,
    policy::{Gate, Mode, Ruling},
    purpose::Purpose,
    rewrite::Rewriter,
};
use http::{HeaderMap, HeaderValue, Method, header::ACCEPT_ENCODING, request, response};
use std::sync::Arc;
use url::Url;

/// How the response to one request is seen: site, ruling and page.
#[derive(Debug)]
pub struct View {
    catalog: Arc<Catalog>,
    fingerprint: Arc<str>,
    site: Arc<Compiled>,
    ruling: Arc<Ruling>,
    page: Arc<Page>,
    accepts: Option<String>,
    method: Method,
}

impl View {
    pub(super) fn new(
        engine: &Engine,
        site: Arc<Compiled>,
        ruling: Ruling,
        request: &request::Parts,
        url: Url,
    ) -> Self {
        Self {
            catalog: engine.catalog.clone(),
            fingerprint: engine.fingerprint.clone(),
            site,
            ruling: Arc::new(ruling),
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
        if self.mode() != Mode::Enforce || self.grants_everything() {
            return Vec::new();
        }
        let accepts = coding::readable(self.accepts.as_deref());
        let accepts = accepts.and_then(|accepts| accepts.try_into().ok());
        let identity = HeaderValue::from_static("identity");
        vec![Edit::Set(ACCEPT_ENCODING, accepts.unwrap_or(identity))]
    }

    /// Edits to the response's head, but for its framing and content coding.
    #[must_use]
    pub fn head(&self, _response: &response::Parts, _treatment: &Treatment) -> Vec<Edit> {
        Vec::new()
    }

    /// Edits to the head of an informational response (RFC 8297).
    #[must_use]
    pub fn hints(&self, _response: &response::Parts) -> Vec<Edit> {
        Vec::new()
    }

    /// What becomes of the response's body.
    #[must_use]
    pub fn body(&self, response: &response::Parts) -> Treatment {
        if self.mode() == Mode::Off || !is_page(response) {
            return Treatment::Other;
        }
        if self.grants_everything() {
            return Treatment::Bypass;
        }
        let coding = match readable(response) {
            Ok(coding) => coding,
            Err(cause) => return Treatment::Unreadable(cause),
        };
        let leaves = match (self.mode(), self.on_unreadable()) {
            (Mode::Report | Mode::Off, _) => Coding::Identity,
            (Mode::Enforce, OnUnreadable::Block) => {
                coding::cheapest(self.accepts.as_deref(), coding)
            }
            (Mode::Enforce, OnUnreadable::Pass) => coding,
        };
        let config = &self.site.config;
        let rewriter = Rewriter::new(self.gate(), &config.rewrite, None);
        Treatment::Rewrite(Box::new(Body { coding, leaves, limits: config.limits, rewriter }))
    }

    /// The decisions for this page.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let Self { catalog, site, ruling, page, .. } = self;
        Gate::new(catalog.clone(), site.config.scope.clone(), ruling.clone(), page.clone())
    }

    /// What the gate does.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.site.config.mode
    }

    /// What becomes of a page that cannot be read.
    #[must_use]
    pub fn on_unreadable(&self) -> OnUnreadable {
        self.site.config.on_unreadable
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

    fn grants_everything(&self) -> bool {
        Purpose::OPTIONAL.into_iter().all(|purpose| self.ruling.grants(purpose))
    }
}

/// The client's `Accept-Encoding`, its lines joined (RFC 9110 5.3).
fn joined(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<_> =
        headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}
