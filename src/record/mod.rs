//! Turns visitors' choices into proof that outlives the process: who was shown what, what was chosen and when, without saying who.
//!
//! 1. A record holds no address, no user agent and no URL (GDPR 5(1)(c)); a receipt id only where something was granted.
//! 2. A choice is acknowledged when its record is on the disk of this machine, in the [`Spool`]; from there it reaches the store
//!    in the background, as often as it takes and at most once by its id. What is not on the disk by the time-out is not acknowledged
//!    as recorded, and is written all the same as soon as the disk takes it.
//! 3. The records of a store are one chain: each holds the hash of the one before, so that a change, a gap or a swap shows.
//! 4. A text that was shown, and a list of vendors, is kept once, under its hash (GDPR 7(1)).

mod chain;
mod config;
mod drain;
mod entry;
mod line;
mod recorder;
mod spool;
mod store;

pub use self::{
    chain::{Body, Flaw, Verified},
    config::{BadStore, Config, Refusals, StoreUrl},
    drain::{Drain, News},
    entry::{ConsentRecord, Entry, Method, Minute, hash_of, new_id},
    recorder::{Outcome, Recorder},
    spool::{Spool, SpoolError, Waiting, waiting},
    store::{Chained, Filter, Policy, Store, StoreError},
};
