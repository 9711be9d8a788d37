//! Turns a request to a first-party path into the request that a vendor gets: as little as its entry in the catalogue lists.
//!
//! 1. Nothing leaves without a [`Permit`](crate::policy::Permit).
//! 2. What is asked of here is decided from the request itself: its `Cookie` and `Sec-GPC`, never from what its parameters claim.
//! 3. A vendor's answer comes back as a few headers and a body that cannot act as a page of the site.

mod config;
mod cookies;
mod forward;
mod headers;
mod ledger;
mod paths;
mod refusal;
mod response;
mod rules;
mod shape;

pub use self::{
    config::{ClientIp, Config, LedgerFile, Limits, Share, Unlisted, UserAgent},
    forward::{About, Call, Forward, Outgoing},
    ledger::line as ledger_line,
    paths::Paths,
    refusal::{Answer, Refused},
    response::{Received, Script},
    rules::{Asked, Forms, Outcome, Rules},
    shape::{Detector, Fields, Input, Malformed, Report, Shaped, Shaper},
};
