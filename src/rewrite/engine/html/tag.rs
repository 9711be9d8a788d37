//! Turns the bytes from a tag's `<` on into the place where the tag ends.
//!
//! 1. The states of the HTML Standard, 13.2.5.8 and 13.2.5.32 to 13.2.5.40, as far as they move the end.
//! 2. A `>` in quotes does not end a tag, but quotes count only around a value.
//! 3. It goes on where the last piece of the page ended: no byte is looked at twice.

use super::name::{self, Key};
use crate::rewrite::tag::is_space;
use std::ops::Range;

/// A whole tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) key: Key,
    pub(super) is_end: bool,
    pub(super) is_self_closing: bool,
}

/// A tag that is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TagScan {
    /// Where its `<` is.
    pub(super) start: usize,
    is_end: bool,
    key: Key,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Name,
    BeforeAttribute,
    AttributeName,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
    Slash,
}

impl TagScan {
    /// A tag whose `<` is at `start`, before its name was read.
    pub(super) const fn new(start: usize, is_end: bool) -> Self {
        Self { start, is_end, key: 0, step: Step::Name }
    }

    /// Where the name begins.
    pub(super) const fn name_start(&self) -> usize {
        self.start + 1 + self.is_end as usize
    }

    /// Reads on at `at`; the tag when it ends in `text`.
    pub(super) fn run(&mut self, text: &[u8], at: &mut usize) -> Option<Found> {
        loop {
            let rest = text.get(*at..).filter(|rest| !rest.is_empty())?;
            // How long what is read now is, when its end is known, and what follows it.
            let (length, next) = match self.step {
                Step::Name => (find(rest, ends_name), Step::BeforeAttribute),
                Step::AttributeName => (find(rest, |b| ends_name(b) || b == b'='), Step::AfterName),
                Step::Quoted(quote) => {
                    (memchr::memchr(quote, rest).map(|end| end + 1), Step::BeforeAttribute)
                }
                Step::Unquoted => (find(rest, |b| is_space(b) || b == b'>'), Step::BeforeAttribute),
                Step::BeforeAttribute | Step::AfterName | Step::BeforeValue | Step::Slash => {
                    let spaces =
                        if self.step == Step::Slash { Some(0) } else { find(rest, is_no_space) };
                    match spaces.and_then(|spaces| rest.get(spaces).map(|byte| (spaces, *byte))) {
                        Some((spaces, b'>')) => {
                            *at += spaces + 1;
                            return Some(self.found(*at));
                        }
                        Some((spaces, byte)) => self.between(spaces, byte),
                        None => (None, self.step),
                    }
                }
            };
            let Some(length) = length else {
                *at = text.len();
                return None;
            };
            *at += length;
            if self.step == Step::Name {
                self.key = name::key(text.get(self.name_start()..*at).unwrap_or_default());
            }
            self.step = next;
        }
    }

    /// What `byte`, behind some spaces, begins between a name or a value and the next.
    const fn between(&self, spaces: usize, byte: u8) -> (Option<usize>, Step) {
        match (self.step, byte) {
            (Step::BeforeValue, b'"' | b'\'') => (Some(spaces + 1), Step::Quoted(byte)),
            (Step::BeforeValue, _) => (Some(spaces), Step::Unquoted),
            (Step::AfterName, b'=') => (Some(spaces + 1), Step::BeforeValue),
            (Step::BeforeAttribute | Step::AfterName, b'/') => (Some(spaces + 1), Step::Slash),
            (Step::Slash, _) => (Some(0), Step::BeforeAttribute),
            // An equals sign in front of a name is part of it (13.2.5.32).
            (_, _) => (Some(spaces + 1), Step::AttributeName),
        }
    }

    fn found(&self, end: usize) -> Found {
        Found {
            range: self.start..end,
            key: self.key,
            is_end: self.is_end,
            is_self_closing: self.step == Step::Slash,
        }
    }
}

fn find(rest: &[u8], is_end: impl Fn(u8) -> bool) -> Option<usize> {
    rest.iter().position(|byte| is_end(*byte))
}

const fn is_no_space(byte: u8) -> bool {
    !is_space(byte)
}

const fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}
