//! Turns the hosts that a page needs into a policy of our own, which says from where anything may be loaded.
//!
//! 1. It is about hosts alone: inline code, `eval`, `data:` and `blob:` stay as they are, for sites that have no policy use them.
//! 2. One `default-src` holds for scripts, connections, images, frames, fonts, styles, media, plug-ins, workers and manifests alike
//!    (CSP 3, 6.8.3). Forms, navigations, `base` and who may frame the page are not its matter.
//! 3. The site itself is in: its registrable domain and all below it, on any port, unless a gated vendor has a host there.
//! 4. Sources are written without a scheme, so that the page's own and the safer ones hold (CSP 3, 6.7.2.8).
//! 5. A policy is at most [`LONGEST`] bytes. A longer one names registrable domains in the place of their hosts, where that lets no
//!    gated vendor in; if that is not enough either there is none, and the page is left to the guard.

use crate::site::Site;
use std::{collections::BTreeMap, net::IpAddr};
use url::Url;

/// The longest policy of our own; bytes. A server in front of us may have a buffer of 4 KiB for the whole head (nginx).
pub const LONGEST: usize = 3 << 10;

/// Where violations are reported: a path of the site.
pub const REPORTS: &str = "/_consentry/report";

/// The name of the group of endpoints in `Reporting-Endpoints`.
pub const GROUP: &str = "consentry";

/// What becomes of a page that has no policy for what it loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wall {
    /// It gets none.
    Off,
    /// It gets one that only reports.
    #[default]
    Report,
    /// It gets one that holds.
    Enforce,
}

/// What the operator says of the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What pages get; default [`Wall::Report`].
    pub wall: Wall,
    /// What pages need: hosts with their subdomains, `host/path`, and ids of vendors, which count where they are allowed.
    pub hosts: Vec<String>,
}

/// A host that a page needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// In lower case.
    pub host: Box<str>,
    /// As in a host rule of the catalogue: empty, or from its slash on, perhaps with `*` at its end.
    pub path: Box<str>,
    /// Whether what stands below the host is needed too.
    pub below: bool,
}

/// The page that gets the policy.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// Its URL.
    pub url: &'p Url,
    /// Its site.
    pub site: &'p Site,
    /// Whether nobody else has a host on the site.
    pub is_whole: bool,
}

/// How the hosts found room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fit {
    /// Each by its name.
    Whole,
    /// By their registrable domains.
    Domains,
    /// Not at all.
    TooMany,
}

/// A policy of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its text; none where the hosts found no room.
    pub policy: Option<String>,
    /// How they did.
    pub fit: Fit,
}

impl Wall {
    /// The name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Report => "report",
            Self::Enforce => "enforce",
        }
    }
}

impl Fit {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Domains => "domains",
            Self::TooMany => "too-many",
        }
    }
}

/// The policy for a page at `place` that needs `hosts` and what `sources` say, which are source expressions; `may_widen` says whether
/// all below a registrable domain may be let in.
#[must_use]
pub fn build(
    place: Place<'_>,
    hosts: &[Needed],
    sources: &[&str],
    may_widen: impl Fn(&str) -> bool,
) -> Built {
    let (start, end) = (start(place), end(place.url));
    let text = |hosts: &[Needed], sources: &[String]| {
        let mut all: Vec<String> = hosts.iter().flat_map(Needed::sources).collect();
        all.extend_from_slice(sources);
        all.sort_unstable();
        all.dedup();
        let list = all.iter().map(|source| format!(" {source}")).collect::<String>();
        Some(format!("{start}{list}{end}")).filter(|text| text.len() <= LONGEST)
    };
    let own: Vec<String> = sources.iter().map(ToString::to_string).collect();
    if let Some(policy) = text(hosts, &own) {
        return Built { policy: Some(policy), fit: Fit::Whole };
    }
    let wide = widened(hosts, may_widen);
    match text(&wide, &own) {
        Some(policy) => Built { policy: Some(policy), fit: Fit::Domains },
        None => Built { policy: None, fit: Fit::TooMany },
    }
}

fn start(place: Place<'_>) -> String {
    let mut text = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:".to_owned();
    let host = place.url.host_str().unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if host.is_empty() || !host.bytes().all(plain) {
        return text;
    }
    let site = place.site.as_str();
    if place.is_whole && host.parse::<IpAddr>().is_err() {
        text.push_str(&format!(" {site}:* *.{site}:*"));
    } else {
        text.push_str(&format!(" {host}:*"));
    }
    text
}

/// Reports go where both ways of telling find them; browsers that know `report-to` wait for its endpoint, which a page without TLS
/// cannot have (Reporting API, 3.2).
fn end(url: &Url) -> String {
    let group =
        if url.scheme() == "https" { format!("; report-to {GROUP}") } else { String::new() };
    format!("; report-uri {REPORTS}{group}")
}

