//! Turns the dates that consent cookies hold into days and seconds of the Unix epoch, and ages into words.
//!
//! 1. Dates are of the proleptic Gregorian calendar, 1970 to 9999 (ISO 8601; ECMA-262 "Date Time String Format").
//! 2. A choice older than the operator's limit, or more than a day in the future, says nothing.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const DAY: i64 = 86_400;

/// A day in UTC; written `yyyymmdd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(u32);

/// Text that is not a day written `yyyymmdd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day written yyyymmdd")]
pub struct NotADay;

/// What "too old" means for one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    now: i64,
    max_age_days: u32,
}

// === impl Day ===

impl Day {
    /// The day of `time`; the epoch's for times before it.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        Self(u32::try_from(seconds(time) / DAY).unwrap_or(u32::MAX).min(LAST))
    }

    /// The day as `yyyy-mm-dd` (ISO 8601).
    #[must_use]
    pub fn iso(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    fn from_civil(year: u32, month: u32, day: u32) -> Option<Self> {
        let valid = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=length(year, month)).contains(&day);
        let months: u32 = (1..month).map(|m| length(year, m)).sum();
        valid.then(|| Self(new_year(year) + months + day - 1))
    }

    fn civil(self) -> (u32, u32, u32) {
        let mut year = 1970 + self.0 / 366;
        while new_year(year + 1) <= self.0 {
            year += 1;
        }
        let (mut month, mut rest) = (1, self.0 - new_year(year));
        while rest >= length(year, month) {
            rest -= length(year, month);
            month += 1;
        }
        (year, month, rest + 1)
    }

    fn seconds(self) -> i64 {
        i64::from(self.0) * DAY
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}{month:02}{day:02}")
    }
}

impl FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let (year, rest) = text.split_at_checked(4).ok_or(NotADay)?;
        let (month, day) = rest.split_at_checked(2).ok_or(NotADay)?;
        civil(year, month, day).ok_or(NotADay)
    }
}

/// 9999-12-31.
const LAST: u32 = 2_932_896;

/// Days from the epoch to the first of January.
const fn new_year(year: u32) -> u32 {
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    (year - 1970) * 365 + leap_days - 477
}

const fn length(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn civil(year: &str, month: &str, day: &str) -> Option<Day> {
    Day::from_civil(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

/// `text` as a number of exactly `digits` ASCII digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The seconds of an ISO 8601 date or date and time, as `Date.prototype.toISOString` writes it; the
/// offset may be `Z`, `+hh:mm` or missing (taken as UTC).
pub(super) fn iso(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' ']).map_or((text, None), |(d, t)| (d, Some(t)));
    let mut parts = date.split('-');
    let day = civil(parts.next()?, parts.next()?, parts.next()?)?;
    let of_day = match time {
        None => 0,
        Some(time) => time_of_day(time)?,
    };
    parts.next().is_none().then(|| day.seconds() + of_day)
}

fn time_of_day(text: &str) -> Option<i64> {
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        None => (text, 0),
        Some(at) => text.split_at_checked(at).and_then(|(c, o)| Some((c, offset(o)?)))?,
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let digits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let mut parts = clock.split(':');
    let (hours, minutes) = (below(parts.next()?, 24)?, below(parts.next()?, 60)?);
    let seconds = parts.next().map_or(Some(0), |s| below(s, 61))?;
    let whole = digits && parts.next().is_none();
    whole.then(|| i64::from(hours * 3600 + minutes * 60 + seconds) - offset)
}

fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, text) = text.split_at_checked(1)?;
    let (hours, minutes) = text.split_once(':')?;
    let seconds = i64::from(below(hours, 24)? * 3600 + below(minutes, 60)? * 60);
    Some(if sign == "-" { -seconds } else { seconds })
}

fn below(text: &str, limit: u32) -> Option<u32> {
    number(text, 2).filter(|n| *n < limit)
}

