//! Turns the lists of vendors that a site's visitors were asked about, then and now, into what still counts of a choice.
//!
//! For each purpose that a choice allows, the first that holds decides:
//!
//! 1. Where our own banner asks ([`Signed`]) it does not count without a signature of ours, nor under a name that an operator wrote
//!    (it is not 8 hexadecimal digits): the banner writes neither, and what nobody was asked is no consent (GDPR 7(1)).
//! 2. Elsewhere, under such a name, it counts where that is the operator's name now, or where the operator has none: the site's own
//!    script wrote it, and answers for it.
//! 3. Under a version whose list is not known it does not count (GDPR 7(1): what it was about cannot be shown).
//! 4. Where the operator's name for the policy was another one it does not count.
//! 5. Where the site now has a vendor of the purpose that was not on the list it does not count (GDPR 4(11): consent is informed).
//! 6. It counts, for the vendors of the list that the choice was about. A vendor that is gone, and one of another purpose, ask nobody
//!    again.
//!
//! A refusal is not looked at here: it counts under any list. So nothing that is added to what was refused, or to what the site
//! has, ever allows more.

use super::{Keys, Offer};
use crate::{
    consent::{Choice, OwnCookie, PolicyVersion, Terms, VendorList},
    purpose::{Purpose, PurposeSet},
};
use rustc_hash::FxHashMap;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// What a choice on one site counts under.
#[derive(Clone, Debug)]
pub struct SiteTerms {
    /// The operator's name for the policy.
    pub policy: Option<PolicyVersion>,
    /// What visitors are asked about now.
    pub now: Arc<Offer>,
    /// What they were asked about before, by the version.
    pub known: Arc<FxHashMap<PolicyVersion, Arc<Offer>>>,
    /// Versions that were asked for and are not known.
    pub missing: Arc<Missing>,
}

/// The terms of a site whose visitors our own banner asks; `name` gives what signatures call the site.
#[derive(Debug)]
pub struct Signed<'t, N> {
    /// What a choice that is ours counts under.
    pub terms: &'t SiteTerms,
    /// What it is signed with.
    pub keys: &'t dyn Keys,
    /// The site's name, which is only asked for where a choice allows something.
    pub name: N,
}

/// Versions whose lists are not known, for somebody to look them up.
#[derive(Debug, Default)]
pub struct Missing(Mutex<BTreeSet<PolicyVersion>>);

/// How many of them are noted: whoever makes them up is not to fill the memory.
const MOST: usize = 64;

impl Missing {
    fn note(&self, version: &PolicyVersion) {
        // Whoever comes at the same time is noted the next time.
        if let Ok(mut noted) = self.0.try_lock()
            && noted.len() < MOST
        {
            noted.insert(version.clone());
        }
    }

    /// Those that were noted since the last time.
    #[must_use]
    pub fn take(&self) -> BTreeSet<PolicyVersion> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SiteTerms {
    /// The list with this version, of now or of before.
    #[must_use]
    pub fn offer(&self, version: &PolicyVersion) -> Option<&Arc<Offer>> {
        if self.now.version() == version {
            return Some(&self.now);
        }
        let known = self.known.get(version);
        if known.is_none() && version.is_of_hash() {
            self.missing.note(version);
        }
        known
    }
}

impl Terms for SiteTerms {
    fn told(&self, choice: &Choice) -> Option<Arc<dyn VendorList>> {
        let told: Arc<Offer> = self.offer(&choice.policy)?.clone();
        Some(told)
    }

    fn upheld(&self, OwnCookie { choice, .. }: &OwnCookie) -> PurposeSet {
        if !choice.policy.is_of_hash() {
            let ours = self.policy.as_ref().is_none_or(|name| *name == choice.policy);
            return if ours { choice.purposes } else { PurposeSet::EMPTY };
        }
        let now = &self.now;
        let Some(then) = self.offer(&choice.policy) else { return PurposeSet::EMPTY };
        let counts =
            |purpose: &Purpose| choice.purposes.contains(*purpose) && then.covers(now, *purpose);
        Purpose::OPTIONAL.into_iter().filter(counts).collect()
    }
}

impl<N: Fn() -> Box<str>> Terms for Signed<'_, N> {
    fn told(&self, choice: &Choice) -> Option<Arc<dyn VendorList>> {
        self.terms.told(choice)
    }

