use super::*;
use crate::{
    catalog::{Catalog, Config as Scope, Page, VendorEntry},
    consent::Consent,
    policy::{Policy, Regime, csp},
    purpose::Purpose,
};
use proptest::prelude::*;
use std::sync::Arc;
use url::Url;

fn entry(id: &str, hosts: &[&str], inline: &[&str], surrogate: &str) -> VendorEntry {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
    VendorEntry {
        id: id.into(),
        purpose: Some(Purpose::Marketing),
        hosts: texts(hosts),
        inline: texts(inline),
        surrogate: surrogate.into(),
        ..VendorEntry::default()
    }
}

fn gate() -> Gate {
    let entries = [
        entry("t", &["t.test"], &["tt.start"], "window.tt=window.tt||function(){}"),
        entry("hide", &["hide.test"], &[], ""),
    ];
    let hides = VendorEntry {
        id: "hide".into(),
        hides: vec!["async-hide".into(), "box{visibility".into()],
        ..VendorEntry::default()
    };
    let catalog = Arc::new(Catalog::new(&entries, &[hides]).unwrap());
    let scope = Arc::new(catalog.scope(&Scope::default()));
    let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
    let page = Arc::new(Page::new(Url::parse("https://shop.test/a/b.html").unwrap()));
    Gate::new(catalog, scope, ruling, page)
}

