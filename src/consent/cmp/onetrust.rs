//! Turns OneTrust's `OptanonConsent` and `OptanonAlertBoxClosed` into what they say.
//!
//! 1. The value is `k=v&k=v`, each part percent-encoded; `groups` holds `C0001:1,C0002:0` and the like.
//! 2. It is written for every visitor, with the region's defaults: only `OptanonAlertBoxClosed`, the ISO time of the
//!    click, makes it a choice. `interactionCount` proves nothing.
//! 3. A `landingPath` that is a URL, and `AwaitingReconsent=true`, say that no choice has been made.
//! 4. Group ids can be renamed: the site's map comes before the maker's table, and unknown ones say nothing.

use crate::consent::{
    cookies::Forms,
    date,
    signal::{Vote, Votes},
    source::{Said, Source},
};
use crate::purpose::Purpose;
use std::borrow::Cow;

/// The cookie that holds the time at which the banner was answered.
pub(super) const CLOSED: &str = "OptanonAlertBoxClosed";

const GROUPS: [(&str, Purpose); 9] = [
    ("C0001", Purpose::Necessary),
    ("C0002", Purpose::Analytics),
    ("C0003", Purpose::Functional),
    ("C0004", Purpose::Marketing),
    ("C0005", Purpose::Marketing),
    ("1", Purpose::Necessary),
    ("2", Purpose::Analytics),
    ("3", Purpose::Functional),
    ("4", Purpose::Marketing),
];

/// Whether the banner was answered.
enum Closed {
    Never,
    InTime,
    Unusable(Cow<'static, str>),
}

/// The fields that say something, in their encoded form.
#[derive(Default)]
struct Fields<'v> {
    groups: Option<Forms<'v>>,
    awaiting: Option<Forms<'v>>,
    landing: Option<Forms<'v>>,
}

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let closed = closed(source);
    source.each(|value| decode(value, &closed, source))
}

fn closed(source: &Source<'_>) -> Closed {
    let mut closed = Closed::Never;
    for value in source.cookies.values(CLOSED) {
        let Some(at) = value.find(date::iso) else {
            return Closed::Unusable("OptanonAlertBoxClosed is not a date".into());
        };
        if let Some(why) = source.clock.refuses(at) {
            return Closed::Unusable(why);
        }
        closed = Closed::InTime;
    }
    closed
}

fn decode(value: &str, closed: &Closed, source: &Source<'_>) -> Option<Said> {
    let Fields { groups, awaiting, landing } = Fields::read(value)?;
    let votes = votes(groups?.text()?, source)?;
    if let Some(awaiting) = awaiting
        && awaiting.text()? == "true"
    {
        return Some(Said::nothing("the choice has to be made again"));
    }
    if let Some(landing) = landing
        && landing.text()?.starts_with("http")
    {
        return Some(Said::nothing("no choice has been made yet"));
    }
    Some(match closed {
        Closed::InTime => Said::explicit(votes, "chosen on the banner"),
        Closed::Never => Said::implied(votes, "its cookie was written without a click"),
        Closed::Unusable(why) => Said::nothing(why.clone()),
    })
}

impl<'v> Fields<'v> {
    /// The fields of `value`; `None` if one is there twice.
    fn read(value: &'v str) -> Option<Self> {
        let mut fields = Self::default();
        for field in value.split('&') {
            let (slot, text) = if let Some(text) = field.strip_prefix("groups=") {
                (&mut fields.groups, text)
            } else if let Some(text) = field.strip_prefix("AwaitingReconsent=") {
                (&mut fields.awaiting, text)
            } else if let Some(text) = field.strip_prefix("landingPath=") {
                (&mut fields.landing, text)
            } else {
                continue;
            };
            if slot.replace(Forms::new(text.as_bytes())).is_some() {
                return None;
            }
        }
        Some(fields)
    }
}

fn votes(groups: &str, source: &Source<'_>) -> Option<Votes> {
    let mut cast = Vec::new();
    for group in groups.split(',').filter(|group| !group.is_empty()) {
        let (id, value) = group.split_once(':')?;
        if let Some(purpose) = source.purpose(id, &GROUPS) {
            cast.push((purpose, vote(value)?));
        }
    }
    Some(Votes::strictest(&cast))
}

fn vote(value: &str) -> Option<Vote> {
    match value {
        "1" => Some(Vote::Grant),
        "0" => Some(Vote::Deny),
        _ => None,
    }
}
