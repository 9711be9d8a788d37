//! Turns Cookiebot's `CookieConsent` into what it says.
//!
//! 1. The value looks like a JavaScript object and is no JSON: `{stamp:'..',necessary:true,..,method:'explicit',utc:1}`.
//!    Only `method:'explicit'` is a click; without a method, or with the stamp `-1`, it is assumed (Cookiebot's own
//!    WordPress plugin and developer pages).
//! 2. `0` is a refusal; `-1` says that the visitor's region needs no consent, which is assumed.
//! 3. `utc` holds the time of the choice in milliseconds.
//! 4. Names other than the three categories are left to the site's map.

use crate::consent::{
    signal::{Vote, Votes},
    source::{Said, Source},
};
use crate::purpose::Purpose;

const CATEGORIES: [(&str, Purpose); 3] = [
    ("preferences", Purpose::Functional),
    ("statistics", Purpose::Analytics),
    ("marketing", Purpose::Marketing),
];

const MAX_MEMBERS: usize = 64;

/// A member's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member<'a> {
    Quoted(&'a str),
    Bare(&'a str),
}

/// The members, in their order.
type Members<'a> = Vec<(&'a str, Member<'a>)>;

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    match value {
        "0" => Some(Said::explicit(Votes::all(Vote::Deny), "refused")),
        "-1" => {
            Some(Said::implied(Votes::all(Vote::Grant), "it says that the region needs no consent"))
        }
        object => said(&members(object)?, source),
    }
}

fn said(members: &Members<'_>, source: &Source<'_>) -> Option<Said> {
    if let Some(utc) = member_of(members, "utc") {
        let Member::Bare(utc) = utc else { return None };
        if let Some(why) = source.clock.refuses(utc.parse::<i64>().ok()?.div_euclid(1000)) {
            return Some(Said::nothing(why));
        }
    }
    let votes = votes(members, source)?;
    let clicked = member_of(members, "method") == Some(Member::Quoted("explicit"))
        && !matches!(member_of(members, "stamp"), Some(Member::Quoted("-1") | Member::Bare("-1")));
    Some(if clicked {
        Said::explicit(votes, "chosen on the banner")
    } else {
        Said::implied(votes, "its cookie was written without a click")
    })
}

fn votes(members: &Members<'_>, source: &Source<'_>) -> Option<Votes> {
    let mut cast = Vec::new();
    for (name, member) in members {
        if let Some(purpose) = source.purpose(name, &CATEGORIES) {
            cast.push((purpose, Vote::of(truth(*member)?)));
        }
    }
    Some(Votes::strictest(&cast))
}

fn member_of<'a>(members: &Members<'a>, name: &str) -> Option<Member<'a>> {
    members.iter().find(|(n, _)| *n == name).map(|(_, member)| *member)
}

fn truth(member: Member<'_>) -> Option<bool> {
    match member {
        Member::Bare("true") => Some(true),
        Member::Bare("false") => Some(false),
        Member::Bare(_) | Member::Quoted(_) => None,
    }
}

/// The members of an object without nesting; `None` for anything else, and for a name twice.
fn members(text: &str) -> Option<Members<'_>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut members = Members::with_capacity(12);
    while !rest.is_empty() {
        let (name, value) = rest.split_once(':')?;
        let (member, after) = member(value.trim_start())?;
        let name = identifier(name.trim())?;
        if members.len() == MAX_MEMBERS || member_of(&members, name).is_some() {
            return None;
        }
        members.push((name, member));
        rest = match after.trim_start() {
            "" => "",
            more => more.strip_prefix(',')?.trim_start(),
        };
    }
    (!members.is_empty()).then_some(members)
}

fn identifier(text: &str) -> Option<&str> {
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    let name = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then_some(name)
}

fn member(text: &str) -> Option<(Member<'_>, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (value, after) = quoted.split_once(quote)?;
            return Some((Member::Quoted(value), after));
        }
    }
    let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
    let (value, after) = text.split_at_checked(end)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (!value.is_empty() && value.bytes().all(plain)).then_some((Member::Bare(value), after))
}
