//! Turns an Additional Consent string into answers to "did the visitor consent to this Google ad technology provider".
//!
//! 1. Version 1 is `1~` and the ids of consented providers parted by `.`; version 2 is `2~`, the same, and `~dv.` with the
//!    ids of providers that were disclosed without being consented to (Google, "Google's Additional Consent technical
//!    specification"). Anything else is malformed.
//! 2. The ids are of Google's own list of providers, and never of the Global Vendor List.
//! 3. It means something only beside a TC string that counts: the purposes are there.
//! 4. It names vendors and no purposes, so it grants and refuses nothing by itself.

use super::source::Said;

/// The longest string that is read; bytes.
const LONGEST: usize = 4096;

/// An Additional Consent string, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcString<'s> {
    consented: &'s str,
    disclosed: &'s str,
}

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

/// What `text` says beside a TC string that counts, or without one; `None` for what is no Additional Consent string.
pub(super) fn read(text: &str, is_beside_tc: bool) -> Option<Said> {
    let string = AcString::parse(text).ok()?;
    Some(match is_beside_tc {
        true => Said::informs(format!("Additional Consent to {} Google providers", string.len())),
        false => Said::nothing("Additional Consent without a TC string that counts"),
    })
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