fn run(page: &[u8], config: &Config, cuts: &[usize]) -> (Vec<u8>, Vec<Finding>) {
    let mut rewriter = Rewriter::new(gate(), config, Syntax::Html, Some("windows-1252"), None);
    let mut out = Vec::new();
    let mut rest = page;
    for cut in cuts {
        let (chunk, after) = rest.split_at((*cut).min(rest.len()));
        rewriter.feed(chunk, &mut out).unwrap();
        rest = after;
    }
    rewriter.feed(rest, &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    (out, rewriter.take_findings())
}

fn removed(page: &str) -> String {
    String::from_utf8(run(page.as_bytes(), &Config::default(), &[]).0).unwrap()
}

#[test]
fn loads_are_taken_out() {
    for (page, expected) in [
        (
            "a<script src=//t.test/x></script>b",
            "a<script>window.tt=window.tt||function(){}</script>b",
        ),
        ("a<img src='https://x.t.test/p?a=1&amp;b'>b", "ab"),
        ("<IMG SRC=HTTPS&colon;//T.TEST/p>b", "b"),
        ("<img src=\"ht\ntps:/\\t.te\tst./p\">b", "b"),
        ("<iframe src=//t.test/f>x<p></iframe>b", "b"),
        ("<link rel=preconnect href=//t.test>b", "b"),
        ("<link rel=canonical href=//t.test/>b", "<link rel=canonical href=//t.test/>b"),
        ("<img srcset='a.png 1x, //t.test/b 2x' src=a.png>", "<img srcset='a.png 1x' src=a.png>"),
        ("<img srcset='//t.test/b 2x' src=a.png>", "<img  src=a.png>"),
        (
            "<picture><source srcset=//t.test/b><img src=a></picture>",
            "<picture><img src=a></picture>",
        ),
        ("<video poster=//t.test/p src=v></video>", "<video  src=v></video>"),
        ("<input type=image src=//t.test/i>", "<input type=image >"),
        ("<object data=//t.test/o>x</object>", "<object >x</object>"),
        ("<embed src=//t.test/o>", ""),
        ("<iframe src='data:text/html;base64,PGltZyBzcmM9Ly90LnRlc3QvaT4=#f'></iframe>b", "b"),
        ("<body background=//t.test/i>", "<body >"),
        ("<meta http-equiv=refresh content='0;url=//t.test/'>b", "b"),
        ("<a ping='/p //t.test/p' href=//t.test/>x</a>", "<a ping='/p' href=//t.test/>x</a>"),
        ("<a ping=//t.test/p href=/>x</a>", "<a  href=/>x</a>"),
        (
            "<a attributionsrc='/own https&colon;//t.test/a' href=/>x</a>",
            "<a attributionsrc='/own' href=/>x</a>",
        ),
        ("<area AttributionSrc=\"\n//t.test/a\t//t.test/b \">", "<area >"),
        ("<img src=/i attributionsrc=//t.test/a>", "<img src=/i >"),
        ("<script src=/s attributionsrc=//t.test/a></script>", "<script src=/s ></script>"),
        (
            "<script type=text/plain attributionsrc=//t.test/a></script>",
            "<script type=text/plain ></script>",
        ),
        ("<img src=/p data-original-src=//t.test/i>", "<img src=/p >"),
        ("<div data-youtube-src=//t.test/embed/1>x</div>", "<div >x</div>"),
        ("<div style='background:url(//t.test/i)'>", "<div style='background:url(about:invalid)'>"),
        (
            "<div style=\"background:url(&quot;//t.test/i&quot;)\">",
            "<div style=\"background:url(&quot;about:invalid&quot;)\">",
        ),
        (
            "<style>@import '//t.test/c';a{b:c}</style>",
            "<style>@import 'about:invalid';a{b:c}</style>",
        ),
        (
            "<svg><image href=//t.test/i /><script href=//t.test/s /></svg>",
            "<svg><script>window.tt=window.tt||function(){}</script></svg>",
        ),
        ("<template><img src=//t.test/i></template>", "<template></template>"),
        ("<noscript><img src=//t.test/i>x</noscript>y", "<noscript>x</noscript>y"),
        ("<noscript>a<img src=//t.test/i </noscript>y", "<noscript>a</noscript>y"),
        ("<iframe srcdoc='&lt;img src=//t.test/i>x'></iframe>", "<iframe srcdoc='x'></iframe>"),
        ("<div data-src=//t.test/i>", "<div >"),
        ("<p onclick=\"new Image().src='//t.test/i'\">", "<p >"),
        ("<a href=\"javascript:void(new Image().src='//t.test/i')\">x</a>", "<a >x</a>"),
        ("<base href=//t.test/><img src=i>b", "<base href=//t.test/>b"),
        ("<img src=a src=//t.test/i>", "<img src=a >"),
        ("<frameset><frame src=//t.test/f></frameset>", "<frameset><frame ></frameset>"),
        (
            "<select><script src=//t.test/s></script></select>",
            "<select><script>window.tt=window.tt||function(){}</script></select>",
        ),
    ] {
        assert_eq!(removed(page), expected, "{page}");
    }
}

#[test]
fn inline_scripts_are_decided_whole() {
    for (page, expected) in [
        ("<script>tt.start()</script>b", "<script>window.tt=window.tt||function(){}</script>b"),
        (
            "<script>new Image().src='https://t\\u002etest/a'</script>b",
            "<script>window.tt=window.tt||function(){}</script>b",
        ),
        (
            "<script>new Image().src='\\x68ttps://t\\x2Etest/a'</script>b",
            "<script>window.tt=window.tt||function(){}</script>b",
        ),
        (
            "<script>x='//t.test/a.js'</script>b",
            "<script>window.tt=window.tt||function(){}</script>b",
        ),
        (
            "<script>x='//ads.unknown.test/adserver/a.js'</script>b",
            "<script>x='//consentry.invalid/adserver/a.js'</script>b",
        ),
        (
            "<script type=importmap>{\"imports\":{\"a\":\"https://t.test/a\"}}</script>",
            "<script type=importmap>{\"imports\":{\"a\":\"https://consentry.invalid/a\"}}</script>",
        ),
        (
            "<script>window.S={\"a\":\"https:\\/\\/t.test\\/a\"}</script>",
            "<script>window.S={\"a\":\"https:\\/\\/consentry.invalid\\/a\"}</script>",
        ),
        ("<style id=async-hide>body{opacity:0}</style>", "<style id=async-hide></style>"),
        ("<style class=x>.box{visibility:hidden}</style>", "<style class=x></style>"),
        ("<style>.async-hide{opacity:0}</style>", "<style>.async-hide{opacity:0}</style>"),
        ("<script>e.className+=' async-hide'</script>b", "b"),
    ] {
        assert_eq!(removed(page), expected, "{page}");
    }
}

#[test]
fn what_is_nobodys_stays() {
    for page in [
        "<!DOCTYPE html><p>caf\u{e9} <a href=//t.test/>x</a>",
        "<script type=application/ld+json>{\"a\":\"//t.test/\"}</script>",
        "<script type=text/plain data-src=//t.test/x>tt.start()</script>",
        "<!-- <img src=//t.test/i> --><!--[if IE]><script src=//t.test/x></script><![endif]-->",
        "<textarea><img src=//t.test/i></textarea><title><script src=//t.test/></title>",
        "<script src=//t.test.evil.example/x></script>",
        "<form action=//t.test/f></form>",
        "<script>var a = 1",
        "<img src=//t.test/i",
        "<div class=x data-x='//t.test/'>",
        "<img src=/i attributionsrc><a attributionsrc='' href=//t.test/>x</a>",
    ] {
        assert_eq!(removed(page), page);
    }
}

#[test]
fn gated_things_can_stay_inert() {
    let config = Config { gated: Gated::Inert, surrogates: false, ..Config::default() };
    let inert = |page: &str| String::from_utf8(run(page.as_bytes(), &config, &[]).0).unwrap();
    let marks = "data-consentry=\"t\" data-consentry-purpose=\"marketing\"";
    for (page, expected) in [
        (
            "<script src=//t.test/x async></script>",
            format!(
                "<script type=\"text/plain\" {marks} data-consentry-src=//t.test/x async></script>"
            ),
        ),
        (
            "<script type='module'>tt.start()</script>",
            format!(
                "<script type=\"text/plain\" {marks} data-consentry-type='module'>tt.start()</script>"
            ),
        ),
        ("<img src='//t.test/i'>", format!("<img {marks} data-consentry-src='//t.test/i'>")),
        (
            "<style>a{b:url(//t.test/i)}</style>",
            "<style>a{b:url(about:invalid#t/marketing/%2F%2Ft%2Etest%2Fi)}</style>".to_owned(),
        ),
    ] {
        assert_eq!(inert(page), expected, "{page}");
    }
}

#[test]
fn findings_say_where() {
    let page = "a\n<noscript>\n<img src=//t.test/i></noscript>\n<script>\ntt.start()</script>";
    let (_, findings) = run(page.as_bytes(), &Config::default(), &[]);
    let places: Vec<_> =
        findings.iter().map(|f| (f.line, &page[usize::try_from(f.at).unwrap()..][..3])).collect();
    assert_eq!(places, [(3, "src"), (4, "\ntt")]);
}

#[test]
fn long_scripts_pass_edited() {
    let config = Config { max_inline: 1000, ..Config::default() };
    let filler = "var a = 'b';\n".repeat(2000);
    let page = format!("<script>{filler}x='//t.test/a';{filler}y='https://sub.t.test/';</script>z");
    let expected = page.replace("t.test", "consentry.invalid").replace("sub.", "");
    for cuts in [&[][..], &[5000, 20_000, 30_000], &[26_020, 3, 3, 3]] {
        let (out, findings) = run(page.as_bytes(), &config, cuts);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(findings.len(), 2);
    }
}

const PIECES: &[&str] = &[
    "<p>",
    "text \u{e9} ",
    "<script src=//t.test/x></script>",
    "<script>tt.start()</script>",
    "<script>",
    "</script>",
    "<noscript>",
    "</noscript>",
    "<img src=//t.test/i>",
    "<img src=a",
    ">",
    "<!--",
    "-->",
    "<style>",
    "@import '//t.test/c';",
    "</style>",
    "<svg>",
    "</svg>",
    "<iframe src=//t.test/f>",
    "</iframe>",
    "\n",
    "<select>",
    "<table>",
    "<a href='",
    "'",
    "<![CDATA[",
    "]]>",
    "<textarea>",
    "</textarea>",
    "<math>",
    "<template>",
    "&amp;",
    "<div style='a:url(//t.test/i)'>",
    "<iframe srcdoc='<img src=//t.test/i>'>",
    "x='//t.test/y'",
    "<base href=//t.test>",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn chunks_do_not_matter(
        picks in proptest::collection::vec(0..PIECES.len(), 0..40),
        cuts in proptest::collection::vec(1usize..40, 0..60),
        inert in any::<bool>(),
        small in any::<bool>(),
    ) {
        let page: String = picks.iter().map(|i| PIECES[*i]).collect();
        let config = Config {
            gated: if inert { Gated::Inert } else { Gated::Remove },
            max_inline: if small { 30 } else { 1 << 18 },
            ..Config::default()
        };
        let (whole, found) = run(page.as_bytes(), &config, &[]);
        let (cut, found_cut) = run(page.as_bytes(), &config, &cuts);
        prop_assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&cut));
        let key = |f: &Finding| (f.what.clone(), f.line);
        if !small {
            prop_assert_eq!(found.iter().map(key).collect::<Vec<_>>(), found_cut.iter().map(key).collect::<Vec<_>>());
        }
    }

    #[test]
    fn with_nothing_gated_every_byte_stays(page in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let page: Vec<u8> = page.into_iter().filter(|b| *b != b'/').collect();
        // UTF-16 leaves as UTF-8.
        prop_assume!(![[0xfe, 0xff], [0xff, 0xfe]].iter().any(|mark| page.starts_with(mark)));
        let (out, _) = run(&page, &Config::default(), &[7, 100]);
        prop_assert_eq!(out, page);
    }
}

