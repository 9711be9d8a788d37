//! What leaves of requests as vendors' scripts make them.

mod formats;
mod properties;
mod rules;

use super::{Config, Fields, Input, Malformed, Report, Shaped, Shaper};
use crate::{
    catalog::{Action, Endpoint, Field},
    purpose::Purpose,
};
use std::time::UNIX_EPOCH;

/// Fields that leave, and others.
pub(super) fn endpoint(keep: &[&str]) -> Endpoint {
    let field = |path: &&str| Field { path: (*path).to_owned(), action: Action::Keep };
    Endpoint { fields: keep.iter().map(field).collect(), ..Endpoint::default() }
}

pub(super) fn with(mut endpoint: Endpoint, action: Action, paths: &[&str]) -> Endpoint {
    let fields = paths.iter().map(|path| Field { path: (*path).to_owned(), action });
    endpoint.fields.splice(0..0, fields);
    endpoint
}

pub(super) fn input<'a>(query: Option<&'a str>, body: &'a [u8]) -> Input<'a> {
    Input {
        path: "/x",
        query,
        body,
        content_type: None,
        content_encoding: None,
        purposes: [Purpose::Analytics].into_iter().collect(),
        client_ip: Some([203, 0, 113, 9].into()),
        now: UNIX_EPOCH,
    }
}

pub(super) fn shape(endpoint: &Endpoint, input: &Input<'_>) -> Result<Shaped, Malformed> {
    Shaper::new(&Config::default()).shape(&Fields::new(endpoint), input)
}

pub(super) fn body(endpoint: &Endpoint, text: &str) -> String {
    let shaped = shape(endpoint, &input(None, text.as_bytes())).unwrap();
    String::from_utf8(shaped.body).unwrap()
}

fn query(endpoint: &Endpoint, text: &str) -> String {
    shape(endpoint, &input(Some(text), b"")).unwrap().query.unwrap()
}

#[test]
fn only_what_is_listed_leaves() {
    let endpoint = endpoint(&["v", "ep.*"]);
    let shaped = shape(&endpoint, &input(Some("v=2&ep.a=x+y&uid=7&ep.b"), b"")).unwrap();
    assert_eq!(shaped.query.unwrap(), "v=2&ep.a=x+y&ep.b");
    let Report { kept, dropped, .. } = shaped.report;
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), ["ep.a", "ep.b", "v"]);
    assert_eq!(dropped.into_iter().collect::<Vec<_>>(), ["uid"]);
}

#[test]
fn json_is_gone_into() {
    let endpoint = endpoint(&["event", "p/a", "p/list/x", "n"]);
    assert_eq!(
        body(
            &endpoint,
            r#"{ "event":"e", "p":{"a":1.0,"b":2,"list":[{"x":"é","y":1},{"y":2}]}, "n":12345678901234567890123, "q":{"a":1} }"#
        ),
        r#"{"event":"e","p":{"a":1.0,"list":[{"x":"é"}]},"n":12345678901234567890123}"#
    );
    assert_eq!(body(&endpoint, r#"{"q":1}"#), "{}");
    assert_eq!(body(&endpoint, r#"[{"q":1}]"#), "[]");
}

#[test]
fn personal_data_goes() {
    let endpoint = endpoint(&["v", "t"]);
    assert_eq!(
        query(&endpoint, "v=to+a%40b.example+now&t=203.0.113.9"),
        "v=to%20%5Bredacted%5D%20now&t=%5Bredacted%5D"
    );
    assert_eq!(body(&endpoint, r#"{"t":"Call +49 151 23456789"}"#), r#"{"t":"Call [redacted]"}"#);
}
