//! Turns what the operator says of listeners into connections that are counted, bounded, and known by where they come from.

mod config;
mod crowd;
mod forwarded;
mod frames;
mod handover;
mod network;
mod preamble;
mod rate;
mod redirect;
mod socket;

pub use self::{
    config::{Address, Edge, Files, Limits, Listener, Shared, Tls, Version},
    forwarded::Forwarding,
    network::{Network, NetworkError, Trusted},
};
pub(super) use self::{
    crowd::{Crowd, Share},
    forwarded::{node, told},
    frames::{Guarded, PREFACE},
    handover::{Handover, Inherited},
    preamble::{Preamble, Read, read},
    rate::Visitors,
    redirect::Redirect,
    socket::{Bound, Socket},
};
pub use super::tls::{Error as CertificateError, Facts, facts};
