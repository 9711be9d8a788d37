//! Turns an entry into a line of the spool and that back into an entry, but for what no store would take.
//!
//! 1. A line is JSON with a line feed at its end, at most [`LONGEST`] bytes.
//! 2. No text has a NUL, which PostgreSQL stores in none (its manual, 8.3), and no name is longer than [`NAME`] bytes, which its
//!    indexes would not take (64.4): one such row would keep all that follow it out of the store.

use super::{ConsentRecord, Entry};

/// The longest line; bytes. A list of a thousand vendors has a third of it.
const LONGEST: usize = 1 << 20;
/// The longest name of something, as a host's (RFC 1035 2.3.4); bytes.
const NAME: usize = 255;

/// An entry on its way to the disk.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The hash of the text or list that it is.
    pub(super) body: Option<String>,
    /// All of it, its end included.
    pub(super) bytes: Vec<u8>,
}

impl Line {
    /// The line of `entry`; `None` where no store would take it.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        let body = match entry {
            Entry::Text { hash, .. } | Entry::Vendors { hash, .. } => Some(hash.clone()),
            Entry::Record(_) | Entry::Refusal { .. } => None,
        };
        let mut bytes = serde_json::to_vec(entry).ok()?;
        bytes.push(b'\n');
        (bytes.len() <= LONGEST && is_storable(entry)).then_some(Self { body, bytes })
    }
}

/// The entry of a line; `None` where it is none that a store would take.
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(line).ok().filter(is_storable)
}

fn is_storable(entry: &Entry) -> bool {
    let is_name = |name: &&String| name.len() <= NAME && !name.contains('\0');
    match entry {
        Entry::Record(record) => {
            let ConsentRecord {
                id,
                at: _,
                site,
                policy,
                text,
                language,
                regime,
                method: _,
                purposes: _,
                vendors,
                receipt,
                software,
            } = record;
            let names = [id, site, policy, text, language, regime, vendors, software];
            names.iter().chain(&receipt.as_ref()).all(is_name)
        }
        Entry::Text { hash, language, body } => {
            [hash, language].iter().all(is_name) && !body.contains('\0')
        }
        Entry::Vendors { hash, body } => is_name(&hash) && !body.contains('\0'),
        Entry::Refusal { id, day: _, site, policy } => [id, site, policy].iter().all(is_name),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::entry::tests::record, *};

    #[test]
    fn what_no_store_takes_is_no_line() {
        let with = |change: fn(&mut ConsentRecord)| {
            let mut record = record(1);
            change(&mut record);
            Line::of(&Entry::Record(record)).is_some()
        };
        assert!(with(|_| {}));
        assert!(with(|r| r.site = "é".repeat(127)));
        assert!(!with(|r| r.site = "é".repeat(128)));
        assert!(!with(|r| r.language = "n\0b".into()));
        assert!(!with(|r| r.receipt = Some("\0".into())));
        assert!(Line::of(&Entry::text("en", "x")).is_some());
        assert!(Line::of(&Entry::text("en", "x\0")).is_none());
        assert!(Line::of(&Entry::text("en", &"x".repeat(LONGEST))).is_none());
        let torn = serde_json::to_vec(&Entry::vendors("\0")).unwrap();
        assert_eq!(entry(&torn), None);
    }
}
