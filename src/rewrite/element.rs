//! Turns an element and one of its attributes into what a browser does with the value.
//!
//! 1. What makes a browser contact a host by itself counts (HTML Standard, 4; SVG 2, 16.1); navigation does not: `a href` is never touched.
//! 2. Attributes that well-known lazy loaders read count like the ones that they stand for.
//! 3. `image` is `img` in HTML (HTML Standard, 13.2.6.4.7). Elsewhere the namespace of an element is not asked for: what does
//!    nothing in SVG or XHTML is gated there too, because a parser that misjudges where SVG ends would leak otherwise.
//! 4. Elements and attributes that an existing consent tool has made inert already are left to it.

use super::{lens::Lens, tag::Tag};
use crate::catalog::{Destination, Shape};
use std::borrow::Cow;

/// What a browser does with an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Loads it.
    Url(Destination),
    /// Loads one of its candidates.
    Srcset(Destination),
    /// Loads it, or applies it where it is `url(...)`: a lazy loader's background.
    Background,
    /// Loads each of the URLs between semicolons: an animated `href` (SVG Animations, 2.8).
    Values,
    /// Applies it as declarations.
    Css,
    /// Runs it.
    Handler,
    /// Shows it as a page.
    Srcdoc,
    /// Sends to each URL in it, at once or when the visitor follows the link.
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
    Use,
    Param,
    Animation,
    /// `<?xml-stylesheet?>` (Associating Style Sheets with XML documents).
    StyleInstruction,
    Other,
}

/// What the other attributes of a tag say of the one that is looked at; found once per tag.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    /// What a link, or an input, or a plug-in's parameter loads.
    loads: Option<Destination>,
    /// A `meta` that sends the browser elsewhere.
    refreshes: bool,
    /// An existing consent tool holds the element.
    held_by_tool: bool,
    /// What it holds is read too.
    through_tools: bool,
}

