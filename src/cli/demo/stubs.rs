//! Turns requests to the stand-in vendors into scripts, pixels and players of our own, and records each of them.
//!
//! 1. All vendors share one port and are told apart by `Host`; any other host is misdirected (RFC 9110 15.5.20).
//! 2. Their scripts really send something when they run, so that consent has something to show.

use super::{
    http::{field, plain, with},
    page::fill,
    received::{Received, Seen},
};
use crate::{catalog::VendorEntry, purpose::Purpose};
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
    /// As in the catalogue: `host` or `host/path`.
    hosts: &'static [&'static str],
    /// What the vendor uses data for.
    pub(super) purpose: Purpose,
}

/// All of them; what shares a host comes before the vendor whose host it is.
pub(super) const STUBS: [Stub; 5] = [
    Stub {
        id: "ga4",
        stands_for: "Google Analytics",
        hosts: &["analytics.localhost", "tags.localhost/gtag/js"],
        purpose: Purpose::Analytics,
    },
    Stub {
        id: "gtm",
        stands_for: "Google Tag Manager",
        hosts: &["tags.localhost"],
        purpose: Purpose::Marketing,
    },
    Stub {
        id: "meta",
        stands_for: "Meta Pixel",
        hosts: &["social.localhost"],
        purpose: Purpose::Marketing,
    },
    Stub {
        id: "jetpack_stats",
        stands_for: "WordPress.com Stats",
        hosts: &["pixels.localhost"],
        purpose: Purpose::Analytics,
    },
    Stub {
        id: "youtube",
        stands_for: "YouTube",
        hosts: &["video.localhost"],
        purpose: Purpose::Functional,
    },
];

/// What the catalogue has to know of the demo: the stubs' hosts, added to the vendors that they stand for.
#[must_use]
pub fn vendors() -> Vec<VendorEntry> {
    let entry = |stub: &Stub| VendorEntry {
        id: stub.id.to_owned(),
        hosts: stub.hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..VendorEntry::default()
    };
    STUBS.iter().map(entry).collect()
}

/// The vendors' side of the demo.
#[derive(Debug)]
pub(super) struct Stubs {
    port: u16,
    received: Arc<Received>,
}

// === impl Stub ===

impl Stub {
    /// The host that is shown for it.
    pub(super) fn home(&self) -> &'static str {
        self.hosts.first().copied().unwrap_or_default()
    }

    fn owns(&self, host: &str, path: &str) -> bool {
        self.hosts.iter().any(|rule| match rule.split_once('/') {
            Some((h, p)) => h == host && path.strip_prefix('/') == Some(p),
            None => *rule == host,
        })
    }
}

// === impl Stubs ===

impl Stubs {
    /// Vendors on `port` that tell `received` what they get.
    pub(super) const fn new(port: u16, received: Arc<Received>) -> Self {
        Self { port, received }
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
        self.content(path)
    }

    fn content(&self, path: &str) -> Response<Bytes> {
        match path {
            "/gtm.js" => self.text("text/javascript", include_str!("pages/gtm.js")),
            "/gtag/js" => self.text("text/javascript", include_str!("pages/gtag.js")),
            "/en_US/fbevents.js" => self.text("text/javascript", include_str!("pages/fbevents.js")),
            "/ns.html" => self.text("text/html", "<!DOCTYPE html><title>ns</title>"),
            "/g/collect" => with(StatusCode::NO_CONTENT, &[UNSTORED], Bytes::new()),
            path if path.starts_with("/embed/") => {
                self.text("text/html", include_str!("pages/player.html"))
            }
            _ => with(
                StatusCode::OK,
                &[("content-type", "image/gif"), UNSTORED],
                Bytes::from_static(PIXEL),
            ),
        }
    }

    fn text(&self, content_type: &str, template: &str) -> Response<Bytes> {
        let text = fill(template, |name| (name == "port").then(|| self.port.to_string()));
        let content_type = format!("{content_type}; charset=utf-8");
        with(StatusCode::OK, &[("content-type", &content_type), UNSTORED], text.into())
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
        let stubs = Stubs::new(81, Arc::clone(&received));
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
        let stubs = Stubs::new(81, Arc::clone(&received));
        for host in ["", "127.0.0.1:81", "xtags.localhost", "tags.localhost.evil.test"] {
            assert_eq!(ask(&stubs, host, "/gtm.js").status(), StatusCode::MISDIRECTED_REQUEST);
        }
        assert_eq!(received.summary().requests, 0);
    }

    #[test]
    fn scripts_know_the_port_that_they_send_to() {
        let stubs = Stubs::new(4711, Arc::default());
        for (host, target) in [
            ("tags.localhost", "/gtm.js"),
            ("tags.localhost", "/gtag/js"),
            ("social.localhost", "/en_US/fbevents.js"),
        ] {
            let body = ask(&stubs, host, target).into_body();
            let script = std::str::from_utf8(&body).unwrap();
            assert!(script.contains(".localhost:4711/") && !script.contains("{{"), "{target}");
        }
    }
}
