//! Consentry keeps a website's third-party trackers out of its pages until the visitor's consent says yes.

pub mod catalog;
pub mod config;
pub mod consent;
pub mod policy;
pub mod purpose;
pub mod rewrite;
pub mod site;
pub mod vendor;
