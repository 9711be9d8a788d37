//! Turns HubSpot's `__hs_cookie_cat_pref` into what it says.
//!
//! 1. The value is `1:true,2:false,3:true`, or the same with `_` between: 1 is analytics, 2 advertisement, 3 functionality.
//!    It is written on a choice only.
//! 2. A number twice is malformed.

use crate::{
    consent::{
        signal::Vote,
        source::{Said, Source},
    },
    purpose::Purpose,
};
use std::collections::BTreeMap;

const CATEGORIES: [(&str, Purpose); 3] =
    [("1", Purpose::Analytics), ("2", Purpose::Marketing), ("3", Purpose::Functional)];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let mut cast = BTreeMap::new();
    for part in value.split([',', '_']) {
        let (number, answer) = part.split_once(':')?;
        if cast.insert(number.trim(), vote(answer.trim())?).is_some() {
            return None;
        }
    }
    Some(Said::by(true, source.votes(cast, &CATEGORIES)))
}

fn vote(answer: &str) -> Option<Vote> {
    match answer {
        "true" => Some(Vote::Grant),
        "false" => Some(Vote::Deny),
        _ => None,
    }
}
