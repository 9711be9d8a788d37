//! Turns a captured request to a vendor into what would be sent on, or into why nothing would be.
//!
//! 1. The steps are the proxy's: endpoint, method, permit, shaping; the first that fails is the answer.
//! 2. A request under the site's own path is for the vendor that the path names; any other is taken as the browser's own to the vendor.

use super::{capture::Captured, readable};
use crate::{
    catalog::{Action, Destination, Endpoint, Kind, Prefix, Shape, Target, VendorEntry, Verb},
    collect::{self, Fields, Input, Report, Shaped, Shaper},
    engine::View,
    policy::Permit,
    vendor::Vendor,
};
use http::{
    HeaderName, Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};
use url::Url;

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

/// The vendor's URL that `url` stands for, and whether it is on the site's own paths.
pub(super) fn target(url: &Url) -> (Url, bool) {
    let prefix = Prefix::default();
    let target =
        url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
    match prefix.url_of(&target) {
        Some(vendors) => (vendors, true),
        None => (url.clone(), false),
    }
}

/// What would become of `captured` for the visitor of `view`, by the entries of `vendors`.
pub(super) fn tell(view: &View, captured: &Captured, vendors: &[VendorEntry]) -> Told {
    let (asked, _) = target(&captured.url);
    let host = asked.host_str().unwrap_or_default();
    let gate = view.gate();
    let Some((vendor, endpoint)) = gate.catalog().endpoint(host, asked.path()) else {
        let vendor = Target::new(&asked, Destination::Connect, Shape::Plain)
            .and_then(|target| gate.target(&target))
            .map(|judged| judged.vendor);
        let reason = unserved(&asked, vendor.as_deref(), vendors);
        let outcome = Err(Refusal { reason, answer: "404" });
        return Told { vendor, endpoint: None, asked, outcome };
    };
    let outcome = sent(view, captured, &asked, (vendor, endpoint));
    Told { vendor: Some(vendor.clone()), endpoint: Some(endpoint.clone()), asked, outcome }
}

/// Why nothing is served at `url`.
fn unserved(url: &Url, vendor: Option<&Vendor>, vendors: &[VendorEntry]) -> String {
    let place = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
    let Some(vendor) = vendor else { return format!("no vendor of the catalogue is at {place}") };
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

fn sent(
    view: &View,
    captured: &Captured,
    asked: &Url,
    (vendor, endpoint): (&Vendor, &Endpoint),
) -> Result<Sent, Refusal> {
    if !endpoint.methods.iter().any(|verb| is(*verb, &captured.method)) {
        let reason = format!("the endpoint takes no {}", captured.method);
        return Err(Refusal { reason, answer: "405" });
    }
    let refused = |reason: String| Refusal { reason, answer: answer(endpoint.kind) };
    let permit = view
        .ruling()
        .permit(vendor)
        .ok_or_else(|| refused(format!("no permit: {}", view.ruling().decide(vendor).reason())))?;
    let fields = Fields::new(endpoint);
    let shaped = shaped(&fields, captured, asked, &permit);
    let shaped = shaped.map_err(|error| refused(format!("the request cannot be read: {error}")))?;
    Ok(Sent::new(captured, asked, shaped, &fields))
}

/// What of the request leaves.
fn shaped(
    fields: &Fields,
    captured: &Captured,
    asked: &Url,
    permit: &Permit,
) -> Result<Shaped, collect::Malformed> {
    let header =
        |name: HeaderName| captured.headers.get(name).and_then(|value| value.to_str().ok());
    let input = Input {
        path: asked.path(),
        query: asked.query(),
        body: &captured.body,
        content_type: header(CONTENT_TYPE),
        content_encoding: header(CONTENT_ENCODING),
        purposes: permit.purposes(),
        client_ip: None,
        now: SystemTime::now(),
    };
    Shaper::new(&collect::Config::default()).shape(fields, &input)
}

impl Sent {
    fn new(captured: &Captured, asked: &Url, shaped: Shaped, fields: &Fields) -> Self {
        let Shaped { path, query, body, content_type, content_encoding, report, sensitive: _ } =
            shaped;
        let mut url = asked.clone();
        url.set_path(&path);
        url.set_query(query.as_deref());
        let coding = content_encoding.map(|coding| (CONTENT_ENCODING, coding.to_owned()));
        let media = content_type.map(|media| (CONTENT_TYPE, media));
        let is_hashed = |path: &&String| fields.action(path) == Some(Action::Hash);
        Self {
            method: captured.method.clone(),
            query: readable::pairs(query.as_deref().unwrap_or_default()),
            body: readable::Body::of(&body, content_encoding),
            headers: media.into_iter().chain(coding).collect(),
            hashed: report.kept.iter().filter(is_hashed).cloned().collect(),
            url,
            report,
        }
    }
}

/// Whether `verb` is `method`.
fn is(verb: Verb, method: &Method) -> bool {
    match verb {
        Verb::Get => matches!(*method, Method::GET | Method::HEAD),
        Verb::Post => *method == Method::POST,
    }
}

/// What a browser gets when nothing is sent.
const fn answer(kind: Kind) -> &'static str {
    match kind {
        Kind::Beacon => "204",
        Kind::Script => "an empty script",
        Kind::Image => "a transparent GIF of 1x1",
        Kind::Frame => "an empty page",
    }
}
