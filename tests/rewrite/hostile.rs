//! Pages that try the limits: they end soon, without a panic, and what is harmless passes as it is.

use crate::page::{Served, rewritten};
use consentry::rewrite::{Config, Unreadable};
use std::time::{Duration, Instant};

/// Far above what any of these takes, and far below what quadratic time would.
const SOON: Duration = Duration::from_secs(20);

fn timed(name: &str, page: &[u8], chunk: usize) -> Result<Vec<u8>, Unreadable> {
    let start = Instant::now();
    let out = rewritten(page.chunks(chunk), &Config::default(), Served::default());
    let took = start.elapsed();
    eprintln!(
        "{name}: {} bytes, {took:?}, {:?}",
        page.len(),
        out.as_ref().map(|o| (o.0.len(), o.1.len()))
    );
    assert!(took < SOON, "{name} took {took:?}");
    out.map(|(out, _)| out)
}

fn stays(name: &str, page: &str, chunk: usize) {
    let out = timed(name, page.as_bytes(), chunk).unwrap();
    assert!(out == page.as_bytes(), "{name} changed");
}

#[test]
fn long_harmless_pages_pass_unchanged() {
    let code = "var a = {'b': \"c\"}; f(a.b / 2);\n".repeat(65_000);
    stays("script of 2 MB", &format!("<script>{code}</script>"), 16_384);
    stays("minified script", &format!("<script>{}</script>", "a(b)+".repeat(400_000)), 16_384);
    stays("one word", &format!("<script>{}</script>", "a".repeat(2_000_000)), 16_384);
    stays("slashes", &format!("<script>{}</script>", "/".repeat(1_000_000)), 16_384);
    stays("attribute of 1 MB", &format!("<p title='{}'>x", "y ".repeat(500_000)), 16_384);
    stays(
        "image in the page",
        &format!("<img src='data:image/png;base64,{}'>", "A".repeat(1_000_000)),
        16_384,
    );
    stays("deep", &format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000)), 16_384);
    stays("never closed", &"<p><b><i>".repeat(30_000), 16_384);
    stays("badly closed", &format!("{}{}", "<i>".repeat(50_000), "</b>".repeat(50_000)), 16_384);
    stays("many attributes", &format!("<link {}>", "href=a ".repeat(100_000)), 16_384);
    stays("many styles", &format!("<p {}>", "style='a:url(b)' ".repeat(100_000)), 16_384);
    stays("less-than", &"<".repeat(1_000_000), 16_384);
    stays("less-than a", &"<a".repeat(500_000), 16_384);
    stays("one line", &"lorem ipsum & dolor ".repeat(250_000), 16_384);
    stays("srcset", &format!("<img srcset='{}'>", "a.png 1x, ".repeat(100_000)), 16_384);
    stays("style", &format!("<style>{}</style>", "a{b:url(c.png)}".repeat(100_000)), 16_384);
    stays("style of one word", &format!("<style>{}</style>", "a".repeat(1_000_000)), 16_384);
    stays("style attribute", &format!("<p style='{}'>", "b:url(c.png);".repeat(70_000)), 16_384);
    stays(
        "srcdoc",
        &format!("<iframe srcdoc='{}'></iframe>", "&lt;p&gt;x".repeat(100_000)),
        16_384,
    );
    stays("noscripts", &"<noscript><img src=a.png></noscript>".repeat(10_000), 16_384);
    stays("iframes", &"<iframe src=a.html><p></iframe>".repeat(10_000), 16_384);
    stays("comment", &format!("<!--{}-->", "<img>".repeat(200_000)), 16_384);
    stays("open comment", &"<!-- ".repeat(200_000), 16_384);
    stays("bases", &"<base href=/a/>".repeat(20_000), 16_384);
    stays("entities", &format!("<a href='{}'>", "&amp;".repeat(200_000)), 16_384);
}

