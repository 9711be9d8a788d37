//! Turns a captured request to a vendor into what would be sent on, or into why nothing would be.
//!
//! 1. The request goes to the engine as it would come to the proxy, on the site's own path: the plan, the permit, the shaping and the
//!    headers are the proxy's, by the site's `[collect]`.
//! 2. A request for the vendor's own URL is first turned into the one that the page would make: to the path that stands for the URL on
//!    the site of the page, from the same origin.
//! 3. What depends on other requests, as rates and the vendor's health, is not known here.

use super::{super::Usage, capture::Captured, readable};
use crate::{
    catalog::{Action, Destination, Endpoint, Kind, Shape, Target, VendorEntry},
    cli::visit::{NOWHERE, Visitor},
    collect::{Answer, Call, Fields, Forward, Outgoing, Refused, Report},
    engine::{Client, Engine, Plan, View},
    policy::Ruling,
    vendor::Vendor,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode,
    header::{COOKIE, HOST, ORIGIN, REFERER},
    request,
};
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};
use url::{Position, Url};

/// A captured request, and where it belongs.
#[derive(Debug)]
pub(super) struct Placed {
    captured: Captured,
    page: Url,
    /// The vendor's URL that is asked for.
    vendors: Url,
    /// The URL that is asked for on the site; none where no path of the site can stand for the vendor's.
    own: Option<Url>,
}

/// What would become of a request.
#[derive(Debug)]
pub(super) struct Told {
    /// Whose it is, where the catalogue knows.
    pub(super) vendor: Option<Arc<Vendor>>,
    /// The rules by which the catalogue knows the endpoint.
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// The vendor's URL as the browser asked for it.
    pub(super) asked: Url,
    pub(super) outcome: Result<Sent, Refusal>,
}

/// A request as it would be sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) query: Vec<readable::Pair>,
    pub(super) body: readable::Body,
    pub(super) report: Report,
    pub(super) hashed: BTreeSet<String>,
}

/// Why nothing would be sent, and what the browser would get.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) answer: &'static str,
}

// === impl Placed ===

impl Placed {
    /// `captured`, as made on `page`, else on the page that it names.
    pub(super) fn new(engine: &Engine, mut captured: Captured, page: Option<&Url>) -> Self {
        let url = captured.url.clone();
        if let Some(own) = of_own_path(engine, &url) {
            let home = url.join("/").unwrap_or_else(|_| url.clone());
            say_page(&mut captured.headers, page);
            let page = page.cloned().unwrap_or(home);
            return Self { captured, page, vendors: own, own: Some(url) };
        }
        // A page of the same origin sends no such thing.
        let fetch = ["sec-fetch-site", "sec-fetch-storage-access"].map(HeaderName::from_static);
        fetch.iter().for_each(|name| drop(captured.headers.remove(name)));
        let named = || named_page(&captured.headers).or_else(|| Url::parse(NOWHERE).ok());
        let at = page.cloned().or_else(named).unwrap_or_else(|| url.clone());
        say_page(&mut captured.headers, page);
        let path = engine
            .site(at.host_str().unwrap_or_default())
            .and_then(|site| site.collect.prefix.path_of(&url));
        let own = path.and_then(|path| at.join(&path).ok());
        Self { captured, page: at, vendors: url, own }
    }

    /// The page on which it is made.
    pub(super) const fn page(&self) -> &Url {
        &self.page
    }