    fn upheld(&self, cookie: &OwnCookie) -> PurposeSet {
        let is_ours = || self.keys.key().verifies(cookie, &(self.name)());
        match cookie.choice.policy.is_of_hash() && cookie.signature.is_some() && is_ours() {
            true => self.terms.upheld(cookie),
            false => PurposeSet::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        choice::Key,
        consent::{Choice, Config, Reader},
    };
    use http::{HeaderMap, header::COOKIE};
    use proptest::prelude::*;
    use std::time::SystemTime;

    const A: Purpose = Purpose::Analytics;
    const M: Purpose = Purpose::Marketing;

    fn terms(policy: Option<&str>, now: &[(Purpose, &str)], known: &[&Offer]) -> SiteTerms {
        let policy: Option<PolicyVersion> = policy.map(|name| name.parse().unwrap());
        let now = Arc::new(Offer::new(policy.as_ref(), now.iter().copied()));
        let known = known.iter().map(|offer| (offer.version().clone(), Arc::new((*offer).clone())));
        SiteTerms { policy, now, known: Arc::new(known.collect()), missing: Arc::default() }
    }

    fn choice(policy: &str, purposes: &str) -> OwnCookie {
        format!("v1.{policy}.20261123.{purposes}").parse().unwrap()
    }

    #[test]
    fn where_our_banner_asks_only_what_we_signed_counts() {
        let receipt = "0123456789abcdef0123456789abcdef";
        let key = Key::new(b"secret");
        let terms = terms(None, &[(A, "ga4"), (M, "meta")], &[]);
        let upheld = |cookie: &OwnCookie| {
            let name = || "shop.example".into();
            let signed = Signed { terms: &terms, keys: &key, name }.upheld(cookie);
            let allowed: PurposeSet = signed.iter().collect();
            assert!(allowed.iter().all(|purpose| terms.upheld(cookie).contains(purpose)));
            signed.iter().count()
        };
        let signed = |cookie: &OwnCookie, key: &Key, site: &str| {
            let cookie = OwnCookie { receipt: receipt.parse().ok(), ..cookie.clone() };
            OwnCookie { signature: key.sign(&cookie, site), ..cookie }
        };
        let own = choice(terms.now.version().as_str(), "f0a1m1");
        let shop = "shop.example";
        for (cookie, counts) in [
            (signed(&own, &key, shop), 2),
            (own.clone(), 0),
            (OwnCookie { receipt: receipt.parse().ok(), ..own.clone() }, 0),
            (OwnCookie { signature: receipt.parse().ok(), ..signed(&own, &key, shop) }, 0),
            (signed(&own, &Key::new(b"other"), shop), 0),
            (signed(&own, &key, "other.example"), 0),
            (choice("p1", "f1a1m1"), 0),
            (signed(&choice("p1", "f1a1m1"), &key, shop), 0),
            (signed(&choice("00000000", "f1a1m1"), &key, shop), 0),
        ] {
            assert_eq!(upheld(&cookie), counts, "{cookie}");
        }
        let wider: Choice = format!("{}", own.choice).replace("f0", "f1").parse().unwrap();
        assert_eq!(upheld(&OwnCookie { choice: wider, ..signed(&own, &key, shop) }), 0);
    }

    #[test]
    fn a_new_vendor_asks_those_who_allowed_its_purpose() {
        let then = Offer::new(None, [(A, "ga4"), (M, "meta")]);
        let version = then.version().as_str();
        let upheld = |now: &[(Purpose, &str)], known: &[&Offer], policy| {
            let terms = terms(policy, now, known);
            terms.upheld(&choice(version, "f0a1m1")).iter().collect::<Vec<_>>()
        };
        let same = [(A, "ga4"), (M, "meta")];
        assert_eq!(upheld(&same, &[], None), [A, M]);
        assert_eq!(upheld(&[(A, "ga4")], &[&then], None), [A, M]);
        assert_eq!(upheld(&[(A, "ga4"), (A, "matomo"), (M, "meta")], &[&then], None), [M]);
        assert_eq!(upheld(&[(A, "meta")], &[&then], None), [M]);
        assert_eq!(upheld(&[(A, "ga4")], &[], None), []);
        assert_eq!(upheld(&same, &[&then], Some("p2")), []);
    }

    #[test]
    fn an_operators_own_name_is_the_operators() {
        let own = choice("p1", "f0a1m0");
        for (policy, counts) in [(None, true), (Some("p1"), true), (Some("p2"), false)] {
            let terms = terms(policy, &[(A, "ga4")], &[]);
            assert_eq!(terms.upheld(&own).contains(A), counts, "{policy:?}");
        }
    }

    fn vendors() -> impl Strategy<Value = Vec<(Purpose, &'static str)>> {
        let vendor = (0_usize..3, 0_usize..4)
            .prop_map(|(p, id)| (Purpose::OPTIONAL[p], ["a", "b", "c", "d"][id]));
        proptest::collection::vec(vendor, 0..6)
    }

    fn classes(cookie: &str, terms: &SiteTerms) -> Vec<bool> {
        let headers: HeaderMap =
            [(COOKIE, format!("consentry={cookie}").parse().unwrap())].into_iter().collect();
        // 2026-11-23.
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(20_780 * 86_400);
        let consent = Reader::new(&Config::default()).read_under(&headers, now, terms);
        let ruling = crate::policy::Policy::default().rule(&consent, crate::policy::Regime::OptIn);
        [&ruling.functional, &ruling.analytics, &ruling.marketing]
            .map(|grant| grant.granted)
            .to_vec()
    }

    proptest! {
        /// Taking back a purpose, or a vendor more on the site, never opens what was shut.
        #[test]
        fn a_refusal_or_a_vendor_more_opens_nothing(
            then in vendors(), now in vendors(), more in vendors(), bits in 0_u8..8, less in 0_u8..8, known in any::<bool>(),
        ) {
            let then = Offer::new(None, then);
            let value = |bits: u8| {
                format!("v1.{}.20261123.f{}a{}m{}", then.version(), bits & 1, bits >> 1 & 1, bits >> 2 & 1)
            };
            let lists: &[&Offer] = if known { &[&then] } else { &[] };
            let (before, wider) = (terms(None, &now, lists), terms(None, &[now.clone(), more].concat(), lists));
            let opened = classes(&value(bits), &before);
            for (terms, bits) in [(&before, bits & less), (&wider, bits), (&wider, bits & less)] {
                // The list itself is always known, so one more vendor may make an unknown list the one of today.
                let after = classes(&value(bits), terms);
                let shut = after.iter().zip(&opened).all(|(after, before)| *before || !after);
                prop_assert!(shut || !known && *wider.now.version() == *then.version(), "{:?} {:?}", opened, after);
            }
        }

        /// What is allowed was allowed by the visitor, on a list that has every vendor of the purpose.
        #[test]
        fn what_counts_was_told(then in vendors(), now in vendors(), bits in 0_u8..8) {
            let then = Offer::new(None, then);
            let terms = terms(None, &now, &[&then]);
            let value = format!("f{}a{}m{}", bits & 1, bits >> 1 & 1, bits >> 2 & 1);
            let choice = choice(then.version().as_str(), &value);
            for purpose in terms.upheld(&choice).iter() {
                prop_assert!(choice.choice.purposes.contains(purpose));
                prop_assert!(terms.now.vendors(purpose).all(|id| then.vendors(purpose).any(|told| told == id)));
            }
        }
    }
}
