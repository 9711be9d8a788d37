//! Turns `Link` lines into lines without the links that make a browser contact a held vendor.
//!
//! 1. A link-value is `<URL>` and parameters, which may hold commas and semicolons in quotes (RFC 8288, 3).
//! 2. Only relation types that browsers fetch or connect for count; `canonical`, `next` and the like stay.
//! 3. RFC 8288, 3.3 lets the first `rel` alone count; here all do, whatever the browser makes of a second one.
//! 4. `imagesrcset` names images beside the URL (HTML Standard, "processing Link headers").
//! 5. What is not a link-value goes when it mentions a held vendor.
//! 6. A link to what the site itself serves points there. One with more to change than its URL goes, for it is a hint: images of
//!    `imagesrcset`, or `integrity`, which is of the vendor's bytes. So does a connection that nothing needs then.

use super::{
    edit::{Edit, Line, lines},
    list,
    review::{Judge, Linked, Review},
};
use crate::catalog::Destination;
use http::{HeaderMap, header::LINK};
use std::{borrow::Cow, collections::HashSet};

pub(super) fn edits<J: Judge + ?Sized>(
    headers: &HeaderMap,
    review: &mut Review<'_, J>,
) -> Vec<Edit> {
    lines(headers, &LINK, |line| without_held(line, review))
}

fn without_held<J: Judge + ?Sized>(line: &str, review: &mut Review<'_, J>) -> Line {
    list::edit(link_values(line), |value| match fate(value, review) {
        Linked::Keep => Some(Cow::Borrowed(value)),
        Linked::Drop => None,
        Linked::Point(path) => {
            let (_, rest) = value.split_once('>')?;
            Some(Cow::Owned(format!("<{path}>{rest}")))
        }
    })
}

fn fate<J: Judge + ?Sized>(value: &str, review: &mut Review<'_, J>) -> Linked {
    let Some(link) = Link::parse(value) else {
        let held = review.mentions("link", value, Destination::Other);
        return if held { Linked::Drop } else { Linked::Keep };
    };
    let kind = link.parameter("as");
    let uses: HashSet<_> = link.relations().filter_map(|r| fetched(&r, &kind)).collect();
    if uses.is_empty() {
        return Linked::Keep;
    }
    let images = link.parameter("imagesrcset");
    for url in srcset_urls(&images) {
        if !matches!(review.link(url, Destination::Image), Linked::Keep) {
            return Linked::Drop;
        }
    }
    let mut fate = Linked::Keep;
    for destination in uses {
        match review.link(link.target, destination) {
            Linked::Keep => {}
            Linked::Drop => return Linked::Drop,
            point @ Linked::Point(_) => fate = point,
        }
    }
    let is_measured = || link.parameters.iter().any(|(name, _)| name == "integrity");
    if matches!(fate, Linked::Point(_)) && is_measured() { Linked::Drop } else { fate }
}

/// The link-values of a line, trimmed.
fn link_values(line: &str) -> impl Iterator<Item = &str> {
    let (mut fresh, mut target, mut quoted, mut escaped) = (true, false, false, false);
    let ends = move |c: char| {
        if target || std::mem::take(&mut escaped) {
            target &= c != '>';
            return false;
        }
        target = fresh && c == '<';
        escaped = quoted && c == '\\';
        quoted ^= c == '"';
        let ends = c == ',' && !quoted;
        fresh = ends || fresh && c.is_ascii_whitespace();
        ends
    };
    line.split(ends).map(str::trim_ascii).filter(|value| !value.is_empty())
}

/// One link-value.
struct Link<'v> {
    target: &'v str,
    /// Name in lower case, value without its quotes.
    parameters: Vec<(String, String)>,
}

impl<'v> Link<'v> {
    fn parse(value: &'v str) -> Option<Self> {
        let (target, rest) = value.strip_prefix('<')?.split_once('>')?;
        let rest = rest.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(';') {
            return None;
        }
        let parameters = list::parameters(rest).map(parameter).collect::<Option<_>>()?;
        Some(Self { target, parameters })
    }

    /// The first parameter of that name, or nothing.
    fn parameter(&self, name: &str) -> String {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The relation types, in lower case.
    fn relations(&self) -> impl Iterator<Item = String> {
        let values = self.parameters.iter().filter(|(name, _)| name == "rel");
        values.flat_map(|(_, value)| value.split_ascii_whitespace()).map(str::to_ascii_lowercase)
    }
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let value = value.trim_ascii();
    let value = if value.starts_with('"') {
        list::unquoted(value)?
    } else {
        // Not a quote in RFC 8288, but some browsers have taken it for one.
        value.trim_matches('\'').to_owned()
    };
    Some((name.trim_ascii().to_ascii_lowercase(), value))
}

/// What browsers do with the target of a link of this relation type; `None` when they leave it alone.
fn fetched(relation: &str, kind: &str) -> Option<Destination> {
    match relation {
        "preload" | "prefetch" | "subresource" => Some(kind_of(kind)),
        "modulepreload" => Some(Destination::Script),
        "stylesheet" => Some(Destination::Style),
        "preconnect" | "dns-prefetch" => Some(Destination::Connect),
        "icon" | "apple-touch-icon" | "apple-touch-icon-precomposed" | "mask-icon" => {
            Some(Destination::Image)
        }
        "prerender"
        | "manifest"
        | "compression-dictionary"
        | "dictionary"
        | "monetization"
        | "import"
        | "serviceworker" => Some(Destination::Other),
        _ => None,
    }
}

/// The destination that `as` names (Fetch Standard, "potential destination").
fn kind_of(kind: &str) -> Destination {
    match kind.to_ascii_lowercase().as_str() {
        "script" | "worker" | "sharedworker" | "serviceworker" | "audioworklet"
        | "paintworklet" => Destination::Script,
        "style" | "xslt" => Destination::Style,
        "image" => Destination::Image,
        "font" => Destination::Font,
        "audio" | "video" | "track" => Destination::Media,
        "document" | "iframe" | "frame" => Destination::Iframe,
        "object" | "embed" => Destination::Object,
        _ => Destination::Other,
    }
}

/// The URLs of a `srcset` (HTML Standard, "parsing a srcset attribute").
fn srcset_urls(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, after) = rest.split_at_checked(end).filter(|(url, _)| !url.is_empty())?;
        let bare = url.trim_end_matches(',');
        rest = if bare.len() < url.len() { after } else { after_descriptors(after) };
        Some(bare)
    })
}

