//! The literals in these snippets are those of the vendors' published packages.

use super::*;
use crate::catalog::{Endpoint, VendorEntry};
use proptest::prelude::*;

const BASE: &str = "https://shop.test/_consentry/v/";
const PATHS: [&str; 11] = [
    "us.i.posthog.com/e",
    "us-assets.i.posthog.com/static",
    "api-js.mixpanel.com/track",
    "cdn.mxpnl.com/libs",
    "api.segment.io/v1/t",
    "cdn.segment.com/analytics.js",
    "cdn.segment.com/analytics-next/bundles",
    "api2.amplitude.com/2/httpapi",
    "edge.adobedc.net/ee",
    "www.facebook.com/tr",
    "connect.facebook.net/signals",
];

fn catalog() -> Arc<Catalog> {
    let endpoints =
        vec![Endpoint { paths: PATHS.map(str::to_owned).to_vec(), ..Endpoint::default() }];
    let entry = VendorEntry { id: "v".to_owned(), endpoints, ..VendorEntry::default() };
    Arc::new(Catalog::new(&[entry], &[]).unwrap())
}

fn rewritten(catalog: &Arc<Catalog>, text: &[u8], mut size: impl FnMut() -> usize) -> Vec<u8> {
    let (mut rewriter, mut out, mut rest) =
        (ScriptRewriter::new(catalog.clone(), BASE), Vec::new(), text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        rewriter.feed(piece, &mut out);
        rest = after;
    }
    rewriter.finish(&mut out);
    out
}

fn whole(text: &str) -> String {
    String::from_utf8(rewritten(&catalog(), text.as_bytes(), || usize::MAX)).unwrap()
}

