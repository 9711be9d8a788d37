//! Vendors on the site's own paths.

mod decision;
mod shop;
