//! Turns where a visitor is into the law in force there.
//!
//! 1. A place is a country, or a part of one, by ISO 3166: `US`, `US-CA`.
//! 2. The part decides before its country, and the country before what holds everywhere else.
//! 3. Where the place should be known and is not, the law is opt-in: unknown is the strictest.

use super::Regime;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A country, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Box<str>);

/// Text that is no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no region; write a country as US, or a part of one as US-CA (ISO 3166)")]
pub struct NotARegion(pub String);

/// What is known of a visitor's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// Nobody is to find it out: one law holds for all.
    #[default]
    Everywhere,
    /// It was to be found out, and could not be.
    Unknown,
    /// It is known.
    Known(Region),
}

/// The law by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions(BTreeMap<Region, Regime>);

impl Regions {
    /// The law at `place`, where `elsewhere` holds for every place that is not listed.
    #[must_use]
    pub fn regime(&self, place: &Location, elsewhere: Regime) -> Regime {
        match place {
            Location::Everywhere => elsewhere,
            Location::Unknown => Regime::OptIn,
            Location::Known(region) => {
                let country = || self.0.get(&region.country());
                self.0.get(region).or_else(country).copied().unwrap_or(elsewhere)
            }
        }
    }
}

impl FromIterator<(Region, Regime)> for Regions {
    fn from_iter<I: IntoIterator<Item = (Region, Regime)>>(regions: I) -> Self {
        Self(regions.into_iter().collect())
    }
}

impl Region {
    /// The country that it is, or is in.
    #[must_use]
    pub fn country(&self) -> Self {
        Self(self.0.split('-').next().unwrap_or_default().into())
    }
}

impl FromStr for Region {
    type Err = NotARegion;
    /// Reads it in any case. Codes that stand for no one country (`EU`, `AP`, and `XX` and `ZZ` for unknown) are none.
    fn from_str(text: &str) -> Result<Self, NotARegion> {
        let upper = text.trim_ascii().to_ascii_uppercase();
        let (country, part) = upper.split_once('-').unwrap_or((&upper, "-"));
        let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let is_part = (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let none = ["EU", "AP", "XX", "ZZ"].contains(&country);
        let whole = is_country && !none && (is_part || !upper.contains('-'));
        if whole {
            Ok(Self(upper.into()))
        } else {
            Err(NotARegion(text.chars().take(32).collect()))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(region: &str) -> Location {
        Location::Known(region.parse().unwrap())
    }

    #[test]
    fn the_nearest_place_decides_and_unknown_is_opt_in() {
        let listed = [("US", Regime::OptOut), ("US-TX", Regime::None), ("CA-QC", Regime::OptIn)];
        let regions: Regions =
            listed.map(|(r, regime)| (r.parse().unwrap(), regime)).into_iter().collect();
        for (place, regime) in [
            (known("US"), Regime::OptOut),
            (known("us-ca"), Regime::OptOut),
            (known("US-TX"), Regime::None),
            (known("CA-QC"), Regime::OptIn),
            (known("CA"), Regime::None),
            (known("DE"), Regime::None),
            (Location::Everywhere, Regime::None),
            (Location::Unknown, Regime::OptIn),
        ] {
            assert_eq!(regions.regime(&place, Regime::None), regime, "{place:?}");
        }
    }

    #[test]
    fn regions_are_codes() {
        for good in ["US", "us", " no ", "US-CA", "GB-ENG", "FR-75"] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in
            ["", "U", "USA", "T1", "XX", "EU", "US-", "US-CALI", "US CA", "-CA", "US-C\u{e4}"]
        {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
