//! Turns the text of a TC string into its segments, and says why a string does not count.
//!
//! 1. Segments are parted by `.`; the first is the core, the others begin with their type (3 bits) and come in any order.
//!    1 lists disclosed vendors, 3 is the publisher's own; others are of no use here and are left out.
//! 2. Two segments of one type contradict each other: the string is malformed.

use super::{
    Answer, Listed, Purposes, Uses,
    core::{self, Core, Publisher},
    vendors::Vendors,
};
use crate::consent::{bits::Bits, date::Clock};
use std::{borrow::Cow, time::SystemTime};

/// The longest string that is read; bytes.
const LONGEST: usize = 4096;
/// 2026-03-01T00:00:00Z, from when on a string must say who was disclosed (TCF 2.3).
const TCF_2_3: i64 = 1_772_323_200;
const DISCLOSED: u64 = 1;
const PUBLISHER: u64 = 3;

/// A TC string that has been read, borrowed from its text.
#[derive(Clone, Copy, Debug)]
pub struct TcString<'s> {
    core: Core<'s>,
    disclosed: Option<Vendors<'s>>,
    publisher: Option<Publisher>,
}

/// Why a TC string gives no consent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is longer than any cookie.
    #[error("the TC string is longer than {LONGEST} bytes")]
    TooLong,
    /// It has characters that are not base64url.
    #[error("it is no TC string")]
    Alphabet,
    /// It is of another version of the framework, of which 1 is dead.
    #[error("the TC string is of version {0}, and only 2 counts")]
    Version(u8),
    /// It ends before what it says is in it, or contradicts itself.
    #[error("the TC string is cut off or malformed")]
    Malformed,
    /// It holds for other sites too, which the framework gave up in 2021.
    #[error("the TC string is not this site's own")]
    Global,
    /// It was made under rules that no longer count.
    #[error(
        "the TC string was made under version {0} of the TCF's policies, and 4 is the oldest that counts"
    )]
    Policy(u8),
    /// It is too old, or from the future.
    #[error("{0}")]
    Age(Cow<'static, str>),
    /// TCF 2.3 wants the vendors that the visitor was shown.
    #[error("the TC string does not say which vendors the visitor was shown")]
    Undisclosed,
}

