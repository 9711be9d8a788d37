//! Turns what a mirror tells of the visitor's choice into the answer that sets its cookie.
//!
//! 1. Only a page of this very origin tells: `Sec-Fetch-Site`, where it is there, and `Origin` say so, one of them at least.
//! 2. The body is JSON, so that no other site's page can send it without asking first (Fetch, 4.8).
//! 3. The answer says what was granted by then and what is now, as letters of "fam": opt-out headers and other sources count too.

use super::{Client, Engine, Reply, authority, sites::Compiled};
use crate::{
    consent::{Config, Day},
    page::mirror::Told,
    policy::Ruling,
    purpose::Purpose,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, ORIGIN},
    request,
};
use std::{fmt, sync::Arc, time::SystemTime};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A choice that a mirror tells.
pub struct Mirrored {
    site: Arc<Compiled>,
    headers: HeaderMap,
}

impl Mirrored {
    /// What `request` tells to `site`.
    ///
    /// # Errors
    /// With the answer to who may not tell anything.
    pub(super) fn new(site: &Arc<Compiled>, request: &request::Parts) -> Result<Self, Reply> {
        let no = |status, text| Err(Reply::new(status, text));
        if site.mirror.is_none() {
            return Err(Reply::NOT_FOUND);
        }
        if request.method != Method::POST {
            let no = Reply::new(StatusCode::METHOD_NOT_ALLOWED, "only POST is answered here\n");
            return Err(Reply { allow: Some("POST"), ..no });
        }
        if !is_of_same_origin(request) {
            return no(StatusCode::FORBIDDEN, "another site asks\n");
        }
        let is_json = request.headers.get(CONTENT_TYPE).is_some_and(is_json);
        if !is_json {
            return no(StatusCode::UNSUPPORTED_MEDIA_TYPE, "write JSON\n");
        }
        Ok(Self { site: site.clone(), headers: request.headers.clone() })
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
    ) -> String {
        let location = engine.locator.location(headers, client.ip);
        let visitor = self.site.visitor(headers, location, now);
        let (_, ruling) = self.site.ruling(&visitor, &engine.locator.regions);
        letters(&ruling)
    }
}

impl fmt::Debug for Mirrored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirrored").field("hosts", &self.site.config.hosts).finish_non_exhaustive()
    }
}

fn letters(ruling: &Ruling) -> String {
    let is_granted = |purpose| ruling.grant(purpose).is_some_and(|grant| grant.granted);
    let letters = Purpose::OPTIONAL.into_iter().zip("fam".chars());
    letters.filter(|(purpose, _)| is_granted(*purpose)).map(|(_, letter)| letter).collect()
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

/// Rule 1.
fn is_of_same_origin(request: &request::Parts) -> bool {
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter().peekable();
    let mut origins = request.headers.get_all(ORIGIN).iter().peekable();
    let own = bare(authority(request));
    let is_own = |origin: &HeaderValue| {
        let host = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        host.is_some_and(|(_, host)| bare(host) == own)
    };
    let is_told = sites.peek().is_some() || origins.peek().is_some();
    is_told && sites.all(|site| site == "same-origin") && origins.all(is_own)
}

/// An authority in lower case, without a default port.
fn bare(authority: &str) -> String {
    let lower = authority.to_ascii_lowercase();
    let bare = lower.strip_suffix(":443").or_else(|| lower.strip_suffix(":80"));
    bare.unwrap_or(&lower).to_owned()
}
