//! Turns the headers of a visitor's request into those that a vendor gets: made anew, name by name, none passed along.
//!
//! 1. `Accept` as far as it names well-known media types; `Accept-Language` as the primary tag of its first language
//!    (RFC 4647 2.1), with no region.
//! 2. `User-Agent` whole, coarse or not at all, as the operator says; client hints (RFC 8942) only those that he lists.
//! 3. `Referer` is the page's own origin and path as a field with a URL leaves; `Origin` is the site's, where one was sent.
//! 4. `Cookie` holds the vendor's own cookies only, without those that the endpoint's `drop` names, as fields are
//!    named, and those in which the detectors of personal data find something.
//! 5. Everything else stays here: `Authorization`, other cookies, `X-Forwarded-*`, validators, ranges, whatever a browser or
//!    an extension may add.

use super::{Fields, Rules, UserAgent, cookies, fields::Rule};
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
    pub(super) fields: &'a Fields,
    /// Whether marketing is granted.
    pub(super) marketing: bool,
    pub(super) client: Option<IpAddr>,
    pub(super) vendor: &'a Vendor,
    pub(super) catalog: &'a Catalog,
}

/// The longest value of `User-Agent` and of a client hint that leaves; bytes.
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
    put(ACCEPT, Some(accept(asked(&ACCEPT).unwrap_or_default())));
    put(ACCEPT_LANGUAGE, asked(&ACCEPT_LANGUAGE).and_then(primary));
    put(
        USER_AGENT,
        asked(&USER_AGENT).and_then(|agent| user_agent(agent, config.user_agent, finds_nothing)),
    );
    put(REFERER, asked(&REFERER).and_then(|page| referer(page, sender)));
    put(ORIGIN, asked(&ORIGIN).and_then(origin));
    let leaves = |name: &str, value: &str| {
        let kept = sender.fields.rule(name, sender.marketing) != Rule::Drop;
        kept && finds_nothing(name) && finds_nothing(value)
    };
    put(COOKIE, cookies::own(sender.asked, sender.catalog, sender.vendor, leaves));
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

/// The media types that a browser or a vendor's script asks for.
const ACCEPTED: [&str; 16] = [
    "*/*",
    "application/javascript",
    "application/json",
    "application/x-ndjson",
    "application/xhtml+xml",
    "application/xml",
    "image/*",
    "image/apng",
    "image/avif",
    "image/png",
    "image/svg+xml",
    "image/webp",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
];

/// The well-known ones of the media types in `accept`, with their weights.
fn accept(accept: &str) -> String {
    let known = |range: &&str| {
        let (name, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = weight.trim_ascii().strip_prefix("q=");
        let fits =
            |weight: &str| weight.len() <= 5 && weight.parse::<f32>().is_ok_and(|q| q <= 1.0);
        ACCEPTED.contains(&name.trim_ascii()) && weight.is_some_and(fits)
    };
    let left: Vec<&str> = accept.split(',').map(str::trim_ascii).filter(known).take(16).collect();
    if left.is_empty() { "*/*".to_owned() } else { left.join(", ") }
}

/// The primary tag of the first language: `de` of `de-AT,en;q=0.8`.
fn primary(languages: &str) -> Option<String> {
    let first = languages.split([',', ';', '-', '_']).next()?.trim();
    let fits = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_become_coarse() {
        for (agent, left) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/18.0 Mobile",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.3296.52",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Edg/137.0",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S928B Build/UP1A) AppleWebKit/537.36 Chrome/136.0.7103.125 Mobile Safari/537.36",
                "Mozilla/5.0 (Linux; Android 10; K) Chrome/136.0 Mobile",
            ),
            ("curl/8.5.0 (anna@shop.example)", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("Chrome/123456789", "Mozilla/5.0 (X11; Linux x86_64)"),
        ] {
            assert_eq!(coarse(agent), left);
        }
    }

    #[test]
    fn languages_lose_their_region() {
        for (languages, left) in [
            ("de-AT,en;q=0.8", Some("de")),
            ("EN", Some("en")),
            ("gsw-CH", Some("gsw")),
            ("*", None),
            ("private", None),
            ("", None),
        ] {
            assert_eq!(primary(languages).as_deref(), left, "{languages}");
        }
    }

    #[test]
    fn only_known_media_types_are_asked_for() {
        for (written, left) in [
            (
                "text/html,application/json;q=0.9, */*; q=0.8",
                "text/html, application/json;q=0.9, */*; q=0.8",
            ),
            ("hush", "*/*"),
            ("text/hush, text/plain;hush=1, text/plain;q=hush, text/css", "text/css"),
            ("", "*/*"),
        ] {
            assert_eq!(accept(written), left);
        }
    }
}
