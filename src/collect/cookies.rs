//! Turns the site's cookies into those that are a vendor's, and a vendor's new cookies into the site's.
//!
//! 1. A vendor gets the cookies that its entry in the catalogue names, and no others.
//! 2. A vendor may set those that its entry names, and no others; a few in one answer.
//! 3. They are the site's own: of its host alone, for all its paths, `SameSite=Lax`, at most 13 months (CNIL, cookie
//!    guidelines of 2020, 5), `HttpOnly` where the vendor says so.
//! 4. They are `Secure`, but on a site that is itself shown without TLS on the visitor's own machine.
//! 5. One that the browser has is not set again, so a visit never makes it last longer; it may be deleted.

use crate::{catalog::Catalog, vendor::Vendor};
use http::{HeaderMap, HeaderValue, header::COOKIE, header::SET_COOKIE};
use std::time::SystemTime;
use url::{Host, Url};

/// 13 months; seconds.
const LONGEST: i64 = 395 * 86_400;
/// The most cookies that one answer sets, and the longest; bytes.
const MOST: usize = 10;
const LARGEST: usize = 4096;
/// The most bytes of cookies that a vendor gets, and that come back from one.
const MAX_SENT: usize = 8 << 10;
/// The most bytes of `Cookie` headers that are read.
const MAX_READ: usize = 64 << 10;

/// The `Cookie` header for `vendor`, of cookies whose names and values `leave`.
pub(super) fn own(
    headers: &HeaderMap,
    catalog: &Catalog,
    vendor: &Vendor,
    leave: impl Fn(&str) -> bool,
) -> Option<String> {
    let mut room = MAX_SENT;
    let own: Vec<_> = pairs(headers)
        .filter(|(name, value)| catalog.owns_cookie(vendor, name) && leave(name) && leave(value))
        .map(|(name, value)| format!("{name}={value}"))
        .take_while(|pair| {
            let left = room.checked_sub(pair.len() + 2);
            room = left.unwrap_or(0);
            left.is_some()
        })
        .collect();
    (!own.is_empty()).then(|| own.join("; "))
}

/// The `Set-Cookie` headers for a browser that asked `page` with `asked`, of a vendor's answer `received`.
pub(super) fn adopted(
    received: &HeaderMap,
    asked: &HeaderMap,
    page: &Url,
    (catalog, vendor): (&Catalog, &Vendor),
    now: SystemTime,
) -> Vec<HeaderValue> {
    let has = |name: &str| pairs(asked).any(|(other, _)| other == name);
    let lines = received.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookies =
        lines.filter(|line| line.len() <= LARGEST).filter_map(|line| Cookie::read(line, now));
    cookies
        .filter(|cookie| catalog.owns_cookie(vendor, cookie.name))
        .filter(|cookie| cookie.age.is_some_and(|age| age <= 0) || !has(cookie.name))
        .filter_map(|cookie| HeaderValue::try_from(cookie.write(is_secure(page))).ok())
        .take(MOST)
        .scan(0, |sum, cookie: HeaderValue| {
            *sum += cookie.len();
            (*sum <= MAX_SENT).then_some(cookie)
        })
        .collect()
}

/// Name and value of each cookie of a request.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut read = 0;
    let lines = lines.take_while(move |line| {
        read += line.len();
        read <= MAX_READ
    });
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim_ascii(), value.trim_ascii()))
}

/// Whether the site's cookies can be kept to TLS: everywhere but on the visitor's own machine (Secure Contexts, 3.1).
fn is_secure(page: &Url) -> bool {
    let local = match page.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    page.scheme() == "https" || !local
}

/// What a `Set-Cookie` line says (RFC 6265bis, 5.7), as far as it is kept.
struct Cookie<'l> {
    name: &'l str,
    value: &'l str,
    /// Seconds; none for the browser's session.
    age: Option<i64>,
    http_only: bool,
}

impl<'l> Cookie<'l> {
    fn read(line: &'l str, now: SystemTime) -> Option<Self> {
        let mut parts = line.split(';').map(str::trim_ascii);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        let (mut max_age, mut expires, mut http_only) = (None, None, false);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.trim_ascii().to_ascii_lowercase().as_str() {
                "max-age" => max_age = value.trim_ascii().parse::<i64>().ok().or(max_age),
                "expires" => expires = left(value.trim_ascii(), now).or(expires),
                "httponly" => http_only = true,
                _ => {}
            }
        }
        let token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        token.then_some(Self { name, value, age: max_age.or(expires), http_only })
    }

    fn write(&self, secure: bool) -> String {
        let Self { name, value, age, http_only } = self;
        let age = age.map(|age| format!("; Max-Age={}", age.clamp(0, LONGEST))).unwrap_or_default();
        let secure = if secure { "; Secure" } else { "" };
        let http_only = if *http_only { "; HttpOnly" } else { "" };
        format!("{name}={value}; Path=/{age}{secure}{http_only}; SameSite=Lax")
    }
}

/// The seconds until a date.
fn left(date: &str, now: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(&date.replace('-', " ")).ok()?;
    let seconds = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Some(match date.duration_since(now) {
        Ok(left) => seconds(left),
        Err(_) => 0,
    })
}
