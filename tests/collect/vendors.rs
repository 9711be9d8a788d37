//! The catalogue's endpoints as an attacker would look at them.

use consentry::{
    catalog::{
        Action, Catalog, Destination, Endpoint, Kind, Page, Prefix, Shape, Target, VendorEntry,
    },
    config::built_in,
    site::Site,
};
use std::collections::BTreeSet;
use url::Url;

/// The vendors that are to be served, by the issue of the catalogue: each has a capture too.
const SERVED: [&str; 26] = [
    "ga4",
    "ga_ua",
    "gtm",
    "google_ads",
    "floodlight",
    "meta",
    "tiktok",
    "linkedin",
    "x",
    "pinterest",
    "snap",
    "reddit",
    "uet",
    "clarity",
    "matomo",
    "plausible",
    "umami",
    "posthog",
    "amplitude",
    "mixpanel",
    "segment",
    "snowplow",
    "hubspot",
    "yandex",
    "adobe",
    "datadog",
];

fn catalog() -> Catalog {
    Catalog::new(&built_in(), &[]).unwrap()
}

fn every(mut look: impl FnMut(&VendorEntry, &Endpoint)) {
    for vendor in built_in() {
        vendor.endpoints.iter().for_each(|endpoint| look(&vendor, endpoint));
    }
}

/// A URL at which `rule` serves.
fn url(rule: &str) -> Url {
    let path = rule.strip_suffix('*').map_or_else(|| rule.to_owned(), |start| format!("{start}x"));
    Url::parse(&format!("https://{path}")).unwrap()
}

#[test]
fn each_is_served_or_said_not_to_be() {
    let vendors = built_in();
    for id in SERVED.iter().chain(&["sentry"]) {
        let vendor = vendors.iter().find(|vendor| vendor.id == *id).unwrap();
        assert!(!vendor.endpoints.is_empty() && vendor.gated_only.is_empty(), "{id}");
        let captures = crate::capture::Capture::all();
        assert!(
            captures.iter().any(|capture| capture.name().starts_with(&format!("{id}-"))),
            "{id}"
        );
    }
    for vendor in &vendors {
        assert!(vendor.gated_only.is_empty() || vendor.endpoints.is_empty(), "{}", vendor.id);
        assert!(vendor.setup.is_empty() || !vendor.endpoints.is_empty(), "{}", vendor.id);
        assert!(vendor.gated_only.is_empty() || vendor.gated_only.ends_with('.'), "{}", vendor.id);
    }
    let why = |id: &str| vendors.iter().find(|vendor| vendor.id == id).unwrap().gated_only.clone();
    assert!(["hotjar", "fullstory", "rudderstack", "youtube"].iter().all(|id| !why(id).is_empty()));
}

