//! Turns a pressed button into the visitor's choice cookie, and the cookie back into what it grants.
//!
//! 1. The cookie is `v1.<policy>.<yyyymmdd>.f<0|1>a<0|1>m<0|1>`, first party, for 180 days.
//! 2. A value of another shape grants nothing.

use crate::purpose::{Purpose, PurposeSet};
use std::time::SystemTime;

/// The cookie's name.
const NAME: &str = "consentry";
/// 180 days, in seconds.
const MAX_AGE: u32 = 180 * 24 * 60 * 60;

/// What the `Set-Cookie` field says after `button` was pressed at `now`; `None` for a button that does not exist.
pub(super) fn set_cookie(button: &str, now: SystemTime) -> Option<String> {
    let flags = match button {
        "all" => "f1a1m1",
        "analytics" => "f0a1m0",
        "none" => "f0a0m0",
        "forget" => return Some(format!("{NAME}=; Path=/; SameSite=Lax; Max-Age=0")),
        _ => return None,
    };
    let day = date(now);
    Some(format!("{NAME}=v1.demo.{day}.{flags}; Path=/; SameSite=Lax; Max-Age={MAX_AGE}"))
}

/// What the `Cookie` field grants; `None` before a choice.
pub(super) fn granted(cookies: &str) -> Option<PurposeSet> {
    let value = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then_some(value))?;
    let flags = value.strip_prefix("v1.")?.rsplit('.').next()?.as_bytes();
    let &[b'f', functional, b'a', analytics, b'm', marketing] = flags else { return None };
    let given = [functional, analytics, marketing];
    Some(
        Purpose::OPTIONAL
            .into_iter()
            .zip(given)
            .filter(|(_, g)| *g == b'1')
            .map(|(p, _)| p)
            .collect(),
    )
}

/// The UTC day of `now` as `yyyymmdd` (days to civil date, proleptic Gregorian calendar, years from 1 March).
fn date(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn days_are_dates() {
        for (seconds, day) in [
            (0, "19700101"),
            (951_782_399, "20000228"),
            (951_782_400, "20000229"),
            (951_868_800, "20000301"),
            (1_735_689_599, "20241231"),
            (1_795_392_000, "20261123"),
        ] {
            assert_eq!(date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), day);
        }
    }

    #[test]
    fn a_choice_survives_the_cookie() {
        for (button, grants) in [("all", 3), ("analytics", 1), ("none", 0)] {
            let set = set_cookie(button, SystemTime::now()).unwrap();
            let pair = set.split(';').next().unwrap();
            assert_eq!(granted(&format!("a=b; {pair}; c=d")).unwrap().iter().count(), grants);
        }
        assert!(set_cookie("all of it", SystemTime::now()).is_none());
    }

    #[test]
    fn other_shapes_grant_nothing() {
        for cookies in [
            "",
            "consentry=",
            "consentry=f1a1m1",
            "consentry=v1.x.1.f1a1",
            "xconsentry=v1.d.2.f1a1m1",
        ] {
            assert_eq!(granted(cookies), None, "{cookies}");
        }
    }
}