#[test]
fn the_hosts_of_vendors_scripts_are_pointed() {
    for (text, expected) in [
        (
            r#"zh=i=>bi({api_host:"https://us.i.posthog.com",flags_api_host:null})"#,
            r#"zh=i=>bi({api_host:"https://shop.test/_consentry/v/us.i.posthog.com",flags_api_host:null})"#,
        ),
        (
            r#"bb={api_host:"https://api-js.mixpanel.com",cdn:"https://cdn.mxpnl.com",lib_base_path:"https://cdn.mxpnl.com/libs/"}"#,
            r#"bb={api_host:"https://shop.test/_consentry/v/api-js.mixpanel.com",cdn:"https://shop.test/_consentry/v/cdn.mxpnl.com",lib_base_path:"https://shop.test/_consentry/v/cdn.mxpnl.com/libs/"}"#,
        ),
        // Put behind `https://` and before `/t` at run time.
        (r#"var r="api.segment.io/v1"}"#, r#"var r="shop.test/_consentry/v/api.segment.io/v1"}"#),
        (
            r#"a.p=ve?ve+"/analytics-next/bundles/":"https://cdn.segment.com/analytics-next/bundles/""#,
            r#"a.p=ve?ve+"/analytics-next/bundles/":"https://shop.test/_consentry/v/cdn.segment.com/analytics-next/bundles/""#,
        ),
        (
            r#""https://cdn.segment.com/analytics.js/v1/".concat(r,"/analytics.min.js")"#,
            r#""https://shop.test/_consentry/v/cdn.segment.com/analytics.js/v1/".concat(r,"/analytics.min.js")"#,
        ),
        (
            r#"g="https://api2.amplitude.com/2/httpapi",y="https://api2.amplitude.com/batch""#,
            r#"g="https://shop.test/_consentry/v/api2.amplitude.com/2/httpapi",y="https://api2.amplitude.com/batch""#,
        ),
        (
            r#"edgeDomain:Dt().domain().default("edge.adobedc.net")"#,
            r#"edgeDomain:Dt().domain().default("shop.test/_consentry/v/edge.adobedc.net")"#,
        ),
        (
            r#"ENDPOINT:"https:\/\/www.facebook.com\/tr\/",CDN_BASE_URL:'https://connect.facebook.net/'"#,
            r#"ENDPOINT:"https:\/\/shop.test/_consentry/v/www.facebook.com\/tr\/",CDN_BASE_URL:'https://shop.test/_consentry/v/connect.facebook.net/'"#,
        ),
    ] {
        assert_eq!(whole(text), expected);
    }
}

#[test]
fn everything_else_stays() {
    for text in [
        "",
        r#"open a ticket on https://us.i.posthog.com/home"#,
        r#"a="https://mixpanel.com/projects/replay-redirect?""#,
        r#"Ku="i.posthog.com""#,
        r#"h.replace(".us.i.posthog.com","-assets.us.i.posthog.com")+"/static/array.js""#,
        r#"e.includes("amplitude.com")"#,
        r#"/https:\/\/us\.i\.posthog\.com/.test(h)"#,
        "x=\"//# sourceMappingURL=\"+y;",
        "\n//# sourceMappingURL=data:application/json;base64,e30=\n",
        "\n//# sourceMappingURL=a'b",
        "f();//# sourceMappingURL=a.map",
    ] {
        assert_eq!(whole(text), text);
    }
}

#[test]
fn maps_go() {
    for (text, expected) in [
        ("f();\n//# sourceMappingURL=array.js.map", "f();\n"),
        ("//@ sourceMappingURL=https://us.i.posthog.com/a.map\nf()", "\nf()"),
        ("a\r\n  //# sourceMappingURL=x.map \r\n", "a\r\n   \r\n"),
    ] {
        assert_eq!(whole(text), expected);
    }
}

/// A script with something to decide about at every step, as long as some steps.
fn dense() -> Vec<u8> {
    let parts = [
        r#"h("https://us.i.posthog.com/e/");"#,
        "x('api.segment.io/v1',y);\n",
        "\n//# sourceMappingURL=a.map\n",
        r#"z="https:\/\/www.facebook.com\/tr\/";"#,
        "(function(){return 1})(); ",
        "'https://ssl.'+'us.i.posthog.com/e';",
    ];
    (0..9_000_usize).flat_map(|i| parts[i * i % 7 % parts.len()].bytes()).collect()
}

#[test]
fn pieces_do_not_matter() {
    let (catalog, script) = (catalog(), dense());
    let whole = rewritten(&catalog, &script, || usize::MAX);
    assert!(memchr::memmem::find_iter(&whole, b"/_consentry/v/").count() > 1_000);
    assert_eq!(memchr::memmem::find(&whole, b"sourceMappingURL"), None);
    for size in [1, 2, 333, 1_024, STEP, STEP + BEHIND, 100_000] {
        assert!(rewritten(&catalog, &script, || size) == whole, "{size}");
    }
}

proptest! {
    #[test]
    fn any_pieces_of_any_script_give_the_same(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "\"", "'", "`", "https:", "//", "\\/", "us.i.posthog.com", ".", "/e", "/", "+", ")", " ", "\n", "?", "${",
                "api.segment.io/v1", "www.facebook.com", "//# sourceMappingURL=", "a", "\u{e4}",
            ]),
            0..200,
        ),
        filler in 0_usize..40_000,
        seed: u64,
    ) {
        let text = format!("{}{}{}", pieces.concat(), "x".repeat(filler), pieces.concat());
        let catalog = catalog();
        let whole = rewritten(&catalog, text.as_bytes(), || usize::MAX);
        let mut state = seed | 1;
        let cut = rewritten(&catalog, text.as_bytes(), || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 50).unwrap()
        });
        prop_assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&cut));
    }
}

