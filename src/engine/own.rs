//! Turns a request for a path of our own into what is asked for.
//!
//! 1. The paths are fixed: `/_consentry/` and one of the names below; nothing under it ever reaches the origin.
//! 2. A file has its hash in its name; under an old one it is the current file, which then nobody keeps.

use super::{mirror::Mirrored, reported::Reported, served::Served};
use crate::{choice::Asked, page, vendor::Vendor};
use http::{HeaderValue, Method};
use std::sync::Arc;

/// The methods of a file.
pub(super) const READS: &str = "GET, HEAD";

/// What of ours is asked for.
#[derive(Debug)]
pub enum Own {
    /// A file.
    File {
        /// What is sent.
        served: Arc<Served>,
        /// How long it is kept.
        caching: HeaderValue,
    },
    /// A page that is made for this visitor, and kept by nobody.
    Page(Box<page::File>),
    /// A choice that a mirror tells; its body is not read yet.
    Mirror(Box<Mirrored>),
    /// The script of a vendor's service worker, which the visitor does not allow.
    Worker(Arc<Vendor>),
    /// The visitor's choice: its state, or with a body a new one.
    Choice(Box<Asked>),
    /// Nothing: violations are reported.
    Report(Box<Reported>),
}

/// What a browser gets in the place of a service worker of a vendor that is not allowed: a worker that ends itself, and one of
/// the vendor's that was there before. Without it that one would live on, for a browser keeps the old script where there is no
/// new one (Service Workers, "Update").
pub const ENDING_WORKER: &str = "\
// Consentry: the visitor does not allow this service worker's vendor.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.registration.unregister()));
";

/// Whether `method` reads.
pub(super) fn reads(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}
