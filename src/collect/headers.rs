//! Turns the headers of a visitor's request into those that a vendor gets: made anew, name by name, none passed along.
//!
//! 1. `Accept` as it is, where it is a plain list of media types; `Accept-Language` as the primary tag of its first language
//!    (RFC 4647 2.1), with no region.
//! 2. `User-Agent` whole, coarse or not at all, as the operator says; client hints (RFC 8942) only those that he lists.
//! 3. `Referer` is the page's own origin and path as a field with a URL leaves; `Origin` is the site's, where one was sent.
//! 4. `Cookie` holds the vendor's own cookies only, without those in which the detectors of personal data find something.
//! 5. Everything else stays here: `Authorization`, other cookies, `X-Forwarded-*`, validators, ranges, whatever a browser or
//!    an extension may add.

use super::{Rules, UserAgent, cookies};
use crate::{catalog::Catalog, vendor::Vendor};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, ORIGIN, REFERER, USER_AGENT},
};
use std::net::IpAddr;
use url::Url;

/// Whose request it is and whom it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender<'a> {
    /// The headers of the visitor's request.
    pub(super) asked: &'a HeaderMap,
    /// The URL that was asked for.
    pub(super) page: &'a Url,
    pub(super) rules: &'a Rules,
    pub(super) client: Option<IpAddr>,
    pub(super) vendor: &'a Vendor,
    pub(super) catalog: &'a Catalog,
}

/// The longest value of `Accept` and `User-Agent` that leaves; bytes.
const LONGEST: usize = 512;
const ANY: HeaderValue = HeaderValue::from_static("*/*");
/// For scripts, which every visitor gets the same.
const NOBODY: HeaderValue = HeaderValue::from_static("Mozilla/5.0");

/// The headers of a request for a script: nobody's.
pub(super) fn of_script() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, ANY), (USER_AGENT, NOBODY)])
}

/// The headers of a visitor's request.
pub(super) fn of(sender: &Sender<'_>) -> HeaderMap {
    let asked = |name: &HeaderName| sender.asked.get(name).and_then(|value| value.to_str().ok());
    let (config, finds_nothing) = (&sender.rules.config, |text: &str| sender.finds_nothing(text));
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    let accept = asked(&ACCEPT).filter(|value| is_plain(value)).unwrap_or("*/*");
    put(ACCEPT, Some(accept.to_owned()));
    put(ACCEPT_LANGUAGE, asked(&ACCEPT_LANGUAGE).and_then(primary));
    put(
        USER_AGENT,
        asked(&USER_AGENT).and_then(|agent| user_agent(agent, config.user_agent, finds_nothing)),
    );
    put(REFERER, asked(&REFERER).and_then(|page| referer(page, sender)));
    put(ORIGIN, asked(&ORIGIN).and_then(origin));
    put(COOKIE, cookies::own(sender.asked, sender.catalog, sender.vendor, finds_nothing));
    for name in config.client_hints.iter().filter(|name| is_client_hint(name)) {
        if let Ok(name) = HeaderName::try_from(name) {
            let value = asked(&name).filter(|value| value.len() <= LONGEST && finds_nothing(value));
            let value = value.map(str::to_owned);
            put(name, value);
        }
    }
    headers
}

/// Whether `name`, in lower case, is that of a client hint (RFC 8942; Client Hints Infrastructure, "registry").
#[must_use]
pub fn is_client_hint(name: &str) -> bool {
    const OLD: [&str; 8] =
        ["device-memory", "downlink", "dpr", "ect", "rtt", "save-data", "viewport-width", "width"];
    let token = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    name.starts_with("sec-ch-") && token(name) || OLD.contains(&name)
}

/// Whether a value holds media types and weights only.
fn is_plain(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"*/+-.,;= ".contains(&b);
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    value.len() <= LONGEST
        && value.bytes().all(plain)
        && value.split([',', ';', '=', ' ']).all(|part| digits(part) <= 4)
}

/// The primary tag of the first language: `de` of `de-AT,en;q=0.8`.
fn primary(languages: &str) -> Option<String> {
    let first = languages.split([',', ';', '-', '_']).next()?.trim();
    let fits = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    fits.then(|| first.to_ascii_lowercase())
}

impl Sender<'_> {
    fn finds_nothing(&self, text: &str) -> bool {
        self.rules.shaper.finds_nothing(text, self.client)
    }
}

fn user_agent(agent: &str, how: UserAgent, finds_nothing: impl Fn(&str) -> bool) -> Option<String> {
    match how {
        UserAgent::Pass if agent.len() <= LONGEST && finds_nothing(agent) => Some(agent.to_owned()),
        UserAgent::Pass | UserAgent::Coarse => Some(coarse(agent)),
        UserAgent::Drop => None,
    }
}

/// Names of browsers in `User-Agent`, those that others also claim to be last.
const BROWSERS: [&str; 7] =
    ["Edg", "OPR", "SamsungBrowser", "Firefox", "CriOS", "Chrome", "Version"];

/// The kind of system and the browser with its major version, in the form that browsers with reduced agents send.
fn coarse(agent: &str) -> String {
    let has = |text: &str| agent.contains(text);
    let system = if has("iPhone") {
        "iPhone; CPU iPhone OS 17_0 like Mac OS X"
    } else if has("iPad") {
        "iPad; CPU OS 17_0 like Mac OS X"
    } else if has("Android") {
        "Linux; Android 10; K"
    } else if has("Windows") {
        "Windows NT 10.0; Win64; x64"
    } else if has("Macintosh") {
        "Macintosh; Intel Mac OS X 10_15_7"
    } else {
        "X11; Linux x86_64"
    };
    let version = |name: &str| {
        let (_, rest) = agent.split_once(&format!("{name}/"))?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest, |end| rest.get(..end).unwrap_or(""));
        (1..=4).contains(&digits.len()).then(|| format!("{name}/{digits}.0"))
    };
    let mobile = if has("Mobile") { " Mobile" } else { "" };
    let browser =
        BROWSERS.into_iter().find_map(version).map_or_else(String::new, |b| format!(" {b}"));
    format!("Mozilla/5.0 ({system}){browser}{mobile}")
}

/// The origin of a page of the site: others are refused before.
fn origin(page: &str) -> Option<String> {
    Url::parse(page).ok().map(|page| page.origin().ascii_serialization())
}

/// The page's origin and path. The scheme may differ where TLS ends before us.
fn referer(page: &str, sender: &Sender<'_>) -> Option<String> {
    let is_own = |page: &Url| page.host() == sender.page.host();
    let mut page = Url::parse(page).ok().filter(is_own)?;
    page.set_username("").ok()?;
    page.set_password(None).ok()?;
    page.set_query(None);
    page.set_fragment(None);
    Some(sender.rules.shaper.page(page.as_str(), sender.client))
}
