//! Turns Didomi's `didomi_token` into what it says.
//!
//! 1. The value is JSON in base64; `purposes` lists what was `enabled` and what was `disabled`. Before a choice it has
//!    neither.
//! 2. `updated` is the ISO time of the choice.
//! 3. Purposes are the site's own; without a map the ids of Didomi's own purposes count, and conventional names.
//!    `cookies`, storage on the device, is needed for everything: where it is disabled, everything is.
//! 4. `didomi_dcs` replaces the token in newer versions, in a format that is not read: beside it the token's grants may be
//!    out of date, and only its refusals count.

use super::conventional;
use crate::{
    consent::{
        date,
        json::Json,
        signal::{Vote, Votes},
        source::{Said, Source},
    },
    purpose::Purpose,
};
use std::collections::BTreeMap;

/// The cookie that replaces the token.
pub(super) const DCS: &str = "didomi_dcs";

/// The purpose that all others need.
const STORAGE: &str = "cookies";

const PURPOSES: [(&str, Purpose); 3] = [
    (
        "create_content_profile select_personalized_content content_personalization",
        Purpose::Functional,
    ),
    ("measure_content_performance market_research improve_products", Purpose::Analytics),
    (
        "select_basic_ads create_ads_profile select_personalized_ads measure_ad_performance advertising_personalization \
         ad_delivery",
        Purpose::Marketing,
    ),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    let token = source.each(|value| decode(value, source));
    if !source.has(DCS) {
        return token;
    }
    let unread = Said::opaque("its newer cookie is not readable on the server");
    Some(match token {
        Some(token) => token.and(unread),
        None => unread,
    })
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse_base64(value)?;
    let members = json.object()?;
    let empty = BTreeMap::new();
    let purposes = match members.get("purposes") {
        None | Some(Json::Null) => &empty,
        Some(purposes) => purposes.object()?,
    };
    let mut cast = Vec::new();
    for (list, vote) in [("enabled", Vote::Grant), ("disabled", Vote::Deny)] {
        for purpose in purposes.get(list).and_then(Json::list).into_iter().flatten() {
            cast.push((purpose.text()?, vote));
        }
    }
    if cast.is_empty() {
        return Some(Said::nothing("no choice has been made yet"));
    }
    let outdated = source.outdated(Json::time(members.get("updated"), date::iso)?);
    outdated.or_else(|| Some(Said::by(true, votes(cast, source))))
}

fn votes(mut cast: Vec<(&str, Vote)>, source: &Source<'_>) -> Votes {
    if source.map.is_empty() && cast.contains(&(STORAGE, Vote::Deny)) {
        return Votes::all(Vote::Deny);
    }
    cast.retain(|(purpose, _)| *purpose != STORAGE || source.map.contains_key(STORAGE));
    conventional::votes(source, &cast, |purpose| conventional::among(purpose, &PURPOSES))
}