impl Element {
    pub(super) fn of(name: &[u8]) -> Self {
        let mut lower = [0u8; 16];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"script" => Self::Script,
            b"style" => Self::Style,
            b"a" | b"area" => Self::Anchor,
            b"img" | b"image" | b"feimage" | b"amp-img" | b"amp-pixel" | b"amp-anim" => Self::Image,
            b"use" => Self::Use,
            b"set" | b"animate" => Self::Animation,
            b"iframe" | b"amp-iframe" => Self::Iframe,
            b"frame" => Self::Frame,
            b"object" => Self::Object,
            b"param" => Self::Param,
            b"embed" => Self::Embed,
            b"video" | b"audio" | b"amp-video" | b"amp-audio" => Self::Media,
            b"source" => Self::Source,
            b"track" => Self::Track,
            b"input" => Self::Input,
            b"link" => Self::Link,
            b"noscript" => Self::Noscript,
            b"meta" => Self::Meta,
            b"base" => Self::Base,
            b"form" | b"button" => Self::Form,
            b"body" | b"table" | b"thead" | b"tbody" | b"tfoot" | b"tr" | b"td" | b"th" => {
                Self::Table
            }
            b"?xml-stylesheet" => Self::StyleInstruction,
            _ => Self::Other,
        }
    }

    /// What the attributes of `tag` together make of it.
    pub(super) fn role(self, tag: &Tag<'_>, lens: &Lens, through_tools: bool) -> Role {
        let value = |name| tag.value(name).map_or(Cow::Borrowed(""), |v| lens.text(v));
        let is = |name, wanted: &str| value(name).trim_ascii().eq_ignore_ascii_case(wanted);
        let loads = if self == Self::Link {
            link(&value("rel"), &value("as"))
        } else if self == Self::Input {
            is("type", "image").then_some(Destination::Image)
        } else if self == Self::Param {
            let names = ["movie", "src", "data", "url", "code"];
            names.iter().any(|name| is("name", name)).then_some(Destination::Object)
        } else {
            None
        };
        Role {
            loads,
            refreshes: self == Self::Meta && is("http-equiv", "refresh"),
            held_by_tool: tag.attributes().any(|a| is_tool_mark(tag.bytes(&a.name))),
            through_tools,
        }
    }

    /// What a browser does with the attribute `name` (lower case) of this element.
    pub(super) fn use_of(self, name: &[u8], role: Role) -> Option<Use> {
        match name {
            b"style" => return Some(Use::Css),
            [b'o', b'n', _, ..] => return Some(Use::Handler),
            [b'd', b'a', b't', b'a', b'-', rest @ ..] if role.through_tools => {
                let is_source = is_tool_mark(name) && name.ends_with(b"src");
                return self.lazy(if is_source { b"src" } else { rest });
            }
            [b'd', b'a', b't', b'a', b'-', ..] if role.held_by_tool => return None,
            [b'd', b'a', b't', b'a', b'-', rest @ ..] => return self.lazy(rest),
            // Presentation attributes of SVG (SVG 2, 6.6) are declarations.
            b"mask" | b"filter" | b"cursor" | b"fill" | b"stroke" | b"clip-path"
            | b"marker-start" | b"marker-mid" | b"marker-end" => return Some(Use::Css),
            _ => {}
        }
        match (self, name) {
            (Self::Script, b"src" | b"href" | b"xlink:href") => Some(Use::Url(Destination::Script)),
            (Self::Script, b"pagespeed_orig_src") => Some(Use::Url(Destination::Script)),
            (Self::Image, b"src" | b"href" | b"xlink:href")
            | (Self::Media, b"poster")
            | (Self::Table, b"background") => Some(Use::Url(Destination::Image)),
            (Self::Image | Self::Source, b"srcset") => Some(Use::Srcset(Destination::Image)),
            (Self::Iframe | Self::Frame, b"src") => Some(Use::Url(Destination::Iframe)),
            (Self::Iframe, b"srcdoc") => Some(Use::Srcdoc),
            (Self::Object, b"data") | (Self::Embed, b"src") => Some(Use::Url(Destination::Object)),
            (Self::Media | Self::Source | Self::Track, b"src") => {
                Some(Use::Url(Destination::Media))
            }
            (Self::Input, b"src") | (Self::Link, b"href") | (Self::Param, b"value") => {
                role.loads.map(Use::Url)
            }
            (Self::Input | Self::Form, b"formaction") | (Self::Form, b"action") => {
                Some(Use::Action)
            }
            (Self::Link, b"imagesrcset") => Some(Use::Srcset(Destination::Image)),
            // Attribution Reporting, 4: a list of URLs, to which Chromium registers the element as a source or a trigger.
            (Self::Anchor, b"ping" | b"attributionsrc")
            | (Self::Image | Self::Script, b"attributionsrc") => Some(Use::Ping),
            (Self::Anchor, b"href" | b"xlink:href") => Some(Use::Navigation),
            (Self::Meta, b"content") => role.refreshes.then_some(Use::Refresh),
            (Self::Use, b"href" | b"xlink:href") => Some(Use::Url(Destination::Other)),
            (Self::Animation, b"to" | b"from" | b"by" | b"values") => Some(Use::Values),
            (Self::StyleInstruction, b"href") => Some(Use::Url(Destination::Style)),
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
            | Self::Use
            | Self::Param
            | Self::Animation
            | Self::StyleInstruction
            | Self::Other => Destination::Image,
        };
        match name {
            b"src"
            | b"lazy-src"
            | b"lazy"
            | b"original"
            | b"original-src"
            | b"youtube-src"
            | b"lazyload"
            | b"ll-src"
            | b"ezsrc"
            | b"rocket-src"
            | b"litespeed-src"
            | b"pmdelayedscript"
            | b"wf-src"
            | b"iframe-src"
            | b"td-script-src"
            | b"cfsrc"
            | b"hi-res-src"
            | b"large-file"
            | b"orig-file"
            | b"medium-file"
            | b"flickity-lazyload"
            | b"deferred-src"
            | b"defer-src"
            | b"defer"
            | b"echo"
            | b"url-src"
            | b"rocketsrc"
            | b"lazysrc"
            | b"pagespeed-orig-src"
            | b"pagespeed-lazy-src"
            | b"phast-original-src"
            | b"phast-src"
            | b"pin-src"
            | b"optimumx-src"
            | b"nitro-lazy-src"
            | b"breeze"
            | b"opt-src"
            | b"src-lazy" => Some(Use::Url(to)),
            b"srcset"
            | b"lazy-srcset"
            | b"original-set"
            | b"ezsrcset"
            | b"ll-srcset"
            | b"litespeed-srcset"
            | b"lazyload-srcset"
            | b"nitro-lazy-srcset"
            | b"bgset"
            | b"flickity-lazyload-srcset" => Some(Use::Srcset(Destination::Image)),
            b"bg" | b"background" | b"background-image" | b"bg-src" | b"bg-image" | b"poster"
            | b"back" | b"image-src" | b"lazy-background" | b"lazy-bg" | b"bg-url"
            | b"bg-multi" | b"background-src" | b"lazy-poster" => Some(Use::Background),
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
            ) | (Self::Script | Self::Image, b"href" | b"xlink:href")
                | (Self::Iframe, b"srcdoc")
                | (Self::StyleInstruction, b"href")
                | (Self::Image | Self::Source, b"srcset")
                | (Self::Link, b"href" | b"imagesrcset")
                | (Self::Meta, b"content")
        )
    }
}

