//! Turns visitors' choices into proof that outlives the process: who was shown what, what was chosen and when, without saying who.
//!
//! 1. A record holds no address, no user agent and no URL (GDPR 5(1)(c)); a receipt id only where something was granted.
//! 2. The records of a store are one chain: each holds the hash of the one before, so that a change, a gap or a swap shows.
//! 3. A text that was shown, and a list of vendors, is kept once, under its hash (GDPR 7(1)); it is in the store with each record
//!    that names it.
//!
//! # The guarantee
//!
//! 1. [`Outcome::Recorded`] is said only after the record, and what it names, is flushed to this machine's disk (`fdatasync`) in the
//!    [`Spool`]. The process may be killed, or the machine lose its power, at any moment after: the record reaches the store. (A disk
//!    that says that it has flushed what it has not, and a spool that somebody deletes, are not covered.)
//! 2. A record is in the store at most once, by its id, however often it was tried and by however many nodes; its segment of the
//!    spool is removed only after the store's commit. SQLite commits with `synchronous = FULL`; PostgreSQL as its `synchronous_commit`
//!    says, which is `on` unless somebody changed it.
//! 3. What is not said to be recorded may be: at [`Outcome::Late`] it is still on its way; at [`Outcome::Failed`] and when the process
//!    is killed before the answer, it may be on the disk or not. It is never there in part.
//! 4. A choice waits for the spool, and no longer than [`Config::timeout`]; never for the store. When the store is down, full, locked,
//!    slow, of another version or refuses the password, that is said once, and records stay in the spool until it is mended. Their
//!    order in the chain is that of their arrival in the store.
//! 5. What waits is bounded by the spool's disk. When that is full, choices are answered [`Outcome::Failed`] at once.

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