    /// Those of its headers that have these `names`.
    pub(super) fn headers(&self, names: &[HeaderName]) -> Vec<(HeaderName, HeaderValue)> {
        let of = |name: &HeaderName| {
            let values = self.captured.headers.get_all(name).iter();
            values.map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        names.iter().flat_map(of).collect()
    }

    /// What would become of it, for `visitor`; `view` is of its page, `vendors` are the entries of the catalogue.
    pub(super) fn tell(
        self,
        (engine, view): (&Engine, &View),
        visitor: &Visitor,
        vendors: &[VendorEntry],
    ) -> anyhow::Result<Told> {
        let host = self.vendors.host_str().unwrap_or_default();
        let known = engine.catalog().endpoint(host, self.vendors.path());
        let (vendor, endpoint) = known.map(|(v, e)| (v.clone(), e.clone())).unzip();
        let plan = match &self.own {
            Some(own) => {
                let client = Client { ip: visitor.ip(), secure: own.scheme() == "https" };
                Some(engine.plan(&self.request(own, visitor)?, client))
            }
            None => None,
        };
        let outcome = match plan {
            Some(Plan::Collect(call)) => {
                let answer = |why| Answer::refusal(call.about.kind, why).status;
                let sent = self.sent(&call, engine, visitor);
                sent.map_err(|why| Refusal {
                    reason: reason(why, view.ruling(), vendor.as_deref()),
                    answer: shown(answer(why), call.about.kind),
                })
            }
            Some(Plan::Respond(reply)) if reply.status != StatusCode::NOT_FOUND => {
                let reason = format!("the endpoint takes no {}", self.captured.method);
                Err(Refusal { reason, answer: shown(reply.status, Kind::Beacon) })
            }
            Some(Plan::Respond(_) | Plan::Own(_) | Plan::Proxy(_)) | None => {
                let reason = if view.site().collect.enabled {
                    unserved(view, &self.vendors, vendors)
                } else {
                    "the site serves no vendors (enabled in [collect])".to_owned()
                };
                Err(Refusal { reason, answer: "404" })
            }
        };
        let (vendor, asked) = (vendor.or_else(|| owner(view, &self.vendors)), self.vendors);
        Ok(Told { vendor, endpoint, asked, outcome })
    }

    /// The head that the site would get.
    fn request(&self, own: &Url, visitor: &Visitor) -> anyhow::Result<request::Parts> {
        let request = Request::builder().method(self.captured.method.clone());
        let request = request.uri(&own[Position::BeforePath..Position::AfterQuery]).body(());
        let wrong = |error| Usage(format!("the captured request cannot be made: {error}"));
        let (mut request, ()) = request.map_err(wrong)?.into_parts();
        request.headers.clone_from(&self.captured.headers);
        let host = HeaderValue::try_from(&own[Position::BeforeHost..Position::AfterPort])?;
        request.headers.insert(HOST, host);
        let cookie = visitor.cookie()?;
        request.headers.extend(cookie.map(|cookie| (COOKIE, cookie)));
        Ok(request)
    }

    fn sent(&self, call: &Call, engine: &Engine, visitor: &Visitor) -> Result<Sent, Refused> {
        let forward: &Forward = call.step.as_deref().map_err(|why| *why)?;
        if self.captured.body.len() > engine.collection().limits.max_body {
            return Err(Refused::TooLarge);
        }
        let body = if forward.has_body() { &*self.captured.body } else { b"" };
        let outgoing = forward.shape(body, visitor.ip(), SystemTime::now())?;
        Ok(Sent::new(outgoing, forward.fields()))
    }
}

/// The vendor's URL for which `url` stands, if it is one of a site's own.
fn of_own_path(engine: &Engine, url: &Url) -> Option<Url> {
    let site = engine.site(url.host_str()?)?;
    site.collect.prefix.url_of(&url[Position::BeforePath..Position::AfterQuery])
}

/// The page that a request names.
fn named_page(headers: &HeaderMap) -> Option<Url> {
    let named = |name| Url::parse(headers.get(name)?.to_str().ok()?).ok();
    let page = named(REFERER).or_else(|| named(ORIGIN));
    page.filter(|page: &Url| matches!(page.scheme(), "http" | "https"))
}

/// Names the page as a browser does (Referrer Policy, 8.4).
fn say_page(headers: &mut HeaderMap, page: Option<&Url>) {
    let named = page.map(|page| {
        let origin = page.origin().ascii_serialization();
        format!("{origin}{}", &page[Position::BeforePath..Position::AfterQuery])
    });
    if let Some(page) = named.and_then(|page| HeaderValue::try_from(page).ok()) {
        headers.insert(REFERER, page);
    }
}

/// Whose `url` is, where it is nothing that is served.
fn owner(view: &View, url: &Url) -> Option<Arc<Vendor>> {
    let target = Target::new(url, Destination::Connect, Shape::Plain)?;
    view.gate().target(&target).map(|judged| judged.vendor)
}

/// Why nothing is served at `url`.
fn unserved(view: &View, url: &Url, vendors: &[VendorEntry]) -> String {
    let place = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
    let Some(vendor) = owner(view, url) else {
        return format!("no vendor of the catalogue is at {place}");
    };
    if !view.gate().offers(&vendor) {
        return format!("the site does not serve {} (vendors in [collect])", vendor.name);
    }
    let entry = vendors.iter().find(|entry| *entry.id == *vendor.id);
    match entry {
        Some(entry) if !entry.gated_only.is_empty() => {
            format!("{} is gated only: {}", vendor.name, entry.gated_only)
        }
        Some(entry) if !entry.endpoints.is_empty() => {
            format!("of {} nothing is served at {place}", vendor.name)
        }
        Some(_) | None => format!("{} has no endpoint in the catalogue yet", vendor.name),
    }
}

/// Why nothing is sent, in words.
fn reason(why: Refused, ruling: &Ruling, vendor: Option<&Vendor>) -> String {
    match vendor.filter(|_| why == Refused::Consent) {
        Some(vendor) => format!("no permit: {}", ruling.decide(vendor).reason()),
        None => why.to_string(),
    }
}

/// What a browser gets with `status` in the place of what `kind` would give it.
fn shown(status: StatusCode, kind: Kind) -> &'static str {
    match (status.as_u16(), kind) {
        (403, _) => "403",
        (405, _) => "405",
        (413, _) => "413",
        (204, _) | (_, Kind::Beacon) => "204",
        (_, Kind::Script) => "an empty script",
        (_, Kind::Image) => "a transparent GIF of 1x1",
        (_, Kind::Frame) => "an empty page",
    }
}

// === impl Sent ===

impl Sent {
    fn new(outgoing: Outgoing, fields: &Fields) -> Self {
        let Outgoing { url, method, headers, body, report } = outgoing;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let coding = headers.get(http::header::CONTENT_ENCODING).map(text);
        let is_hashed = |path: &&String| fields.action(path) == Some(Action::Hash);
        Self {
            method,
            query: readable::pairs(url.query().unwrap_or_default()),
            body: readable::Body::of(&body, coding.as_deref()),
            headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            hashed: report.kept.iter().filter(is_hashed).cloned().collect(),
            url,
            report,
        }
    }
}