#[test]
fn open_elements_are_found_at_once() {
    let many = |tag: &str| tag.repeat(50_000);
    for (name, page) in [
        ("groups", format!("<svg>{}{}", many("<g>"), many("</x>"))),
        ("own elements", format!("{}{}", many("<a-b>"), many("</c-d>"))),
        ("items", format!("<li><ol>{}{}", many("<div>"), many("<li></li>"))),
        ("paragraphs", format!("<p><object>{}{}", many("<b>"), many("<div>"))),
        ("forms", many("<form><span></form>")),
        ("tables", format!("{}{}", many("<i>"), many("<table></table>"))),
        ("templates", format!("{}{}", many("<i>"), many("<template><col></template>"))),
        ("adoptions", format!("{}{}", many("<b><div>"), many("</b>"))),
        ("foreign in HTML", many("<svg><desc>")),
        ("sections", format!("<svg>{}", many("<![CDATA[ <i> <b> ]]><g/>"))),
    ] {
        stays(name, &page, 16_384);
    }
}

#[test]
fn one_byte_at_a_time_takes_its_time_once() {
    let words = "lorem <b>ipsum</b> <a href='/x?a=b&amp;c'>dolor</a>\n".repeat(4_000);
    stays("page", &words, 1);
    stays("script", &format!("<script>{}</script>", "var a = 'b';\n".repeat(15_000)), 1);
    stays("long script", &format!("<script>{}</script>", "var a = 'b';\n".repeat(30_000)), 1);
    stays("style", &format!("<style>{}</style>", "a{b:url(c.png)}\n".repeat(25_000)), 1);
    stays("style of one word", &format!("<style>{}</style>", "a".repeat(400_000)), 1);
    stays("attribute", &format!("<p title='{}'>", "x".repeat(200_000)), 1);
    stays("noscript", &format!("<noscript>{}</noscript>", "<img src=a>".repeat(18_000)), 1);
    stays(
        "noscript attribute",
        &format!("<noscript><img alt='{}'></noscript>", "x".repeat(200_000)),
        1,
    );
}

#[test]
fn long_pages_with_trackers_end() {
    let pixel = "<img src=https://www.facebook.com/tr?id=1>";
    let page = pixel.repeat(50_000);
    assert_eq!(timed("pixels", page.as_bytes(), 16_384), Ok(Vec::new()));
    let page = format!("<p {}>x", "data-src=//www.facebook.com/tr ".repeat(50_000));
    timed("gated attributes", page.as_bytes(), 16_384).unwrap();
    let page = format!("<img srcset='{}'>", "//www.facebook.com/tr 1x, a ".repeat(30_000));
    timed("gated candidates", page.as_bytes(), 16_384).unwrap();
    let page = format!("<script>{}</script>", "'//www.facebook.com/tr';".repeat(80_000));
    timed("gated hosts", page.as_bytes(), 16_384).unwrap();
    let page = format!("<script>{}</script>", "//a.b".repeat(200_000));
    timed("hosts", page.as_bytes(), 16_384).unwrap();
    let page = format!("<style>{}</style>", "a{b:url(//www.facebook.com/tr)}".repeat(60_000));
    timed("gated styles", page.as_bytes(), 16_384).unwrap();
}

#[test]
fn nesting_has_an_end() {
    let noscripts = "<noscript>".repeat(100_000);
    timed("noscripts", noscripts.as_bytes(), 16_384).unwrap();
    let mut srcdoc = "<img src=https://www.facebook.com/tr?id=1>x".to_owned();
    for _ in 0..12 {
        let escaped = srcdoc.replace('&', "&amp;").replace('"', "&quot;");
        srcdoc = format!("<noscript><iframe srcdoc=\"{escaped}\"></iframe></noscript>");
    }
    let out = timed("srcdocs", srcdoc.as_bytes(), 16_384).unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("facebook"));
}

#[test]
fn what_is_too_long_is_refused() {
    let config = Config { max_tag: 10_000, ..Config::default() };
    for page in
        [format!("<p title='{}", "x".repeat(5_000_000)), format!("<p {}", "a ".repeat(5_000_000))]
    {
        let read = rewritten(page.as_bytes().chunks(1000), &config, Served::default());
        assert_eq!(read.map(|_| ()), Err(Unreadable::Tag));
    }
}
