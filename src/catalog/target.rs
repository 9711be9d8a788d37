//! Turns a resolved URL and the way in which a page uses it into a [`Target`] that rules are matched against.
//!
//! 1. Only URLs that make a browser contact a host are targets: `http`, `https`, `ws`, `wss` with a host.
//! 2. Hosts compare in lower case and without one trailing dot (URL Standard 3.5; RFC 1034 3.1).

use crate::site::Site;
use url::Url;

/// What a browser does with a URL (Fetch Standard, request destination).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Runs it.
    Script,
    /// Shows it: `img`, `srcset`, `poster`, icons, CSS images.
    Image,
    /// Applies it.
    Style,
    /// Loads glyphs from it.
    Font,
    /// Shows it as a nested page.
    Iframe,
    /// Hands it to a plug-in or shows it: `object`, `embed`.
    Object,
    /// Plays it, tracks of text included.
    Media,
    /// Only opens a connection or resolves the name: `preconnect`, `dns-prefetch`.
    Connect,
    /// Sends to it: `a ping`, `sendBeacon`, reports.
    Ping,
    /// Reads it: `fetch`, `prefetch`, manifests, and whatever says no more of itself.
    Other,
    /// Goes to it without the visitor's doing: `meta refresh`, the `Refresh` header.
    Document,
}

/// What the element that uses the URL looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing special.
    #[default]
    Plain,
    /// An image of at most 1x1, or an image or a frame that is not shown.
    Hidden,
    /// There is no element: a script names the URL, and may do anything with it.
    Mention,
}

/// The page on which things are found.
#[derive(Clone, Debug)]
pub struct Page {
    url: Url,
    site: Site,
}

impl Page {
    /// A page at `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        let site = Site::of_host(url.host_str().unwrap_or_default());
        Self { url, site }
    }

    /// The page's URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The page's site.
    #[must_use]
    pub const fn site(&self) -> &Site {
        &self.site
    }
}

/// A URL as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'u> {
    url: &'u Url,
    host: &'u str,
    destination: Destination,
    shape: Shape,
}

impl<'u> Target<'u> {
    /// `url` as a target; `None` when no host would be contacted.
    #[must_use]
    pub fn new(url: &'u Url, destination: Destination, shape: Shape) -> Option<Self> {
        let contacts = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
        let host = url.host_str().filter(|_| contacts)?;
        Some(Self { url, host: host.strip_suffix('.').unwrap_or(host), destination, shape })
    }

    /// The resolved URL.
    #[must_use]
    pub const fn url(&self) -> &'u Url {
        self.url
    }

    /// Lower case, without a trailing dot.
    #[must_use]
    pub const fn host(&self) -> &'u str {
        self.host
    }

    /// The path, which begins with `/`.
    #[must_use]
    pub fn path(&self) -> &'u str {
        self.url.path()
    }

    /// What the browser does with it.
    #[must_use]
    pub const fn destination(&self) -> Destination {
        self.destination
    }

    /// What the element looks like.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}
