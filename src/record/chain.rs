//! Turns the records of a store, in order, into whether they are the ones that were written.
//!
//! 1. Numbers follow on from one another; each record's hash is that of its fields after the hash before it.
//! 2. The first record follows the hash that the last purge left, at first the empty one; the last one is the head's.
//! 3. The texts and lists that records name are there, and their hashes are those of their bytes: the chain holds them too.
//! 4. Who can write to the store can make another whole chain: a head that was noted elsewhere, as in a log, shows that too.

use super::{Chained, Minute};
use std::fmt;

/// What is wrong in a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A record is missing, or there is one too many.
    #[error("record {expected} should come, and {found} does: one was removed or added")]
    Gap {
        /// The number that should come.
        expected: i64,
        /// The number that comes.
        found: i64,
    },
    /// A record was changed, or put in another's place.
    #[error("record {0} is not what was written, or does not follow the one before it")]
    Changed(i64),
    /// The chain ends elsewhere than its head says.
    #[error("the chain ends with record {found}, and its head is {expected}: records were cut off")]
    Cut {
        /// The head's number.
        expected: i64,
        /// The last record's number.
        found: i64,
    },
    /// A text or a list that records name is not there.
    #[error("the {what} {hash} that record {seq} names is not there")]
    Missing {
        /// What it is.
        what: Body,
        /// Its hash.
        hash: String,
        /// The first record that names it.
        seq: i64,
    },
    /// A text or a list is another one.
    #[error("the {what} {hash} is not what was shown: its bytes have another hash")]
    Replaced {
        /// What it is.
        what: Body,
        /// The hash that it should have.
        hash: String,
    },
}

/// What records name by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// What a visitor was shown.
    Text,
    /// The vendors that a visitor was asked about.
    Vendors,
}

/// A chain that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records it has.
    pub records: u64,
    /// The number of the last one; 0 without any.
    pub head: i64,
    /// Its hash.
    pub hash: String,
    /// When the earliest and the latest choice was made.
    pub span: Option<(Minute, Minute)>,
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Vendors => "list of vendors",
        })
    }
}

/// The walk along a chain.
#[derive(Debug)]
pub(super) struct Walk {
    at: i64,
    hash: String,
    records: u64,
    span: Option<(Minute, Minute)>,
}

impl Walk {
    /// A walk that begins after record `at`, whose hash is `hash`.
    pub(super) const fn from(at: i64, hash: String) -> Self {
        Self { at, hash, records: 0, span: None }
    }

    /// Goes to the next record.
    pub(super) fn step(&mut self, next: &Chained) -> Result<(), Flaw> {
        if next.seq != self.at + 1 {
            return Err(Flaw::Gap { expected: self.at + 1, found: next.seq });
        }
        if next.record.hash_after(&self.hash) != next.hash {
            return Err(Flaw::Changed(next.seq));
        }
        self.at = next.seq;
        self.hash.clone_from(&next.hash);
        self.records += 1;
        let at = next.record.at;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        Ok(())
    }

    /// Ends at the head: record `seq`, whose hash is `hash`.
    pub(super) fn end(self, seq: i64, hash: &str) -> Result<Verified, Flaw> {
        if self.at != seq {
            return Err(Flaw::Cut { expected: seq, found: self.at });
        }
        if self.hash != hash {
            return Err(Flaw::Changed(seq));
        }
        Ok(Verified { records: self.records, head: seq, hash: self.hash, span: self.span })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::entry::tests::record, *};

    fn chain(length: u32) -> Vec<Chained> {
        let mut hash = String::new();
        let link = |n: u32| {
            let record = record(n);
            hash = record.hash_after(&hash);
            Chained { seq: n.into(), record, hash: hash.clone() }
        };
        (1..=length).map(link).collect()
    }

    fn verify(chain: &[Chained], seq: i64, hash: &str) -> Result<Verified, Flaw> {
        let mut walk = Walk::from(0, String::new());
        chain.iter().try_for_each(|next| walk.step(next))?;
        walk.end(seq, hash)
    }

    #[test]
    fn tampering_shows() {
        let whole = chain(5);
        let head = whole[4].hash.clone();
        assert_eq!(verify(&whole, 5, &head).unwrap().records, 5);
        let with = |change: fn(&mut Vec<Chained>)| {
            let mut changed = whole.clone();
            change(&mut changed);
            verify(&changed, 5, &head).unwrap_err()
        };
        assert_eq!(with(|c| drop(c.remove(2))), Flaw::Gap { expected: 3, found: 4 });
        assert_eq!(with(|c| drop(c.pop())), Flaw::Cut { expected: 5, found: 4 });
        assert_eq!(with(|c| c[1].record.policy.push('x')), Flaw::Changed(2));
        assert_eq!(with(|c| c[1].hash = c[2].hash.clone()), Flaw::Changed(2));
        assert_eq!(
            with(|c| {
                let (a, b) = (c[1].record.clone(), c[2].record.clone());
                (c[1].record, c[2].record) = (b, a);
            }),
            Flaw::Changed(2)
        );
        assert_eq!(
            with(|c| {
                let last = c.len() - 1;
                c[last].record.receipt = None;
                c[last].hash = c[last].record.hash_after(&c[last - 1].hash);
            }),
            Flaw::Changed(5)
        );
    }
}
