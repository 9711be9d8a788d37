//! A judge for tests: hosts and cookies say in their name what becomes of them.

use super::review::Judge;
use crate::{
    catalog::Destination,
    policy::{Decision, Judged, Route, Verdict, csp::HostSource},
    purpose::Purpose,
    vendor::{Facts, Source, Vendor},
};
use std::sync::Arc;
use url::Url;

/// Holds `held.test` with its subdomains and cookies that begin with `held`; `granted` is somebody's and allowed;
/// `served.test` is allowed and served by the site itself; `connect.test` is held for connections only, `picture.test` for images only.
pub(super) struct Fake;

impl Judge for Fake {
    fn url(&self, url: &str, destination: Destination) -> Option<Judged> {
        let url = Url::parse("https://site.test/dir/page").unwrap().join(url).ok()?;
        let host = url.host_str()?;
        match host {
            "connect.test" => (destination == Destination::Connect).then(|| judged(Verdict::Gate)),
            "picture.test" => (destination == Destination::Image).then(|| judged(Verdict::Gate)),
            host if host == "held.test" || host.ends_with(".held.test") => {
                Some(judged(Verdict::Gate))
            }
            "granted.test" => Some(judged(Verdict::Allow)),
            "served.test" if destination == Destination::Connect => {
                Some(Judged { route: Route::Needless, ..judged(Verdict::Allow) })
            }
            "served.test" => {
                let path = format!("/v/served.test{}", url.path());
                Some(Judged { route: Route::Served(path.into()), ..judged(Verdict::Allow) })
            }
            _ => None,
        }
    }

    fn cookie(&self, name: &str) -> Option<Judged> {
        name.starts_with("held").then(|| judged(Verdict::Block))
    }

    fn own_source(&self, source: &str) -> Option<String> {
        (source == "served.test").then(|| "https://site.test/v/".to_owned())
    }

    fn only_held(&self, source: HostSource<'_>) -> bool {
        source.host == "held.test" || source.host.ends_with(".held.test")
    }
}

/// Holds nothing and knows nobody.
pub(super) struct Nobody;

impl Judge for Nobody {
    fn url(&self, _: &str, _: Destination) -> Option<Judged> {
        None
    }

    fn cookie(&self, _: &str) -> Option<Judged> {
        None
    }

    fn own_source(&self, _: &str) -> Option<String> {
        None
    }

    fn only_held(&self, _: HostSource<'_>) -> bool {
        false
    }
}

fn judged(verdict: Verdict) -> Judged {
    let vendor = Vendor {
        id: "v".into(),
        name: "V".into(),
        purpose: Purpose::Marketing,
        gvl: None,
        atp: None,
        source: Source::Catalog,
        facts: Facts::default(),
    };
    Judged {
        vendor: Arc::new(vendor),
        decision: Decision { verdict, reason: "test".into() },
        route: Route::Direct,
    }
}
