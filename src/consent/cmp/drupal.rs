//! Turns the cookies of Drupal's EU Cookie Compliance into what they say.
//!
//! 1. `cookie-agreed` is 0 for a refusal and 1 or 2 for a yes; it is written on a choice only.
//! 2. Where the site asks by category, `cookie-agreed-categories` is a JSON list of those that were accepted; others are
//!    refused. Without it the yes is to everything.
//! 3. Categories are the site's own; without a map conventional names count.
//! 4. A choice under another `cookie-agreed-version` than the site's current one says nothing.

use super::conventional;
use crate::consent::{
    json::Json,
    signal::{Vote, Votes},
    source::{Said, Source},
};

/// What the names of the other cookies have after that of the first.
const CATEGORIES: &str = "-categories";
const VERSION: &str = "-version";

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    if let Some(current) = source.revision {
        let held = source.is_always(&format!("{}{VERSION}", source.cookie), current);
        if let Some(said) = source.superseded((held == Some(true)).then_some(current)) {
            return Some(said);
        }
    }
    match value {
        "0" => Some(Said::by(true, Votes::all(Vote::Deny))),
        "1" | "2" => {
            Some(categories(source).unwrap_or_else(|| Said::by(true, Votes::all(Vote::Grant))))
        }
        _ => None,
    }
}

fn categories(source: &Source<'_>) -> Option<Said> {
    let name = format!("{}{CATEGORIES}", source.cookie);
    let renamed = Source { cookie: &name, ..*source };
    renamed.each(|value| {
        let json = Json::parse(value)?;
        let accepted: Vec<&str> = json.list()?.iter().map(Json::text).collect::<Option<_>>()?;
        Some(Said::by(true, conventional::listed(source, &accepted)))
    })
}