/// A vendor that is served, one that is not and one that needs no consent, on the site `shop.test`.
fn site_gate() -> (Arc<Catalog>, Gate) {
    use crate::{
        catalog::{self, Page, Prefix},
        consent::Consent,
        policy::{Policy, Regime},
        purpose::Purpose,
    };
    let entry = |id: &str, purpose, host: &str| VendorEntry {
        id: id.to_owned(),
        purpose: Some(purpose),
        hosts: vec![host.to_owned()],
        ..VendorEntry::default()
    };
    let paths = vec!["stats.test/collect".to_owned()];
    let served = VendorEntry {
        endpoints: vec![Endpoint { paths, ..Endpoint::default() }],
        ..entry("stats", Purpose::Analytics, "stats.test")
    };
    let video = entry("video", Purpose::Functional, "video.test/embed");
    let pay = entry("pay", Purpose::Necessary, "pay.test");
    let catalog = Arc::new(Catalog::new(&[served, video, pay], &[]).unwrap());
    let config =
        catalog::Config { allow: vec!["ok.stats.test".into()], ..catalog::Config::default() };
    let scope = Arc::new(catalog.scope(&config));
    let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
    let page = Arc::new(Page::new("https://shop.test/js/app.js".parse().unwrap()));
    let gate = Gate::new(catalog.clone(), scope, ruling, page).serving(&Prefix::default());
    (catalog, gate)
}

fn of_the_site(text: &[u8], mut size: impl FnMut() -> usize) -> Vec<u8> {
    let (catalog, gate) = site_gate();
    let mut rewriter = ScriptRewriter::new(catalog, BASE).of_the_site(gate);
    let (mut out, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        rewriter.feed(piece, &mut out);
        rest = after;
    }
    rewriter.finish(&mut out);
    out
}

#[test]
fn in_the_sites_own_scripts_only_what_is_loaded_is_pointed() {
    const V: &str = "https://shop.test/_consentry/v/";
    for (text, expected) in [
        ("'https://stats.test/collect?x'", format!("'{V}stats.test/collect?x'")),
        ("'https://stats.test'", format!("'{V}stats.test'")),
        ("'https://stats.test/lib.js'", format!("'{V}stats.test/lib.js'")),
        ("'https://video.test/embed/'+id", format!("'{V}video.test/embed/'+id")),
        (
            "\"https:\\/\\/video.test\\/embed\\/7\"",
            format!("\"{}video.test\\/embed\\/7\"", V.replacen("//", "\\/\\/", 1)),
        ),
    ] {
        let left = String::from_utf8(of_the_site(text.as_bytes(), || usize::MAX)).unwrap();
        assert_eq!(left, expected, "{text}");
    }
    for text in [
        // What origins are compared with, what people are sent to, and what needs no consent.
        "e.origin==='https://video.test'",
        "'https://video.test/watch?v=1'",
        "h==='video.test'",
        "'https://pay.test/v3/pay.js'",
        "'https://ok.stats.test/collect'",
        "'https://elsewhere.test/collect'",
    ] {
        assert_eq!(of_the_site(text.as_bytes(), || usize::MAX), text.as_bytes());
    }
}

#[test]
fn an_own_script_keeps_its_map_while_it_is_as_it_was() {
    for (text, expected) in [
        ("a()\n//# sourceMappingURL=a.js.map\n", "a()\n//# sourceMappingURL=a.js.map\n"),
        (
            "'//stats.test/collect'\n//# sourceMappingURL=a.js.map\n",
            "'//shop.test/_consentry/v/stats.test/collect'\n\n",
        ),
    ] {
        assert_eq!(of_the_site(text.as_bytes(), || usize::MAX), expected.as_bytes());
    }
}

proptest! {
    #[test]
    fn any_cut_of_an_own_script_gives_the_same(seed: u64, pads in proptest::collection::vec(0..9000_usize, 1..6)) {
        let pieces = ["'https://stats.test/collect'", "\n//# sourceMappingURL=x.map\n", "\"https://video.test/embed/1\"", "'https://video.test'"];
        let mut text = Vec::new();
        for (pad, piece) in pads.iter().zip(pieces.iter().cycle().skip(usize::try_from(seed % 4).unwrap())) {
            text.resize(text.len() + pad, b'x');
            text.extend_from_slice(piece.as_bytes());
        }
        let mut state = seed | 1;
        let cut = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 52).unwrap()
        };
        prop_assert_eq!(of_the_site(&text, cut), of_the_site(&text, || usize::MAX));
    }
}
