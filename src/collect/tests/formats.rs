//! Each format that clients send, as they send it, and the same format out.

use super::{body, endpoint, input, shape, with};
use crate::{
    catalog::Action,
    coding::Coding,
    collect::{Input, Malformed, Shaped, body as format},
};
use base64::{Engine, prelude::BASE64_STANDARD};

fn coded(coding: Coding, text: &str) -> Vec<u8> {
    format::encode(coding, text.as_bytes()).unwrap()
}

fn plain(coding: Coding, bytes: &[u8]) -> String {
    let plain = format::decode(coding, bytes, &mut format::Budget::default()).unwrap();
    String::from_utf8(plain).unwrap()
}

fn shaped(keep: &[&str], bytes: &[u8], headers: (Option<&str>, Option<&str>)) -> Shaped {
    let (content_type, content_encoding) = headers;
    let input = Input { content_type, content_encoding, ..input(None, bytes) };
    shape(&endpoint(keep), &input).unwrap()
}

#[test]
fn ga4_single_is_a_query() {
    let query = "v=2&tid=G-ABC1234567&gtm=45je4&_p=1700000000123&cid=1234567890.1700000000&ul=de-de&sr=1920x1080&\
        dl=https%3A%2F%2Fjane%3Apw%40shop.example%2Fcart%3Fmail%3Djane%2540b.com%26utm_source%3Dx%26gclid%3Dabc%23top&\
        en=page_view&ep.note=mail+jane%40b.com&uid=42&_uip=203.0.113.9";
    let keep = ["v", "tid", "gtm", "_p", "cid", "ul", "sr", "en", "ep.*"];
    let endpoint = with(with(endpoint(&keep), Action::Url, &["dl"]), Action::Truncate(2), &["ul"]);
    let shaped = shape(&endpoint, &input(Some(query), b"")).unwrap();
    assert_eq!(
        shaped.query.unwrap(),
        "v=2&tid=G-ABC1234567&gtm=45je4&_p=1700000000123&cid=1234567890.1700000000&ul=de&sr=1920x1080&\
        dl=https%3A%2F%2Fshop.example%2Fcart%3Futm_source%3Dx&en=page_view&ep.note=mail%20%5Bredacted%5D"
    );
    assert!(shaped.body.is_empty() && shaped.content_type.is_none());
    assert!(shaped.report.dropped.contains("uid") && shaped.report.dropped.contains("_uip"));
    assert!(shaped.report.redacted_fields.contains("ep.note"));
}

#[test]
fn ga4_batches_are_lines() {
    let text = "en=page_view&ep.a=1&uid=7\r\nen=scroll&ep.b=jane%40b.com\r\nuid=8\r\nen=x";
    let shaped = shaped(&["en", "ep.*"], text.as_bytes(), (Some("text/plain;charset=UTF-8"), None));
    let left = String::from_utf8(shaped.body).unwrap();
    assert_eq!(left, "en=page_view&ep.a=1\r\nen=scroll&ep.b=%5Bredacted%5D\r\nen=x");
    assert_eq!(shaped.content_type.unwrap(), "text/plain;charset=UTF-8");
}

#[test]
fn meta_sends_queries_and_multipart() {
    let hash = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514";
    let keep = ["id", "ev", "cd[value]", "fbp"];
    let endpoint = with(endpoint(&keep), Action::Url, &["dl"]);
    let query =
        format!("id=1&ev=Purchase&cd[value]=9.99&ud[em]={hash}&fbp=fb.1.1596403881668.1116446470");
    let left = shape(&endpoint, &input(Some(&query), b"")).unwrap().query.unwrap();
    assert_eq!(left, "id=1&ev=Purchase&cd[value]=9.99&fbp=fb.1.1596403881668.1116446470");

    let boundary = "----WebKitFormBoundarysecretid";
    let part = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let parts = [
        part("id", "1"),
        part("dl", "https://x.test/?m=jane@b.com#f"),
        part("ud[em]", hash),
        part("cd[value]", "mail jane@b.com"),
    ];
    let text = format!("{}--{boundary}--\r\n", parts.concat());
    let input =
        Input { content_type: Some("text/html; x=secretid"), ..input(None, text.as_bytes()) };
    let shaped = shape(&endpoint, &input).unwrap();
    let left = String::from_utf8(shaped.body).unwrap();
    let boundary = shaped.content_type.unwrap();
    let boundary = boundary.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(
        left,
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n\
            --{boundary}\r\nContent-Disposition: form-data; name=\"dl\"\r\n\r\nhttps://x.test/\r\n\
            --{boundary}\r\nContent-Disposition: form-data; name=\"cd[value]\"\r\n\r\nmail [redacted]\r\n--{boundary}--\r\n"
        )
    );
    assert!(!left.contains("secretid"));
}

