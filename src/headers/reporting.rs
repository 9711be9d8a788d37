//! Turns the headers that tell a browser where to send reports into ones that name no held vendor.
//!
//! 1. `Report-To` is a list of JSON objects, each a group with endpoints (Reporting API, first version).
//! 2. `Reporting-Endpoints` is a dictionary of strings (Reporting API, 3.2; RFC 8941).
//! 3. `NEL` names a group of `Report-To` and goes with it (Network Error Logging, 5.1).
//! 4. `Speculation-Rules` is a list of strings, URLs of rule sets (HTML Standard, speculative loading).
//! 5. What cannot be read goes when it mentions a held vendor.

use super::{
    edit::{Edit, Line, lines},
    list,
    review::{Judge, Review},
};
use crate::catalog::Destination;
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use std::collections::HashSet;

const REPORT_TO: HeaderName = HeaderName::from_static("report-to");
const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");
const NEL: HeaderName = HeaderName::from_static("nel");
const SPECULATION_RULES: HeaderName = HeaderName::from_static("speculation-rules");

/// Which groups of endpoints are left.
#[derive(Debug, Default)]
pub(super) struct Groups {
    kept: HashSet<String>,
    dropped: HashSet<String>,
}

impl Groups {
    /// Whether `group` was there and is no more.
    pub(super) fn lost(&self, group: &str) -> bool {
        self.dropped.contains(group) && !self.kept.contains(group)
    }

    fn sort(&mut self, group: &str, keeps: bool) {
        let set = if keeps { &mut self.kept } else { &mut self.dropped };
        set.insert(group.to_owned());
    }
}

pub(super) fn edits<J: Judge + ?Sized>(
    headers: &HeaderMap,
    review: &mut Review<'_, J>,
) -> (Vec<Edit>, Groups) {
    let mut groups = Groups::default();
    let mut edits = lines(headers, &REPORT_TO, |line| report_to(line, &mut groups, review));
    edits.extend(lines(headers, &REPORTING_ENDPOINTS, |line| endpoints(line, &mut groups, review)));
    edits.extend(lines(headers, &NEL, |line| nel(line, &groups)));
    edits.extend(lines(headers, &SPECULATION_RULES, |line| speculation(line, review)));
    (edits, groups)
}

fn report_to<J: Judge + ?Sized>(
    line: &str,
    groups: &mut Groups,
    review: &mut Review<'_, J>,
) -> Line {
    let Some(objects) = objects(line) else {
        let held = review.mentions("report-to", line, Destination::Ping);
        return if held { Line::Drop } else { Line::Keep };
    };
    let (mut changed, mut kept) = (false, Vec::new());
    for (text, object) in objects {
        let name = object.get("group").and_then(Value::as_str).unwrap_or("default").to_owned();
        let (left, cut) = without_held_endpoints(text, object, review);
        changed |= cut;
        groups.sort(&name, left.is_some());
        kept.extend(left);
    }
    match (changed, kept.is_empty()) {
        (false, _) => Line::Keep,
        (true, true) => Line::Drop,
        (true, false) => Line::Replace(kept.join(", ")),
    }
}

/// The JSON values of a comma-separated list, each with its text.
fn objects(line: &str) -> Option<Vec<(&str, Value)>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        if rest.is_empty() {
            return Some(found);
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let (text, after) = rest.split_at_checked(values.byte_offset())?;
        if !after.is_empty() && !after.trim_ascii_start().starts_with(',') {
            return None;
        }
        found.push((text, value));
        rest = after;
    }
}

/// The group without its held endpoints, if any are left, and whether it changed.
fn without_held_endpoints<J: Judge + ?Sized>(
    text: &str,
    mut group: Value,
    review: &mut Review<'_, J>,
) -> (Option<String>, bool) {
    let Some(endpoints) = group.get_mut("endpoints").and_then(Value::as_array_mut) else {
        return (Some(text.to_owned()), false);
    };
    let before = endpoints.len();
    endpoints.retain(|endpoint| {
        let url = endpoint.get("url").and_then(Value::as_str);
        url.is_none_or(|url| !review.url("report-to", url, Destination::Ping))
    });
    match (endpoints.len() == before, endpoints.is_empty()) {
        (true, _) => (Some(text.to_owned()), false),
        (false, true) => (None, true),
        (false, false) => (Some(group.to_string()), true),
    }
}

fn endpoints<J: Judge + ?Sized>(
    line: &str,
    groups: &mut Groups,
    review: &mut Review<'_, J>,
) -> Line {
    list::retain(list::elements(line), |member| {
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        let keeps = !string_is_held("reporting-endpoints", value, Destination::Ping, review);
        groups.sort(name.trim_ascii(), keeps);
        keeps
    })
}