/// The seconds of a number of seconds of the epoch.
pub(super) fn unix(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The seconds of a number of milliseconds of the epoch, as `Date.now()` gives it.
pub(super) fn unix_millis(text: &str) -> Option<i64> {
    unix(text).map(|millis| millis.div_euclid(1000))
}

// === impl Clock ===

impl Clock {
    pub(super) fn new(now: SystemTime, max_age_days: u32) -> Self {
        Self { now: seconds(now), max_age_days }
    }

    /// The same clock for what lasts `days`.
    pub(super) const fn lasting(self, days: u32) -> Self {
        Self { max_age_days: days, ..self }
    }

    /// The same clock for what lasts no longer than `days`.
    pub(super) fn at_most(self, days: u32) -> Self {
        self.lasting(self.max_age_days.min(days))
    }

    /// Whether `at` (seconds of the epoch) is further in the future than clocks differ.
    pub(super) const fn is_ahead(self, at: i64) -> bool {
        self.now.saturating_sub(at) < -DAY
    }

    /// Why a choice made at `at` (seconds of the epoch) does not count; `None` when it does.
    pub(super) fn refuses(self, at: i64) -> Option<Cow<'static, str>> {
        let age = self.now.saturating_sub(at);
        if self.is_ahead(at) {
            return Some("the choice is dated in the future".into());
        }
        let limit = i64::from(self.max_age_days) * DAY;
        (age > limit).then(|| format!("the choice is older than {} days", self.max_age_days).into())
    }

    /// Why something made at `at` cannot be; `None` when it can, however old it is.
    pub(super) fn refuses_future(self, at: i64) -> Option<Cow<'static, str>> {
        Self { max_age_days: u32::MAX, ..self }.refuses(at)
    }

    /// As [`Self::refuses`], for a choice of which only the day is known.
    pub(super) fn refuses_day(self, day: Day) -> Option<Cow<'static, str>> {
        let midnight = Self { now: self.now - self.now.rem_euclid(DAY), ..self };
        midnight.refuses(day.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn iso_dates_as_browsers_write_them() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2025-12-01T10:11:12.345Z", Some(1_764_583_872)),
            ("2025-12-01T11:11:12+01:00", Some(1_764_583_872)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2025-02-29", None),
            ("2025-13-01", None),
            ("2025-12-01T25:00:00Z", None),
            ("2025-12-01T10:11:12.Z", None),
            ("2025-12-01T10:11:12.345Zx", None),
            ("2025-12-01-01", None),
            ("+2025-12-01", None),
            ("true", None),
            ("", None),
        ] {
            assert_eq!(iso(text), seconds, "{text}");
        }
    }

    #[test]
    fn days_round_trip_and_follow_each_other() {
        for days in (0..=LAST).step_by(61).chain([59, 60, 11_015, 11_016, 11_017, LAST]) {
            assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
        }
        assert_eq!(Day(LAST).to_string(), "99991231");
        assert_eq!("20000229".parse(), Ok(Day(11_016)));
        for bad in
            ["20250229", "2025021", "202502011", "2025-2-1", "+2025011", "00000101", "é250101"]
        {
            assert_eq!(bad.parse::<Day>(), Err(NotADay), "{bad}");
        }
    }

    #[test]
    fn a_day_ago_to_tomorrow_counts() {
        let clock = Clock::new(UNIX_EPOCH + Duration::from_secs(1_764_583_872), 180);
        let now = clock.now;
        for (at, counts) in [
            (now, true),
            (now + DAY, true),
            (now + DAY + 1, false),
            (now - 180 * DAY, true),
            (now - 180 * DAY - 1, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(clock.refuses(at).is_none(), counts, "{at}");
        }
        let today = Day::of(UNIX_EPOCH + Duration::from_secs(1_764_583_872));
        for (day, counts) in [(1, true), (2, false), (-180, true), (-181, false)] {
            let day = Day(today.0.checked_add_signed(day).unwrap());
            assert_eq!(clock.refuses_day(day).is_none(), counts, "{day}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_not(text in "\\PC{0,30}") {
            let _ = (iso(&text), text.parse::<Day>());
        }
    }
}
