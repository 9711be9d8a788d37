//! Turns a URL, an inline snippet or a cookie name into the [`Vendor`](crate::vendor::Vendor) whose it is.

mod config;
pub mod refresh;
mod target;

pub use self::config::{Config, FirstParty, List, ListSource, ThirdParty, VendorEntry};
pub use self::target::{Destination, Page, Shape, Target};
use crate::vendor::Vendor;
use std::sync::Arc;

/// The operator's settings of one site.
#[derive(Debug, Default)]
pub struct Scope {}

/// All vendors, compiled.
#[derive(Debug, Default)]
pub struct Catalog {}

impl Catalog {
    /// Whose `target` is, seen from `page`.
    #[must_use]
    pub fn classify(&self, _: &Target<'_>, _: &Page, _: &Scope) -> Option<&Arc<Vendor>> {
        None
    }

    /// Whose cookie `name` is.
    #[must_use]
    pub fn cookie(&self, _: &str) -> Option<&Arc<Vendor>> {
        None
    }
}
