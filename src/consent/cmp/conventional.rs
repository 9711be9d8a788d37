//! Turns the names that sites give to categories and services into purposes, where no map says what they mean.
//!
//! 1. A site's map is the whole truth where there is one: nothing but its names counts then.
//! 2. Without a map the maker's names count, and then the names below, without regard to case, blanks, `-` and `_`.
//! 3. Without a map, a refused name that is unknown silences every grant: it may be of any purpose.

use crate::{
    consent::{
        signal::{Vote, Votes},
        source::Source,
    },
    purpose::Purpose,
};

const NECESSARY: &str =
    "necessary essential required strictlynecessary strictly basic system technical security";

const FUNCTIONAL: &str = "functional functionality preferences preference personalization personalisation convenience \
    comfort youtube vimeo googlemaps";

const ANALYTICS: &str = "analytics analytic statistics statistic stats performance measurement ga ga4 gtag googleanalytics \
    googleanalytics4 matomo matomocloud piwik piwikpro hotjar clarity microsoftclarity plausible";

const MARKETING: &str = "marketing ads ad advertising advertisement advertisements targeting tracking social socialmedia \
    remarketing retargeting externalmedia googleads googleadwords adwords doubleclick facebook facebookpixel meta metapixel \
    linkedin linkedininsight linkedininsighttag tiktok tiktokpixel pinterest pinteresttag snapchat twitter twitterpixel bing \
    bingads microsoftads criteo taboola outbrain";

const CONVENTIONS: [(&str, Purpose); 4] = [
    (NECESSARY, Purpose::Necessary),
    (FUNCTIONAL, Purpose::Functional),
    (ANALYTICS, Purpose::Analytics),
    (MARKETING, Purpose::Marketing),
];

/// The names that have a purpose by convention, folded: lower case, without blanks, `-`, `_` and `.`.
pub fn conventions() -> impl Iterator<Item = (Purpose, impl Iterator<Item = &'static str>)> {
    CONVENTIONS.iter().map(|(words, purpose)| (*purpose, words.split_ascii_whitespace()))
}

/// The purpose that `name` has by convention.
pub(super) fn purpose(name: &str) -> Option<Purpose> {
    let plain = |c: &char| !matches!(c, ' ' | '-' | '_' | '.');
    let folded: String = name.chars().filter(plain).map(|c| c.to_ascii_lowercase()).collect();
    among(&folded, &CONVENTIONS)
}

/// The purpose of the words of `table` that `name` is among.
pub(super) fn among(name: &str, table: &[(&str, Purpose)]) -> Option<Purpose> {
    let is_in = |words: &str| words.split_ascii_whitespace().any(|word| word == name);
    table.iter().find(|(words, _)| is_in(words)).map(|(_, purpose)| *purpose)
}

/// The votes cast by names, each of which the site's map, or else `maker`, or else convention gives a purpose.
pub(super) fn votes(
    source: &Source<'_>,
    cast: &[(&str, Vote)],
    maker: impl Fn(&str) -> Option<Purpose>,
) -> Votes {
    if !source.map.is_empty() {
        return source.votes(cast.iter().copied(), &[]);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (name, vote) in cast {
        match maker(name).or_else(|| purpose(name)) {
            Some(purpose) => known.push((purpose, *vote)),
            None => unknown.push(*vote),
        }
    }
    if unknown.contains(&Vote::Deny) {
        known.extend(Purpose::OPTIONAL.map(|purpose| (purpose, Vote::Silent)));
    }
    Votes::strictest(&known)
}

/// The votes of a list of what was accepted, by convention or by the site's map; what is in no list is refused.
pub(super) fn listed(source: &Source<'_>, accepted: &[&str]) -> Votes {
    if !source.map.is_empty() {
        return source.listed(accepted, &[]);
    }
    let given: Vec<_> = accepted.iter().filter_map(|name| purpose(name)).collect();
    Votes::from_fn(|purpose| Vote::of(given.contains(&purpose)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_and_no_word_has_two_purposes() {
        assert_eq!(purpose("Google_Analytics"), Some(Purpose::Analytics));
        assert_eq!(purpose("Facebook Pixel"), Some(Purpose::Marketing));
        assert_eq!(purpose("google"), None);
        assert_eq!(purpose(""), None);
        for (words, expected) in CONVENTIONS {
            for word in words.split_ascii_whitespace() {
                assert_eq!(purpose(word), Some(expected), "{word}");
            }
        }
    }
}
