//! Turns the cookie of a mirror into what the consent manager says that it stands for, and such a choice into the cookie.
//!
//! 1. Some managers keep the choice in the browser, where no request holds it. A script of ours, the mirror, reads it there and
//!    tells the server, which sets a cookie for each manager.
//! 2. The value is that of our own banner's, ended by `e`: `v1.<policy>.<yyyymmdd>.f<0|1>a<0|1>m<0|1>.e`, an explicit choice.
//! 3. It stands for the manager where that cannot be read otherwise; where its own cookie can, the stricter of both counts.
//! 4. Only managers that the operator names are mirrored, so that the cookie alone never unlocks anything.
//! 5. It holds no identifier (ePrivacy Directive 5(3): strictly necessary).

use super::{
    Choice, Cmp, Config, Day, PolicyVersion, Terms, own,
    source::{Said, Source},
};
use crate::purpose::PurposeSet;
use std::borrow::Cow;

/// What the names of the cookies begin with; the manager's name follows.
pub const PREFIX: &str = "consentry-mirror-";

/// Where the site has no version of its policy.
const ANY_POLICY: &str = "0";

/// The name of the cookie that stands for `cmp`.
#[must_use]
pub fn cookie(cmp: Cmp) -> String {
    format!("{PREFIX}{}", cmp.name())
}

/// The value of the cookie for a choice of today.
#[must_use]
pub fn value(purposes: PurposeSet, day: Day, config: &Config) -> Option<String> {
    let any = || ANY_POLICY.parse::<PolicyVersion>().ok();
    let policy = config.policy.clone().or_else(any)?;
    Some(format!("{}.e", Choice { purposes, day, policy }))
}

/// What `cmp` says with its mirror, `said` being what it says by itself.
pub(super) fn with(
    cmp: Cmp,
    said: Option<Said>,
    mirror: &Source<'_>,
    terms: &dyn Terms,
) -> Option<Said> {
    let told = own::read(mirror, terms).filter(Said::is_usable).map(|told| told.noting(|_| NOTE));
    match (said, told) {
        (said, None) => said,
        (Some(said), Some(told)) if !cmp.is_in_browser() && !said.is_opaque() => {
            Some(said.and(told))
        }
        (_, Some(told)) => Some(told),
    }
}

const NOTE: Cow<'static, str> = Cow::Borrowed("chosen on the banner, and read in the browser");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        consent::{Basis, Consent, Reader, Vote, Votes},
        purpose::Purpose,
    };
    use http::{HeaderMap, HeaderValue, header::COOKIE as NAME};
    use std::time::{Duration, SystemTime};

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_781_524_800)
    }

    fn read(config: &Config, cookies: &str) -> Consent {
        let headers = HeaderMap::from_iter([(NAME, HeaderValue::from_str(cookies).unwrap())]);
        Reader::new(config).read(&headers, now())
    }

    fn of(cmp: Cmp) -> Config {
        let maps = [(cmp, [("x".to_owned(), Purpose::Analytics)].into())].into();
        Config { cmps: vec![cmp], mirrors: vec![cmp], maps, iab: Vec::new(), ..Config::default() }
    }

    fn told(cmp: Cmp, purposes: PurposeSet) -> String {
        let value = value(purposes, Day::of(now()), &Config::default()).unwrap();
        format!("{}={value}", cookie(cmp))
    }

    #[test]
    fn a_mirror_stands_for_its_manager_alone() {
        let analytics = PurposeSet::EMPTY.with(Purpose::Analytics);
        for cmp in Cmp::all().filter(|cmp| cmp.can_be_mirrored()) {
            let consent = read(&of(cmp), &told(cmp, analytics));
            let [signal] = &consent.signals[..] else { panic!("{cmp}: {consent:?}") };
            assert_eq!((&*signal.name, signal.basis), (cmp.name(), Basis::Explicit));
            let votes = Votes { analytics: Vote::Grant, ..Votes::all(Vote::Deny) };
            assert_eq!(signal.votes, votes);
            // Named, and not mirrored; mirrored, and not named; another's.
            let alone = Config { mirrors: Vec::new(), ..of(cmp) };
            let unnamed = Config { cmps: Vec::new(), ..of(cmp) };
            let other = Cmp::all().find(|o| o.can_be_mirrored() && *o != cmp).unwrap();
            let granted = |config: &Config, cookies: &str| {
                read(config, cookies).signals.iter().any(|s| s.votes.any(Vote::Grant))
            };
            assert!(!granted(&alone, &told(cmp, analytics)), "{cmp}");
            assert!(!granted(&unnamed, &told(cmp, analytics)), "{cmp}");
            assert!(!granted(&of(cmp), &told(other, analytics)), "{cmp}");
        }
    }

    #[test]
    fn a_mirror_speaks_for_what_cannot_be_read_and_never_over_a_refusal() {
        let all: PurposeSet = Purpose::OPTIONAL.into_iter().collect();
        let votes = |cmp, cookies: &str| {
            let signals = read(&of(cmp), &format!("{cookies}; {}", told(cmp, all))).signals;
            signals[0].votes
        };
        assert_eq!(votes(Cmp::Sourcepoint, "consentUUID=a_1"), Votes::all(Vote::Grant));
        let klaro = votes(Cmp::Klaro, "klaro=%7B%22x%22%3Afalse%7D");
        assert_eq!(klaro.analytics, Vote::Deny);
        assert!(!klaro.any(Vote::Grant));
    }

    #[test]
    fn a_mirror_is_old_malformed_or_of_another_policy_as_any_choice() {
        let cmp = Cmp::Usercentrics;
        let config = Config { policy: Some("p2".parse().unwrap()), ..of(cmp) };
        let name = cookie(cmp);
        for value in
            ["v1.p2.20200101.f1a1m1.e", "v1.p1.20260615.f1a1m1.e", "v1.p2.20260615.x.e", "1"]
        {
            let signals = read(&config, &format!("{name}={value}")).signals;
            assert_eq!(signals[0].votes, Votes::default(), "{value}");
        }
    }
}
