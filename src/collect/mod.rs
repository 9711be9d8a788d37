//! Turns a request to a first-party path into the request that a vendor gets: as little as its entry in the catalogue lists.
//!
//! 1. Nothing leaves without a [`Permit`](crate::policy::Permit).

mod config;
mod script;

pub use self::{
    config::{ClientIp, Config, Share, Unlisted, UserAgent},
    script::ScriptRewriter,
};
