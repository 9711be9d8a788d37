//! Turns what was allowed before and is allowed now into how the choice was made.
//!
//! 1. Less than before, and nothing more, is a withdrawal, down to nothing too.
//! 2. Nothing is a refusal of all.
//! 3. All purposes that the site asks about, where there are any, is an acceptance of all.
//! 4. Everything else was chosen one by one.

use crate::{
    purpose::{Purpose, PurposeSet},
    record::Method,
};

/// How the visitor, who allowed `before`, came to `now`, having been asked about `asked`.
#[must_use]
pub fn method(before: PurposeSet, now: PurposeSet, asked: PurposeSet) -> Method {
    let within = |inner: PurposeSet, outer: PurposeSet| {
        Purpose::OPTIONAL.into_iter().all(|p| !inner.contains(p) || outer.contains(p))
    };
    match () {
        () if within(now, before) && !within(before, now) => Method::Withdraw,
        () if within(now, PurposeSet::EMPTY) => Method::RejectAll,
        () if !asked.is_empty() && within(asked, now) => Method::AcceptAll,
        () => Method::Custom,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_follow_from_what_was_and_is() {
        use Method::{AcceptAll, Custom, RejectAll, Withdraw};
        let set = |letters: &str| {
            let of = |p: &Purpose| letters.contains(&p.name()[..1]);
            Purpose::OPTIONAL.into_iter().filter(of).collect::<PurposeSet>()
        };
        for (before, now, asked, how) in [
            ("", "", "am", RejectAll),
            ("", "am", "am", AcceptAll),
            ("", "fam", "am", AcceptAll),
            ("", "a", "am", Custom),
            ("am", "a", "am", Withdraw),
            ("am", "", "am", Withdraw),
            ("fam", "am", "am", Withdraw),
            ("a", "m", "am", Custom),
            ("a", "am", "am", AcceptAll),
            ("am", "am", "am", AcceptAll),
            ("a", "a", "am", Custom),
            ("", "a", "", Custom),
        ] {
            assert_eq!(method(set(before), set(now), set(asked)), how, "{before} {now} {asked}");
        }
    }
}
