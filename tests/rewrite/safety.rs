//! What leaves is read by another parser: nothing in it loads from a gated vendor.

use crate::page::{Served, gate, rewritten};
use consentry::{
    catalog::Destination,
    policy::Judged,
    rewrite::{Config, Gated},
};
use html5ever::{ParseOpts, parse_document, tendril::TendrilSink, tree_builder::TreeBuilderOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "<p>",
    "text ",
    "<script src=https://www.googletagmanager.com/gtm.js?id=1></script>",
    "<script>x.src='https://connect.facebook.net/en_US/fbevents.js'</script>",
    "<script",
    "<script>",
    "</script>",
    "<noscript>",
    "</noscript>",
    "<img src=https://www.facebook.com/tr?id=1>",
    "<img src=a",
    "<img alt='",
    "<IMG\nSRC\n=\n\"HTTPS:\\\\WWW.Facebook.com./tr\"/",
    " src=//www.facebook.com/tr ",
    " srcset='a.png 1x, //www.facebook.com/tr 2x'",
    " style=\"background:url(//www.facebook.com/tr)\"",
    " srcdoc='<img src=//www.facebook.com/tr>'",
    ">",
    "/>",
    "=",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<style>",
    "@import '//www.facebook.com/tr';",
    "a{b:url(//www.facebook.com/tr)}",
    "</style>",
    "<svg>",
    "</svg>",
    "<foreignObject>",
    "</foreignObject>",
    "<desc>",
    "<title>",
    "</title>",
    "<image href=//www.facebook.com/tr />",
    "<script href=//www.googletagmanager.com/gtm.js />",
    "<font color=red>",
    "<br>",
    "<iframe src=//www.facebook.com/tr>",
    "<iframe>",
    "</iframe>",
    "<noframes>",
    "</noframes>",
    "<textarea>",
    "</textarea>",
    "<xmp>",
    "</xmp>",
    "<plaintext>",
    "<table>",
    "<tr><td>",
    "</table>",
    "<select>",
    "<option>",
    "</select>",
    "<template>",
    "</template>",
    "<a href='",
    "'",
    "\"",
    "&quot;",
    "<base href=https://www.facebook.com/>",
    "<img src=/tr>",
    "<object data=//www.facebook.com/tr>",
    "</object>",
    "<link rel=preconnect href=//www.googletagmanager.com>",
    "<video poster=//www.facebook.com/tr><source src=//www.facebook.com/tr>",
    "<body background=//www.facebook.com/tr>",
    "<input type=image src=//www.facebook.com/tr>",
    "<math>",
    "</math>",
    "<mi>",
    "</mi>",
    "<mglyph>",
    "<annotation-xml>",
    "<annotation-xml encoding=Text/HTML>",
    "</annotation-xml>",
    "<![CDATA[",
    "]]>",
    "<g>",
    "</g>",
    "<path/>",
    "</desc>",
    "</p>",
    "</br>",
    "<b>",
    "</b>",
    "<a>",
    "</a>",
    "<div>",
    "</div>",
    "<span>",
    "</span>",
    "<x-y>",
    "</x-y>",
    "<caption>",
    "<col>",
    "<li>",
    "<form>",
    "</form>",
    "<button>",
    "</button>",
    "<!DOCTYPE html>",
    "<head>",
    "</head>",
    "<embed src=//www.facebook.com/tr>",
    "<frameset>",
    "<frame src=//www.facebook.com/tr>",
];

fn held(url: &str, to: Destination) -> Option<Judged> {
    gate().url(url, to).filter(Judged::is_held)
}

