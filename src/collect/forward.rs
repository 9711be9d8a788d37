//! Turns a request that a permit allows into the request that the vendor gets.
//!
//! 1. A [`Forward`] holds the permit that it was made with; there is no other way to an [`Outgoing`].
//! 2. Path, query and body are what the shaping left of them; headers are what [`headers`](super::headers) made anew.
//! 3. A request for a script is the same for every visitor: it has no body, no cookies and no headers of the visitor's.

use super::{Fields, Input, Refused, Report, Rules, Shaped, headers, headers::Sender};
use crate::{
    catalog::{Catalog, Endpoint, Kind},
    policy::{Permit, Ruling},
    purpose::Purpose,
    site::{Site, canonical, ends_at_label},
    vendor::Vendor,
};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE, REFERER},
    request,
};
use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::SystemTime};
use url::Url;

/// What the ledger and the figures say of a request, whatever becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The host that the visitor asked.
    pub site: Box<str>,
    /// The vendor's id.
    pub vendor: Box<str>,
    /// What the vendor uses data for.
    pub purpose: Purpose,
    /// The host and path by which the catalogue knows the endpoint.
    pub endpoint: Box<str>,
    /// What the browser does with the answer.
    pub kind: Kind,
    /// The signal that decided on the purpose; none where no consent is needed or no signal is there.
    pub signal: Option<Box<str>>,
}

/// A request to an endpoint of the catalogue.
#[derive(Debug)]
pub struct Call {
    /// What it is about.
    pub about: About,
    /// What may leave, or why nothing may.
    pub step: Result<Box<Forward>, Refused>,
}

/// A request that may leave.
#[derive(Debug)]
pub struct Forward {
    permit: Permit,
    rules: Arc<Rules>,
    vendor: Arc<Vendor>,
    fields: Arc<Fields>,
    catalog: Arc<Catalog>,
    kind: Kind,
    url: Url,
    page: Url,
    method: Method,
    headers: HeaderMap,
}

/// A request for a vendor.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The vendor's URL, always `https`.
    pub url: Url,
    /// The method.
    pub method: Method,
    /// All headers but `Host`, `Accept-Encoding` and the length.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// What became of the fields.
    pub report: Report,
}

// === impl About ===

impl About {
    pub(super) fn new(
        own: &Url,
        url: &Url,
        vendor: &Vendor,
        endpoint: &Endpoint,
        ruling: &Ruling,
    ) -> Self {
        let signal = ruling.grant(vendor.purpose).and_then(|grant| grant.signal.as_deref());
        Self {
            site: own.host_str().unwrap_or_default().into(),
            vendor: vendor.id.clone(),
            purpose: vendor.purpose,
            endpoint: pattern(endpoint, url).into(),
            kind: endpoint.kind,
            signal: signal.map(Into::into),
        }
    }
}

/// The rule by which the catalogue knows `url`: the longest of those on its host that could.
fn pattern<'e>(endpoint: &'e Endpoint, url: &Url) -> &'e str {
    let host = url.host_str().unwrap_or_default();
    let covers = |rule: &&String| {
        let (name, path) = rule.split_once('/').unwrap_or((rule, ""));
        let path = path.trim_end_matches(['*', '/']);
        ends_at_label(host, name) && url.path().trim_start_matches('/').starts_with(path)
    };
    endpoint.paths.iter().filter(covers).max_by_key(|rule| rule.len()).map_or("", String::as_str)
}

// === impl Call ===

impl Call {
    /// Tells what became known of the visitor after the decision: that his side of the connection is TLS.
    pub fn identify(&mut self, secure: bool) {
        if let Ok(forward) = &mut self.step
            && secure
        {
            // `http` can always become `https`.
            let _ = forward.page.set_scheme("https");
        }
    }
}

// === impl Forward ===

impl Forward {
    pub(super) fn new(
        permit: Permit,
        rules: Arc<Rules>,
        vendor: Arc<Vendor>,
        fields: Arc<Fields>,
        catalog: Arc<Catalog>,
        (kind, url, page): (Kind, Url, Url),
        request: &request::Parts,
    ) -> Self {
        let (method, headers) = (request.method.clone(), request.headers.clone());
        Self { permit, rules, vendor, fields, catalog, kind, url, page, method, headers }
    }

