//! HTTP, byte by byte, through the program and through a proxy that embeds the library.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod codings;
mod collect;
mod csp;
mod embed;
mod evidence;
mod fetch;
mod files;
mod front;
mod hostile;
mod http2;
mod listen;
mod load;
mod matrix;
mod mirror;
mod names;
mod origin;
mod origins;
mod pieces;
mod program;
mod refusal;
mod special;
mod visitor;
