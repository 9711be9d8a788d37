//! Turns vanilla-cookieconsent's `cc_cookie` into what it says.
//!
//! 1. The value is JSON; `categories` lists what was accepted. It is written on a choice only.
//! 2. Category names are the site's own. With a map, each category of a purpose must be accepted; one that the map knows
//!    and the list does not have is refused.
//! 3. Without a map the conventional names count. One accepted name is enough where the cookie does not show that the
//!    site has others for the purpose, which the members of `services` do; `social` alone is not enough then.
//! 4. `lastConsentTimestamp`, or else `consentTimestamp`, is the ISO time of the choice.
//! 5. A choice under another `revision` than the site's current one says nothing.

use crate::consent::{
    date,
    json::Json,
    signal::{Vote, Votes},
    source::{Said, Source},
};
use crate::purpose::Purpose;
use std::collections::BTreeMap;

const CATEGORIES: [(&str, Purpose); 12] = [
    ("necessary", Purpose::Necessary),
    ("functionality", Purpose::Functional),
    ("preferences", Purpose::Functional),
    ("analytics", Purpose::Analytics),
    ("statistics", Purpose::Analytics),
    ("performance", Purpose::Analytics),
    ("ads", Purpose::Marketing),
    ("advertising", Purpose::Marketing),
    ("advertisement", Purpose::Marketing),
    ("marketing", Purpose::Marketing),
    ("targeting", Purpose::Marketing),
    (SOCIAL, Purpose::Marketing),
];

const SOCIAL: &str = "social";

type Object = BTreeMap<String, Json>;

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let json = Json::parse(value)?;
    let object = json.object()?;
    let accepted = names(object)?;
    let at = ["lastConsentTimestamp", "consentTimestamp"].iter().find_map(|n| object.get(*n));
    if let Some(at) = at
        && let Some(why) = source.clock.refuses(date::iso(at.text()?)?)
    {
        return Some(Said::nothing(why));
    }
    if !is_current(object, source.revision) {
        return Some(Said::nothing("the choice was made under another revision"));
    }
    let votes = if source.map.is_empty() {
        by_convention(&accepted, object.get("services"))
    } else {
        by_map(&accepted, source.map)
    };
    Some(Said::explicit(votes, "chosen on the banner"))
}

fn names(object: &Object) -> Option<Vec<&str>> {
    object.get("categories")?.list()?.iter().map(Json::text).collect()
}

fn is_current(object: &Object, revision: Option<&str>) -> bool {
    let held = || object.get("revision").map(ToString::to_string).unwrap_or_default();
    revision.is_none_or(|current| current == held())
}

fn by_map(accepted: &[&str], map: &BTreeMap<String, Purpose>) -> Votes {
    let vote = |name: &String| Vote::of(accepted.contains(&name.as_str()));
    let cast: Vec<_> = map.iter().map(|(name, purpose)| (*purpose, vote(name))).collect();
    Votes::strictest(&cast)
}

fn by_convention(accepted: &[&str], services: Option<&Json>) -> Votes {
    let shown = services.and_then(Json::object);
    let refused = |name| !accepted.contains(&name) && shown.is_some_and(|s| s.contains_key(name));
    let enough = |name| name != SOCIAL || shown.is_some_and(|s| s.contains_key(SOCIAL));
    Votes::from_fn(|purpose| {
        let names = || CATEGORIES.iter().filter(|(_, p)| *p == purpose).map(|(name, _)| *name);
        let granted = names().any(|name| accepted.contains(&name) && enough(name));
        Vote::of(granted && !names().any(refused))
    })
}