    /// What the browser does with the answer.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Whether the request has a body that counts.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.method == Method::POST
    }

    /// The request's headers as the browser sent them.
    #[must_use]
    pub const fn asked(&self) -> &HeaderMap {
        &self.headers
    }

    /// The URL that the browser asked for.
    #[must_use]
    pub const fn page(&self) -> &Url {
        &self.page
    }

    /// The absolute URL at which the site's own paths for vendors begin, as the browser sees it.
    #[must_use]
    pub fn base(&self) -> String {
        let referer = self.headers.get(REFERER).and_then(|page| page.to_str().ok());
        let referer = referer.and_then(|page| Url::parse(page).ok());
        let own = referer.filter(|page| page.host() == self.page.host());
        let origin = own.as_ref().unwrap_or(&self.page).origin().ascii_serialization();
        format!("{origin}{}", self.prefix().as_str())
    }

    /// Every vendor.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What the catalogue says of the endpoint's fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The vendor.
    #[must_use]
    pub const fn vendor(&self) -> &Arc<Vendor> {
        &self.vendor
    }

    /// The rules of the site.
    pub(super) const fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Where the site's own paths for vendors begin.
    #[must_use]
    pub fn prefix(&self) -> &crate::catalog::Prefix {
        &self.rules.config.prefix
    }

    /// The request for the vendor, made from what the browser sent with `body` from `client`.
    ///
    /// # Errors
    /// [`Refused::Malformed`] where the body cannot be read, [`Refused::Sensitive`] where a field names a page that
    /// shares nothing, [`Refused::Account`] where it is not for the site's own account with the vendor.
    pub fn shape(
        &self,
        body: &[u8],
        client: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Outgoing, Refused> {
        let text =
            |name| self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let input = Input {
            path: self.url.path(),
            query: self.url.query(),
            body,
            content_type: text(CONTENT_TYPE),
            content_encoding: text(CONTENT_ENCODING),
            purposes: self.permit.purposes(),
            client_ip: client,
            now,
        };
        let shaped = self.rules.shaper.shape(&self.fields, &input);
        let shaped = shaped.map_err(|_| Refused::Malformed)?;
        let own = Site::of_host(self.page.host_str().unwrap_or_default());
        if shaped.sensitive.iter().any(|host| host.is_empty() || own.contains(&canonical(host))) {
            return Err(Refused::Sensitive);
        }
        if !self.is_for_own(&shaped.accounts) {
            return Err(Refused::Account);
        }
        self.outgoing(shaped, client).ok_or(Refused::Malformed)
    }

    /// Whether a request that names these `accounts` is for no others than the site's own.
    fn is_for_own(&self, accounts: &BTreeSet<String>) -> bool {
        let own = self.rules.config.accounts.get(&*self.vendor.id);
        let Some(own) = own.filter(|_| self.fields.name_account()) else { return true };
        !accounts.is_empty() && accounts.is_subset(own)
    }

    fn outgoing(&self, shaped: Shaped, client: Option<IpAddr>) -> Option<Outgoing> {
        let Shaped { path, query, body, content_type, content_encoding, report, .. } = shaped;
        let mut url = self.url.clone();
        url.set_path(&path);
        url.set_query(query.as_deref());
        // Redaction may not lead to another endpoint.
        self.rules.served(&self.catalog, &url)?;
        let sender = Sender {
            asked: &self.headers,
            page: &self.page,
            rules: &self.rules,
            fields: &self.fields,
            marketing: self.permit.purposes().contains(Purpose::Marketing),
            client,
            vendor: &self.vendor,
            catalog: &self.catalog,
        };
        let mut headers = match self.kind {
            Kind::Script => headers::of_script(),
            Kind::Beacon | Kind::Image | Kind::Frame => headers::of(&sender),
        };
        if let Some(media_type) = content_type.filter(|_| !body.is_empty()) {
            headers.insert(CONTENT_TYPE, HeaderValue::try_from(media_type).ok()?);
        }
        if let Some(coding) = content_encoding.filter(|_| !body.is_empty()) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        Some(Outgoing { url, method: self.method.clone(), headers, body, report })
    }
}
