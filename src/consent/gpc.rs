//! Turns the `Sec-GPC` request header into a refusal (Global Privacy Control, W3C).
//!
//! 1. The value is `1`; any other is as if the header were not there (GPC 3.2).
//! 2. It refuses the purposes that the operator listed, and never grants one.

use super::{
    signal::{Signal, Vote, Votes},
    source::Said,
};
use crate::purpose::PurposeSet;
use http::HeaderMap;

pub(super) fn read(headers: &HeaderMap, refuses: PurposeSet) -> Option<Signal> {
    let sent = headers.get_all("sec-gpc").iter().any(|v| v.as_bytes().trim_ascii() == b"1");
    let vote = |purpose| if refuses.contains(purpose) { Vote::Deny } else { Vote::Silent };
    let votes = Votes::from_fn(vote);
    let refused = sent && votes.any(Vote::Deny);
    refused.then(|| Said::explicit(votes, "the browser sends Sec-GPC: 1").named("gpc"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{consent::Basis, purpose::Purpose};
    use http::HeaderValue;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("sec-gpc".parse().unwrap(), HeaderValue::from_static(value))])
    }

    #[test]
    fn only_one_refuses_and_only_what_is_listed() {
        let refuses = PurposeSet::EMPTY.with(Purpose::Marketing);
        let signal = read(&headers(" 1 "), refuses).unwrap();
        assert_eq!((&*signal.name, signal.basis), ("gpc", Basis::Explicit));
        let votes = Votes { marketing: Vote::Deny, ..Votes::default() };
        assert_eq!(signal.votes, votes);
        for other in ["0", "", "true", "11", "1, 1", "\"1\""] {
            assert_eq!(read(&headers(other), refuses), None, "{other}");
        }
        assert_eq!(read(&headers("1"), PurposeSet::EMPTY), None);
        assert_eq!(read(&HeaderMap::new(), refuses), None);
    }
}
