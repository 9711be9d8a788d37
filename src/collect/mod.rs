//! Turns a request to a first-party path into the request that a vendor gets: as little as its entry in the catalogue lists.
//!
//! 1. Nothing leaves without a [`Permit`](crate::policy::Permit).

mod body;
mod config;
mod fields;
mod glob;
mod google;
mod hash;
mod plain;
mod redact;
mod report;
mod script;
mod shape;
mod syntax;
#[cfg(test)]
mod tests;
mod url;
mod walk;

pub use self::{
    config::{ClientIp, Config, Share, Unlisted, UserAgent},
    fields::Fields,
    hash::Secret,
    plain::plain_text,
    redact::Detector,
    report::Report,
    script::ScriptRewriter,
    shape::{Input, Malformed, Shaped, Shaper},
};
