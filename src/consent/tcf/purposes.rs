//! Turns a use of data into the purposes of the TCF that it takes, and several of these into a [`Purposes`] set.
//!
//! 1. Marketing takes purposes 1 (storage), 2 (basic ads), 3 (profile), 4 (personalised ads) and 7 (measuring ads).
//! 2. Analytics takes 1 and either 8 (measuring content) or 9 (audience statistics): vendors declare one of the two.
//! 3. Functional takes 1: what the framework has no purpose for still stores or reads on the visitor's device.
//! 4. The operator can say other ones for a site; 1 is always among them, for nothing else allows storage (ePrivacy
//!    Directive 5(3)).

use crate::purpose::Purpose;

/// A set of purposes of the Transparency and Consent Framework, by their numbers 1 to 24.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Purposes(u32);

/// The purposes that a use of data takes: storage, all of one set, and one of another, where that has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Use {
    all: Purposes,
    one_of: Purposes,
}

/// The purposes that each use of data takes on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uses {
    /// Of [`Purpose::Functional`]; default 1.
    pub functional: Use,
    /// Of [`Purpose::Analytics`]; default 1 and 8 or 9.
    pub analytics: Use,
    /// Of [`Purpose::Marketing`]; default 1, 2, 3, 4 and 7.
    pub marketing: Use,
}

impl Use {
    /// The use that takes `all` and, where there are any, one of `one_of`.
    #[must_use]
    pub const fn new(all: Purposes, one_of: Purposes) -> Self {
        Self { all: all.with(1), one_of }
    }

    /// All that it takes.
    #[must_use]
    pub const fn all(self) -> Purposes {
        self.all
    }

    /// Those of which it takes one beside; none where that is all.
    #[must_use]
    pub const fn one_of(self) -> Purposes {
        self.one_of
    }

    /// Whether `consented` is enough for it.
    #[must_use]
    pub const fn is_met_by(self, consented: Purposes) -> bool {
        let one = self.one_of.0 == 0 || self.one_of.0 & consented.0 != 0;
        one && consented.has_all(self.all)
    }
}

impl Uses {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        functional: Use::new(Purposes::of(&[1]), Purposes(0)),
        analytics: Use::new(Purposes::of(&[1]), Purposes::of(&[8, 9])),
        marketing: Use::new(Purposes::of(&[1, 2, 3, 4, 7]), Purposes(0)),
    };

    /// Whether `consented` is enough for `purpose`; always for `necessary`, which takes no consent.
    #[must_use]
    pub const fn are_met_by(&self, consented: Purposes, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Necessary => true,
            Purpose::Functional => self.functional.is_met_by(consented),
            Purpose::Analytics => self.analytics.is_met_by(consented),
            Purpose::Marketing => self.marketing.is_met_by(consented),
        }
    }
}

impl Default for Uses {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Purposes {
    /// The set of `numbers`; numbers other than 1 to 24 are left out.
    #[must_use]
    pub const fn of(mut numbers: &[u8]) -> Self {
        let mut set = Self(0);
        while let [number, rest @ ..] = numbers {
            set = set.with(*number);
            numbers = rest;
        }
        set
    }

    /// The set that 24 bits of a string say, of which the first is purpose 1.
    pub(in crate::consent) const fn from_bits(bits: u64) -> Self {
        Self(((bits & 0xff_ffff) as u32).reverse_bits() >> 8)
    }

    /// The set with purpose `number` in it too.
    #[must_use]
    pub const fn with(self, number: u8) -> Self {
        match number {
            1..=24 => Self(self.0 | 1 << (number - 1)),
            _ => self,
        }
    }

    /// Whether purpose `number` is in the set.
    #[must_use]
    pub const fn contains(self, number: u8) -> bool {
        let with = self.with(number);
        with.0 == self.0 && 1 <= number && number <= 24
    }

    /// Whether all of `others` are in the set.
    #[must_use]
    pub const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// What is in this set and in the other one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set or in the other one.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in the other one.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The members' numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (1..=24).filter(move |number| self.contains(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bit_is_purpose_one() {
        let set = Purposes::from_bits(1 << 23 | 1 << 17 | 1);
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 7, 24]);
        assert_eq!(set, Purposes::of(&[7, 24, 1, 0, 25, 200]));
        assert!(!set.contains(0) && !set.contains(25) && !set.contains(2));
        assert!(set.has_all(Purposes::of(&[1, 24])) && !set.has_all(Purposes::of(&[1, 2])));
        assert_eq!(set.without(Purposes::of(&[1])).and(Purposes::of(&[1, 7])), Purposes::of(&[7]));
    }

    #[test]
    fn every_use_takes_storage() {
        let without_storage = Purposes::of(&(2..=24).collect::<Vec<_>>());
        let empty = Use::new(Purposes::default(), Purposes::default());
        let uses = Uses { functional: empty, ..Uses::DEFAULT };
        for purpose in Purpose::OPTIONAL {
            assert!(!uses.are_met_by(without_storage, purpose));
            assert!(uses.are_met_by(without_storage.with(1), purpose));
        }
        let met = |purpose| move |numbers| Uses::DEFAULT.are_met_by(Purposes::of(numbers), purpose);
        let analytics = met(Purpose::Analytics);
        assert!(analytics(&[1, 8]) && analytics(&[1, 9]) && !analytics(&[1, 2, 3, 4, 7, 10]));
        let marketing = met(Purpose::Marketing);
        assert!(marketing(&[1, 2, 3, 4, 7]) && !marketing(&[1, 2, 3, 7]));
    }
}
