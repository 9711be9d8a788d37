use super::*;
use proptest::prelude::*;

fn json(body: &str) -> Result<Wanted, Refused> {
    Format::Json.read(body.as_bytes())
}

fn form(body: &str) -> Result<Wanted, Refused> {
    Format::Form.read(body.as_bytes())
}

fn purposes(wanted: Result<Wanted, Refused>) -> Vec<&'static str> {
    wanted.unwrap().purposes.iter().map(Purpose::name).collect()
}

#[test]
fn choices_are_read() {
    for (body, allowed) in [
        (r#"{"purposes":[]}"#, &[][..]),
        (r#" {"purposes":["marketing","analytics"]} "#, &["analytics", "marketing"]),
        (r#"{"purposes":["necessary","functional"]}"#, &["functional"]),
        (
            r#"{"lang":"pt-BR","purposes":["\u0061nalytics"],"method":"custom","text":"0a"}"#,
            &["analytics"],
        ),
    ] {
        assert_eq!(purposes(json(body)), allowed, "{body}");
    }
    for (body, allowed) in [
        ("", &[][..]),
        ("purpose=analytics&purpose=marketing&back=%2Fa%3Fb", &["analytics", "marketing"]),
        ("purpose=%61nalytics&&lang=nb&method=reject-all", &["analytics"]),
        ("purpose=necessary", &[]),
    ] {
        assert_eq!(purposes(form(body)), allowed, "{body}");
    }
    assert_eq!(form("back=%2Fa+b").unwrap().back.as_deref(), Some("/a b"));
    assert_eq!(json(r#"{"purposes":[],"text":"0a"}"#).unwrap().text.as_deref(), Some("0a"));
}

#[test]
fn what_is_no_choice_is_refused() {
    for body in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"purposes":null}"#,
        r#"{"purposes":"analytics"}"#,
        r#"{"purposes":{"analytics":true}}"#,
        r#"{"purposes":[["analytics"]]}"#,
        r#"{"purposes":[1]}"#,
        r#"{"purposes":["everything"]}"#,
        r#"{"purposes":["Analytics"]}"#,
        r#"{"purposes":["analytics","analytics"]}"#,
        r#"{"purposes":[],"purposes":["analytics"]}"#,
        r#"{"purposes":[],"more":1}"#,
        r#"{"purposes":[],"back":"/"}"#,
        r#"{"purposes":[],"lang":null}"#,
        r#"{"purposes":[],"lang":"<b>"}"#,
        r#"{"purposes":[],"text":"xyz"}"#,
        r#"{"purposes":[],"method":"magic"}"#,
        r#"{"purposes":[]}{"purposes":[]}"#,
        r#"[["analytics"],"custom","0a","nb"]"#,
        "{\"purposes\":[]",
        "\u{feff}{\"purposes\":[]}",
    ] {
        let refused = json(body).expect_err(body);
        assert_eq!(refused.status(), 400, "{body}");
        assert!(!refused.to_string().is_empty());
    }
    for body in [
        "purpose=everything",
        "purpose=",
        "purpose",
        "purpose=analytics&purpose=analytics",
        "purpose=analytics&back=/&back=/a",
        "purpose=%ff",
        "%ff=a",
        "accept=all",
        "lang=a+b",
    ] {
        assert_eq!(form(body).expect_err(body).status(), 400, "{body}");
    }
    assert_eq!(Format::Json.read(b"{\"purposes\":[\"\xff\"]}"), Err(Refused::Charset));
    let deep = format!("{{\"purposes\":{}", "[".repeat(LONGEST - 20));
    assert_eq!(json(&deep).unwrap_err().status(), 400);
}

#[test]
fn long_bodies_are_refused() {
    let body = |length: usize| format!("{{\"purposes\":[]{}}}", " ".repeat(length - 15));
    assert_eq!(body(LONGEST).len(), LONGEST);
    assert!(json(&body(LONGEST)).is_ok());
    assert_eq!(json(&body(LONGEST + 1)), Err(Refused::TooLarge));
}

#[test]
fn types_are_told() {
    let of = |lines: &[(&'static str, &str)]| {
        let mut headers = HeaderMap::new();
        lines.iter().for_each(|(name, value)| {
            headers.append(*name, value.parse().unwrap());
        });
        Format::of(&headers)
    };
    let typed = |value| of(&[("content-type", value)]);
    for value in ["application/json", "Application/JSON; charset=\"UTF-8\"", "application/json;a=b"]
    {
        assert_eq!(typed(value), Ok(Format::Json), "{value}");
    }
    for value in
        ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=utf-8"]
    {
        assert_eq!(typed(value), Ok(Format::Form), "{value}");
    }
    for value in [
        "",
        "text/plain",
        "multipart/form-data; boundary=a",
        "application/json; charset=utf-16",
        "application/json, application/json",
        "application/jsonp",
    ] {
        assert_eq!(typed(value), Err(Refused::Type), "{value}");
    }
    assert_eq!(of(&[]), Err(Refused::Type));
    let line = ("content-type", "application/json");
    assert_eq!(of(&[line, line]), Err(Refused::Type));
    assert_eq!(of(&[line, ("content-encoding", "gzip")]), Err(Refused::Type));
    assert_eq!(of(&[line, ("content-encoding", "identity")]), Ok(Format::Json));
}

proptest! {
    #[test]
    fn any_bytes_are_a_choice_or_not(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Format::Json.read(&body), Format::Form.read(&body));
    }

    /// Both formats say the same.
    #[test]
    fn forms_and_scripts_agree(names in proptest::collection::vec("necessary|functional|analytics|marketing|x", 0..5)) {
        let as_form = names.iter().map(|name| format!("purpose={name}")).collect::<Vec<_>>().join("&");
        let as_json = serde_json::json!({ "purposes": names }).to_string();
        prop_assert_eq!(form(&as_form), json(&as_json));
    }
}
