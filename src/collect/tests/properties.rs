//! What holds for every request, in every format.

use super::{endpoint, input};
use crate::{
    catalog::{Dialect, Endpoint},
    coding::Coding,
    collect::{
        ClientIp, Config, Fields, Input, Malformed, Shaped, Shaper, Unlisted, body as format,
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// What no output may hold: neither as it is nor, in the plants below, in other spellings.
const MARKER: &str = "zqx7marker";

const IP: &str = "203.0.113.77";

/// JSON whose listed names are `a` to `d`; below names of other letters stands what must not leave.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(|n| Value::from(n % 100_000)),
        "[a-z éß\"\\\\\n]{0,8}".prop_map(Value::from),
        Just(json!(IP)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]", inner.clone()), 0..4)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ("[a-d]", inner, "[p-z]{2,4}").prop_map(|(name, value, secret)| {
                json!({ name: value, secret: { "a": MARKER, "deep": [MARKER, { "b": MARKER }] } })
            }),
            "[p-z]{2}".prop_map(|secret| json!({ "a": json!({ secret: MARKER }).to_string() })),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    (tree(), tree()).prop_map(|(a, b)| json!({ "a": a, "secret": MARKER, "b": b }))
}

/// `json` in the format `which`, and the header for its coding.
fn written(json: &Value, which: usize) -> (Vec<u8>, Option<&'static str>) {
    let text = json.to_string();
    let coded = |coding| format::encode(coding, text.as_bytes()).unwrap();
    let form = |value: &str| {
        let mut out = format!("secret={MARKER}&a=");
        format::encode_query(value, &mut out);
        out
    };
    match which {
        0 => (text.into_bytes(), None),
        1 => (format!("{text}\n{text}\n").into_bytes(), None),
        2 => (form(&text).into_bytes(), None),
        3 => (form(&BASE64_STANDARD.encode(&text)).into_bytes(), None),
        4 => (format!("{}\r\n{}", form(&text), form("x")).into_bytes(), None),
        5 => (coded(Coding::Gzip), None),
        6 => (coded(Coding::Deflate), None),
        7 => (coded(Coding::Gzip), Some("gzip")),
        8 => (BASE64_STANDARD.encode(coded(Coding::Gzip)).into_bytes(), None),
        9 => (multipart(&text), None),
        _ => (
            format!("{{\"type\":\"event\",\"length\":{}}}\n{text}\n", text.len()).into_bytes(),
            None,
        ),
    }
}

const FORMATS: usize = 11;

fn multipart(text: &str) -> Vec<u8> {
    let part = |name: &str, value: &str| {
        format!(
            "--{MARKER}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{MARKER}\"\r\nX: {MARKER}\r\n\r\n{value}\r\n"
        )
    };
    format!("{}{}--{MARKER}--\r\n", part("a", text), part("secret", MARKER)).into_bytes()
}

static LISTED: LazyLock<Fields> = LazyLock::new(|| {
    let names = names();
    fields(&names.iter().map(String::as_str).collect::<Vec<_>>())
});

fn fields(keep: &[&str]) -> Fields {
    let ip = Some("ip".to_owned());
    Fields::new(&Endpoint { ip, dialect: Dialect::Google, ..endpoint(keep) })
}

fn shaped(config: &Config, keep: &[&str], input: &Input<'_>) -> Result<Shaped, Malformed> {
    Shaper::new(config).shape(&fields(keep), input)
}

/// All that `bytes` say, without the codings around.
fn opened(shaped: &Shaped) -> String {
    let mut budget = format::Budget::default();
    let coding = format::declared(shaped.content_encoding).unwrap();
    let bytes = if shaped.body.is_empty() {
        Vec::new()
    } else {
        format::decode(coding, &shaped.body, &mut budget).unwrap()
    };
    let bare = format::strip(bytes.into(), &mut budget);
    let text = String::from_utf8(bare.bytes.into_owned()).unwrap();
    let plain = format::decode_query(&text).into_owned();
    let base64 = plain.split(['=', '&', '"', '\r']).filter_map(|part| {
        BASE64_STANDARD
            .decode(part)
            .or_else(|_| {
                BASE64_STANDARD
                    .decode(format!("{part}="))
                    .or_else(|_| BASE64_STANDARD.decode(format!("{part}==")))
            })
            .ok()
    });
    let hidden: Vec<String> =
        base64.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    let Shaped { path, query, content_type, report, .. } = shaped;
    format!("{path} {query:?} {text} {plain} {hidden:?} {content_type:?} {report:?}")
}

