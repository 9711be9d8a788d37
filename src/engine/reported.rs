//! Turns a request to the place where policies' violations are reported into whether it is taken, and each violation into whose it is.
//!
//! 1. Only `POST` is taken, and only from the site's own pages: what says that it comes from another origin is refused, and a report
//!    about a page of another host counts for nothing.
//! 2. What was contacted is judged as it is in the page; what is nobody's is a finding.
//! 3. The visitor's choice is that of the moment when the report comes.
//! 4. A contact with the page's own host is none: no policy of ours stops it.

use super::{Reply, sites::Compiled};
use crate::{
    catalog::{Catalog, Destination, Page},
    policy::{Gate, Ruling},
    report::{Contact, Violation, Whose},
    site::{Site, canonical},
    vendor::Vendor,
};
use http::{HeaderName, Method, StatusCode, header::ORIGIN, request};
use std::{fmt, sync::Arc};
use url::Url;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The path behind [`super::PREFIX`].
pub(super) const REPORT: &str = "report";

/// Where the violations of one request are judged.
pub struct Reported {
    site: Arc<Compiled>,
    catalog: Arc<Catalog>,
    ruling: Arc<Ruling>,
    host: String,
}

/// Whose a violation is.
#[derive(Clone, Debug)]
pub struct Told {
    /// What is counted.
    pub contact: Contact,
    /// Whose it is, where it is somebody's.
    pub vendor: Option<Arc<Vendor>>,
}

impl Reported {
    pub(super) fn new(
        site: Arc<Compiled>,
        catalog: Arc<Catalog>,
        ruling: Ruling,
        page: &Url,
    ) -> Self {
        let host = canonical(page.host_str().unwrap_or_default());
        Self { site, catalog, ruling: Arc::new(ruling), host }
    }

    /// Whose `violation` is; `None` where it counts for nothing.
    #[must_use]
    pub fn told(&self, violation: &Violation) -> Option<Told> {
        let page = violation.page.clone();
        let blocked = canonical(violation.blocked.host_str()?);
        if canonical(page.host_str()?) != self.host || blocked == self.host {
            return None;
        }
        let path = self.site.rules.page_path(&page);
        let (catalog, scope) = (self.catalog.clone(), self.site.scope.clone());
        let gate = Gate::new(catalog, scope, self.ruling.clone(), Arc::new(Page::new(page)));
        let judged = gate.url(violation.blocked.as_str(), destination(violation.directive));
        let whose = judged.as_ref().map_or(Whose::Nobody, |judged| {
            Whose::Vendor(judged.vendor.id.clone(), !judged.is_held())
        });
        let contact = Contact {
            site: self.host.as_str().into(),
            path: path.into(),
            domain: Site::of_host(&blocked).as_str().into(),
            whose,
            directive: violation.directive,
            held: violation.held,
        };
        Some(Told { contact, vendor: judged.map(|judged| judged.vendor) })
    }
}

impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reported").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Why a request is not taken, by its head.
pub(super) fn refusal(request: &request::Parts, page: &Url) -> Option<Reply> {
    if request.method != Method::POST {
        let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here\n");
        return Some(Reply { allow: Some("POST"), ..no });
    }
    let told =
        |name| request.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("null"));
    // Behind a balancer the scheme may be told late, so hosts are compared.
    let is_own = |origin: &str| {
        Url::parse(origin).is_ok_and(|url| url.host() == page.host() && url.port() == page.port())
    };
    let foreign = told(FETCH_SITE).any(|site| site != "same-origin")
        || told(ORIGIN).any(|origin| !is_own(origin));
    foreign.then(|| Reply::new(StatusCode::FORBIDDEN, "only the site's own pages report here\n"))
}

fn destination(directive: &str) -> Destination {
    match directive.split('-').next().unwrap_or_default() {
        "script" | "worker" => Destination::Script,
        "style" => Destination::Style,
        "img" => Destination::Image,
        "font" => Destination::Font,
        "frame" | "child" | "fenced" => Destination::Iframe,
        "object" => Destination::Object,
        "media" => Destination::Media,
        _ => Destination::Other,
    }
}
