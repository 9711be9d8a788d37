//! Turns what the site and the visitor's choice are into what the browser gets from us: the banner, and the page that stands for
//! it without JavaScript.
//!
//! 1. Everything comes from the site itself: no third party, no font, no framework.
//! 2. What is served is named by the hash of its content, so that it may be kept for ever.

pub mod banner;
mod data;
mod file;
pub mod guard;
pub mod mirror;
pub mod texts;

pub use self::{data::data, file::File};
