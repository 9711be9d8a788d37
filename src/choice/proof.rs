//! Turns a choice into the entries that prove it (GDPR 7(1); ISO/IEC TS 27560).
//!
//! 1. The list of vendors and the text that was shown go before the record that names them.
//! 2. A text that we did not make is not kept: its hash is anybody's word, so the record says that it is unknown.
//! 3. Of a refusal only the number is kept where the operator says so.

use super::{Asked, Offer};
use crate::{
    consent::OwnCookie,
    record::{ConsentRecord, Entry, Method, Minute, Refusals, hash_of, new_id},
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What a record says of a text that is not known.
const UNKNOWN: &str = "unknown";
/// The language of such a text (BCP 47, "undetermined").
const UNDETERMINED: &str = "und";
/// What shows the banner.
const SOFTWARE: &str = concat!("consentry ", env!("CARGO_PKG_VERSION"));
/// Minutes of a day.
const DAY: Minute = 1440;

/// A text of ours that the visitor was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its language (BCP 47).
    pub language: String,
    /// All of it.
    pub body: Arc<str>,
}

/// The texts that a site shows.
pub trait Texts: fmt::Debug + Send + Sync {
    /// The text with this hash about `offer`, which the browser says to be in this language; none where it is not ours.
    fn shown(&self, hash: &str, lang: Option<&str>, offer: &Offer) -> Option<Shown>;
}

/// A choice, and what there is to prove it.
#[derive(Clone, Debug)]
pub(super) struct Proof<'a> {
    pub(super) asked: &'a Asked,
    /// What the visitor was shown.
    pub(super) offer: &'a Offer,
    pub(super) cookie: &'a OwnCookie,
    pub(super) method: Method,
    pub(super) shown: Option<Shown>,
}

impl Proof<'_> {
    /// What is to be kept, in order; `kept` says what of refusals.
    pub(super) fn entries(self, kept: Refusals) -> Vec<Entry> {
        if self.cookie.choice.purposes.is_empty() && kept == Refusals::Counts {
            return vec![self.number()];
        }
        let text = self.shown.as_ref().map(|shown| Entry::Text {
            hash: hash_of(&shown.body),
            language: shown.language.clone(),
            body: shown.body.to_string(),
        });
        let record = Entry::Record(self.record());
        std::iter::once(self.offer.entry()).chain(text).chain([record]).collect()
    }

    fn record(&self) -> ConsentRecord {
        let Self { asked, offer, cookie, method, shown } = self;
        let (text, language) = match shown {
            Some(shown) => (hash_of(&shown.body), &*shown.language),
            None => (UNKNOWN.to_owned(), UNDETERMINED),
        };
        ConsentRecord {
            id: new_id(),
            at: minute(asked.now),
            site: asked.site.to_string(),
            policy: cookie.choice.policy.to_string(),
            text,
            language: language.to_owned(),
            regime: asked.regime.name().to_owned(),
            method: *method,
            purposes: cookie.choice.purposes,
            vendors: offer.hash().to_owned(),
            receipt: cookie.receipt.as_ref().map(ToString::to_string),
            software: SOFTWARE.to_owned(),
        }
    }

    /// Rule 3.
    fn number(&self) -> Entry {
        Entry::Refusal {
            id: new_id(),
            day: minute(self.asked.now).div_euclid(DAY) * DAY,
            site: self.asked.site.to_string(),
            policy: self.cookie.choice.policy.to_string(),
        }
    }
}

fn minute(time: SystemTime) -> Minute {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Minute::try_from(since.as_secs() / 60).unwrap_or(Minute::MAX)
}
