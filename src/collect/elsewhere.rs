//! Turns a request to a path that stands for a vendor of the catalogue, and that no endpoint answers, into what becomes of it: the
//! rewritten files of the site name such paths, whatever the visitor allows.
//!
//! The first that holds decides:
//! 1. What is at the URL is no vendor's of the catalogue: nobody's. So it is no open way to other hosts.
//! 2. Another site asks: nobody's.
//! 3. The visitor goes there himself (`Sec-Fetch-Dest: document`): he is sent there, as a link in a page would.
//! 4. The page or the site shares nothing, or the visitor does not allow the vendor: the answer that a refusal always gets.
//! 5. The browser is sent to the vendor itself, as if the file named it.

use super::{
    Asked, Call, Outcome, Refused, Rules,
    forward::About,
    rules::{is_foreign, own_site},
};
use crate::{
    catalog::{Destination, Endpoint, Kind, Lists, Page, Scope, Shape, Target},
    vendor::Vendor,
};
use http::{HeaderMap, HeaderName, uri::PathAndQuery};
use std::sync::Arc;
use url::Url;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

impl Rules {
    /// What becomes of a request whose path these rules cover and [`Rules::decide`] does not find; the site's hosts are under
    /// `scope`.
    #[must_use]
    pub fn elsewhere(&self, asked: Asked<'_>, scope: &Scope) -> Outcome {
        let Asked { request, url: own, ruling, .. } = asked;
        let Some((url, vendor)) = self.named(asked, scope) else { return Outcome::NotFound };
        let headers = &request.headers;
        if is_foreign(headers, &own_site(own)) {
            return Outcome::NotFound;
        }
        let destination = headers.get(SEC_FETCH_DEST).and_then(|value| value.to_str().ok());
        if destination == Some("document") {
            return Outcome::Elsewhere(url);
        }
        let refused = self.unshared(headers, own);
        let refused =
            refused.or_else(|| ruling.permit(&vendor).is_none().then_some(Refused::Consent));
        let Some(why) = refused else { return Outcome::Elsewhere(url) };
        let endpoint = Endpoint { kind: kind(headers), ..Endpoint::default() };
        let about = About::new(own, &url, &vendor, &endpoint, ruling);
        Outcome::Call(Box::new(Call { about, step: Err(why) }))
    }

    /// The URL for which the path stands, and the vendor of the catalogue whose it is.
    fn named(&self, asked: Asked<'_>, scope: &Scope) -> Option<(Url, Arc<Vendor>)> {
        let Asked { catalog, request, url: own, .. } = asked;
        let target = request.uri.path_and_query().map_or("", PathAndQuery::as_str);
        let url = self.config.prefix.url_of(target).filter(|_| self.config.enabled)?;
        let page = Page::new(own.clone());
        let target = Target::new(&url, Destination::Other, Shape::Mention)?;
        let vendor = catalog.classify(&target, &page, scope, &Lists::default())?;
        let vendor = catalog.vendor(&vendor.id)?.clone();
        let own = page.site().contains(target.host());
        (!own).then_some((url, vendor))
    }
}

/// What the browser would do with an answer.
fn kind(headers: &HeaderMap) -> Kind {
    let told = headers.get(SEC_FETCH_DEST).and_then(|value| value.to_str().ok());
    match told.unwrap_or_default() {
        "script" | "worker" | "sharedworker" | "audioworklet" | "paintworklet" => Kind::Script,
        "image" => Kind::Image,
        "iframe" | "frame" | "embed" | "object" => Kind::Frame,
        _ => Kind::Beacon,
    }
}
