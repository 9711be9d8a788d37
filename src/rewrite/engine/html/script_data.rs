//! Turns the bytes behind `<script>` into the place where its end tag begins.
//!
//! 1. Script data ends at `</script` and white space, `/` or `>` (HTML Standard, 13.2.5.4, 13.2.5.15 to 13.2.5.17).
//! 2. Behind `<!--` it is escaped: there `<script` escapes it twice, so that a `</script` ends that only (13.2.5.20 to 13.2.5.31).
//! 3. `-->` ends either; the dashes of `<!--` count for that (13.2.5.19).

use super::tokenizer::{ends, is_word};

/// How a script's text is read at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Script {
    escape: Escape,
    /// How many of the bytes before are dashes, up to two.
    dashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Once,
    Twice,
}

impl Script {
    pub(super) const fn new() -> Self {
        Self { escape: Escape::None, dashes: 0 }
    }

    /// Reads on at `at`; where the end tag begins when that is known.
    pub(super) fn run(&mut self, text: &[u8], at: &mut usize) -> Option<usize> {
        loop {
            let rest = text.get(*at..)?;
            let next = match self.escape {
                Escape::None => memchr::memchr(b'<', rest),
                Escape::Once | Escape::Twice => memchr::memchr3(b'<', b'-', b'>', rest),
            };
            let Some(next) = next else {
                self.dashes = if rest.is_empty() { self.dashes } else { 0 };
                *at = text.len();
                return None;
            };
            self.dashes = if next > 0 { 0 } else { self.dashes };
            *at += next;
            let (length, is_end) = self.mark(rest.get(next..).unwrap_or_default())?;
            if is_end {
                return Some(*at);
            }
            *at += length;
        }
    }

    /// Reads a `<`, a `-` or a `>`: how long what it begins is, and whether that is the end tag.
    fn mark(&mut self, rest: &[u8]) -> Option<(usize, bool)> {
        match rest {
            [b'-', ..] => self.dashes = (self.dashes + 1).min(2),
            [b'>', ..] => {
                if self.dashes == 2 {
                    self.escape = Escape::None;
                }
                self.dashes = 0;
            }
            [..] => return self.less_than(rest),
        }
        Some((1, false))
    }

    fn less_than(&mut self, rest: &[u8]) -> Option<(usize, bool)> {
        let (length, is_end, escape, dashes) = match self.escape {
            Escape::None if rest.starts_with(b"<!--") => (4, false, Escape::Once, 2),
            Escape::None if rest.len() < 4 && b"<!--".starts_with(rest) => return None,
            Escape::Once if is_opening(rest)? => (8, false, Escape::Twice, 0),
            Escape::Twice if ends(rest, b"script")? => (9, false, Escape::Once, 0),
            Escape::None | Escape::Once if ends(rest, b"script")? => (0, true, self.escape, 0),
            escape @ (Escape::None | Escape::Once | Escape::Twice) => (1, false, escape, 0),
        };
        (self.escape, self.dashes) = (escape, dashes);
        Some((length, is_end))
    }
}

fn is_opening(rest: &[u8]) -> Option<bool> {
    is_word(rest.get(1..).unwrap_or_default(), b"script")
}
