//! Turns the text of a script that is kept into the text whose literals point to what the site itself serves.
//!
//! 1. What can be pointed is said in [`crate::catalog::Literal`]; in the site's own scripts a host without a path counts where the
//!    whole host is an allowed vendor's, not where only paths of it are: `https://www.facebook.com` is nobody's.
//! 2. What names a served host in another way stays, and is said: the browser goes to the vendor.

use super::{HeldHost, NOWHERE};
use crate::{catalog::Mention, policy::Judged, rewrite::lens::Lens};
use std::ops::Range;

/// An allowed vendor's host in a script, on which the site itself serves something.
#[derive(Debug)]
pub(in crate::rewrite) struct Named {
    pub(in crate::rewrite) range: Range<usize>,
    pub(in crate::rewrite) judged: Judged,
    /// What takes its place; nothing where it stays.
    pub(in crate::rewrite) with: Option<Vec<u8>>,
}

/// The served hosts that `text` names from `from` on, in order.
pub(in crate::rewrite) fn served(text: &[u8], from: usize, lens: &Lens) -> Vec<Named> {
    let Some(front) = lens.gate.front() else { return Vec::new() };
    let place = front.place();
    let name = |mention: Mention| {
        let judged = lens.gate.mention(&mention, text).filter(|judged| !judged.is_held())?;
        Some(match mention {
            Mention::Literal(literal) => {
                let with = judged.served().map(|_| literal.pointed(text, front.scheme(), &place));
                Named { range: literal.range, judged, with }
            }
            Mention::Other(range) => Named { range, judged, with: None },
        })
    };
    let mentions = lens.gate.catalog().mentions(text).filter(|mention| mention.start() >= from);
    let mut named: Vec<Named> = mentions.filter_map(name).collect();
    named.sort_by_key(|named| named.range.start);
    named
}

/// `text` from `from` on, with what is held in it replaced by a host that never resolves and what is served pointed to the site,
/// appended to `out`.
pub(in crate::rewrite) fn edited(
    text: &[u8],
    from: usize,
    held: &[HeldHost],
    served: &[Named],
    out: &mut Vec<u8>,
) {
    let nowhere = |held: &HeldHost| {
        let dot = text.get(held.range.start) == Some(&b'.');
        (held.range.clone(), [if dot { &b"."[..] } else { b"" }, NOWHERE].concat())
    };
    let pointed = served.iter().filter_map(|n| Some((n.range.clone(), n.with.clone()?)));
    let mut edits: Vec<_> = held.iter().map(nowhere).chain(pointed).collect();
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut at = from;
    for (range, with) in edits.iter().filter(|(range, _)| range.start >= from) {
        let Some(between) = text.get(at..range.start) else { continue };
        out.extend_from_slice(between);
        out.extend_from_slice(with);
        at = range.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
}
