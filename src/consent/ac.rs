//! Turns an Additional Consent string into answers to "did the visitor consent to this Google ad technology provider".
//!
//! 1. Version 1 is `1~` and the ids of consented providers parted by `.`; version 2 is `2~`, the same, and `~dv.` with the
//!    ids of providers that were disclosed without being consented to (Google, "Google's Additional Consent technical
//!    specification"). Anything else is malformed.
//! 2. The ids are of Google's own list of providers, and never of the Global Vendor List.
//! 3. It means something only beside a TC string that counts: the purposes are there.
//! 4. It names vendors and no purposes, so it grants and refuses nothing by itself: what it says of the providers of the
//!    catalogue goes with the consent as an [`Answer`].

use super::source::Said;

/// The longest string that is read; bytes.
const LONGEST: usize = 4096;

/// An Additional Consent string, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcString<'s> {
    consented: &'s str,
    disclosed: &'s str,
}

/// What the Additional Consent strings of one request say of the providers that were asked about, by their sorted ids; all of
/// them must consent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer(Box<[(u32, bool)]>);

/// Text that is no Additional Consent string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Additional Consent string: `1~1.35.41` or `2~1.35.41~dv.9.21`")]
pub struct NotAc;

impl<'s> AcString<'s> {
    /// What `text` says.
    ///
    /// # Errors
    /// When it is not of the grammar of rule 1, or over 4096 bytes.
    pub fn parse(text: &'s str) -> Result<Self, NotAc> {
        let (version, rest) = text.split_once('~').ok_or(NotAc)?;
        let (consented, disclosed) = match version {
            "1" => (rest, ""),
            "2" => rest.split_once("~dv.").ok_or(NotAc)?,
            _ => return Err(NotAc),
        };
        let sound = text.len() <= LONGEST && [consented, disclosed].into_iter().all(is_list);
        sound.then_some(Self { consented, disclosed }).ok_or(NotAc)
    }

    /// Whether the visitor consented to `provider`; one that is also named as merely disclosed is not consented to.
    #[must_use]
    pub fn contains(&self, provider: u32) -> bool {
        let named = |list| ids(list).any(|id| id == Some(provider));
        named(self.consented) && !named(self.disclosed)
    }

    /// How many providers the visitor consented to, as the string tells it.
    #[must_use]
    pub fn len(&self) -> usize {
        ids(self.consented).count()
    }

    /// Whether the visitor consented to none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.consented.is_empty()
    }
}

/// What `text` says beside a TC string that counts, or without one, and what of the providers with these sorted `ids`; `None`
/// for what is no Additional Consent string.
pub(super) fn read(text: &str, is_beside_tc: bool, ids: &[u32]) -> Option<(Said, Option<Answer>)> {
    let string = AcString::parse(text).ok()?;
    Some(match is_beside_tc {
        true => {
            let note = format!("Additional Consent to {} Google providers", string.len());
            (Said::informs(note), Some(Answer::of(&string, ids)))
        }
        false => (Said::nothing("Additional Consent without a TC string that counts"), None),
    })
}

// === impl Answer ===

impl Answer {
    fn of(string: &AcString<'_>, ids: &[u32]) -> Self {
        Self(ids.iter().map(|id| (*id, string.contains(*id))).collect())
    }

    /// The answer that allows only what both do.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().for_each(|(id, consent)| *consent &= other.allows(*id));
        self
    }

    /// The answer that allows nothing: a string beside this one could not be read, and may have been a refusal.
    pub(super) fn silenced(mut self) -> Self {
        self.0.iter_mut().for_each(|(_, consent)| *consent = false);
        self
    }

    /// Whether the visitor consented to the provider with the id `provider`; not to one that was not asked about.
    #[must_use]
    pub fn allows(&self, provider: u32) -> bool {
        let at = self.0.binary_search_by_key(&provider, |(id, _)| *id).ok();
        at.and_then(|at| self.0.get(at)).is_some_and(|(_, consent)| *consent)
    }

    /// Whether the visitor consented to all providers that were asked about.
    #[must_use]
    pub fn allows_all(&self) -> bool {
        self.0.iter().all(|(_, consent)| *consent)
    }

    /// Whether it was asked about none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Digits parted by single dots, or nothing.
fn is_list(list: &str) -> bool {
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    list.is_empty() || list.split('.').all(digits)
}

/// The ids of `list`; `None` for those that are no provider's, being too large.
fn ids(list: &str) -> impl Iterator<Item = Option<u32>> {
    list.split('.').filter(|id| !id.is_empty()).map(|id| id.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn consented(text: &str) -> Option<Vec<u32>> {
        let string = AcString::parse(text).ok()?;
        Some((0..=200).filter(|id| string.contains(*id)).collect())
    }

    #[test]
    fn both_versions_name_who_is_consented_to() {
        for (text, ids) in [
            ("1~1.35.41.101", Some(vec![1, 35, 41, 101])),
            ("1~", Some(vec![])),
            ("2~1.35.41~dv.9.21", Some(vec![1, 35, 41])),
            ("2~1.35~dv.35", Some(vec![1])),
            ("2~~dv.", Some(vec![])),
            ("2~7~dv.", Some(vec![7])),
            ("1~1.99999999999999999999", Some(vec![1])),
            ("1~1..2", None),
            ("1~.1", None),
            ("1~1.", None),
            ("1~1~dv.2", None),
            ("2~1.2", None),
            ("2~1~dv", None),
            ("3~1", None),
            ("1~-1", None),
            ("1~1 ", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(consented(text), ids, "{text}");
        }
        assert_eq!(
            consented(&format!("1~{}1", "1.".repeat(2047))),
            Some(vec![1]).filter(|_| false)
        );
        assert_eq!(consented(&format!("1~{}1", "1.".repeat(2046))), Some(vec![1]));
    }

    fn answer(text: &str) -> Answer {
        read(text, true, &[35, 41, 89]).and_then(|(_, answer)| answer).unwrap()
    }

    #[test]
    fn an_answer_is_of_those_that_were_asked_about_and_all_strings_must_agree() {
        let (one, two) = (answer("1~1.35.89"), answer("2~35.41~dv.89"));
        assert_eq!([1, 35, 41, 89].map(|id| one.allows(id)), [false, true, false, true]);
        let both = one.clone().and(&two);
        assert_eq!(both, two.clone().and(&one));
        assert_eq!([35, 41, 89].map(|id| both.allows(id)), [true, false, false]);
        assert!(!both.allows_all() && answer("1~89.41.35").allows_all());
        assert!([35, 41, 89].iter().all(|id| !two.clone().silenced().allows(*id)));
        assert_eq!(read("1~35", false, &[35]).map(|(_, answer)| answer), Some(None));
    }

    proptest! {
        #[test]
        fn any_text_is_one_or_not(text in "[12]?~?[0-9.]{0,20}(~dv\\.)?[0-9.~dv]{0,20}") {
            if let Ok(string) = AcString::parse(&text) {
                let ids = text.split('~').nth(1).unwrap_or_default();
                prop_assert_eq!(string.len(), ids.split('.').filter(|id| !id.is_empty()).count());
                prop_assert!(!(0..100).any(|id| string.contains(id) && string.is_empty()));
            }
        }
    }
}
