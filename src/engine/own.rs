//! Turns a request for a path of our own into what is asked for.
//!
//! 1. The paths are fixed: `/_consentry/` and one of the names below; nothing under it ever reaches the origin.
//! 2. A file has its hash in its name; under an old one it is the current file, which then nobody keeps.

use super::{reported::Reported, served::Served};
use crate::choice::Asked;
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
    /// The visitor's choice: its state, or with a body a new one.
    Choice(Box<Asked>),
    /// Nothing: violations are reported.
    Report(Box<Reported>),
}

/// Whether `method` reads.
pub(super) fn reads(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}
