//! Turns a request to a first-party path into the request that a vendor gets: as little as its entry in the catalogue lists.
//!
//! 1. Nothing leaves without a [`Permit`](crate::policy::Permit).
//! 2. What is asked of here is decided from the request itself: its `Cookie` and `Sec-GPC`, never from what its parameters claim.
//! 3. A vendor's answer comes back as a few headers and a body that cannot act as a page of the site.

mod body;
mod config;
mod cookies;
mod elsewhere;
mod fields;
mod forward;
mod glob;
mod google;
mod hash;
mod headers;
mod ledger;
mod paths;
mod plain;
mod redact;
mod refusal;
mod report;
mod response;
mod rules;
mod script;
mod shape;
mod syntax;
#[cfg(test)]
mod tests;
mod url;
mod walk;

pub use self::{
    config::{ClientIp, Config, LedgerFile, Limits, Share, Unlisted, UserAgent},
    fields::Fields,
    forward::{About, Call, Forward, Outgoing},
    hash::Secret,
    headers::is_client_hint,
    ledger::line as ledger_line,
    paths::Paths,
    plain::plain_text,
    redact::Detector,
    refusal::{Answer, Refused},
    report::Report,
    response::{Received, Script},
    rules::{Asked, Forms, Outcome, Rules},
    script::ScriptRewriter,
    shape::{Input, Malformed, Shaped, Shaper},
};
