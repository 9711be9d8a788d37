//! Turns an element and one of its attributes into what a browser does with the value.
//!
//! 1. What makes a browser contact a host by itself counts (HTML Standard, 4; SVG 2, 16.1); navigation does not: `a href` is never touched.
//! 2. Attributes that well-known lazy loaders read count like the ones that they stand for.
//! 3. `image` is `img` in HTML (HTML Standard, 13.2.6.4.7).

use super::tag::Tag;
use crate::catalog::{Destination, Shape};

/// What a browser does with an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Loads it.
    Url(Destination),
    /// Loads one of its candidates.
    Srcset(Destination),
    /// Applies it as declarations.
    Css,
    /// Runs it.
    Handler,
    /// Shows it as a page.
    Srcdoc,
    /// Sends to each URL in it when the visitor follows the link.
    Ping,
    /// Goes there when the visitor says so; counts only when it is a script.
    Navigation,
    /// Sends the visitor's input there.
    Action,
    /// Goes there after a time.
    Refresh,
}

/// Elements by how they load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Script,
    Image,
    Iframe,
    Frame,
    Object,
    Embed,
    Media,
    Source,
    Track,
    Input,
    Link,
    Style,
    Noscript,
    Meta,
    Base,
    Anchor,
    Form,
    Table,
    SvgImage,
    SvgUse,
    Other,
}

impl Element {
    pub(super) fn of(name: &[u8], foreign: bool) -> Self {
        let mut lower = [0u8; 12];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match (&*lower, foreign) {
            (b"script", _) => Self::Script,
            (b"style", _) => Self::Style,
            (b"a", _) | (b"area", false) => Self::Anchor,
            (b"image" | b"feimage", true) => Self::SvgImage,
            (b"use", true) => Self::SvgUse,
            (_, true) => Self::Other,
            (b"img" | b"image" | b"amp-img" | b"amp-pixel" | b"amp-anim", false) => Self::Image,
            (b"iframe" | b"amp-iframe", false) => Self::Iframe,
            (b"frame", false) => Self::Frame,
            (b"object", false) => Self::Object,
            (b"embed", false) => Self::Embed,
            (b"video" | b"audio" | b"amp-video" | b"amp-audio", false) => Self::Media,
            (b"source", false) => Self::Source,
            (b"track", false) => Self::Track,
            (b"input", false) => Self::Input,
            (b"link", false) => Self::Link,
            (b"noscript", false) => Self::Noscript,
            (b"meta", false) => Self::Meta,
            (b"base", false) => Self::Base,
            (b"form" | b"button", false) => Self::Form,
            (
                b"body" | b"table" | b"thead" | b"tbody" | b"tfoot" | b"tr" | b"td" | b"th",
                false,
            ) => Self::Table,
            (_, false) => Self::Other,
        }
    }

    /// What a browser does with the attribute `name` (lower case) of this element.
    pub(super) fn use_of(self, name: &[u8], tag: &Tag<'_>) -> Option<Use> {
        match name {
            b"style" => return Some(Use::Css),
            [b'o', b'n', _, ..] => return Some(Use::Handler),
            [b'd', b'a', b't', b'a', b'-', rest @ ..] => return self.lazy(rest),
            _ => {}
        }
        match (self, name) {
            (Self::Script, b"src" | b"href" | b"xlink:href") => Some(Use::Url(Destination::Script)),
            (Self::Image, b"src") | (Self::Media, b"poster") | (Self::Table, b"background") => {
                Some(Use::Url(Destination::Image))
            }
            (Self::Image | Self::Source, b"srcset") => Some(Use::Srcset(Destination::Image)),
            (Self::Iframe | Self::Frame, b"src") => Some(Use::Url(Destination::Iframe)),
            (Self::Iframe, b"srcdoc") => Some(Use::Srcdoc),
            (Self::Object, b"data") | (Self::Embed, b"src") => Some(Use::Url(Destination::Object)),
            (Self::Media | Self::Source | Self::Track, b"src") => {
                Some(Use::Url(Destination::Media))
            }
            (Self::Input, b"src") => {
                is_value(tag, "type", "image").then_some(Use::Url(Destination::Image))
            }
            (Self::Input | Self::Form, b"formaction") | (Self::Form, b"action") => {
                Some(Use::Action)
            }
            (Self::Link, b"href") => link(tag).map(Use::Url),
            (Self::Link, b"imagesrcset") => Some(Use::Srcset(Destination::Image)),
            (Self::Anchor, b"ping") => Some(Use::Ping),
            (Self::Anchor, b"href" | b"xlink:href") => Some(Use::Navigation),
            (Self::Meta, b"content") => {
                is_value(tag, "http-equiv", "refresh").then_some(Use::Refresh)
            }
            (Self::SvgImage, b"href" | b"xlink:href") => Some(Use::Url(Destination::Image)),
            (Self::SvgUse, b"href" | b"xlink:href") => Some(Use::Url(Destination::Other)),
            _ => None,
        }
    }

