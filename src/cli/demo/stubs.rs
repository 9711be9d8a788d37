//! Turns requests to the stand-in vendors into scripts, pixels and players of our own, and records each of them.
//!
//! 1. All vendors share one port and are told apart by `Host`; any other host is misdirected (RFC 9110 15.5.20). Nobody but
//!    Consentry knows the port: in pages they have none, as only hosts without one are served on a site's own paths.
//! 2. Their scripts really send something when they run, so that consent has something to show.

use super::{
    http::{field, plain, with},
    received::{Received, Seen},
};
use crate::{
    catalog::{Action, Endpoint, Field, Kind, VendorEntry, Verb},
    purpose::Purpose,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use std::sync::Arc;

/// A vendor that is played here.
#[derive(Debug)]
pub(super) struct Stub {
    /// The catalogue's id.
    pub(super) id: &'static str,
    /// Whom it stands for.
    pub(super) stands_for: &'static str,
    /// Whether the catalogue does not have it.
    is_new: bool,
    /// As in the catalogue: `host` or `host/path`.
    hosts: &'static [&'static str],
    /// The vendor's own hosts to which its script sends under the site's paths: `host` or `host/path`.
    also: &'static [&'static str],
    /// What of it the site serves.
    endpoints: &'static [Served],
    /// What the vendor uses data for.
    pub(super) purpose: Purpose,
}

/// An endpoint in the catalogue: `host/path`, its kind, the fields that leave, and those that leave as URLs.
type Served = (&'static str, Kind, &'static [&'static str], &'static [&'static str]);

/// All of them; what shares a host comes before the vendor whose host it is.
pub(super) const STUBS: [Stub; 5] = [
    Stub {
        id: "ga4",
        stands_for: "Google Analytics",
        is_new: false,
        hosts: &["analytics.localhost", "tags.localhost/gtag/js"],
        also: &["www.google-analytics.com"],
        endpoints: &[
            ("tags.localhost/gtag/js", Kind::Script, &["id"], &[]),
            ("analytics.localhost/g/collect", Kind::Beacon, &["v", "tid", "en", "dt"], &["dl"]),
        ],
        purpose: Purpose::Analytics,
    },
    Stub {
        id: "gtm",
        stands_for: "Google Tag Manager",
        is_new: false,
        hosts: &["tags.localhost"],
        also: &[],
        endpoints: &[
            ("tags.localhost/gtm.js", Kind::Script, &["id", "l"], &[]),
            ("tags.localhost/td", Kind::Image, &["id", "e"], &["dl"]),
            ("tags.localhost/ns.html", Kind::Frame, &["id"], &[]),
        ],
        purpose: Purpose::Marketing,
    },
    Stub {
        id: "meta",
        stands_for: "Meta Pixel",
        is_new: false,
        hosts: &["social.localhost"],
        also: &["www.facebook.com"],
        endpoints: &[
            ("social.localhost/en_US/fbevents.js", Kind::Script, &[], &[]),
            ("social.localhost/tr", Kind::Image, &["id", "ev", "noscript"], &["dl", "rl"]),
        ],
        purpose: Purpose::Marketing,
    },
    Stub {
        id: "jetpack_stats",
        stands_for: "WordPress.com Stats",
        is_new: false,
        hosts: &["pixels.localhost"],
        also: &[],
        endpoints: &[("pixels.localhost/g.gif", Kind::Image, &["v", "blog", "post"], &[])],
        purpose: Purpose::Analytics,
    },
    Stub {
        id: "film_player",
        stands_for: "A video site",
        is_new: true,
        hosts: &["video.localhost"],
        also: &[],
        endpoints: &[("video.localhost/embed", Kind::Frame, &["rel"], &[])],
        purpose: Purpose::Functional,
    },
];

/// What the catalogue has to know of the demo: the stubs' hosts and endpoints, added to the vendors that they stand for.
#[must_use]
pub fn vendors() -> Vec<VendorEntry> {
    let entry = |stub: &Stub| VendorEntry {
        id: stub.id.to_owned(),
        name: if stub.is_new { stub.stands_for.to_owned() } else { String::new() },
        purpose: stub.is_new.then_some(stub.purpose),
        hosts: stub.hosts.iter().map(|host| (*host).to_owned()).collect(),
        endpoints: stub.endpoints.iter().map(endpoint).collect(),
        ..VendorEntry::default()
    };
    STUBS.iter().map(entry).collect()
}

fn endpoint(&(place, kind, keep, url): &Served) -> Endpoint {
    let field = |action| move |path: &&str| Field { path: (*path).to_owned(), action };
    let fields = keep.iter().map(field(Action::Keep)).chain(url.iter().map(field(Action::Url)));
    let verbs = if kind == Kind::Beacon { vec![Verb::Get, Verb::Post] } else { vec![Verb::Get] };
    Endpoint {
        paths: vec![place.to_owned()],
        kind,
        methods: verbs,
        fields: fields.collect(),
        ..Endpoint::default()
    }
}

/// The hosts of all of them, which are to be asked where the stubs listen.
pub fn hosts() -> impl Iterator<Item = &'static str> {
    let all = STUBS.iter().flat_map(|stub| stub.hosts.iter().chain(stub.also));
    all.map(|rule| rule.split('/').next().unwrap_or(rule))
}

/// The vendors' side of the demo.
#[derive(Debug)]
pub(super) struct Stubs {
    received: Arc<Received>,
}

// === impl Stub ===

impl Stub {
    /// The host that is shown for it.
    pub(super) fn home(&self) -> &'static str {
        self.hosts.first().copied().unwrap_or_default()
    }

    fn owns(&self, host: &str, path: &str) -> bool {
        self.hosts.iter().chain(self.also).any(|rule| match rule.split_once('/') {
            Some((h, p)) => h == host && path.strip_prefix('/') == Some(p),
            None => *rule == host,
        })
    }
}

// === impl Stubs ===

impl Stubs {
    /// Vendors that tell `received` what they get.
    pub(super) const fn new(received: Arc<Received>) -> Self {
        Self { received }
    }

    /// Records and answers one request.
    pub(super) fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let host = field(request, header::HOST).split(':').next().unwrap_or_default();
        let (host, path) = (host.to_ascii_lowercase(), request.uri().path());
        let Some(stub) = STUBS.iter().find(|stub| stub.owns(&host, path)) else {
            return plain(StatusCode::MISDIRECTED_REQUEST);
        };
        let line = format!("{} {}", request.method(), request.uri());
        let cookie = request.headers().contains_key(header::COOKIE);
        let referer = request.headers().contains_key(header::REFERER);
        self.received.record(stub, Seen { host: &host, line: &line, cookie, referer });
        Self::content(path)
    }

    fn content(path: &str) -> Response<Bytes> {
        match path {
            "/gtm.js" => Self::text("text/javascript", include_str!("pages/gtm.js")),
            "/gtag/js" => Self::text("text/javascript", include_str!("pages/gtag.js")),
            "/en_US/fbevents.js" => {
                Self::text("text/javascript", include_str!("pages/fbevents.js"))
            }
            "/ns.html" => Self::text("text/html", "<!DOCTYPE html><title>ns</title>"),
            "/g/collect" => with(StatusCode::NO_CONTENT, &[UNSTORED], Bytes::new()),
            path if path.starts_with("/embed/") => {
                Self::text("text/html", include_str!("pages/player.html"))
            }
            _ => with(
                StatusCode::OK,
                &[("content-type", "image/gif"), UNSTORED],
                Bytes::from_static(PIXEL),
            ),
        }
    }

    fn text(content_type: &str, text: &'static str) -> Response<Bytes> {
        let content_type = format!("{content_type}; charset=utf-8");
        with(
            StatusCode::OK,
            &[("content-type", &content_type), UNSTORED],
            Bytes::from_static(text.as_bytes()),
        )
    }
}

