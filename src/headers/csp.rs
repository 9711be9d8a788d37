//! Turns content security policies into ones that report to no held vendor and let our own scripts run.
//!
//! 1. A line is a list of policies, separated by commas whatever is around them (CSP 3, 2.2.2; Fetch, "extracting
//!    header list values"); all of them hold.
//! 2. `report-uri` names URLs and `report-to` a group (CSP 3, 6.5): what is a held vendor's goes, the rest stays.
//! 3. Our scripts run by the page's nonce, or else by their hashes or paths ([`csp`]); the policies that only report get those
//!    too, or the site's reports would fill with our scripts.
//! 4. What serves gated vendors alone goes from the lists of the policies that hold. Those that only report keep it: they stop nothing,
//!    and their reports are about the site's own doing.
//! 5. A policy of our own is one line more, so that both hold.
//! 6. A list that lets an allowed vendor through which the site itself serves lets the site's own path through too.

use super::{
    OwnPolicy,
    edit::{self, Edit, Line, lines},
    reporting::Groups,
    review::{Judge, Review},
};
use crate::{
    catalog::Destination,
    policy::csp::{self, Directive, Inline, OwnNeeds},
};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY},
};

/// What lets an inline script run under the response's own policies.
#[must_use]
pub fn inline_script(headers: &HeaderMap) -> Inline {
    let lines: Vec<_> = headers.get_all(CONTENT_SECURITY_POLICY).iter().map(edit::text).collect();
    let policies: Vec<_> = lines.iter().flat_map(|line| line.split(',')).collect();
    csp::inline_script(&policies)
}

/// Whether a policy of the response that holds knows our files by their hashes alone.
#[must_use]
pub fn needs_integrity(headers: &HeaderMap) -> bool {
    let nonce = match inline_script(headers) {
        Inline::Nonce(nonce) => Some(nonce),
        Inline::Free | Inline::Hashes => None,
    };
    let mut lines = headers.get_all(CONTENT_SECURITY_POLICY).iter().map(edit::text);
    lines.any(|line| line.split(',').any(|p| csp::needs_integrity(p, nonce.as_deref())))
}

/// The header of a policy that holds, or of one that only reports.
const fn header_of(holds: bool) -> HeaderName {
    if holds { CONTENT_SECURITY_POLICY } else { CONTENT_SECURITY_POLICY_REPORT_ONLY }
}

/// The lines of a policy of our own.
pub(super) fn more(ours: &OwnPolicy<'_>) -> Vec<Edit> {
    let Ok(text) = HeaderValue::from_str(ours.text) else { return Vec::new() };
    let mut edits = vec![Edit::Append(header_of(ours.holds), text)];
    if csp::directives(ours.text).any(|directive| directive.name == "report-to") {
        let endpoint = format!("{}=\"{}\"", csp::GROUP, csp::REPORTS);
        let endpoint = HeaderValue::try_from(endpoint).ok();
        edits.extend(endpoint.map(|value| Edit::Append(REPORTING_ENDPOINTS, value)));
    }
    edits
}

const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");

/// What pages are told of their policies.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    /// What our own scripts need.
    pub(super) own: &'w OwnNeeds,
    /// Whether what serves gated vendors alone goes.
    pub(super) narrow: bool,
}

/// `wanted` is `None` for what is no page, where nothing is let through either.
pub(super) fn edits<J: Judge + ?Sized>(
    headers: &HeaderMap,
    wanted: Option<Wanted<'_>>,
    groups: &Groups,
    review: &mut Review<'_, J>,
) -> Vec<Edit> {
    let nonce = match inline_script(headers) {
        Inline::Nonce(nonce) => Some(nonce),
        Inline::Free | Inline::Hashes => None,
    };
    let own = wanted.map(|wanted| OwnNeeds { nonce, ..wanted.own.clone() });
    let narrow = wanted.is_some_and(|wanted| wanted.narrow);
    let mut edits = lines(headers, &CONTENT_SECURITY_POLICY, |line| {
        policies(line, |policy| {
            changed(policy, "content-security-policy", (own.as_ref(), narrow), groups, review)
        })
    });
    let name = "content-security-policy-report-only";
    edits.extend(lines(headers, &CONTENT_SECURITY_POLICY_REPORT_ONLY, |line| {
        policies(line, |policy| changed(policy, name, (own.as_ref(), false), groups, review))
    }));
    edits
}

/// The policy without reports to held vendors, perhaps narrowed, and with what our own scripts need; `None` when that is no change.
fn changed<J: Judge + ?Sized>(
    policy: &str,
    place: &'static str,
    (own, narrow): (Option<&OwnNeeds>, bool),
    groups: &Groups,
    review: &mut Review<'_, J>,
) -> Option<String> {
    let mut text = without_reports(policy, place, groups, review);
    let then = |new: Option<String>, text: &mut Option<String>| {
        if new.is_some() {
            *text = new;
        }
    };
    if narrow {
        let new = csp::narrowed(text.as_deref().unwrap_or(policy), |s| review.only_held(s));
        then(new, &mut text);
    }
    let served = |source: &str| own.and_then(|_| review.own_source(source));
    let new = csp::with_sources(text.as_deref().unwrap_or(policy), served);
    then(new, &mut text);
    let text = text.unwrap_or_else(|| policy.to_owned());
    let new = own.map_or_else(|| text.clone(), |own| csp::for_own(&text, own));
    (new != policy).then_some(new)
}

