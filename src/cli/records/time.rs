//! Turns minutes since 1970 into the words of a calendar, and days into minutes.

use crate::{consent::Day, record::Minute};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The minutes of a day.
pub(super) const DAY: Minute = 24 * 60;

/// The minute of `time`.
pub(super) fn minute(time: SystemTime) -> Minute {
    minutes(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The whole minutes in `duration`.
pub(super) fn minutes(duration: Duration) -> Minute {
    Minute::try_from(duration.as_secs() / 60).unwrap_or(Minute::MAX)
}

/// `2026-11-23 19:50`, in UTC.
pub(super) fn shown(at: Minute) -> String {
    let [day, hour, minute] = parts(at);
    format!("{day} {hour}:{minute}")
}

/// `2026-11-23T19:50Z` (ISO 8601).
pub(super) fn iso(at: Minute) -> String {
    let [day, hour, minute] = parts(at);
    format!("{day}T{hour}:{minute}Z")
}

/// `2026-11-23`.
pub(super) fn day(at: Minute) -> String {
    let seconds = u64::try_from(at).unwrap_or_default().saturating_mul(60);
    // Past the last year that has four digits it is the last day of that.
    Day::of(UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799))).iso()
}

fn parts(at: Minute) -> [String; 3] {
    let time = at.rem_euclid(DAY);
    [day(at), format!("{:02}", time / 60), format!("{:02}", time % 60)]
}

/// The first minute of the day written `2026-11-23`; what is wrong with it, otherwise.
pub(super) fn begin(text: &str) -> Result<Minute, String> {
    let wrong = || format!("`{}` is no day; write it as 2026-11-23", text.escape_debug());
    let asked: Day = text.replace('-', "").parse().map_err(|_| wrong())?;
    // Days are few: a search of the calendar is as good as its inverse.
    let (mut low, mut high) = (0, 2_932_897);
    while low < high {
        let middle = (low + high) / 2;
        if day(middle * DAY) < asked.iso() { low = middle + 1 } else { high = middle }
    }
    if asked.iso() == text { Ok(low * DAY) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn minutes_are_shown() {
        assert_eq!(shown(0), "1970-01-01 00:00");
        assert_eq!(iso(29_000_000), "2025-02-19T21:20Z");
        assert_eq!(shown(-1), "1970-01-01 23:59");
        assert_eq!(day(Minute::MAX), "9999-12-31");
        assert_eq!(begin("2025-02-19"), Ok(29_000_000 - 21 * 60 - 20));
        for wrong in ["", "20250219", "2025-02-30", "yesterday", "2025-2-19"] {
            assert!(begin(wrong).unwrap_err().contains("write it as"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_day_begins_where_it_is_shown(number in 0_i64..2_932_896) {
            prop_assert_eq!(begin(&day(number * DAY)), Ok(number * DAY));
        }
    }
}