/// What in the tree would load from a gated vendor.
fn leaks(node: &Handle, page: &str, found: &mut Vec<String>) {
    if let NodeData::Element { name, attrs, template_contents, .. } = &node.data {
        let is_html = &*name.ns == "http://www.w3.org/1999/xhtml";
        // What SVG has none of does nothing there.
        let element = match &*name.local {
            own @ ("script" | "style" | "image") => own,
            other if is_html => other,
            _ => "",
        };
        let value = |wanted: &str| {
            let attrs = attrs.borrow();
            attrs.iter().find(|a| &*a.name.local == wanted).map(|a| a.value.to_string())
        };
        let loads: &[(&str, Destination)] = match element {
            "img" => &[("src", Destination::Image)],
            "image" => &[("href", Destination::Image)],
            "script" => &[("src", Destination::Script), ("href", Destination::Script)],
            "iframe" | "frame" => &[("src", Destination::Iframe)],
            "video" => &[("poster", Destination::Image), ("src", Destination::Media)],
            "source" => &[("src", Destination::Media)],
            "object" => &[("data", Destination::Object)],
            "embed" => &[("src", Destination::Object)],
            "body" => &[("background", Destination::Image)],
            "link" if value("rel").is_some() => &[("href", Destination::Connect)],
            "input" if value("type").as_deref() == Some("image") => &[("src", Destination::Image)],
            _ => &[],
        };
        // Of the types in the pieces none is run.
        let inert = element == "script" && value("type").is_some();
        for (attribute, to) in loads.iter().filter(|_| !inert) {
            if let Some(url) = value(attribute)
                && held(&url, *to).is_some()
            {
                found.push(format!("{element} {attribute}={url}"));
            }
        }
        for attribute in ["style", "srcset", "srcdoc"] {
            let shows = attribute == "style"
                || matches!(
                    (element, attribute),
                    ("img" | "source", "srcset") | ("iframe", "srcdoc")
                );
            if let Some(text) = value(attribute).filter(|t| shows && t.contains("facebook.com/tr"))
            {
                found.push(format!("{element} {attribute}={text}"));
            }
        }
        let text: String = node.children.borrow().iter().map(text_of).collect();
        // A script that never ends is not run, nor the text of one that is loaded.
        let loaded = value(if is_html { "src" } else { "href" }).is_some();
        let runs =
            element == "script" && !inert && !loaded && page.contains(&format!("{text}</script"));
        if runs && text.contains("connect.facebook.net") || element == "style" && applies(&text) {
            found.push(format!("{element}: {text}"));
        }
        if let Some(contents) = &*template_contents.borrow() {
            leaks(contents, page, found);
        }
    }
    node.children.borrow().iter().for_each(|child| leaks(child, page, found));
}

/// Whether a style loads from the vendor, as far as that is plain: no string or function is open before it.
fn applies(css: &str) -> bool {
    ["@import '//www.facebook.com", "b:url(//www.facebook.com"].iter().any(|load| {
        css.split_once(load).is_some_and(|(before, _)| !before.contains(['\'', '"', '(']))
    })
}

fn text_of(node: &Handle) -> String {
    let NodeData::Text { contents } = &node.data else { return String::new() };
    contents.borrow().to_string()
}

fn tree(page: &[u8], scripting_enabled: bool) -> Handle {
    let tree_builder = TreeBuilderOpts { scripting_enabled, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    parse_document(RcDom::default(), options).from_utf8().one(page).document
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_gated_is_in_the_tree(
        picks in proptest::collection::vec(0..PIECES.len(), 0..24),
        inert in any::<bool>(),
    ) {
        let page: String = picks.iter().map(|i| PIECES[*i]).collect();
        let gated = if inert { Gated::Inert } else { Gated::Remove };
        let config = Config { gated, surrogates: false, ..Config::default() };
        let (out, _) = rewritten(std::iter::once(page.as_bytes()), &config, Served::default()).unwrap();
        let mut found = Vec::new();
        leaks(&tree(&out, true), &String::from_utf8_lossy(&out), &mut found);
        prop_assert!(found.is_empty(), "{found:?}\nin  {page}\nout {}", String::from_utf8_lossy(&out));
    }
}
