//! Turns an in-house consent cookie into what the operator's rule makes of it.
//!
//! 1. What is found is compared as text: equal is a grant, different is a refusal, nothing found says nothing.
//! 2. An item that is not in a list is a refusal. A key that is in the pairs twice must have the right value each time.
//! 3. The operator vouches that the cookie is only written on the visitor's act.
//! 4. A value that the rule cannot be applied to (no JSON for a path, a broken escape) is malformed.

use super::{
    config::{Find, Rule},
    cookies::Forms,
    json::Json,
    signal::{Vote, Votes},
    source::{Said, Source},
};

pub(super) fn read(rule: &Rule, source: &Source<'_>) -> Option<Said> {
    source.each_value(|forms| Some(said(rule, vote(rule, forms)?)))
}

fn said(rule: &Rule, vote: Option<Vote>) -> Said {
    let Some(vote) = vote else { return Said::nothing("the rule finds nothing in it") };
    Said::explicit(Votes::strictest(&[(rule.purpose, vote)]), "read by the operator's rule")
}

/// What the rule makes of a value: `Some(None)` where it finds nothing, `None` of a malformed one.
fn vote(rule: &Rule, forms: &Forms<'_>) -> Option<Option<Vote>> {
    let equal = |text: &str| Vote::of(text == rule.equals);
    let whole = || forms.text();
    Some(match &rule.find {
        Find::Path(path) if path.is_empty() => Some(equal(whole()?)),
        Find::Path(path) => forms.find(Json::parse)?.at(path).map(|json| equal(&json.to_string())),
        Find::Regex(regex) => group(regex, whole()?).map(equal),
        Find::List(separator) => {
            let mut items = whole()?.split(separator.as_str());
            Some(Vote::of(items.any(|item| item.trim() == rule.equals)))
        }
        Find::Pairs { separator, key } => {
            values(whole()?, separator, key).map(equal).reduce(Vote::and)
        }
    })
}

/// The values of `key`.
fn values<'t>(text: &'t str, separator: &str, key: &str) -> impl Iterator<Item = &'t str> {
    let pairs = text.split(separator).filter_map(|pair| pair.split_once(['=', ':']));
    pairs.filter(move |(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

fn group<'t>(regex: &regex::Regex, text: &'t str) -> Option<&'t str> {
    let captures = regex.captures(text)?;
    let group = if captures.len() > 1 { captures.get(1) } else { captures.get(0) };
    group.map(|found| found.as_str())
}