/// Each page view has to be seen again.
const UNSTORED: (&str, &str) = ("cache-control", "no-store");

/// A transparent GIF of one pixel (GIF89a: two colours, a graphic control extension, one image).
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(stubs: &Stubs, host: &str, target: &str) -> Response<Bytes> {
        stubs.answer(&Request::get(target).header("host", host).body(Bytes::new()).unwrap())
    }

    #[test]
    fn hosts_and_paths_tell_vendors_apart() {
        let received = Arc::new(Received::default());
        let stubs = Stubs::new(Arc::clone(&received));
        for (host, target) in [
            ("tags.localhost:81", "/gtm.js?id=GTM-1"),
            ("tags.localhost:81", "/gtag/js?id=G-1"),
            ("ANALYTICS.localhost", "/g/collect"),
            ("social.localhost:81", "/tr/?id=1"),
        ] {
            assert!(ask(&stubs, host, target).status().is_success(), "{host}{target}");
        }
        let counts: Vec<_> = received.summary().vendors.iter().map(|v| v.requests).collect();
        assert_eq!(counts, [2, 1, 1, 0, 0]);
    }

    #[test]
    fn other_hosts_are_not_answered_for() {
        let received = Arc::new(Received::default());
        let stubs = Stubs::new(Arc::clone(&received));
        for host in ["", "127.0.0.1:81", "xtags.localhost", "tags.localhost.evil.test"] {
            assert_eq!(ask(&stubs, host, "/gtm.js").status(), StatusCode::MISDIRECTED_REQUEST);
        }
        assert_eq!(received.summary().requests, 0);
    }

    #[test]
    fn what_scripts_send_to_is_served_by_a_stub() {
        for (host, path) in [
            ("analytics.localhost", "/g/collect"),
            ("www.google-analytics.com", "/g/collect"),
            ("www.facebook.com", "/tr/"),
            ("video.localhost", "/embed/h4rb0urL4ne"),
        ] {
            assert!(STUBS.iter().any(|stub| stub.owns(host, path)), "{host}{path}");
            assert!(hosts().any(|known| known == host), "{host}");
        }
    }
}