/// The destination of a link by its `rel`, where it loads or connects (HTML Standard, 4.6.7).
fn link(rel: &str, as_: &str) -> Option<Destination> {
    let has = |names: &[&str]| {
        let is_one = |token: &str| names.iter().any(|name| token.eq_ignore_ascii_case(name));
        rel.split_ascii_whitespace().any(is_one)
    };
    let icons = ["icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon"];
    if has(&["stylesheet"]) {
        Some(Destination::Style)
    } else if has(&["preload", "prefetch", "subresource"]) {
        Some(preload(as_.trim_ascii()))
    } else if has(&["modulepreload"]) {
        Some(Destination::Script)
    } else if has(&["preconnect", "dns-prefetch"]) {
        Some(Destination::Connect)
    } else if has(&icons) || has(&["apple-touch-startup-image", "fluid-icon", "image_src"]) {
        Some(Destination::Image)
    } else {
        has(&["manifest", "prerender", "import", "compression-dictionary"])
            .then_some(Destination::Other)
    }
}

fn preload(as_: &str) -> Destination {
    match as_.to_ascii_lowercase().as_str() {
        "script" | "worker" | "sharedworker" => Destination::Script,
        "style" => Destination::Style,
        "image" => Destination::Image,
        "font" => Destination::Font,
        "video" | "audio" | "track" => Destination::Media,
        "document" | "iframe" => Destination::Iframe,
        "object" | "embed" => Destination::Object,
        _ => Destination::Other,
    }
}

/// Whether an attribute is a known consent tool's, which holds the element until the visitor's choice.
fn is_tool_mark(name: &[u8]) -> bool {
    let is_data = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"data-"));
    is_data
        && [
            &b"data-cookieconsent"[..],
            b"data-cookieblock-src",
            b"data-cookiecategory",
            b"data-cmp-src",
            b"data-cmp-vendor",
            b"data-cmplz-src",
            b"data-service-cmplz",
            b"data-borlabs-script-blocker-src",
            b"data-borlabs-cookie-script-blocker-src",
            b"data-usercentrics",
            b"data-uc-src",
            b"data-cookiefirst-category",
            b"data-iub-purposes",
            b"data-suppressedsrc",
        ]
        .iter()
        .any(|mark| mark.eq_ignore_ascii_case(name))
}

/// What the element looks like: an image or a frame of at most one pixel, or one that is not shown.
pub(super) fn shape(element: Element, tag: &Tag<'_>) -> Shape {
    let shows = matches!(
        element,
        Element::Image | Element::Iframe | Element::Frame | Element::Object | Element::Embed
    );
    if !shows {
        return Shape::Plain;
    }
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