/// The line whose policies `change` has changed; a policy that is empty then goes.
fn policies(line: &str, mut change: impl FnMut(&str) -> Option<String>) -> Line {
    let (mut changed, mut kept) = (false, Vec::new());
    for policy in line.split(',') {
        match change(policy) {
            None => kept.push(policy.to_owned()),
            Some(new) => {
                changed = true;
                kept.extend(Some(new).filter(|new| csp::directives(new).next().is_some()));
            }
        }
    }
    match (changed, kept.is_empty()) {
        (false, _) => Line::Keep,
        (true, true) => Line::Drop,
        (true, false) => Line::Replace(kept.join(",").trim_ascii().to_owned()),
    }
}

/// The policy without the reports that go to a held vendor; `None` when there are none.
fn without_reports<J: Judge + ?Sized>(
    policy: &str,
    place: &'static str,
    groups: &Groups,
    review: &mut Review<'_, J>,
) -> Option<String> {
    let (mut text, mut from, mut changed) = (String::new(), 0, false);
    for directive in csp::directives(policy) {
        let Some(left) = report_left(&directive, place, groups, review) else { continue };
        changed = true;
        text.push_str(policy.get(from..directive.span.start)?);
        text.push_str(&left);
        from = directive.span.end;
        if left.is_empty() {
            from = (from + 1).min(policy.len());
        }
    }
    text.push_str(policy.get(from..)?);
    changed.then_some(text)
}

/// What is left of a directive that reports to a held vendor, perhaps nothing; `None` for any other directive.
fn report_left<J: Judge + ?Sized>(
    directive: &Directive<'_>,
    place: &'static str,
    groups: &Groups,
    review: &mut Review<'_, J>,
) -> Option<String> {
    let tokens: Vec<_> = directive.value.split_ascii_whitespace().collect();
    let is = |name| directive.name.eq_ignore_ascii_case(name);
    let kept: Vec<_> = if is("report-uri") {
        let keep = |url: &&str| !review.url(place, url, Destination::Ping);
        tokens.iter().copied().filter(keep).collect()
    } else if is("report-to") {
        tokens.iter().copied().filter(|group| !groups.lost(group)).collect()
    } else {
        return None;
    };
    match (kept.len() == tokens.len(), kept.is_empty()) {
        (true, _) => None,
        (false, true) => Some(String::new()),
        (false, false) => Some(format!("{} {}", directive.name, kept.join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};
    use crate::headers::{apply, reporting};
    use http::HeaderValue;

    const HASH: &str = "'sha256-YQ=='";

    fn edited(enforced: &[&str], reported: &[&str], hashes: &[String]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        let (csp, only) = (CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY);
        let given = enforced.iter().map(|v| (&csp, v)).chain(reported.iter().map(|v| (&only, v)));
        for (name, value) in given {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers.insert("reporting-endpoints", r#"h="//held.test""#.parse().unwrap());
        let mut review = Review::new(&Fake);
        let groups = reporting::edits(&headers, &mut review).1;
        let own = OwnNeeds::inline(hashes.to_vec());
        let wanted = Some(Wanted { own: &own, narrow: true });
        apply(&edits(&headers, wanted, &groups, &mut review), &mut headers);
        let values =
            [csp, only].map(|name| headers.get_all(name).iter().cloned().collect::<Vec<_>>());
        values.into_iter().flatten().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn reports_to_a_held_vendor_go_alone() {
        for (given, expected) in [
            ("img-src *; report-uri https://held.test/r; x", "img-src *;  x"),
            ("REPORT-URI //held.test /own //held.test; x", "REPORT-URI /own; x"),
            ("report-uri /own;  x  ,  y", "report-uri /own;  x  ,  y"),
            ("x; report-to h", "x;"),
            ("x; report-to g", "x; report-to g"),
            ("img-src served.test", "img-src served.test https://site.test/v/"),
            ("form-action https://held.test; sandbox", "form-action https://held.test; sandbox"),
            ("x, report-uri //held.test ; , y", "x, y"),
        ] {
            assert_eq!(edited(&[given], &[], &[]), [expected]);
            assert_eq!(edited(&[], &[given], &[]), [expected]);
        }
        assert_eq!(edited(&["report-uri //held.test", "x"], &["report-to h"], &[]), ["x"]);
    }

    #[test]
    fn only_policies_that_hold_are_narrowed() {
        let given = "script-src 'nonce-n' https://a.held.test a.test; img-src held.test; frame-ancestors held.test";
        let left = "script-src 'nonce-n' a.test; img-src 'none'; frame-ancestors held.test";
        assert_eq!(edited(&[given], &[given], &[]), [left, given]);
        let two = [format!("{given}, default-src *.held.test"), "default-src https:".to_owned()];
        let two: Vec<&str> = two.iter().map(String::as_str).collect();
        let expected = format!("{left}, default-src 'none'");
        assert_eq!(edited(&two, &[], &[]), [expected.as_str(), "default-src https:"]);
    }

    #[test]
    fn hashes_are_added_only_without_a_common_nonce() {
        let hashes = [HASH.to_owned()];
        assert_eq!(
            edited(&["script-src a,default-src b", "img-src c"], &["script-src d"], &hashes),
            [
                format!("script-src a {HASH},default-src b; script-src b {HASH}"),
                "img-src c".to_owned(),
                format!("script-src d {HASH}"),
            ]
        );
        assert_eq!(
            edited(&["script-src 'nonce-n'"], &["script-src 'nonce-n'", "script-src a"], &hashes),
            ["script-src 'nonce-n'", "script-src 'nonce-n'", &format!("script-src a {HASH}")]
        );
        assert_eq!(
            edited(&["script-src 'nonce-n'", "script-src 'nonce-m'"], &[], &hashes),
            [format!("script-src 'nonce-n' {HASH}"), format!("script-src 'nonce-m' {HASH}")]
        );
        let free = ["script-src 'unsafe-inline' a", "img-src *"];
        assert_eq!(edited(&free, &free[..1], &hashes), [free[0], free[1], free[0]]);
    }
}
