//! Turns Pingora's phases into calls of the engine: the only part of the crate that knows Pingora.

mod body;
mod consentry;
mod edit;
mod module;
mod record;
mod reply;
mod sniffer;

pub use self::consentry::{Consentry, Options};
use self::consentry::Shared;
pub use self::record::LOG_TARGET;
