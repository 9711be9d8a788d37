//! A TC string decoded the slow and obvious way, with every range expanded: what the streaming decoder must agree with.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Naive {
    pub(crate) purposes: BTreeSet<u8>,
    pub(crate) vendors: BTreeSet<u16>,
    pub(crate) disclosed: Option<BTreeSet<u16>>,
    pub(crate) forbidden: BTreeMap<u8, BTreeSet<u16>>,
}

struct Digits(Vec<u8>, usize);

impl Digits {
    fn new(text: &str) -> Option<Self> {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let six =
            |c| letters.find(c).map(|value| (0..6).rev().map(move |i| (value >> i & 1) as u8));
        let letters: Option<Vec<_>> = text.chars().map(six).collect();
        Some(Self(letters?.into_iter().flatten().collect(), 0))
    }

    fn number(&mut self, count: usize) -> Option<usize> {
        let bits = self.0.get(self.1..self.1 + count)?;
        self.1 += count;
        Some(bits.iter().fold(0, |all, bit| all << 1 | usize::from(*bit)))
    }

    fn set(&mut self, count: usize) -> Option<BTreeSet<u8>> {
        let mut set = BTreeSet::new();
        for number in 1..=count {
            if self.number(1)? == 1 {
                set.insert(number as u8);
            }
        }
        Some(set)
    }

    fn ranges(&mut self, max: usize) -> Option<BTreeSet<u16>> {
        let mut all = BTreeSet::new();
        for _ in 0..self.number(12)? {
            let is_range = self.number(1)? == 1;
            let start = self.number(16)?;
            let end = if is_range { self.number(16)? } else { start };
            if start == 0 || end < start || end > max {
                return None;
            }
            // What is in it already is not put in again, or hostile strings would take minutes here.
            if !(start..=end).all(|id| all.contains(&(id as u16))) {
                all.extend(start as u16..=end as u16);
            }
        }
        Some(all)
    }

    fn vendors(&mut self) -> Option<BTreeSet<u16>> {
        let max = self.number(16)?;
        if self.number(1)? == 1 {
            return self.ranges(max);
        }
        let mut all = BTreeSet::new();
        for id in 1..=max {
            if self.number(1)? == 1 {
                all.insert(id as u16);
            }
        }
        Some(all)
    }
}

impl Naive {
    /// `None` for what is no TC string of version 2, or is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut segments = text.split('.');
        let mut core = Digits::new(segments.next()?)?;
        if text.len() > 4096 || core.number(6)? != 2 {
            return None;
        }
        core.number(36)?;
        core.number(36)?;
        core.number(12 + 12 + 6 + 12)?;
        core.number(12 + 6 + 1 + 1 + 12)?;
        let purposes = core.set(24)?;
        core.set(24)?;
        core.number(13)?;
        let vendors = core.vendors()?;
        core.vendors()?;
        let mut forbidden: BTreeMap<u8, BTreeSet<u16>> = BTreeMap::new();
        for _ in 0..core.number(12)? {
            let (purpose, kind) = (core.number(6)?, core.number(2)?);
            let vendors = core.ranges(65_535)?;
            if kind != 1 {
                forbidden.entry(purpose as u8).or_default().extend(vendors);
            }
        }
        let (mut disclosed, mut publisher) = (None, false);
        for segment in segments {
            let mut segment = Digits::new(segment)?;
            match segment.number(3)? {
                1 if disclosed.is_some() => return None,
                1 => disclosed = Some(segment.vendors()?),
                3 if publisher => return None,
                3 => {
                    publisher = true;
                    segment.number(48)?;
                    let custom = segment.number(6)?;
                    segment.set(custom)?;
                    segment.set(custom)?;
                }
                _ => {}
            }
        }
        Some(Self { purposes, vendors, disclosed, forbidden })
    }

    pub(crate) fn unlock(&self, vendor: u16, purpose: u8) -> bool {
        self.vendors.contains(&vendor)
            && self.purposes.contains(&purpose)
            && self.disclosed.as_ref().is_none_or(|shown| shown.contains(&vendor))
            && !self.forbidden.get(&purpose).is_some_and(|vendors| vendors.contains(&vendor))
    }
}