/// Consent for one vendor must not open another's endpoint: what the gate calls a URL is what the endpoint is called.
#[test]
fn the_gate_and_the_endpoints_agree_on_whose_a_url_is() {
    let catalog = catalog();
    let page = Page::new(Url::parse("https://shop.example/").unwrap());
    let scope = catalog.scope(&consentry::catalog::Config::default());
    let mut seen = 0;
    for (vendor, endpoint) in catalog.endpoints() {
        for rule in &endpoint.paths {
            let url = url(rule);
            let target = Target::new(&url, Destination::Connect, Shape::Plain).unwrap();
            let lists = scope.lists();
            let gated = catalog.classify(&target, &page, &scope, &lists).unwrap();
            assert_eq!(gated.id, vendor.id, "{rule}");
            let (served, _) = catalog.endpoint(url.host_str().unwrap(), url.path()).unwrap();
            assert_eq!(served.id, vendor.id, "{rule}");
            assert!(Prefix::default().path_of(&url).is_some(), "{rule}");
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen}");
}

/// On these anybody can put files: a rule there names one vendor's file, never a folder of others'.
#[test]
fn no_shared_host_is_served() {
    let shared = [
        "cloudfront.net",
        "amazonaws.com",
        "azureedge.net",
        "googleapis.com",
        "jsdelivr.net",
        "unpkg.com",
        "cdnjs.cloudflare.com",
        "github.io",
        "b-cdn.net",
        "fastly.net",
        "akamaized.net",
    ];
    every(|vendor, endpoint| {
        for rule in endpoint.paths.iter().filter(|rule| !rule.starts_with("*/")) {
            let (host, path) = rule.split_once('/').unwrap();
            let is_shared =
                shared.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")));
            let is_file = path.rsplit_once('.').is_some_and(|(_, kind)| kind == "js");
            assert!(!is_shared || is_file, "{}: {rule}", vendor.id);
            assert_ne!(Site::of_host(&format!("x.{host}")).as_str(), format!("x.{host}"), "{rule}");
            assert!(!path.trim_end_matches('*').is_empty(), "{rule}");
        }
    });
}

/// Pages and accounts of vendors, open redirects, and what would let one vendor's consent read another's data.
#[test]
fn what_must_not_be_served_is_not() {
    let catalog = catalog();
    for url in [
        "https://www.googletagmanager.com/ns.html?id=GTM-1",
        "https://www.googletagmanager.com/static/service_worker/5/sw_iframe.html",
        "https://1234.fls.doubleclick.net/activityi;src=1",
        "https://td.doubleclick.net/td/rul/1",
        "https://www.googleadservices.com/pagead/aclk?adurl=https://evil.test",
        "https://ad.doubleclick.net/ddm/clk/1?https://evil.test",
        "https://www.google.com/url?q=https://evil.test",
        "https://t.co/abc",
        "https://www.facebook.com/",
        "https://www.facebook.com/login.php",
        "https://www.facebook.com/tracker",
        "https://connect.facebook.net/en_US/sdk.js",
        "https://ct.pinterest.com/ct.html",
        "https://tr.snapchat.com/cm/i",
        "https://www.linkedin.com/feed/",
        "https://px.ads.linkedin.com/",
        "https://us.posthog.com/api/users/@me/",
        "https://us.i.posthog.com/s/",
        "https://us.i.posthog.com/api/projects/",
        "https://www.clarity.ms/",
        "https://clarity.microsoft.com/projects",
        "https://sentry.io/api/0/organizations/",
        "https://acme.sentry.io/settings/",
        "https://api.mixpanel.com/record/",
        "https://mixpanel.com/login",
        "https://acme.matomo.cloud/index.php?module=API",
        "https://plausible.io/settings",
        "https://plausible.io/api/v1/stats/aggregate",
        "https://cloud.umami.is/api/users",
        "https://api.segment.io/v1/m",
        "https://app.segment.com/",
        "https://mc.yandex.ru/metrika/metrika_match.html",
        "https://mc.yandex.ru/webvisor/1",
        "https://forms.hscollectedforms.net/collected-forms/submit/form",
        "https://app.hubspot.com/",
        "https://browser-intake-datadoghq.com/api/v2/replay",
        "https://app.datadoghq.com/api/v1/validate",
        "https://assets.adobedtm.com/evil/launch.js",
        "https://d1fc8wv8zag5ca.cloudfront.net/x.js",
        "https://cdn.jsdelivr.net/npm/evil/tag.js",
        "https://cdn.jsdelivr.net/npm/yandex-metrica-watch/tag.js.html",
        "https://evilgoogle-analytics.com/g/collect",
        "https://www.google-analytics.com.evil.test/g/collect",
        "https://www.google-analytics.com/g/collector",
        "https://www.google-analytics.com/",
    ] {
        let url = Url::parse(url).unwrap();
        assert!(catalog.endpoint(url.host_str().unwrap(), url.path()).is_none(), "{url}");
    }
}

/// A callback that the client names would make any endpoint a script of the client's, on the site's own origin.
#[test]
fn no_field_names_a_callback_a_secret_or_an_address() {
    let callbacks = ["callback", "cb", "jsonp", "d_cb", "_callback"];
    let never = [
        "token_auth",
        "uip",
        "_uip",
        "cip",
        "ip",
        "$ip",
        "email",
        "$email",
        "mail",
        "phone",
        "$phone",
        "em",
        "ph",
        "hem",
        "ud[em]",
        "ip_address",
        "username",
        "first_name",
        "last_name",
    ];
    every(|vendor, endpoint| {
        let listed: BTreeSet<&str> = endpoint
            .fields
            .iter()
            .filter(|field| field.action != Action::Drop)
            .map(|field| &*field.path)
            .chain(endpoint.marketing.iter().map(|path| &**path))
            .collect();
        for path in &listed {
            let last = path.rsplit('/').next().unwrap();
            let named = callbacks.contains(path) || never.contains(&last);
            assert!(!named, "{}: {path}", vendor.id);
            assert!(
                !path.split('/').all(|name| name.trim_matches('*').is_empty()),
                "{}",
                vendor.id
            );
        }
    });
}

/// Pages of others under the site's own address would have its rights.
#[test]
fn no_pages_are_served() {
    every(|vendor, endpoint| {
        assert_ne!(endpoint.kind, Kind::Frame, "{}", vendor.id);
        let pages = [".html", ".htm", ".php/", "/embed", "/iframe", "activityi"];
        for rule in &endpoint.paths {
            assert!(!pages.iter().any(|page| rule.contains(page)), "{}: {rule}", vendor.id);
        }
    });
}