fn nel(line: &str, groups: &Groups) -> Line {
    let names_lost = |policy: &Value| {
        policy.get("report_to").and_then(Value::as_str).is_some_and(|group| groups.lost(group))
    };
    let lost = match objects(line) {
        Some(policies) => policies.iter().any(|(_, policy)| names_lost(policy)),
        None => !groups.dropped.is_empty(),
    };
    if lost { Line::Drop } else { Line::Keep }
}

fn speculation<J: Judge + ?Sized>(line: &str, review: &mut Review<'_, J>) -> Line {
    list::retain(list::elements(line), |member| {
        !string_is_held("speculation-rules", member, Destination::Other, review)
    })
}

/// Whether a string, parameters after it aside, is the URL of a held vendor.
fn string_is_held<J: Judge + ?Sized>(
    header: &'static str,
    item: &str,
    destination: Destination,
    review: &mut Review<'_, J>,
) -> bool {
    match list::parameters(item).next().and_then(list::unquoted) {
        Some(url) => review.url(header, &url, destination),
        None => review.mentions(header, item, destination),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};
    use crate::headers::apply;
    use http::HeaderValue;

    fn edited(given: &[(&HeaderName, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        apply(&edits(&headers, &mut Review::new(&Fake)).0, &mut headers);
        let names = [REPORT_TO, REPORTING_ENDPOINTS, NEL, SPECULATION_RULES];
        let values = names.iter().flat_map(|name| headers.get_all(name));
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    const HELD: &str =
        r#"{"group":"h","max_age":9,"endpoints":[{"url":"https:\/\/r.held.test/"}]}"#;
    const OWN: &str = r#"{ "group" : "o", "endpoints": [{"url":"/reports"}] }"#;

    #[test]
    fn groups_go_with_their_last_endpoint() {
        assert_eq!(edited(&[(&REPORT_TO, HELD)]), [""; 0]);
        assert_eq!(edited(&[(&REPORT_TO, OWN)]), [OWN]);
        assert_eq!(edited(&[(&REPORT_TO, &format!("{HELD} ,{OWN}, {HELD}"))]), [OWN]);
        assert_eq!(edited(&[(&REPORT_TO, HELD), (&REPORT_TO, OWN)]), [OWN]);
        let two = r#"{"group":"o","endpoints":[{"url":"//held.test"},{"url":"/r","priority":2}]}"#;
        let one = r#"{"group":"o","endpoints":[{"url":"/r","priority":2}]}"#;
        assert_eq!(edited(&[(&REPORT_TO, two)]), [one]);
    }

    #[test]
    fn what_cannot_be_read_goes_when_it_mentions_a_held_vendor() {
        for line in [r#"{"endpoints":[{"url":"https://held.test"}"#, r#"{} x https:\/\/held.test"#]
        {
            assert_eq!(edited(&[(&REPORT_TO, line)]), [""; 0], "{line}");
        }
        assert_eq!(edited(&[(&REPORT_TO, "{x")]), ["{x"]);
        let deep = "[".repeat(60_000);
        assert_eq!(edited(&[(&REPORT_TO, &deep)]), [deep]);
    }

    #[test]
    fn endpoints_go_one_by_one() {
        let given = r#"a="https://held.test/r", b="/own,x";p=1, c=https://HELD.test, d"#;
        assert_eq!(edited(&[(&REPORTING_ENDPOINTS, given)]), [r#"b="/own,x";p=1, d"#]);
    }

    #[test]
    fn nel_goes_with_its_group() {
        let nel = r#"{"report_to":"h","max_age":1}"#;
        assert_eq!(edited(&[(&NEL, nel)]), [nel]);
        assert_eq!(edited(&[(&REPORT_TO, HELD), (&NEL, nel)]), [""; 0]);
        assert_eq!(edited(&[(&REPORT_TO, OWN), (&NEL, nel)]), [OWN, nel]);
        let also = r#"{"group":"h","endpoints":[{"url":"/r"}]}"#;
        assert_eq!(edited(&[(&REPORT_TO, HELD), (&REPORT_TO, also), (&NEL, nel)]), [also, nel]);
    }

    #[test]
    fn rule_sets_of_a_held_vendor_go() {
        let given = r#""/rules.json", "https://held.test/rules.json""#;
        assert_eq!(edited(&[(&SPECULATION_RULES, given)]), [r#""/rules.json""#]);
    }
}
