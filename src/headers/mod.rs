//! Turns message heads into [`Edit`]s: what contacts a gated vendor goes, and what caches compare says the consent state.
//!
//! 1. The decisions are the page's own ([`Judge`], made by [`crate::policy::Gate`]); the head and the body cannot disagree.
//! 2. `Link`, `Refresh`, `Set-Cookie` and the reporting headers act in every response, not in pages alone.
//! 3. A head on which consent decided anything is not for shared caches, whatever its body is.
//! 4. A head with nothing of anybody's has no edits but those of validators and caching.
//! 5. Work and memory are linear in the size of the head.

mod caching;
mod cookies;
mod csp;
mod edit;
#[cfg(test)]
mod fake;
mod link;
mod list;
mod refresh;
mod reporting;
mod request;
mod review;
mod set_cookie;
mod validators;

use self::review::Review;
pub use self::{
    cookies::{MOST as MOST_ENDED, cookies, ended, endings},
    csp::{inline_script, needs_integrity},
    edit::{Edit, apply},
    request::{file_request, is_document, request},
    review::Judge,
};
use crate::policy::{Finding, Mode, csp::OwnNeeds};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// The name of the header that tells the operator what was done; see [`operator`].
pub const OPERATOR: HeaderName = HeaderName::from_static("consentry");

const MAPS: [HeaderName; 2] =
    [HeaderName::from_static("sourcemap"), HeaderName::from_static("x-sourcemap")];

/// What makes two versions of one page differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<'s> {
    /// The consent class, lower case letters: [`crate::policy::Ruling::class`].
    pub class: &'s str,
    /// Hexadecimal digits that change with the configuration, the catalogue and the filter lists.
    pub fingerprint: &'s str,
}

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.class, self.fingerprint)
    }
}

/// What the caller knows of a response.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// Whether the body goes through the rewriter (or, for a 304 or a HEAD, would).
    pub rewritten: bool,
    /// Whether the body depends on consent.
    pub depends_on_consent: bool,
    /// The request's state.
    pub state: State<'f>,
    /// The request headers from which consent is read, as `Cookie`.
    pub signals: &'f [&'f str],
    /// What the scripts need that the rewriter may insert.
    pub own: &'f OwnNeeds,
    /// Whether the policies that hold lose what serves gated vendors alone.
    pub narrow: bool,
    /// A policy of our own.
    pub ours: Option<OwnPolicy<'f>>,
}

/// A content security policy of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPolicy<'f> {
    /// Its text.
    pub text: &'f str,
    /// Whether it holds, or only reports.
    pub holds: bool,
}

/// Edits of the final head of a page, with the findings in it.
#[must_use]
pub fn page<J: Judge + ?Sized>(
    headers: &HeaderMap,
    judge: &J,
    facts: &Facts<'_>,
) -> (Vec<Edit>, Vec<Finding>) {
    let mut review = Review::new(judge);
    let Facts { own, narrow, .. } = *facts;
    let wanted = facts.rewritten.then_some(csp::Wanted { own, narrow });
    let mut edits = contacts(headers, wanted, &mut review);
    edits.extend(facts.ours.iter().flat_map(csp::more));
    if facts.rewritten {
        edits.extend(validators::response(headers, &facts.state));
    }
    if facts.depends_on_consent || review.depends() {
        edits.extend(caching::edits(headers, facts.signals));
    }
    (edits, review.into_findings())
}

/// Edits of the final head of any other response, with the findings in it. `signals` are as in [`Facts`].
#[must_use]
pub fn subresource<J: Judge + ?Sized>(
    headers: &HeaderMap,
    judge: &J,
    signals: &[&str],
) -> (Vec<Edit>, Vec<Finding>) {
    let mut review = Review::new(judge);
    let mut edits = contacts(headers, None, &mut review);
    if review.depends() {
        edits.extend(caching::edits(headers, signals));
    }
    (edits, review.into_findings())
}

/// Edits that give a worker's script a policy of its own, under which it runs whatever the policy of its page is (HTML Standard,
/// 10.2.4, "run a worker").
#[must_use]
pub fn worker(headers: &HeaderMap, signals: &[&str], ours: &OwnPolicy<'_>) -> Vec<Edit> {
    let own = csp::more(ours);
    own.into_iter().chain(caching::edits(headers, signals)).collect()
}

/// Edits of the final head of a file that is rewritten in the same way for every visitor, in the one `state` of it, 304
/// included; with the findings in it. What names the map of its own bytes goes (ECMA-426, 11.1.1).
#[must_use]
pub fn file<J: Judge + ?Sized>(
    headers: &HeaderMap,
    judge: &J,
    signals: &[&str],
    state: &State<'_>,
) -> (Vec<Edit>, Vec<Finding>) {
    let (mut edits, findings) = subresource(headers, judge, signals);
    edits.extend(validators::response(headers, state));
    edits.extend(edit::removals(headers, MAPS));
    (edits, findings)
}

/// Edits of the head of a 103, in which browsers read links (RFC 8297), with the findings in it.
#[must_use]
pub fn early_hints<J: Judge + ?Sized>(headers: &HeaderMap, judge: &J) -> (Vec<Edit>, Vec<Finding>) {
    let mut review = Review::new(judge);
    let edits = link::edits(headers, &mut review);
    (edits, review.into_findings())
}

/// The value of [`OPERATOR`]: `enforce; consent=none`, or the mode alone where pages are as they came and any cache may
/// share them.
#[must_use]
pub fn operator(mode: Mode, class: &str) -> HeaderValue {
    let mode = match mode {
        Mode::Enforce => {
            let whole = HeaderValue::try_from(format!("enforce; consent={class}"));
            return whole.unwrap_or(HeaderValue::from_static("enforce"));
        }
        Mode::Report => "report",
        Mode::Off => "off",
    };
    HeaderValue::from_static(mode)
}

/// Edits of what makes a browser contact somebody.
fn contacts<J: Judge + ?Sized>(
    headers: &HeaderMap,
    wanted: Option<csp::Wanted<'_>>,
    review: &mut Review<'_, J>,
) -> Vec<Edit> {
    let mut edits = link::edits(headers, review);
    edits.extend(refresh::edits(headers, review));
    edits.extend(set_cookie::edits(headers, review));
    let (reports, groups) = reporting::edits(headers, review);
    edits.extend(reports);
    edits.extend(csp::edits(headers, wanted, &groups, review));
    edits
}

#[cfg(test)]
mod tests;
