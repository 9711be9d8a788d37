//! Consentry keeps a website's third-party trackers out of its pages until the visitor's consent says yes.

pub mod catalog;
pub mod choice;
#[cfg(feature = "program")]
pub mod cli;
pub mod coding;
pub mod collect;
pub mod config;
pub mod consent;
pub mod engine;
pub mod headers;
pub mod metrics;
pub mod page;
pub mod policy;
pub mod proxy;
pub mod purpose;
pub mod record;
pub mod report;
pub mod rewrite;
pub mod site;
pub mod vendor;
