//! Turns the cookies that hold strings of the IAB's frameworks into signals, and their TC strings into one answer.
//!
//! 1. A string is looked for under the names that consent managers give its cookie; each name is a signal of its own.
//! 2. Two values of one name combine as those of any source; a value that cannot be read takes the answer of its twin
//!    away, for it may have been a refusal.
//! 3. Where several strings of a kind answer about vendors, all of them must allow.
//! 4. The cookie of Google's own consent manager holds strings among other things; where a value of it holds one, its twins
//!    without one count as unreadable.
//! 5. A string in a URL is never read: whoever made the link is not the visitor.

use super::{
    ac,
    cmp::string_in_google_fc,
    cookies::{Cookies, Forms},
    date::Clock,
    gpp,
    signal::Signal,
    source::{Said, strictest},
    tcf, usprivacy,
};
use std::{fmt, sync::Arc};

/// A kind of string of the IAB's frameworks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Iab {
    /// Transparency and Consent Framework, TC string.
    Tcf,
    /// Google's Additional Consent beside a TC string.
    Ac,
    /// Global Privacy Platform.
    Gpp,
    /// US Privacy, which GPP replaced.
    UsPrivacy,
}

impl Iab {
    /// Every kind, in the order of the signals.
    pub const ALL: [Self; 4] = [Self::Tcf, Self::Gpp, Self::Ac, Self::UsPrivacy];

    /// The name in configuration, logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcf => "tcf",
            Self::Ac => "ac",
            Self::Gpp => "gpp",
            Self::UsPrivacy => "usprivacy",
        }
    }

    /// The names of the cookies that hold such a string.
    #[must_use]
    pub const fn cookies(self) -> &'static [&'static str] {
        match self {
            Self::Tcf => &["euconsent-v2", "eupubconsent-v2"],
            Self::Ac => &["addtl_consent", "OTAdditionalConsentString"],
            Self::Gpp => &["__gpp", "gpp_string", "OTGPPConsent"],
            Self::UsPrivacy => &["usprivacy", "us_privacy"],
        }
    }
}

impl fmt::Display for Iab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What strings are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// TC strings.
    pub(super) tcf: tcf::Asked,
    /// Additional Consent strings, about these providers, by their sorted ids in Google's list.
    pub(super) providers: Arc<[u32]>,
}

/// What the strings of one request said so far.
#[derive(Debug)]
pub(super) struct Strings<'r> {
    clock: Clock,
    asked: &'r Asked,
    pub(super) signals: Vec<Signal>,
    pub(super) tcf: Option<tcf::Answer>,
    pub(super) ac: Option<ac::Answer>,
}

/// What one value says.
struct Read {
    said: Said,
    tcf: Option<tcf::Answer>,
    ac: Option<ac::Answer>,
}

/// An answer about vendors.
trait Answer: Sized {
    /// What both allow.
    fn and(self, other: &Self) -> Self;

    /// Nothing.
    fn silenced(self) -> Self;
}

impl<'r> Strings<'r> {
    /// What the cookies hold of the kinds in `which`; `google` is the name of the cookie of Google's consent manager.
    pub(super) fn read(
        cookies: &Cookies<'_>,
        clock: Clock,
        asked: &'r Asked,
        which: &[Iab],
        google: Option<&str>,
    ) -> Self {
        let mut strings = Self { clock, asked, signals: Vec::new(), tcf: None, ac: None };
        // In the order of `ALL`: Additional Consent is judged beside the TC strings.
        for kind in Iab::ALL.into_iter().filter(|kind| which.contains(kind)) {
            for cookie in kind.cookies() {
                let read = |forms: &Forms<'_>| forms.find(|text| strings.decode(kind, text));
                let read = cookies.values(cookie).iter().map(read).collect();
                strings.add(kind, cookie, read);
            }
            if let Some(cookie) = google {
                strings.add_from_google(kind, cookie, &cookies.values(cookie));
            }
        }
        strings
    }

    /// Rule 4.
    fn add_from_google(&mut self, kind: Iab, cookie: &str, values: &[Forms<'_>]) {
        let find = |forms: &Forms<'_>| forms.find(|text| string_in_google_fc(kind, text));
        let texts: Vec<_> = values.iter().map(find).collect();
        if texts.iter().any(Option::is_some) {
            let read = texts.iter().map(|text| self.decode(kind, text.as_ref()?)).collect();
            self.add(kind, cookie, read);
        }
    }

    /// Adds what the values of one cookie say, nothing where they cannot be read.
    fn add(&mut self, kind: Iab, cookie: &str, read: Vec<Option<Read>>) {
        let malformed = || Read::from(Said::nothing("malformed"));
        let (mut said, mut tcf, mut ac) = (Vec::new(), Vec::new(), Vec::new());
        for read in read {
            let read = read.unwrap_or_else(malformed);
            said.push(read.said);
            tcf.push(read.tcf);
            ac.push(read.ac);
        }
        let Some(said) = strictest(said) else { return };
        self.signals
            .push(said.noting(|note| format!("{note} in {cookie}").into()).named(kind.name()));
        self.tcf = both(self.tcf.take(), twins(tcf));
        self.ac = both(self.ac.take(), twins(ac));
    }

    fn decode(&self, kind: Iab, text: &str) -> Option<Read> {
        match kind {
            Iab::Tcf => tcf::read(text, self.clock, &self.asked.tcf).map(Read::from),
            Iab::Gpp => gpp::read(text, self.clock, &self.asked.tcf).map(Read::from),
            Iab::Ac => ac::read(text, self.tcf.is_some(), &self.asked.providers).map(Read::from),
            Iab::UsPrivacy => usprivacy::read(text).map(Read::from),
        }
    }
}

impl From<Said> for Read {
    fn from(said: Said) -> Self {
        Self { said, tcf: None, ac: None }
    }
}

impl From<(Said, Option<tcf::Answer>)> for Read {
    fn from((said, tcf): (Said, Option<tcf::Answer>)) -> Self {
        Self { said, tcf, ac: None }
    }
}

impl From<(Said, Option<ac::Answer>)> for Read {
    fn from((said, ac): (Said, Option<ac::Answer>)) -> Self {
        Self { said, tcf: None, ac }
    }
}

impl Answer for tcf::Answer {
    fn and(self, other: &Self) -> Self {
        Self::and(self, other)
    }

    fn silenced(self) -> Self {
        Self::silenced(self)
    }
}

impl Answer for ac::Answer {
    fn and(self, other: &Self) -> Self {
        Self::and(self, other)
    }

    fn silenced(self) -> Self {
        Self::silenced(self)
    }
}

/// Rule 2.
fn twins<A: Answer>(answers: Vec<Option<A>>) -> Option<A> {
    let any_silent = answers.iter().any(Option::is_none);
    let answer = answers.into_iter().flatten().reduce(|a, b| a.and(&b))?;
    Some(if any_silent { answer.silenced() } else { answer })
}

/// Rule 3.
fn both<A: Answer>(a: Option<A>, b: Option<A>) -> Option<A> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.and(&b)),
        (a, b) => a.or(b),
    }
}
