//! Turns Pingora's phases into calls of the engine: the only part of the crate that knows Pingora.

mod admin;
mod body;
pub mod choice;
pub mod client;
mod collect;
mod consentry;
mod edit;
mod hsts;
mod intake;
pub mod life;
mod line;
pub mod listen;
mod load;
mod module;
pub mod names;
pub mod origins;
mod own;
mod record;
mod refresh;
mod reply;
mod reports;
mod resolver;
pub mod server;
mod service;
mod sniffer;
mod tls;
mod told;
mod tunnel;
mod visitor;
mod wire;

use self::consentry::Shared;
pub use self::{
    consentry::{Consentry, Options},
    record::LOG_TARGET,
    reports::LOG_TARGET as REPORT_LOG_TARGET,
};