    /// An attribute of a lazy loader, without its `data-`.
    fn lazy(self, name: &[u8]) -> Option<Use> {
        let to = match self {
            Self::Script => Destination::Script,
            Self::Iframe | Self::Frame => Destination::Iframe,
            Self::Media | Self::Source => Destination::Media,
            Self::Link => Destination::Style,
            Self::Image
            | Self::Object
            | Self::Embed
            | Self::Track
            | Self::Input
            | Self::Style
            | Self::Noscript
            | Self::Meta
            | Self::Base
            | Self::Anchor
            | Self::Form
            | Self::Table
            | Self::SvgImage
            | Self::SvgUse
            | Self::Other => Destination::Image,
        };
        match name {
            b"src" | b"lazy-src" | b"lazy" | b"original" | b"lazyload" | b"ll-src" | b"ezsrc"
            | b"rocket-src" | b"litespeed-src" | b"pmdelayedscript" | b"wf-src" | b"iframe-src"
            | b"td-script-src" | b"cfsrc" | b"hi-res-src" | b"large-file" | b"orig-file"
            | b"medium-file" | b"flickity-lazyload" | b"deferred-src" | b"defer-src" | b"defer"
            | b"echo" | b"url-src" | b"rocketsrc" | b"lazysrc" => Some(Use::Url(to)),
            b"srcset"
            | b"lazy-srcset"
            | b"original-set"
            | b"ezsrcset"
            | b"ll-srcset"
            | b"litespeed-srcset"
            | b"flickity-lazyload-srcset" => Some(Use::Srcset(Destination::Image)),
            b"bg" | b"background" | b"background-image" | b"bg-src" | b"bg-image" | b"poster"
            | b"back" | b"image-src" => Some(Use::Url(Destination::Image)),
            b"rocket-href" | b"lazy-href" | b"href-lazy" if self == Self::Link => {
                Some(Use::Url(Destination::Style))
            }
            _ => None,
        }
    }

    /// Whether the element is there for this one attribute and goes with it.
    pub(super) fn lives_by(self, name: &[u8]) -> bool {
        matches!(
            (self, name),
            (
                Self::Script
                    | Self::Image
                    | Self::Iframe
                    | Self::Embed
                    | Self::Source
                    | Self::Track,
                b"src"
            ) | (Self::Script, b"href" | b"xlink:href")
                | (Self::Image | Self::Source, b"srcset")
                | (Self::Link, b"href" | b"imagesrcset")
                | (Self::Meta, b"content")
        )
    }
}

/// The destination of a link by its `rel`, where it loads or connects (HTML Standard, 4.6.7).
fn link(tag: &Tag<'_>) -> Option<Destination> {
    let rel = tag.value("rel")?.to_ascii_lowercase();
    let has = |name: &[u8]| rel.split(u8::is_ascii_whitespace).any(|token| token == name);
    if has(b"stylesheet") {
        return Some(Destination::Style);
    }
    if has(b"preload") || has(b"prefetch") || has(b"subresource") {
        return Some(preload(tag));
    }
    if has(b"modulepreload") {
        return Some(Destination::Script);
    }
    if has(b"preconnect") || has(b"dns-prefetch") {
        return Some(Destination::Connect);
    }
    if has(b"icon")
        || has(b"apple-touch-icon")
        || has(b"apple-touch-icon-precomposed")
        || has(b"mask-icon")
        || has(b"apple-touch-startup-image")
        || has(b"fluid-icon")
        || has(b"image_src")
    {
        return Some(Destination::Image);
    }
    (has(b"manifest") || has(b"prerender") || has(b"import") || has(b"compression-dictionary"))
        .then_some(Destination::Other)
}

fn preload(tag: &Tag<'_>) -> Destination {
    match tag.value("as").unwrap_or_default().to_ascii_lowercase().as_slice() {
        b"script" | b"worker" | b"sharedworker" => Destination::Script,
        b"style" => Destination::Style,
        b"image" => Destination::Image,
        b"font" => Destination::Font,
        b"video" | b"audio" | b"track" => Destination::Media,
        b"document" | b"iframe" => Destination::Iframe,
        b"object" | b"embed" => Destination::Object,
        _ => Destination::Other,
    }
}

fn is_value(tag: &Tag<'_>, attribute: &str, value: &str) -> bool {
    tag.value(attribute).is_some_and(|v| v.trim_ascii().eq_ignore_ascii_case(value.as_bytes()))
}

/// What the element looks like: an image or a frame of at most one pixel, or one that is not shown.
pub(super) fn shape(tag: &Tag<'_>) -> Shape {
    let tiny = |name| {
        let size = tag.value(name).map(|v| v.trim_ascii());
        size.is_some_and(|v| matches!(v, b"0" | b"1" | b"0px" | b"1px"))
    };
    let hidden = tag.value("hidden").is_some();
    let style = tag.value("style").is_some_and(hides);
    if (tiny("width") && tiny("height")) || hidden || style { Shape::Hidden } else { Shape::Plain }
}

fn hides(style: &[u8]) -> bool {
    let mut tiny = 0;
    for declaration in style.split(|b| *b == b';') {
        let mut halves = declaration.splitn(2, |b| *b == b':');
        let name = halves.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let value = halves.next().unwrap_or_default().to_ascii_lowercase();
        let value = value.split(|b| *b == b'!').next().unwrap_or_default().trim_ascii();
        match (name.as_slice(), value) {
            (b"display", b"none") | (b"visibility", b"hidden") => return true,
            (b"width" | b"height", b"0" | b"0px" | b"1px") => tiny += 1,
            _ => {}
        }
    }
    tiny == 2
}
