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