/// What follows the comma that ends the descriptors; commas in parentheses do not.
fn after_descriptors(text: &str) -> &str {
    let mut in_parentheses = false;
    let ends = |c: char| {
        in_parentheses = c == '(' || in_parentheses && c != ')';
        c == ',' && !in_parentheses
    };
    text.split_once(ends).map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};
    use proptest::prelude::*;

    fn left(line: &str) -> String {
        match without_held(line, &mut Review::new(&Fake)) {
            Line::Keep => line.to_owned(),
            Line::Replace(new) => new,
            Line::Drop => String::new(),
        }
    }

    #[test]
    fn links_that_contact_a_held_vendor_go() {
        for line in [
            "<https://held.test/x.js>; rel=preload; as=script",
            "<//HELD.test>;rel=preconnect",
            "<//connect.test>;rel=dns-prefetch",
            "<//connect.test>; rel=\"next DNS-prefetch\"",
            "< ht\ttps:\\\\held.test/ >;REL = 'prefetch'",
            "<https://held.test/>; title=\"a, b; rel=next\"; rel=\"\\preload\"",
            "<https://held.test/>; rel=canonical; rel=modulepreload",
            "</a.png>; rel=preload; as=image; imagesrcset=\"/b.png 1x, https://picture.test/c.png 2x\"",
            "<>; rel=preload; as=image; imagesrcset=\"/b.png 2x,https://held.test/a,b 1x\"",
            "<https://picture.test/>; rel=\"shortcut icon\"",
            "<https://picture.test/>; as=IMAGE; rel=preload",
            "<https://held.test/>; rel=\"preload",
            "https://held.test/; rel=preload",
            "<https://held.test/ ; rel=preload",
            "<https://held.test/> rel=preload",
        ] {
            assert_eq!(left(line), "", "{line}");
            assert_eq!(left(&format!("</a>; rel=next,,{line}")), "</a>; rel=next", "{line}");
        }
    }

    #[test]
    fn other_links_stay_byte_for_byte() {
        for line in [
            "<https://held.test/>; rel=canonical, </x,y>;rel=preload",
            "<https://held.test/>",
            "<https://ok.test/>; rel=preload ,  <https://granted.test/>; rel=preconnect",
            "<https://picture.test/>; rel=preload; as=script",
            "</a>; title=\"<https://held.test/>; rel=preload, <https://held.test/>; rel=preload\"",
            "</go?u=https://held.test/>; rel=prefetch",
            "broken, </a, b",
        ] {
            assert_eq!(left(line), line);
        }
        let mixed = "</a,b>;rel=preload,<//held.test>;rel=preload , </c>;  x=\"1,2\"";
        assert_eq!(left(mixed), "</a,b>;rel=preload, </c>;  x=\"1,2\"");
    }

    #[test]
    fn links_to_what_the_site_serves_point_there() {
        for (line, expected) in [
            (
                "<https://served.test/x.js>; rel=preload;  as=script",
                "</v/served.test/x.js>; rel=preload;  as=script",
            ),
            (
                "</a>;rel=preload, <//served.test/x>;rel=modulepreload",
                "</a>;rel=preload, </v/served.test/x>;rel=modulepreload",
            ),
            ("<https://served.test/x>; rel=canonical", "<https://served.test/x>; rel=canonical"),
            ("<https://served.test/>; rel=preconnect", ""),
            ("<https://served.test/x>; rel=preload; integrity=sha256-a", ""),
            ("<>; rel=preload; as=image; imagesrcset=\"https://served.test/x 2x\"", ""),
        ] {
            assert_eq!(left(line), expected);
        }
    }

    #[test]
    fn many_links_take_linear_time() {
        let line = "<https://held.test/>; rel=preload, </a>; rel=preload, ".repeat(2_000);
        assert_eq!(left(&line).matches("</a>").count(), 2_000);
        assert_eq!(left(&"<".repeat(65_536)), "<".repeat(65_536));
    }

    proptest! {
        #[test]
        fn no_link_to_a_held_vendor_is_left(line in "([<>;,\"\\\\ =a]|<https://held\\.test/>|;rel=preload|</a>){0,12}") {
            let links = |text: &str| link_values(text).filter(|v| matches!(fate(v, &mut Review::new(&Fake)), Linked::Drop)).count();
            prop_assert_eq!(links(&left(&line)), 0);
        }
    }
}
