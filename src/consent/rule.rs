//! Turns an in-house consent cookie into what the operator's rule makes of it.
//!
//! 1. What is found is compared as text: equal is a grant, different is a refusal, nothing found says nothing.
//! 2. The operator vouches that the cookie is only written on the visitor's act.
//! 3. A value that the rule cannot be applied to (no JSON for a path, a broken escape) is malformed.

use super::{
    config::{Find, Rule},
    cookies::Forms,
    json::Json,
    signal::{Vote, Votes},
    source::{Said, Source},
};

pub(super) fn read(rule: &Rule, source: &Source<'_>) -> Option<Said> {
    source.each_value(|forms| Some(said(rule, found(&rule.find, forms)?)))
}

fn said(rule: &Rule, found: Option<String>) -> Said {
    let Some(text) = found else { return Said::nothing("the rule finds nothing in it") };
    let vote = Vote::of(text == rule.equals);
    Said::explicit(Votes::strictest(&[(rule.purpose, vote)]), "read by the operator's rule")
}

/// What `find` finds: `Some(None)` for nothing, `None` in a malformed value.
fn found(find: &Find, forms: &Forms<'_>) -> Option<Option<String>> {
    match find {
        Find::Path(path) if path.is_empty() => Some(Some(forms.text()?.to_owned())),
        Find::Path(path) => Some(forms.find(Json::parse)?.at(path).map(ToString::to_string)),
        Find::Regex(regex) => Some(group(regex, forms.text()?).map(str::to_owned)),
    }
}

fn group<'t>(regex: &regex::Regex, text: &'t str) -> Option<&'t str> {
    let captures = regex.captures(text)?;
    let group = if captures.len() > 1 { captures.get(1) } else { captures.get(0) };
    group.map(|found| found.as_str())
}