/// The paths of `a` to `d` up to six deep, deeper than any tree here, one by one, since a pattern cannot say so.
fn names() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..6 {
        last = last
            .iter()
            .flat_map(|path| {
                ["a", "b", "c", "d"].map(|name| {
                    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
                })
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_unlisted_and_no_address_leaves(json in object(), which in 0..FORMATS, query in "[a-z=&%+;]{0,20}") {
        let (bytes, content_encoding) = written(&json, which);
        let query = format!("a={IP}&secret={MARKER}&x%2Fa={MARKER}&{query}&ip={IP}");
        let path = format!("/c;secret={MARKER};a=%32{}", &IP[1..]);
        let content_type = format!("text/plain; {MARKER}");
        let input = Input {
            path: &path,
            content_encoding,
            content_type: Some(&content_type),
            client_ip: Some(IP.parse().unwrap()),
            ..input(Some(&query), &bytes)
        };
        for client_ip in [ClientIp::Drop, ClientIp::Truncate] {
            let config = Config { client_ip, ..Config::default() };
            let shaped = Shaper::new(&config).shape(&LISTED, &input).unwrap();
            let all = opened(&shaped);
            prop_assert!(!all.contains(MARKER), "{}", all);
            prop_assert!(!all.contains(IP), "{}", all);
        }
    }

    #[test]
    fn what_is_kept_comes_out_as_it_went_in(json in object(), which in 0..FORMATS) {
        let text = json.to_string().replace(IP, "plain");
        let json: Value = serde_json::from_str(&text).unwrap();
        let (bytes, content_encoding) = written(&json, which);
        let input = Input { content_encoding, ..input(None, &bytes) };
        let endpoint = endpoint(&["**"]);
        let shaped = Shaper::new(&Config::default()).shape(&Fields::new(&endpoint), &input).unwrap();
        prop_assert_eq!(&shaped.report.redacted.len(), &0);
        prop_assert_eq!(shaped.content_encoding, content_encoding);
        let mut budget = format::Budget::default();
        let mut plain = |bytes: &[u8]| {
            let bytes = format::decode(format::declared(content_encoding).unwrap(), bytes, &mut budget).unwrap();
            String::from_utf8(format::strip(bytes.into(), &mut budget).bytes.into_owned()).unwrap()
        };
        if which == 9 {
            let value = |bytes: &[u8]| format::parts(bytes, &mut format::Budget::default()).unwrap().iter().map(|part| (part.name.to_string(), part.value.to_vec())).collect::<Vec<_>>();
            prop_assert_eq!(value(&shaped.body), value(&bytes));
        } else {
            prop_assert_eq!(plain(&shaped.body), plain(&bytes));
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), query in "(?s).{0,40}", path in "(?s)/.{0,40}", coding in prop::option::of("(gzip|br|zstd|deflate|x)")) {
        let config = Config { unlisted: Unlisted::Keep, ..Config::default() };
        let input = Input { path: &path, content_encoding: coding.as_deref(), ..input(Some(&query), &bytes) };
        let _ = shaped(&config, &["a"], &input);
    }

    #[test]
    fn mutated_bodies_are_taken(json in object(), which in 0..FORMATS, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let (mut bytes, content_encoding) = written(&json, which);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let input = Input { content_encoding, ..input(None, &bytes) };
        for unlisted in [Unlisted::Drop, Unlisted::Keep] {
            let config = Config { unlisted, ..Config::default() };
            let _ = shaped(&config, &["a", "a/**"], &input);
        }
    }
}

/// Text that makes each detector look again and again: a second is far more than a linear scan needs.
#[test]
fn long_texts_cost_no_more_than_their_length() {
    for piece in [
        "eyJ.", "eyJ", "a@", "1.", "::", "+1 ", "4111-", "DE89", "%25", "\\u00", "YUBi/", "[",
        "{\"a\":",
    ] {
        let text = piece.repeat((256 << 10) / piece.len());
        let form = format!("a={text}");
        let start = std::time::Instant::now();
        let _ = shaped(&Config::default(), &["a"], &input(None, form.as_bytes()));
        assert!(
            start.elapsed() < std::time::Duration::from_secs(5),
            "{piece}: {:?}",
            start.elapsed()
        );
    }
}
