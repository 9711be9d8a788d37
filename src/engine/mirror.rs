//! Turns a site's mirror into the element that a page gets, and what it tells of the visitor's choice into the answer that sets its
//! cookie.
//!
//! 1. Only a page of this very origin tells: its headers say so as those of a choice do ([`Poster`]).
//! 2. The body is JSON, so that no other site's page can send it without asking first (Fetch, 4.8).
//! 3. The answer says what was granted by then and what is now, as letters of "fam": opt-out headers and other sources count too.

use super::{
    Client, Engine, Own, PREFIX, Plan, Reply, Served, guard::letters, own, sites::Compiled,
};
pub(super) use crate::page::mirror::NAME;
use crate::{
    choice::Poster,
    consent::{Config, Day},
    page::mirror::{self, Told},
    policy::csp,
    rewrite::OwnScript,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE},
    request,
};
use std::{fmt, sync::Arc, time::SystemTime};
use url::Url;

/// The script of a site whose consent managers keep the choice in the browser.
#[derive(Debug)]
pub(super) struct Mirror {
    served: Arc<Served>,
    integrity: String,
}

/// A choice that a mirror tells.
pub struct Mirrored {
    site: Arc<Compiled>,
    host: Box<str>,
    headers: HeaderMap,
}

// === impl Mirror ===

impl Mirror {
    /// The script of a site with these settings, where it has such a manager.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let file = mirror::script(config, PREFIX)?;
        let text = String::from_utf8_lossy(&file.body);
        let integrity = csp::sha256_source(&text).trim_matches('\'').to_owned();
        Some(Self { served: Arc::new(Served::new(file)), integrity })
    }

    /// Its element.
    pub(super) fn script(&self) -> OwnScript {
        let path = format!("{PREFIX}{NAME}/{}.js", self.served.file().hash);
        let attributes = vec![("integrity", self.integrity.clone())];
        OwnScript { path, attributes, blocking: false }
    }
}

/// What becomes of a request for the file `name` of `site`.
pub(super) fn file(site: &Compiled, name: &str, request: &request::Parts) -> Plan {
    let Some(mirror) = &site.mirror else { return Reply::NOT_FOUND.into() };
    if !own::reads(&request.method) {
        let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
        return Reply { allow: Some(own::READS), ..no }.into();
    }
    let served = mirror.served.clone();
    let caching = served.caching(name.strip_suffix(".js").unwrap_or(name));
    Plan::Own(Own::File { served, caching })
}

impl Engine {
    /// What becomes of a request that tells a choice.
    pub(super) fn mirrored(
        &self,
        site: &Arc<Compiled>,
        request: &request::Parts,
        page: &Url,
    ) -> Plan {
        let told = Mirrored::new(site, request, page);
        told.map_or_else(Plan::from, |told| Plan::Own(Own::Mirror(Box::new(told))))
    }
}

// === impl Mirrored ===

impl Mirrored {
    /// What `request` tells to `site`.
    ///
    /// # Errors
    /// With the answer to who may not tell anything.
    fn new(site: &Arc<Compiled>, request: &request::Parts, page: &Url) -> Result<Self, Reply> {
        let no = |status, text| Err(Reply::new(status, text));
        if site.mirror.is_none() {
            return Err(Reply::NOT_FOUND);
        }
        if request.method != Method::POST {
            let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here\n");
            return Err(Reply { allow: Some("POST"), ..no });
        }
        if Poster::of(&request.headers, page) != Poster::Page {
            return no(StatusCode::FORBIDDEN, "another site asks\n");
        }
        let is_json = request.headers.get(CONTENT_TYPE).is_some_and(is_json);
        if !is_json {
            return no(StatusCode::UNSUPPORTED_MEDIA_TYPE, "write JSON\n");
        }
        let host = page.host_str().unwrap_or_default().into();
        Ok(Self { site: site.clone(), host, headers: request.headers.clone() })
    }

    /// The answer to `body`.
    #[must_use]
    pub fn answer(&self, body: &[u8], engine: &Engine, client: Client) -> Reply {
        let malformed = || Reply::new(StatusCode::BAD_REQUEST, "this is no choice\n");
        let (config, now) = (&self.site.config.consent, SystemTime::now());
        let Some(told) = Told::read(body, config) else { return malformed() };
        let today = Day::of(now);
        let Some(cookie) = told.set_cookie(today, config, client.secure) else {
            return malformed();
        };
        let before = self.granted(&self.headers, engine, client, now);
        let after = with_cookie(&self.headers, told, today, config);
        let granted = self.granted(&after, engine, client, now);
        let json =
            format!(r#"{{"cmp":"{}","before":"{before}","granted":"{granted}"}}"#, told.cmp.name());
        let reply = Reply::new(StatusCode::OK, "told\n");
        Reply { json: Some(json), set_cookie: Some(cookie), ..reply }
    }

    /// The letters of what a visitor with these `headers` is granted.
    fn granted(
        &self,
        headers: &HeaderMap,
        engine: &Engine,
        client: Client,
        now: SystemTime,
    ) -> &'static str {
        let location = engine.locator.location(headers, client.ip);
        let visitor = self.site.visitor(&self.host, headers, location, now);
        let (_, ruling) = self.site.ruling(&visitor, &engine.locator.regions);
        letters(&ruling)
    }
}

impl fmt::Debug for Mirrored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirrored").field("hosts", &self.site.config.hosts).finish_non_exhaustive()
    }
}

/// `headers` with the cookie in the place of the one before.
fn with_cookie(headers: &HeaderMap, told: Told, today: Day, config: &Config) -> HeaderMap {
    let mut headers = headers.clone();
    let Some((name, value)) = told.cookie(today, config) else { return headers };
    let lines: Vec<String> = headers
        .get_all(COOKIE)
        .iter()
        .map(|l| String::from_utf8_lossy(l.as_bytes()).into())
        .collect();
    let pairs = lines.iter().flat_map(|line| line.split(';')).map(str::trim);
    let others = pairs.filter(|pair| pair.split('=').next() != Some(name.as_str()));
    let all: Vec<String> = others.map(str::to_owned).chain([format!("{name}={value}")]).collect();
    if let Ok(line) = HeaderValue::try_from(all.join("; ")) {
        headers.insert(COOKIE, line);
    }
    headers
}

fn is_json(value: &HeaderValue) -> bool {
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
