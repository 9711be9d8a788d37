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
    let votes = votes(&field(value, "groups")??, source)?;
    if field(value, "AwaitingReconsent")?.is_some_and(|v| v == "true") {
        return Some(Said::nothing("the choice has to be made again"));
    }
    if field(value, "landingPath")?.is_some_and(|v| v.starts_with("http")) {
        return Some(Said::nothing("no choice has been made yet"));
    }
    Some(match closed {
        Closed::InTime => Said::explicit(votes, "chosen on the banner"),
        Closed::Never => Said::implied(votes, "its cookie was written without a click"),
        Closed::Unusable(why) => Said::nothing(why.clone()),
    })
}

/// The field `name`, decoded: `Some(None)` without it, `None` if it is there twice or malformed.
fn field(value: &str, name: &str) -> Option<Option<String>> {
    let pairs = value.split('&').filter_map(|field| field.split_once('='));
    let mut values = pairs.filter(|(n, _)| *n == name).map(|(_, v)| v);
    let Some(first) = values.next() else { return Some(None) };
    let text = Forms::new(first.as_bytes()).text()?.to_owned();
    values.next().is_none().then_some(Some(text))
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
