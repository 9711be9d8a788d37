//! Turns pages under policies, and what the policy alone stops, in a real browser (`tests/browser/csp.mjs`) into a verdict.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "browser/mod.rs"]
mod browser;

use consentry::{
    catalog::{Catalog, Config as Scope, Page},
    consent::Consent,
    policy::{
        Gate, Policy, Regime,
        csp::{self, Inline, OwnNeeds},
    },
    rewrite::{Additions, Config, End, Ending, LOADER, OwnScript, Rewriter, Syntax},
    vendor::Vendor,
};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc};
use url::Url;

const ORIGIN: &str = "https://shop.example";
const GUARD: &str = "/_consentry/guard/g.js";
const BANNER: &str = "/_consentry/banner/en/b.js";
/// The site's own inline script.
const OWN: &str = "window.site = (window.site || 0) + 1;";
const GUARD_TEXT: &str = "'use strict';\nwindow.guard = document.scripts.length;\n\
    if (window.trustedTypes) trustedTypes.createPolicy('consentry', { createHTML: text => text });\n";
const BANNER_TEXT: &str = "'use strict';\nwindow.banner = document.currentScript.dataset.state;\n\
    fetch('/_consentry/choice').then(() => { window.spoken = true; }, () => {});\n";

struct Banner;

impl Ending for Banner {
    fn ending(&self, _: &[Arc<Vendor>], _: Option<&str>) -> Option<End> {
        let attributes = vec![("data-state", "-".to_owned())];
        let script = OwnScript { path: BANNER.into(), attributes, blocking: false };
        Some(End { script, noscript: String::new() })
    }
}

fn additions() -> Additions {
    let integrity = csp::sha256_source(GUARD_TEXT).trim_matches('\'').to_owned();
    let attributes = vec![("integrity", integrity)];
    let guard = OwnScript { path: GUARD.into(), attributes, blocking: true };
    Additions { head: vec![guard], end: Some(Arc::new(Banner)), is_page: true }
}

fn gate() -> Gate {
    let catalog = Arc::new(Catalog::new(&[], &[]).unwrap());
    let scope = Arc::new(catalog.scope(&Scope::default()));
    let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
    Gate::new(catalog, scope, ruling, Arc::new(Page::new(Url::parse(ORIGIN).unwrap())))
}

/// The page and its policies as they leave, where the site sends `headers` and writes `metas` into the page.
fn case(name: &str, headers: &[&str], metas: &[&str]) -> Value {
    let additions = additions();
    let nonce = match csp::inline_script(headers) {
        Inline::Nonce(nonce) => Some(nonce),
        Inline::Free | Inline::Hashes => None,
    };
    let by_hash = headers.iter().any(|policy| csp::needs_integrity(policy, nonce.as_deref()));
    let needs = additions.needs(ORIGIN);
    let inline = if by_hash { vec![csp::sha256_source(LOADER)] } else { Vec::new() };
    let own = OwnNeeds { inline, nonce: nonce.clone(), ..needs.clone() };
    let policies: Vec<String> = headers.iter().map(|policy| csp::for_own(policy, &own)).collect();
    let metas: String = metas
        .iter()
        .map(|policy| format!("<meta http-equiv=content-security-policy content=\"{policy}\">"))
        .collect();
    let page = format!(
        "<!doctype html><html><head><meta charset=utf-8>{metas}<title>p</title><link rel=icon href=data:,></head><body>\
         <script nonce=site>{OWN}</script><script>window.evil = 1;</script><script src=/evil.js></script></body></html>"
    );
    let rewriter =
        Rewriter::new(gate(), &Config::default(), Syntax::Html, Some("utf-8"), nonce.as_deref());
    let mut rewriter = rewriter.adding(additions).under(needs, by_hash, true);
    let mut out = Vec::new();
    rewriter.feed(page.as_bytes(), &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    json!({ "name": name, "policies": policies, "body": String::from_utf8(out).unwrap() })
}

fn cases() -> Vec<Value> {
    let hash = csp::sha256_source(OWN);
    let strict = format!("script-src 'strict-dynamic' {hash}; object-src 'none'");
    let typed = "require-trusted-types-for 'script'; trusted-types own";
    let policies = [
        ("nonce", "script-src 'nonce-site'; connect-src 'none'".to_owned()),
        (
            "nonce and strict-dynamic",
            "script-src 'nonce-site' 'strict-dynamic' https: 'unsafe-inline'; base-uri 'none'"
                .to_owned(),
        ),
        ("hashes", format!("script-src {hash}; connect-src https://api.test")),
        ("hashes and strict-dynamic", strict.clone()),
        ("nothing by default", format!("default-src 'none'; script-src {hash}; img-src data:")),
        ("default alone", format!("default-src {hash}; img-src data:")),
        ("trusted types", format!("script-src {hash} ; {typed}")),
        ("trusted types and strict-dynamic", format!("{strict}; {typed}")),
        (
            "trusted types and a nonce",
            format!("script-src 'nonce-site'; {typed}; connect-src 'self'"),
        ),
        ("elements apart", format!("script-src 'none'; script-src-elem {hash} https://cdn.test")),
    ];
    let each = policies.iter().flat_map(|(name, policy)| {
        [case(name, &[policy], &[]), case(&format!("{name}, in the page"), &[], &[policy])]
    });
    let two = [
        case(
            "two headers",
            &[
                "script-src 'nonce-site'; connect-src 'none'",
                &format!("default-src {hash} 'nonce-site'"),
            ],
            &[],
        ),
        case(
            "two without a common nonce",
            &["script-src 'nonce-site'", &format!("script-src {hash} https://cdn.test")],
            &[],
        ),
        case(
            "a header and the page",
            &["script-src 'nonce-site' 'strict-dynamic'"],
            &[&format!("script-src {hash} 'nonce-site'; connect-src 'none'")],
        ),
        case(
            "a strict header and a page of paths",
            &[&strict],
            &[&format!("script-src {hash} https://shop.example/js/")],
        ),
    ];
    each.chain(two).collect()
}

#[test]
fn a_policy_alone_stops_every_vector_and_lets_our_scripts_in() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../csp");
    browser::visits("csp", &[], |script, chromium| {
        fs::create_dir_all(&out).unwrap();
        let files = json!({ GUARD: GUARD_TEXT, BANNER: BANNER_TEXT });
        let given = json!({ "files": files, "cases": cases() });
        fs::write(out.join("cases.json"), given.to_string()).unwrap();
        // The shell without windows delivers no reports that go to a group.
        script.env("CHROMIUM", chromium);
    });
}
