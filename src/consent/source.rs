//! Turns the values of one source's cookie into what the source says: the most restrictive of them.
//!
//! 1. Where two values differ, no beats silence and silence beats yes.
//! 2. A value that says nothing (malformed, too old) silences the grants of its twins, never their denials.
//! 3. Where an act and an assumption differ, the denials count as the act's and no grant is left; where both only grant,
//!    they count as the assumption.

use super::{
    cookies::{Cookies, Forms},
    date::Clock,
    iab::Iab,
    signal::{Basis, Signal, Vote, Votes},
};
use crate::purpose::Purpose;
use std::{borrow::Cow, collections::BTreeMap};

/// What a decoder gets: the request's cookies and what the operator said of this source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) cookies: &'a Cookies<'a>,
    pub(super) clock: Clock,
    /// The name of the cookie that holds the choice.
    pub(super) cookie: &'a str,
    /// The site's own names.
    pub(super) map: &'a BTreeMap<String, Purpose>,
    /// The revision that a choice must have been made under.
    pub(super) revision: Option<&'a str>,
    /// The strings of the IAB's frameworks that are read for the site.
    pub(super) iab: &'a [Iab],
}

/// A signal without its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    basis: Basis,
    votes: Votes,
    note: Cow<'static, str>,
}

static NO_MAP: BTreeMap<String, Purpose> = BTreeMap::new();

// === impl Source ===

impl<'a> Source<'a> {
    /// A source without a map or a revision.
    pub(super) fn new(cookies: &'a Cookies<'a>, clock: Clock, cookie: &'a str) -> Self {
        Self { cookies, clock, cookie, map: &NO_MAP, revision: None, iab: &[] }
    }

    /// What the values of the source's cookie say, each decoded by itself in the first form that
    /// `decode` understands; `None` without the cookie.
    pub(super) fn each(&self, decode: impl Fn(&str) -> Option<Said>) -> Option<Said> {
        self.each_value(|forms| forms.find(&decode))
    }

    /// As [`Self::each`], for decoders that choose among the forms themselves.
    pub(super) fn each_value(&self, decode: impl Fn(&Forms<'_>) -> Option<Said>) -> Option<Said> {
        let values = self.cookies.values(self.cookie);
        strictest(values.iter().map(|forms| or_malformed(decode(forms))).collect())
    }

    /// As [`Self::each`], for every cookie whose name begins with the source's cookie and goes on
    /// with what `is_own` knows.
    pub(super) fn each_below(
        &self,
        is_own: impl Fn(&str) -> bool,
        decode: impl Fn(&str) -> Option<Said>,
    ) -> Option<Said> {
        let values = self.cookies.below(self.cookie);
        let own = values.iter().filter(|(name, _)| is_own(name));
        strictest(own.map(|(_, forms)| or_malformed(forms.find(&decode))).collect())
    }

    /// The strictest of what `vote` makes of the values under `name`, silence for what it does not
    /// understand; `None` without the cookie.
    pub(super) fn vote(&self, name: &str, vote: impl Fn(&str) -> Option<Vote>) -> Option<Vote> {
        let values = self.cookies.values(name);
        values.iter().map(|forms| forms.find(&vote).unwrap_or_default()).reduce(Vote::and)
    }

    /// Whether every value under `name` is `value`; `None` without the cookie.
    pub(super) fn is_always(&self, name: &str, value: &str) -> Option<bool> {
        let vote = self.vote(name, |text| Some(Vote::of(text == value)));
        vote.map(|vote| vote == Vote::Grant)
    }

    /// Whether there is a cookie `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.cookies.values(name).is_empty()
    }

    /// Says nothing where a choice of the time `at` (seconds of the epoch) does not count.
    pub(super) fn outdated(&self, at: Option<i64>) -> Option<Said> {
        at.and_then(|at| self.clock.refuses(at)).map(Said::nothing)
    }

