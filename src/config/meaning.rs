//! Turns one written value into what it means, or into what is [`Wrong`] with it.

use std::{fmt, ops::RangeInclusive, time::Duration};
use toml::de::DeValue;

/// What is wrong with a value: two phrases, of which the first follows the name of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {instead}")]
pub struct Wrong {
    /// What is wrong: `is empty`.
    pub what: String,
    /// What to do about it: `write a host name`.
    pub instead: String,
}

/// The longest part of a value that a message repeats, in characters.
const SHOWN: usize = 60;

impl Wrong {
    pub(super) fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }

    /// A value of another kind than `expected`.
    pub(super) fn kind(value: &DeValue<'_>, expected: &str) -> Self {
        Self::new(format!("is {}", kind(value)), format!("write {expected}"))
    }

    /// A text that means nothing here.
    pub(super) fn text(text: &str, why: &str, instead: impl Into<String>) -> Self {
        Self::new(format!("is {}{why}", shown(text)), instead)
    }
}

/// The kind of a value, in words.
pub(super) const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// `text` for a message: shortened, and harmless to a terminal.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "empty".to_owned();
    }
    let plain = |c: char| matches!(c, '"' | '\'' | '\\');
    let start = text.chars().take(SHOWN).fold(String::new(), |mut shown, c| {
        if plain(c) {
            shown.push(c)
        } else {
            shown.extend(c.escape_debug())
        }
        shown
    });
    let dots = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{start}{dots}`")
}

/// Any text.
pub(super) fn text(value: &DeValue<'_>) -> Result<String, Wrong> {
    value.as_str().map(str::to_owned).ok_or_else(|| Wrong::kind(value, "text in quotes"))
}

/// Text with something in it.
pub(super) fn some_text(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.trim().is_empty() {
        return Err(Wrong::new("is empty", "write some text"));
    }
    Ok(text)
}

/// `true` or `false`.
pub(super) fn boolean(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| Wrong::kind(value, "true or false, without quotes"))
}

/// A whole number within `range`.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&DeValue<'_>) -> Result<T, Wrong>
where
    T: TryFrom<i64> + PartialOrd + fmt::Display,
{
    move |value| {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = value.as_integer() else {
            return Err(Wrong::kind(value, &expected()));
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|n| T::try_from(n).ok()).filter(|n| range.contains(n));
        number.ok_or_else(|| {
            Wrong::new(format!("is {}", shown(integer.as_str())), format!("write {}", expected()))
        })
    }
}

/// One of the names of `table`.
pub(super) fn one_of<T: Copy>(
    table: &'static [(&'static str, T)],
) -> impl Fn(&DeValue<'_>) -> Result<T, Wrong> {
    move |value| {
        let names = || table.iter().map(|(name, _)| *name);
        let all = || names().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
        let Some(text) = value.as_str() else {
            return Err(Wrong::kind(value, &format!("one of {}", all())));
        };
        let found = table.iter().find(|(name, _)| *name == text).map(|(_, means)| *means);
        found.ok_or_else(|| {
            let instead = match super::nearest::nearest(text, names()) {
                Some(near) => format!("write \"{near}\""),
                None => format!("write one of {}", all()),
            };
            Wrong::text(text, "", instead)
        })
    }
}

/// The units of time, in milliseconds; a year has 365 days.
const TIMES: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", DAY), ("y", 365 * DAY)];
const DAY: u64 = 86_400_000;

/// The units of size, in bytes.
const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A duration as `30s`, within `range` seconds.
pub(super) fn duration(
    range: RangeInclusive<u64>,
) -> impl Fn(&DeValue<'_>) -> Result<Duration, Wrong> {
    move |value| {
        let instead =
            "write a number and a unit in quotes, as \"500ms\", \"30s\", \"5m\", \"12h\" or \"1d\"";
        let text =
            value.as_str().ok_or_else(|| Wrong::new(format!("is {}", kind(value)), instead))?;
        let duration = with_unit(text, TIMES).map(Duration::from_millis);
        let duration =
            duration.ok_or_else(|| Wrong::text(text, ", which is no duration", instead))?;
        let (least, most) = (*range.start(), *range.end());
        if duration.is_zero()
            || duration.as_millis() < u128::from(least) * 1000
            || duration.as_secs() > most
        {
            let least = if least == 0 { "1ms".to_owned() } else { in_unit(least * 1000, TIMES) };
            let instead = format!("write from \"{least}\" to \"{}\"", in_unit(most * 1000, TIMES));
            return Err(Wrong::text(text, "", instead));
        }
        Ok(duration)
    }
}

/// A size as `2MiB`, within `range` bytes.
pub(super) fn size(range: RangeInclusive<u64>) -> impl Fn(&DeValue<'_>) -> Result<u64, Wrong> {
    move |value| {
        let instead =
            "write a number and a unit in quotes, as \"512B\", \"256KiB\", \"2MiB\" or \"1GiB\"";
        let text =
            value.as_str().ok_or_else(|| Wrong::new(format!("is {}", kind(value)), instead))?;
        let size = with_unit(text, SIZES);
        let size = size.ok_or_else(|| Wrong::text(text, ", which is no size", instead))?;
        if !range.contains(&size) {
            let (least, most) = (in_unit(*range.start(), SIZES), in_unit(*range.end(), SIZES));
            return Err(Wrong::text(text, "", format!("write from \"{least}\" to \"{most}\"")));
        }
        Ok(size)
    }
}

/// `12h` in the smallest of `units`; `None` when it is something else.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// `amount` in the largest of `units` that divides it.
fn in_unit(amount: u64, units: &[(&str, u64)]) -> String {
    let fitting = units.iter().rev().find(|(_, factor)| amount.is_multiple_of(*factor));
    fitting.map_or_else(String::new, |(unit, factor)| format!("{}{unit}", amount / factor))
}
