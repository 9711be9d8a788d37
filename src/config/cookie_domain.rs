//! Turns `cookie_domain` into the domain whose hosts share one cookie of a choice.
//!
//! 1. Browsers refuse a cookie for a domain under which names are registered, and for an address (RFC 6265, 5.3, steps 5 and 6).
//! 2. They refuse it on a host that is neither the domain nor below it: every host of the site must be one of these.
//! 3. A cookie whose name begins with `__Host-` belongs to one host (RFC 6265bis, 4.1.3.2).

use super::{
    host::{HostPattern, domain},
    meaning::{Wrong, text},
    reader::{Reader, Table},
    site::SiteConfig,
};
use crate::site::{ends_at_label, takes_cookies};
use toml::{Spanned, de::DeValue};

/// A domain that cookies can have; empty for none.
pub(super) fn cookie_domain(value: &DeValue<'_>) -> Result<Option<String>, Wrong> {
    let written = text(value)?;
    if written.is_empty() {
        return Ok(None);
    }
    if let Some(rest) = written.strip_prefix('.') {
        let instead = format!("write \"{rest}\": its subdomains are included");
        return Err(Wrong::text(&written, "", instead));
    }
    let name = domain(value)?;
    let why = ", for which browsers take no cookies";
    let instead = "write the domain that you registered, as \"shop.example\", or \"\" for none";
    takes_cookies(&name).then_some(Some(name)).ok_or_else(|| Wrong::text(&written, why, instead))
}

/// Finds what is wrong with the domain of a site that is served; its own table is `parent`.
pub(super) fn check_cookie_domain<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    site: &SiteConfig,
) {
    let Some(domain) = &site.consent.cookie_domain else { return };
    let written = parent.get("consent").and_then(|value| value.get_ref().as_table());
    let own = written.and_then(|table| table.get("cookie_domain")).map(Spanned::span);
    let at = own.map_or(parent.start(), |span| span.start);
    let outside = site.hosts.iter().find(|host| {
        let (HostPattern::Exact(name) | HostPattern::Below(name)) = host;
        !ends_at_label(name, domain)
    });
    if let Some(host) = outside {
        let what =
            format!("`cookie_domain` is `{domain}`, and the site's host `{host}` is not in it");
        reader.report(at, what, "write a domain that all of `hosts` are in, or \"\" for none");
    }
    if site.consent.cookie.starts_with("__Host-") {
        let cookie = &site.consent.cookie;
        let what = format!("`cookie_domain` is `{domain}`, and `{cookie}` is a cookie of one host");
        reader.report(at, what, "give the cookie another name");
    }
}
