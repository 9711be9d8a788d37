//! Turns a GPP string of IAB Tech Lab's Global Privacy Platform into what its sections say.
//!
//! 1. The string is a header and sections, parted by `~`; the header lists the sections' ids in their order, and there are
//!    exactly as many.
//! 2. A string over 4096 bytes is none. One that begins with `C` is a bare TC string.
//! 3. Section 2 is a TC string, and counts as one by its rules.
//! 4. Section 6 is a US Privacy string; 7 and up are US sections; 5 is TCF Canada. They refuse marketing or say nothing:
//!    none of them is a consent that the GDPR knows.
//! 5. Sections with other ids are left out, wherever they are. Which sections apply to the visitor (`__gpp_sid`) is not
//!    asked: leaving one out could leave out a refusal.
//! 6. The sections are of different laws, so one that says nothing does not silence another.

mod canada;
mod header;
#[cfg(test)]
mod tests;
mod us;

use self::{header::Ids, us::OptOut};
use super::{
    date::Clock,
    signal::{Vote, Votes},
    source::Said,
    tcf, usprivacy,
};
use std::borrow::Cow;

/// The longest string that is read; bytes.
const LONGEST: usize = 4096;

/// A GPP string, borrowed from its text.
#[derive(Clone, Copy, Debug)]
pub struct GppString<'s> {
    ids: Ids<'s>,
    sections: Option<&'s str>,
}

/// Text that is no GPP string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a GPP string: a header and as many sections as it lists")]
pub struct NotGpp;

impl<'s> GppString<'s> {
    /// What `text` holds.
    ///
    /// # Errors
    /// When the header cannot be read, or lists another number of sections than there are.
    pub fn parse(text: &'s str) -> Result<Self, NotGpp> {
        let (header, sections) = match text.split_once('~') {
            Some((header, sections)) => (header, Some(sections)),
            None => (text, None),
        };
        let count = sections.map_or(0, |sections| sections.split('~').count());
        let ids = Some(text).filter(|text| text.len() <= LONGEST);
        let ids = ids.and_then(|_| Ids::read(header, count)).ok_or(NotGpp)?;
        Ok(Self { ids, sections })
    }

    /// The sections and their ids, in their order.
    pub fn sections(&self) -> impl Iterator<Item = (u16, &'s str)> {
        let texts = self.sections.into_iter().flat_map(|sections| sections.split('~'));
        self.ids.iter().zip(texts)
    }

    /// Whether a US section opts out of sale, sharing or targeted advertising, or cannot be read.
    #[must_use]
    pub fn opts_out(&self) -> bool {
        self.sections().filter_map(|(id, text)| refusal(id, text)).any(|(_, out)| out != OptOut::No)
    }
}

/// What one GPP string says, and what its TC string answers; `None` for what is no GPP string.
pub(super) fn read(
    text: &str,
    clock: Clock,
    asked: &tcf::Asked,
) -> Option<(Said, Option<tcf::Answer>)> {
    if text.starts_with('C') {
        return tcf::read(text, clock, asked);
    }
    let string = GppString::parse(text).ok()?;
    let (mut votes, mut notes, mut answer) = (Votes::default(), Vec::new(), None);
    let mut is_read = true;
    for (id, text) in string.sections() {
        let (more, note) = match id {
            TCF => {
                let (said, found) = tcf::read(text, clock, asked)
                    .unwrap_or_else(|| (Said::nothing("a TC string that is none"), None));
                (answer, is_read) = (found, said.is_usable());
                said.parts()
            }
            _ => match refusal(id, text) {
                Some((name, out)) => (denial(out != OptOut::No), noted(name, out)),
                None => continue,
            },
        };
        votes = both(votes, more);
        notes.push(note);
    }
    let notes = match notes.is_empty() {
        true => "a GPP string without a section that is read".into(),
        false => format!("a GPP string: {}", notes.join("; ")),
    };
    let said = match (votes == Votes::default(), is_read) {
        (false, _) => Said::explicit(votes, notes),
        (true, true) => Said::informs(notes),
        (true, false) => Said::nothing(notes),
    };
    Some((said, answer))
}

const TCF: u16 = 2;
const CANADA: u16 = 5;
const US_PRIVACY: u16 = 6;

/// The name of a section that can only refuse, and whether it does; `None` for the others.
fn refusal(id: u16, text: &str) -> Option<(&'static str, OptOut)> {
    match id {
        CANADA => Some(("tcfcav1", if canada::refuses(text) { OptOut::Yes } else { OptOut::No })),
        US_PRIVACY => Some((
            "uspv1",
            match usprivacy::opts_out(text) {
                Some(true) => OptOut::Yes,
                Some(false) => OptOut::No,
                None => OptOut::Unreadable,
            },
        )),
        _ => us::read(id, text),
    }
}

fn denial(denies: bool) -> Votes {
    let marketing = if denies { Vote::Deny } else { Vote::Silent };
    Votes { marketing, ..Votes::default() }
}

fn noted(name: &'static str, out: OptOut) -> Cow<'static, str> {
    match out {
        OptOut::Yes => format!("{name} opts out").into(),
        OptOut::No => format!("{name} does not opt out").into(),
        OptOut::Unreadable => format!("{name} cannot be read, which counts as opting out").into(),
    }
}

/// Rule 6: no beats yes, and yes beats silence.
fn both(a: Votes, b: Votes) -> Votes {
    Votes::from_fn(|purpose| match (a.on(purpose), b.on(purpose)) {
        (Vote::Deny, _) | (_, Vote::Deny) => Vote::Deny,
        (Vote::Grant, _) | (_, Vote::Grant) => Vote::Grant,
        (Vote::Silent, Vote::Silent) => Vote::Silent,
    })
}
