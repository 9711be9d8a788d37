//! Turns what a page gets of our own into its markup: scripts that come first, and a script and a link that come last.
//!
//! 1. The scripts stand before the first element but `html` and `head`: nothing of the page runs, and no policy in a `meta` holds,
//!    before them. A `<meta charset>` that comes first stays first, for browsers look for it in the first 1024 bytes (HTML
//!    Standard, 13.2.3.2). In XML they stand behind `<head>`, or nowhere.
//! 2. What comes last stands behind everything else (HTML Standard, 13.2.6.4.19: it becomes the end of the body), in XML before
//!    `</body>`; by then it is known whose the page is full of. A page that ends in the middle of a tag, a comment or a text
//!    element, and one of frames, gets none.
//! 3. A piece of a page that a script fetches is no page, and gets nothing where the request says that it is one. Where it says
//!    neither, a page must have a doctype or begin with an element that pages begin with.
//! 4. `integrity` is written only where a policy knows files by their hashes alone: elsewhere a file of the version after ours, which
//!    another node may send, is as good. What comes last is then loaded by a script that the policy knows by its hash.
//! 5. With a `<base>` on another origin our paths are written with the page's own scheme and host.

use super::markup;
use crate::{
    policy::{Gate, csp::OwnNeeds},
    vendor::Vendor,
};
use std::{fmt, sync::Arc};

/// The script that loads what comes last where a policy knows scripts by hashes alone.
pub const LOADER: &str = include_str!("loader.js");

const INTEGRITY: &str = "integrity";
/// Where the files are that come last.
const ENDS: &str = "/_consentry/banner/";
/// What our scripts speak to.
const SPOKEN_TO: [&str; 3] = ["/_consentry/choice", "/_consentry/guard/", "/_consentry/report"];

/// A script of our own that is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnScript {
    /// From the site's root: `/_consentry/…`.
    pub path: String,
    /// Names and values; `integrity` among them is kept for where it is needed.
    pub attributes: Vec<(&'static str, String)>,
    /// Whether the page waits for it.
    pub blocking: bool,
}

/// What comes last in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// A script.
    pub script: OwnScript,
    /// What stands in a `noscript`: markup in ASCII.
    pub noscript: String,
}

/// Makes what comes last, when the page is read.
pub trait Ending: Send + Sync {
    /// What a page gets in which things of these vendors were found that need consent, each once, by id; `lang` is the language
    /// that its first element says.
    fn ending(&self, found: &[Arc<Vendor>], lang: Option<&str>) -> Option<End>;
}

/// What a page gets of our own.
#[derive(Clone, Default)]
pub struct Additions {
    /// What comes first, in order.
    pub head: Vec<OwnScript>,
    /// What comes last.
    pub end: Option<Arc<dyn Ending>>,
    /// Whether the request says that the response is a page, and no piece of one.
    pub is_page: bool,
}

impl Additions {
    /// What they need of the policies of a page on `origin`, as `https://shop.example`.
    #[must_use]
    pub fn needs(&self, origin: &str) -> OwnNeeds {
        if self.is_empty() {
            return OwnNeeds::default();
        }
        let folder =
            |path: &str| path.rsplit_once('/').map(|(folder, _)| format!("{origin}{folder}/"));
        let last = self.end.as_ref().map(|_| format!("{origin}{ENDS}"));
        let mut scripts: Vec<String> =
            self.head.iter().filter_map(|script| folder(&script.path)).chain(last).collect();
        scripts.dedup();
        let attributes = self.head.iter().flat_map(|script| &script.attributes);
        let files = attributes.filter(|(name, _)| *name == INTEGRITY);
        OwnNeeds {
            scripts,
            files: files.map(|(_, hash)| format!("'{hash}'")).collect(),
            connect: SPOKEN_TO.map(|path| format!("{origin}{path}")).to_vec(),
            types: vec!["consentry", "consentry-loader"],
            ..OwnNeeds::default()
        }
    }

    /// Whether a page gets nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.head.is_empty() && self.end.is_none()
    }
}

impl fmt::Debug for Additions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, end, is_page } = self;
        f.debug_struct("Additions")
            .field("head", head)
            .field("end", &end.is_some())
            .field("is_page", is_page)
            .finish()
    }
}

impl OwnScript {
    /// Its element, appended to `out`; `base` is put before the path, and `by_hash` is whether a policy knows files by hashes alone.
    pub(super) fn write(&self, nonce: Option<&str>, base: &str, by_hash: bool, out: &mut Vec<u8>) {
        let mut text = format!("<script src=\"{base}{}\"", markup::encode(&self.path));
        if !self.blocking {
            text.push_str(" async=\"\"");
        }
        self.write_attributes(nonce, by_hash, &mut text);
        text.push_str("></script>");
        out.extend_from_slice(text.as_bytes());
    }

    /// The element of the script that loads it, appended to `out`.
    fn write_loader(&self, nonce: Option<&str>, base: &str, out: &mut Vec<u8>) {
        let mut text =
            format!("<script data-consentry-src=\"{base}{}\"", markup::encode(&self.path));
        self.write_attributes(nonce, false, &mut text);
        text.push_str(&format!(">{LOADER}</script>"));
        out.extend_from_slice(text.as_bytes());
    }

    fn write_attributes(&self, nonce: Option<&str>, by_hash: bool, text: &mut String) {
        let own = self.attributes.iter().map(|(name, value)| (*name, value.as_str()));
        let own = own.filter(|(name, _)| by_hash || *name != INTEGRITY);
        for (name, value) in own.chain(nonce.map(|nonce| ("nonce", nonce))) {
            text.push_str(&format!(" {name}=\"{}\"", markup::encode(value)));
        }
    }
}

impl End {
    /// Its elements, appended to `out`; `base` is put before the paths.
    pub(super) fn write(&self, nonce: Option<&str>, base: &str, by_hash: bool, out: &mut Vec<u8>) {
        if by_hash {
            self.script.write_loader(nonce, base, out);
        } else {
            self.script.write(nonce, base, false, out);
        }
        out.extend_from_slice(b"<noscript>");
        let link = format!("href=\"{base}/");
        out.extend_from_slice(self.noscript.replace("href=\"/", &link).as_bytes());
        out.extend_from_slice(b"</noscript>");
    }
}

/// The page's own scheme and host, for paths in a page with a base of its own.
pub(super) fn origin(gate: &Gate) -> String {
    gate.page().url().origin().ascii_serialization()
}