    /// Says nothing where the site has another revision than the choice's.
    pub(super) fn superseded(&self, held: Option<&str>) -> Option<Said> {
        let other = self.revision.is_some_and(|current| held != Some(current));
        other.then(|| Said::nothing("the choice was made under another revision"))
    }

    /// The strictest of the votes cast by names, on the purposes of [`Self::purpose`].
    pub(super) fn votes<'n>(
        &self,
        cast: impl IntoIterator<Item = (&'n str, Vote)>,
        table: &[(&str, Purpose)],
    ) -> Votes {
        let on = |(name, vote)| Some((self.purpose(name, table)?, vote));
        Votes::strictest(&cast.into_iter().filter_map(on).collect::<Vec<_>>())
    }

    /// The votes of a list of what was accepted: each name that the site's map, or else `table`, has
    /// is refused where it is not in the list.
    pub(super) fn listed(&self, accepted: &[&str], table: &[(&str, Purpose)]) -> Votes {
        let vote = |name: &str| Vote::of(accepted.contains(&name));
        let mapped = self.map.iter().map(|(name, purpose)| (*purpose, vote(name)));
        let given = table.iter().map(|(name, purpose)| (*purpose, vote(name)));
        let cast: Vec<_> = if self.map.is_empty() { given.collect() } else { mapped.collect() };
        Votes::strictest(&cast)
    }

    /// The purpose that the site gave to `name`, or else that its maker's `table` gives.
    pub(super) fn purpose(&self, name: &str, table: &[(&str, Purpose)]) -> Option<Purpose> {
        let given = || table.iter().find(|(n, _)| *n == name).map(|(_, purpose)| *purpose);
        self.map.get(name).copied().or_else(given)
    }
}

// === impl Said ===

impl Said {
    /// The visitor's act.
    pub(super) fn explicit(votes: Votes, note: impl Into<Cow<'static, str>>) -> Self {
        Self::voted(Basis::Explicit, votes, note.into())
    }

    /// The site's assumption.
    pub(super) fn implied(votes: Votes, note: impl Into<Cow<'static, str>>) -> Self {
        Self::voted(Basis::Implied, votes, note.into())
    }

    /// Present, but nothing usable, for the reason in `note`.
    pub(super) fn nothing(note: impl Into<Cow<'static, str>>) -> Self {
        Self { basis: Basis::None, votes: Votes::default(), note: note.into() }
    }

    /// Present, but not readable on the server, for the reason in `note`.
    pub(super) fn opaque(note: impl Into<Cow<'static, str>>) -> Self {
        Self { basis: Basis::Opaque, votes: Votes::default(), note: note.into() }
    }

    /// The stricter of two; their order does not matter.
    pub(super) fn and(self, other: Self) -> Self {
        strictest(vec![self, other]).unwrap_or_else(|| Self::nothing("malformed"))
    }

    /// The visitor's act where `acted`, else the site's assumption.
    pub(super) fn by(acted: bool, votes: Votes) -> Self {
        match acted {
            true => Self::explicit(votes, "chosen on the banner"),
            false => Self::implied(votes, "its cookie was written without a click"),
        }
    }

    /// The same, as the site's assumption where it was the visitor's act.
    pub(super) fn assumed(self) -> Self {
        match self.basis {
            Basis::Explicit => Self::by(false, self.votes),
            Basis::Implied | Basis::None | Basis::Opaque => self,
        }
    }

    /// Present and read, of the visitor's own making, and about other things than our purposes.
    pub(super) fn informs(note: impl Into<Cow<'static, str>>) -> Self {
        Self { basis: Basis::Explicit, votes: Votes::default(), note: note.into() }
    }

    /// The same with another note.
    pub(super) fn noting(self, note: impl Fn(&str) -> Cow<'static, str>) -> Self {
        Self { note: note(&self.note), ..self }
    }