/// `hosts`, of which several on one registrable domain become that.
fn widened(hosts: &[Needed], may_widen: impl Fn(&str) -> bool) -> Vec<Needed> {
    let mut by_domain: BTreeMap<String, Vec<&Needed>> = BTreeMap::new();
    for needed in hosts {
        let domain = Site::of_host(&needed.host).as_str().to_owned();
        by_domain.entry(domain).or_default().push(needed);
    }
    let mut wide = Vec::new();
    for (domain, group) in by_domain {
        if group.len() > 1 && may_widen(&domain) {
            wide.push(Needed { host: domain.into(), path: "".into(), below: true });
        } else {
            wide.extend(group.into_iter().cloned());
        }
    }
    wide
}

impl Needed {
    /// A rule `host` or `host/path` of the operator or of the catalogue.
    #[must_use]
    pub fn new(rule: &str, below: bool) -> Self {
        let at = rule.find('/').unwrap_or(rule.len());
        let (host, path) = rule.split_at_checked(at).unwrap_or((rule, ""));
        let path = if path == "/" { "" } else { path };
        Self { host: host.to_ascii_lowercase().into(), path: path.into(), below }
    }

    /// The source expressions for it.
    fn sources(&self) -> impl Iterator<Item = String> + '_ {
        let hosts = [Some(self.host.to_string()), self.below.then(|| format!("*.{}", self.host))];
        let paths = paths(&self.path);
        hosts.into_iter().flatten().flat_map(move |host| {
            paths.clone().into_iter().map(move |path| format!("{host}{path}"))
        })
    }
}

/// The paths of source expressions for one of a rule: one that ends in a slash means all below it (CSP 3, 6.7.2.12).
fn paths(rule: &str) -> Vec<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/@%+$!*:=".contains(&b);
    if rule.is_empty() {
        return vec![String::new()];
    }
    if !rule.bytes().all(plain) {
        // What cannot be written is left out: the whole host would be more.
        return Vec::new();
    }
    match rule.strip_suffix('*') {
        Some(open) => {
            vec![open.rsplit_once('/').map_or_else(String::new, |(up, _)| format!("{up}/"))]
        }
        None => {
            let bare = rule.trim_end_matches('/');
            vec![bare.to_owned(), format!("{bare}/")]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn built(url: &str, whole: bool, hosts: &[Needed], sources: &[&str]) -> Built {
        let url = Url::parse(url).unwrap();
        let site = Site::of_host(url.host_str().unwrap());
        let place = Place { url: &url, site: &site, is_whole: whole };
        build(place, hosts, sources, |domain| domain != "mixed.test")
    }

    fn text(url: &str, whole: bool, rules: &[&str]) -> String {
        let hosts: Vec<Needed> = rules.iter().map(|rule| Needed::new(rule, true)).collect();
        built(url, whole, &hosts, &["https://x.test/a"]).policy.unwrap()
    }

    #[test]
    fn a_policy_names_the_site_and_what_it_needs() {
        let start = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:";
        assert_eq!(
            text("https://www.shop.test/a", true, &["cdn.test", "B.test/x"]),
            format!(
                "{start} shop.test:* *.shop.test:* *.b.test/x *.b.test/x/ *.cdn.test b.test/x b.test/x/ cdn.test https://x.test/a; \
                 report-uri /_consentry/report; report-to consentry"
            )
        );
        assert_eq!(
            text("http://127.0.0.1:8080/", true, &["a.test/n/f*"]),
            format!(
                "{start} 127.0.0.1:* *.a.test/n/ a.test/n/ https://x.test/a; report-uri /_consentry/report"
            )
        );
        assert!(text("https://www.shop.test/", false, &[]).contains(" www.shop.test:* https://x"));
        assert!(text("https://[::1]/", true, &[]).starts_with(&format!("{start} https://x")));
    }

    #[test]
    fn too_many_hosts_become_domains_and_then_nothing() {
        let on = |domain: &str, count: usize| -> Vec<Needed> {
            (0..count).map(|i| Needed::new(&format!("host{i}.{domain}"), true)).collect()
        };
        let few = built("https://s.test/", true, &on("a.test", 9), &[]);
        assert_eq!(few.fit, Fit::Whole);
        let many = built("https://s.test/", true, &on("a.test", 900), &[]);
        assert_eq!(many.fit, Fit::Domains);
        assert!(many.policy.unwrap().contains(" *.a.test a.test;"));
        let mixed = built("https://s.test/", true, &on("mixed.test", 900), &[]);
        assert_eq!(mixed, Built { policy: None, fit: Fit::TooMany });
    }

    proptest! {
        #[test]
        fn a_policy_is_one_line_of_bounded_length(
            rules in proptest::collection::vec("[a-z.]{1,30}(/\\PC{0,8})?", 0..200)
        ) {
            let hosts: Vec<Needed> = rules.iter().map(|rule| Needed::new(rule, true)).collect();
            if let Some(policy) = built("https://s.test/", true, &hosts, &[]).policy {
                prop_assert!(policy.len() <= LONGEST);
                prop_assert!(policy.bytes().all(|b| (b' '..0x7f).contains(&b) && b != b','));
                prop_assert_eq!(super::super::directives(&policy).count(), 3);
            }
        }
    }
}