/// Names the vendors that were found.
struct Last;

impl Ending for Last {
    fn ending(&self, found: &[Arc<crate::vendor::Vendor>], _: Option<&str>) -> Option<End> {
        let ids = found.iter().map(|vendor| &*vendor.id).collect::<Vec<_>>().join(" ");
        let attributes = vec![("data-found", ids)];
        let script = OwnScript { path: "/_consentry/b.js".into(), attributes, blocking: false };
        Some(End { script, noscript: "<a href=\"/_consentry/consent\">c</a>".into() })
    }
}

fn added(page: &str, is_page: bool, syntax: Syntax, cuts: &[usize]) -> String {
    let script =
        OwnScript { path: "/_consentry/g.js".into(), attributes: Vec::new(), blocking: true };
    let end: Option<Arc<dyn Ending>> = Some(Arc::new(Last));
    let additions = Additions { head: vec![script], end, is_page };
    let rewriter = Rewriter::new(gate(), &Config::default(), syntax, Some("utf-8"), Some("n1"));
    let (mut rewriter, mut out) = (rewriter.adding(additions), Vec::new());
    let mut rest = page.as_bytes();
    for cut in cuts {
        let (chunk, after) = rest.split_at((*cut).min(rest.len()));
        rewriter.feed(chunk, &mut out).unwrap();
        rest = after;
    }
    rewriter.feed(rest, &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const FIRST: &str = r#"<script src="/_consentry/g.js" nonce="n1"></script>"#;

fn last(base: &str, found: &str) -> String {
    format!(
        r#"<script src="{base}/_consentry/b.js" async="" data-found="{found}" nonce="n1"></script><noscript><a href="{base}/_consentry/consent">c</a></noscript>"#
    )
}

#[test]
fn a_page_gets_what_is_our_own() {
    let end = last("", "");
    for (page, expected) in [
        (
            "<!DOCTYPE html><title>a</title>b",
            format!("<!DOCTYPE html>{FIRST}<title>a</title>b{end}"),
        ),
        (
            "<html><!-- <p> --><head a=b>\n<meta charset=x><base href=/>",
            format!("<html><!-- <p> --><head a=b>\n<meta charset=x>{FIRST}<base href=/>{end}"),
        ),
        (
            "<html><head><base href=//cdn.test/><meta charset=x>",
            format!(
                "<html><head>{FIRST}<base href=//cdn.test/><meta charset=x>{}",
                last("https://shop.test", "")
            ),
        ),
        ("<html><body>b</body></html>\n", format!("<html>{FIRST}<body>b</body></html>\n{end}")),
        ("<html><img src=//t.test/>", format!("<html>{FIRST}{}", last("", "t"))),
        ("<html><p>a<textarea>b", format!("<html>{FIRST}<p>a<textarea>b")),
        ("<html><p>a<!-- b", format!("<html>{FIRST}<p>a<!-- b")),
        ("<html><p>a<b c", format!("<html>{FIRST}<p>a<b c")),
        ("<html><frameset><frame src=a>", format!("<html>{FIRST}<frameset><frame src=a>")),
        ("<div>a</div><p>b", "<div>a</div><p>b".to_owned()),
        ("only text", "only text".to_owned()),
    ] {
        assert_eq!(added(page, false, Syntax::Html, &[]), expected, "{page}");
    }
    assert_eq!(added("<div>a", true, Syntax::Html, &[]), format!("{FIRST}<div>a{end}"));
    assert_eq!(added("text", true, Syntax::Html, &[]), format!("text{end}"));
    let page = |first: &str, end: &str| {
        format!("<?xml version=\"1.0\"?><html><head>{first}</head><body><p/>{end}</body></html>")
    };
    assert_eq!(added(&page("", ""), false, Syntax::Xml, &[]), page(FIRST, &end));
}

/// The page with additions, under what the head says of policies.
fn under(page: &str, nonce: Option<&str>, by_hash: bool, narrow: bool) -> String {
    let attributes = vec![("integrity", "sha256-Zw==".to_owned())];
    let script = OwnScript { path: "/_consentry/guard/g.js".into(), attributes, blocking: true };
    let end: Option<Arc<dyn Ending>> = Some(Arc::new(Last));
    let additions = Additions { head: vec![script], end, is_page: true };
    let own = additions.needs("https://shop.test");
    let rewriter = Rewriter::new(gate(), &Config::default(), Syntax::Html, Some("utf-8"), nonce);
    let mut rewriter = rewriter.adding(additions).under(own, by_hash, narrow);
    let mut out = Vec::new();
    rewriter.feed(page.as_bytes(), &mut out).unwrap();
    rewriter.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap().replace("&#39;", "'")
}

fn meta(policy: &str) -> String {
    format!("<meta http-equiv=content-security-policy content=\"{policy}\">")
}

#[test]
fn a_policy_in_a_meta_takes_what_is_our_own() {
    let (guard, banner) =
        ("https://shop.test/_consentry/guard/", "https://shop.test/_consentry/banner/");
    let spoken = ["choice", "guard/", "report"]
        .map(|own| format!("https://shop.test/_consentry/{own}"))
        .join(" ");
    for (policy, expected) in [
        ("img-src a.test", "img-src a.test".to_owned()),
        ("script-src 'self'", "script-src 'self'".to_owned()),
        ("script-src a.test", format!("script-src a.test {guard} {banner}")),
        ("script-src 'nonce-x'", "script-src 'nonce-x'".to_owned()),
        ("connect-src a.test", format!("connect-src a.test {spoken}")),
        (
            "script-src 'self'; trusted-types a",
            "script-src 'self'; trusted-types a consentry consentry-loader".to_owned(),
        ),
        ("script-src t.test b.test 'self'", "script-src b.test 'self'".to_owned()),
    ] {
        let page = under(&meta(policy), None, false, true);
        assert!(page.contains(&format!("content=\"{expected}\"")), "{policy}: {page}");
    }
    assert!(under(&meta("script-src t.test 'self'"), None, false, false).contains("t.test 'self'"));
}

#[test]
fn files_have_their_hash_where_a_policy_knows_nothing_else() {
    let hash = csp::sha256_source(LOADER);
    let plain = under("<p>", None, false, true);
    assert!(!plain.contains("integrity") && !plain.contains("data-consentry-src"), "{plain}");
    let page = under("<p>", None, true, true);
    assert!(page.contains("guard/g.js\" integrity=\"sha256-Zw==\"></script>"), "{page}");
    let loader = format!(
        "<script data-consentry-src=\"/_consentry/b.js\" data-found=\"\">{LOADER}</script>"
    );
    assert!(page.contains(&loader), "{page}");
    // A policy in the page may be the one that asks for it.
    let page = under(&meta("script-src 'strict-dynamic' 'sha256-YQ=='"), None, false, true);
    assert!(page.contains(&format!("'sha256-YQ==' {hash} 'sha256-Zw=='\"")), "{page}");
    assert!(page.contains(&loader) && !page.contains("guard/g.js\" integrity"), "{page}");
    let page = under(&meta("script-src 'strict-dynamic' 'nonce-x'"), None, false, true);
    assert!(page.contains("b.js\" async=\"\" data-found=\"\" nonce=\"x\""), "{page}");
    assert!(!LOADER.contains(['&', '<']), "it stands in XML too");
}

proptest! {
    #[test]
    fn additions_do_not_depend_on_chunks(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<!doctype html>", "<html>", "<head>", "<meta charset=x>", "<base href=//a.test>", "<p>", "a", "<!-- <html> -->",
            "<img src=//t.test>", "<body>", "</body>", "</html>", "<svg>", "</svg>", "<textarea>", "</textarea>", "<select>",
            "<noscript>", "</noscript>", "<script>", "</script>", "<!doc", "<b ", "<frameset>", "<title>",
        ]), 0..12),
        cuts in prop::collection::vec(0_usize..20, 0..12),
        is_page in any::<bool>(),
    ) {
        let page = parts.concat();
        let whole = added(&page, is_page, Syntax::Html, &[]);
        prop_assert_eq!(added(&page, is_page, Syntax::Html, &cuts), whole);
    }
}