    /// Whether it says anything usable.
    pub(super) fn is_usable(&self) -> bool {
        matches!(self.basis, Basis::Explicit | Basis::Implied)
    }

    /// Whether something is there that cannot be read on the server.
    pub(super) fn is_opaque(&self) -> bool {
        self.basis == Basis::Opaque
    }

    /// Its votes and its note.
    pub(super) fn parts(self) -> (Votes, Cow<'static, str>) {
        (self.votes, self.note)
    }

    fn voted(basis: Basis, votes: Votes, note: Cow<'static, str>) -> Self {
        if votes == Votes::default() {
            return Self::nothing("it names no known purpose");
        }
        Self { basis, votes, note }
    }

    pub(super) fn named(self, name: impl Into<Cow<'static, str>>) -> Signal {
        Signal { name: name.into(), basis: self.basis, votes: self.votes, note: self.note }
    }
}

fn or_malformed(said: Option<Said>) -> Said {
    said.unwrap_or_else(|| Said::nothing("malformed"))
}

/// What several values of one source say together; `None` without any.
pub(super) fn strictest(said: Vec<Said>) -> Option<Said> {
    let by_strength = |s: &&Said| s.basis.strength();
    let strong = said.iter().max_by_key(by_strength)?.basis;
    let weak = said.iter().min_by_key(by_strength)?.basis;
    let alike = said.iter().skip(1).all(|s| said.first() == Some(s));
    if alike {
        return said.into_iter().next();
    }
    let votes = said.iter().map(|s| s.votes).reduce(both)?;
    let note = "its cookies differ; the most restrictive counts";
    Some(match (votes.any(Vote::Deny), strong == weak) {
        (_, true) | (false, false) => Said { basis: weak, votes, note: note.into() },
        (true, false) => Said { basis: strong, votes: without_grants(votes), note: note.into() },
    })
}

fn both(a: Votes, b: Votes) -> Votes {
    Votes::from_fn(|purpose| a.on(purpose).and(b.on(purpose)))
}

fn without_grants(votes: Votes) -> Votes {
    Votes::from_fn(|purpose| votes.on(purpose).and(Vote::Silent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Vote::{Deny, Grant, Silent};

    fn votes(functional: Vote, analytics: Vote, marketing: Vote) -> Votes {
        Votes { functional, analytics, marketing }
    }

    fn combined(said: [Said; 2]) -> (Basis, Votes) {
        let [a, b] = said;
        let forth = strictest(vec![a.clone(), b.clone()]).unwrap();
        assert_eq!(strictest(vec![b, a]), Some(forth.clone()));
        (forth.basis, forth.votes)
    }

    #[test]
    fn no_beats_silence_beats_yes() {
        let a = Said::explicit(votes(Grant, Grant, Grant), "");
        let b = Said::explicit(votes(Grant, Silent, Deny), "");
        assert_eq!(combined([a, b]), (Basis::Explicit, votes(Grant, Silent, Deny)));
    }

    #[test]
    fn a_malformed_twin_silences_grants_and_keeps_denials() {
        let yes = Said::explicit(Votes::all(Grant), "");
        let some = Said::explicit(votes(Grant, Grant, Deny), "");
        let malformed = || Said::nothing("malformed");
        assert_eq!(combined([yes, malformed()]), (Basis::None, Votes::default()));
        assert_eq!(combined([some, malformed()]), (Basis::Explicit, votes(Silent, Silent, Deny)));
    }

    #[test]
    fn an_assumption_never_becomes_an_act() {
        let act = Said::explicit(Votes::all(Grant), "");
        let assumed = Said::implied(Votes::all(Grant), "");
        assert_eq!(combined([act.clone(), assumed]), (Basis::Implied, Votes::all(Grant)));
        let off = Said::implied(votes(Grant, Grant, Deny), "");
        assert_eq!(combined([act, off]), (Basis::Explicit, votes(Silent, Silent, Deny)));
    }
}