impl<'s> TcString<'s> {
    /// What `text` holds, whether it counts or not; see [`TcString::check`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn parse(text: &'s str) -> Result<Self, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let mut segments = text.split('.').map(Bits::new);
        let core = segments.next().flatten().ok_or(Refused::Alphabet)?;
        match core::version(&core).ok_or(Refused::Malformed)? {
            2 => {}
            other => return Err(Refused::Version(other)),
        }
        let core = Core::read(core).ok_or(Refused::Malformed)?;
        let mut string = Self { core, disclosed: None, publisher: None };
        for segment in segments {
            string.add(segment.ok_or(Refused::Alphabet)?).ok_or(Refused::Malformed)?;
        }
        Ok(string)
    }

    fn add(&mut self, mut segment: Bits<'s>) -> Option<()> {
        match segment.take(3)? {
            DISCLOSED if self.disclosed.is_none() => {
                self.disclosed = Some(Vendors::read(&mut segment)?);
            }
            PUBLISHER if self.publisher.is_none() => {
                self.publisher = Some(Publisher::read(segment)?);
            }
            DISCLOSED | PUBLISHER => return None,
            _ => {}
        }
        Some(())
    }

    /// Whether the string counts at the time `now`, where choices older than `max_age_days` do not.
    ///
    /// # Errors
    /// The first rule of the module's list that it breaks.
    pub fn check(&self, now: SystemTime, max_age_days: u32) -> Result<(), Refused> {
        self.refusal(Clock::new(now, max_age_days))
    }

    pub(in crate::consent) fn refusal(&self, clock: Clock) -> Result<(), Refused> {
        let Core { created, updated, policy, is_service_specific, .. } = self.core;
        if !is_service_specific {
            return Err(Refused::Global);
        }
        if policy < 4 {
            return Err(Refused::Policy(policy));
        }
        // A string that was made over counts from the last time, and both times must be possible.
        if let Some(why) = clock.refuses(updated).or_else(|| clock.refuses_future(created)) {
            return Err(Refused::Age(why));
        }
        if created >= TCF_2_3 && self.disclosed.is_none() {
            return Err(Refused::Undisclosed);
        }
        Ok(())
    }

    /// Whether `vendor` may use data for all of `purposes`, by the visitor's consent alone: legitimate interest unlocks
    /// nothing. It says nothing of whether the string counts.
    #[must_use]
    pub fn unlock(&self, vendor: u16, purposes: Purposes) -> bool {
        self.listed(vendor).allowed(self.core.purposes).has_all(purposes)
    }

    /// What it says of the vendors with these `ids`, sorted ones, where data is used as in `uses`.
    pub(in crate::consent) fn answer(&self, ids: &[u16], uses: Uses) -> Answer {
        let mut vendors: Box<[Listed]> = ids.iter().map(|id| Listed::unknown(*id)).collect();
        self.core.vendors.each(&mut vendors, |v| v.id, |v| v.consent = true);
        match self.disclosed {
            Some(disclosed) => disclosed.each(&mut vendors, |v| v.id, |v| v.disclosed = true),
            None => vendors.iter_mut().for_each(|v| v.disclosed = true),
        }
        for restriction in self.core.restrictions.iter().filter(|r| r.forbids_consent()) {
            let forbid = |v: &mut Listed| v.forbidden = v.forbidden.with(restriction.purpose);
            restriction.vendors.each(&mut vendors, |v| v.id, forbid);
        }
        Answer::new(self.core.purposes, uses, vendors)
    }

    fn listed(&self, id: u16) -> Listed {
        let forbidden =
            self.core.restrictions.iter().filter(|r| {
                r.forbids_consent() && r.vendors.iter().any(|range| range.contains(&id))
            });
        Listed {
            id,
            consent: self.core.vendors.contains(id),
            disclosed: self.discloses(id),
            forbidden: forbidden.fold(Purposes::default(), |all, r| all.with(r.purpose)),
        }
    }

    /// The version of the TCF's policies that it was made under: 4 for TCF 2.2, 5 for 2.3.
    #[must_use]
    pub const fn policy(&self) -> u8 {
        self.core.policy
    }

    /// When it was first made; seconds of the Unix epoch.
    #[must_use]
    pub const fn created(&self) -> i64 {
        self.core.created
    }

    /// The id of the consent manager that made it.
    #[must_use]
    pub const fn cmp(&self) -> u16 {
        self.core.cmp
    }

    /// Whether it is for the site alone, as all must be.
    #[must_use]
    pub const fn is_service_specific(&self) -> bool {
        self.core.is_service_specific
    }

    /// The purposes that the visitor consented to, for the vendors that they consented to.
    #[must_use]
    pub const fn purposes(&self) -> Purposes {
        self.core.purposes
    }

    /// The purposes for which the visitor did not object to legitimate interest; they unlock nothing.
    #[must_use]
    pub const fn interests(&self) -> Purposes {
        self.core.interests
    }

    /// Whether the visitor opted in to special feature `number`: 1 is precise location, 2 scanning the device.
    #[must_use]
    pub const fn has_feature(&self, number: u8) -> bool {
        matches!(number, 1..=12) && self.core.features >> (12 - number) & 1 == 1
    }

    /// Whether the visitor consented to `vendor`.
    #[must_use]
    pub fn has_vendor(&self, vendor: u16) -> bool {
        self.core.vendors.contains(vendor)
    }

    /// Whether the visitor did not object to the legitimate interest of `vendor`; it unlocks nothing.
    #[must_use]
    pub fn has_interest(&self, vendor: u16) -> bool {
        self.core.vendor_interests.contains(vendor)
    }

    /// Whether the visitor was shown `vendor`; where the string does not say, as before TCF 2.3, yes.
    #[must_use]
    pub fn discloses(&self, vendor: u16) -> bool {
        self.disclosed.is_none_or(|vendors| vendors.contains(vendor))
    }

    /// Whether it says which vendors the visitor was shown.
    #[must_use]
    pub const fn has_disclosed(&self) -> bool {
        self.disclosed.is_some()
    }

    /// The types of restriction that the publisher put on `purpose` for `vendor`: 0 forbids it, 1 wants consent, 2 wants
    /// legitimate interest.
    pub fn restrictions(&self, vendor: u16, purpose: u8) -> impl Iterator<Item = u8> {
        let all = self.core.restrictions.iter().filter(move |r| r.purpose == purpose);
        all.filter(move |r| r.vendors.iter().any(|range| range.contains(&vendor))).map(|r| r.kind)
    }

    /// The purposes that the visitor lets the publisher itself use data for; `None` where the string does not say.
    #[must_use]
    pub fn publisher(&self) -> Option<Purposes> {
        self.publisher.map(|publisher| publisher.purposes)
    }
}