#[test]
fn multipart_files_are_opened() {
    let inner = coded(Coding::Deflate, r#"{"a":"jane@b.com","b":1}"#);
    let mut bytes = b"--x1\r\nContent-Disposition: form-data; name=\"segment\"; filename=\"jane\"\r\nContent-Type: application/octet-stream\r\n\r\n".to_vec();
    bytes.extend(inner);
    bytes.extend(b"\r\n--x1--\r\n");
    let left = shaped(&["segment/a"], &bytes, (None, None)).body;
    let mut budget = format::Budget::default();
    let parts = format::parts(&left, &mut budget).unwrap();
    assert_eq!(plain(Coding::Deflate, &parts[0].value), r#"{"a":"[redacted]"}"#);
    assert!(left.windows(4).all(|w| w != b"jane"));
}

#[test]
fn posthog_sends_gzip_that_no_header_names() {
    let text = r#"{"api_key":"phc_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG","batch":[{"event":"$pageview","properties":{"distinct_id":"0190a1b2-7000-7000-8000-0123456789ab","$current_url":"https://x.test/a?token=1#f","$ip":"203.0.113.9","$set":{"email":"jane@b.com"}}}],"sent_at":"2024-01-15T10:30:00.123Z"}"#;
    let keep = ["api_key", "batch/event", "batch/properties/distinct_id", "sent_at"];
    let endpoint = with(endpoint(&keep), Action::Url, &["batch/properties/$current_url"]);
    for coding in [Coding::Gzip, Coding::Deflate] {
        let bytes = coded(coding, text);
        let input = Input { content_type: Some("text/plain"), ..input(Some("ip=1"), &bytes) };
        let shaped = shape(&endpoint, &input).unwrap();
        assert_eq!(
            plain(coding, &shaped.body),
            r#"{"api_key":"phc_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG","batch":[{"event":"$pageview","properties":{"distinct_id":"0190a1b2-7000-7000-8000-0123456789ab","$current_url":"https://x.test/a"}}],"sent_at":"2024-01-15T10:30:00.123Z"}"#
        );
        assert_eq!(
            (shaped.content_encoding, shaped.content_type.as_deref()),
            (None, Some("text/plain"))
        );
    }
}

#[test]
fn codings_with_a_header_are_put_back() {
    let text = r#"{"events":[{"user_id":"jane@b.com","event_type":"x"}]}"#;
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
        let bytes = coded(coding, text);
        let shaped =
            shaped(&["events/event_type"], &bytes, (Some("application/json"), Some(coding.name())));
        assert_eq!(plain(coding, &shaped.body), r#"{"events":[{"event_type":"x"}]}"#);
        assert_eq!(shaped.content_encoding, Some(coding.name()));
    }
}

#[test]
fn mixpanel_sends_forms_that_hold_json() {
    let json =
        r#"[{"event":"Sign up","properties":{"token":"T","$email":"jane@b.com","city":"Köln"}}]"#;
    let left = r#"[{"event":"Sign up","properties":{"token":"T","city":"Köln"}}]"#;
    let endpoint =
        endpoint(&["data/event", "data/properties/token", "data/properties/city", "verbose"]);
    let form = |text: &str| {
        let mut out = "verbose=1&data=".to_owned();
        format::encode_query(text, &mut out);
        out
    };
    assert_eq!(body(&endpoint, &form(json)), form(left));
    let base64 = |text: &str| BASE64_STANDARD.encode(text);
    assert_eq!(body(&endpoint, &form(&base64(json))), form(&base64(left)));
    assert_eq!(body(&endpoint, &form(r#"{"properties":{"$email":"x"}}"#)), "verbose=1");
    assert_eq!(body(&endpoint, "verbose=1&data=no+JSON"), "verbose=1");
}

#[test]
fn linkedin_sends_base64_of_gzip_of_json() {
    let bytes = coded(Coding::Gzip, r#"{"pids":[1,2],"hem":"x","url":"https://x.test/?q=1"}"#);
    let text = BASE64_STANDARD.encode(&bytes);
    let left = body(&with(endpoint(&["pids"]), Action::Url, &["url"]), &text);
    let left = BASE64_STANDARD.decode(left).unwrap();
    assert_eq!(plain(Coding::Gzip, &left), r#"{"pids":[1,2],"url":"https://x.test/"}"#);
}

#[test]
fn datadog_sends_lines_of_json() {
    let text = concat!(
        r#"{"type":"view","usr":{"email":"jane@b.com"},"view":{"url":"https://x.test/a?b#c"},"date":1700000000123}"#,
        "\n",
        r#"{"type":"action","usr":{"id":"1"}}"#,
        "\n",
        r#"{"usr":{"id":"1"}}"#
    );
    let endpoint = with(endpoint(&["type", "date"]), Action::Url, &["view/url"]);
    assert_eq!(
        body(&endpoint, text),
        "{\"type\":\"view\",\"view\":{\"url\":\"https://x.test/a\"},\"date\":1700000000123}\n{\"type\":\"action\"}\n{}"
    );
}

#[test]
fn sentry_envelopes_count_anew() {
    let payload = "{\"message\":\"failed\",\n\"user\":{\"email\":\"jane@b.com\"}}";
    let text = format!(
        "{{\"event_id\":\"1\",\"dsn\":\"x\"}}\n{{\"type\":\"event\",\"length\":{}}}\n{payload}\n{{\"type\":\"session\"}}\n{{\"sid\":\"1\",\"message\":\"m\"}}\n",
        payload.len()
    );
    assert_eq!(
        body(&endpoint(&["event_id", "type", "length", "message"]), &text),
        "{\"event_id\":\"1\"}\n{\"type\":\"event\",\"length\":20}\n{\"message\":\"failed\"}\n{\"type\":\"session\"}\n{\"message\":\"m\"}\n"
    );
}

#[test]
fn snowplow_sends_json_that_holds_base64_of_json() {
    let context = r#"{"schema":"iglu:x","data":[{"data":{"id":"0190a1b2","email":"jane@b.com"}}]}"#;
    let safe = base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let text = format!(
        r#"{{"schema":"iglu:y","data":[{{"e":"pv","cx":"{}","ip":"203.0.113.9"}}]}}"#,
        safe.encode(context)
    );
    let left =
        body(&endpoint(&["schema", "data/e", "data/cx/schema", "data/cx/data/data/id"]), &text);
    let context = r#"{"schema":"iglu:x","data":[{"data":{"id":"0190a1b2"}}]}"#;
    assert_eq!(
        left,
        format!(r#"{{"schema":"iglu:y","data":[{{"e":"pv","cx":"{}"}}]}}"#, safe.encode(context))
    );
    // Kept as a whole, it still passes the detectors.
    let left = body(&endpoint(&["data/cx"]), &text);
    assert!(!left.contains(&safe.encode("jane@b.com")[..8]));
}

#[test]
fn segment_and_alloy_send_json_as_text() {
    let text = r#"{"userId":"jane@b.com","anonymousId":"0190a1b2-7000-7000-8000-0123456789ab","context":{"page":{"url":"https://u:p@x.test/a?email=jane%40b.com"},"ip":"203.0.113.9"},"traits":{"email":"jane@b.com"}}"#;
    let endpoint = with(
        with(endpoint(&["anonymousId"]), Action::Url, &["context/page/url"]),
        Action::Hash,
        &["userId"],
    );
    let shaped = shape(
        &endpoint,
        &Input { content_type: Some("text/plain"), ..input(None, text.as_bytes()) },
    )
    .unwrap();
    let left = String::from_utf8(shaped.body).unwrap();
    let hash = left.strip_prefix("{\"userId\":\"").unwrap().get(..16).unwrap();
    assert!(hash.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(left.ends_with(r#","anonymousId":"0190a1b2-7000-7000-8000-0123456789ab","context":{"page":{"url":"https://x.test/a"}}}"#), "{left}");

    let text = r#"{"events":[{"xdm":{"identityMap":{"Email":[{"id":"jane@b.com"}],"ECID":[{"id":"123"}]},"web":{"webPageDetails":{"name":"Home"}}}}]}"#;
    let endpoint = super::endpoint(&["events/xdm/identityMap/ECID/id", "events/xdm/web/**"]);
    assert_eq!(
        body(&endpoint, text),
        r#"{"events":[{"xdm":{"identityMap":{"ECID":[{"id":"123"}]},"web":{"webPageDetails":{"name":"Home"}}}}]}"#
    );
}

#[test]
fn matomo_batches_and_datadog_forwards_hold_queries() {
    let endpoint = with(
        endpoint(&["requests/idsite", "send_image", "ddforward/ddsource"]),
        Action::Url,
        &["requests/url"],
    );
    assert_eq!(
        body(
            &endpoint,
            r#"{"requests":["?idsite=1&uid=jane%40b.com&url=https%3A%2F%2Fx.test%2F%3Fa","?uid=7"],"send_image":0}"#
        ),
        r#"{"requests":["?idsite=1&url=https%3A%2F%2Fx.test%2F","?"],"send_image":0}"#
    );
    let left = shape(
        &endpoint,
        &input(Some("ddforward=%2Fapi%2Fv2%2Frum%3Fddsource%3Dbrowser%26usr%3Djane"), b""),
    )
    .unwrap();
    assert_eq!(left.query.unwrap(), "ddforward=%2Fapi%2Fv2%2Frum%3Fddsource%3Dbrowser");
}

#[test]
fn floodlight_parameters_in_the_path_are_fields() {
    let endpoint = with(endpoint(&["src", "type"]), Action::Url, &["~oref"]);
    let input = Input {
        path: "/activity;src=1;type=a;u1=jane%40b.com;~oref=https%3A%2F%2Fx.test%2Fjane?x",
        ..input(None, b"")
    };
    assert_eq!(
        shape(&endpoint, &input).unwrap().path,
        "/activity;src=1;type=a;~oref=https%3A%2F%2Fx.test%2Fjane"
    );
    let input = Input { path: "/activity;src=1;u1=https://x.test/jane", ..input };
    assert_eq!(shape(&endpoint, &input).unwrap().path, "/activity;src=1");
    let input = Input { path: "/api/jane%40b.com/203.0.113.9/envelope/", ..input };
    assert_eq!(
        shape(&endpoint, &input).unwrap().path,
        "/api/%5Bredacted%5D/%5Bredacted%5D/envelope/"
    );
}

#[test]
fn what_cannot_be_read_does_not_leave() {
    use Malformed::{Coding as BadCoding, Json, Multipart, TooLarge, Unknown};
    let gzip = coded(Coding::Gzip, "{}");
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let bomb = coded(Coding::Gzip, &" ".repeat(8 << 20));
    let fields = "a=1&".repeat(60_000);
    for (bytes, header, why) in [
        (&b"\x08\x96\x01\x12\x04test"[..], None, Unknown),
        (b"just text", None, Unknown),
        (b"a=1\x00", None, Unknown),
        (b"\xff=1", None, Unknown),
        (b"{\"a\":1", None, Json),
        (b"{\"a\":1}x", None, Json),
        (b"{\"a\":1}\n3", None, Json),
        (b"{\"a\":01}", None, Json),
        (b"--x\r\nno", None, Multipart),
        (b"{}", Some("gzip"), BadCoding),
        (&gzip, Some("gzip, br"), BadCoding),
        (&gzip[..gzip.len() - 3], None, Unknown),
        (b"{}", Some("x\n"), BadCoding),
        (deep.as_bytes(), None, Json),
        (&bomb, Some("gzip"), BadCoding),
        (&bomb, None, Unknown),
        (fields.as_bytes(), None, TooLarge),
    ] {
        let input = Input { content_encoding: header, ..input(None, bytes) };
        assert_eq!(shape(&endpoint(&["**"]), &input).err(), Some(why), "{:?}", bytes.get(..20));
    }
    assert_eq!(shape(&endpoint(&[]), &input(None, b" \n")).unwrap().body, b"");
}
