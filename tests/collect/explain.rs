//! What `consentry explain --forward` says of the captures.

use crate::{PERSON, capture::Capture, choice};
use regex::Regex;
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
    thread,
};

/// The program's answer to `input` with these arguments and the operator's own hosts.
fn explain(arguments: &[&str], input: &[u8]) -> Output {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/collect/own-hosts.toml");
    let mut program = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(["explain", "--config", own])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = program.stdin.take().unwrap().write_all(input);
    program.wait_with_output().unwrap()
}

fn forward(input: &[u8], consent: &str) -> Value {
    let output = explain(&["--json", "--cookie", &choice(consent), "--forward", "-"], input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["forward"].take()
}

/// Does `act` for each of `items`, on a few threads.
fn each<T: Sync>(items: &[T], act: impl Fn(&T) + Sync) {
    let parts = items.chunks(items.len().div_ceil(4));
    thread::scope(|scope| parts.for_each(|part| drop(scope.spawn(|| part.iter().for_each(&act)))));
}

#[test]
fn every_vendor_gets_what_its_entry_lists() {
    each(&Capture::all(), |capture| {
        let told = forward(&capture.bytes, "f1a1m1");
        let path = capture.path.with_extension("json");
        let found = settled(&told);
        if std::env::var_os("CONSENTRY_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "{}", capture.name());
        let refused = capture.name().ends_with("-refused");
        assert_eq!(told["outcome"], if refused { "refused" } else { "sent" }, "{}", capture.name());
        if !refused {
            assert_nothing_of_the_person(capture.name(), &told);
        }
    });
}

/// `told` without what is different each time: the key of hashes and a boundary are the process's own. The query is there decoded.
fn settled(told: &Value) -> String {
    let mut told = told.clone();
    if let Some(url) = told["url"].as_str() {
        told["url"] = url.split('?').next().into();
    }
    let hash = Regex::new("\\b[0-9a-f]{16}\\b").unwrap();
    let boundary = Regex::new("consentry[0-9a-f]{16,}").unwrap();
    let text = format!("{told:#}\n");
    boundary.replace_all(&hash.replace_all(&text, "(hash)"), "(boundary)").into_owned()
}

fn assert_nothing_of_the_person(name: &str, told: &Value) {
    let url = told["url"].as_str().unwrap();
    let plain = percent_encoding::percent_decode_str(url).decode_utf8_lossy().into_owned();
    let leaves = json!([url, plain, told["headers"], told["query"], told["body"]]).to_string();
    let leaves = leaves.to_lowercase();
    for text in PERSON {
        assert!(!leaves.contains(text), "{name}: `{text}` in {leaves}");
    }
}

#[test]
fn without_consent_nothing_leaves() {
    each(&Capture::all(), |capture| {
        let told = forward(&capture.bytes, "f0a0m0");
        let sent = told["outcome"] == "sent";
        // Error monitors are functional, and that was refused as well.
        assert!(!sent, "{}: {told:#}", capture.name());
    });
}

#[test]
fn analytics_alone_leave_nothing_for_advertising() {
    let analytics = ["ga4-event", "ga4-batch", "ga_ua-image", "adobe-edge", "mixpanel-track"];
    let captures: Vec<_> = Capture::all();
    let of = |name: &str| captures.iter().find(|capture| capture.name() == name).unwrap();
    for name in analytics {
        let told = forward(&of(name).bytes, "f0a1m0");
        assert_eq!(told["outcome"], "sent", "{name}");
        let leaves = json!([told["url"], told["query"], told["body"]]).to_string();
        for text in ["Cj0x", "gclid", "auid", "G111"] {
            assert!(!leaves.contains(text), "{name}: {text} in {leaves}");
        }
    }
    for name in ["meta-image", "google_ads-signals", "hubspot-image", "gtm-script"] {
        assert_eq!(forward(&of(name).bytes, "f1a1m0")["outcome"], "refused", "{name}");
    }
}

#[test]
fn a_request_is_read_in_every_way_in_which_it_is_written() {
    let url = "https://www.google-analytics.com/g/collect?v=2&tid=G-1&en=page_view&uid=7";
    let raw = "POST /g/collect?v=2&tid=G-1&en=page_view&uid=7 HTTP/1.1\nHost: www.google-analytics.com\n\nen=scroll\r\nen=click";
    let own = "POST /_consentry/v/www.google-analytics.com/g/collect?v=2&tid=G-1&en=page_view&uid=7 HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 19\r\n\r\nen=scroll\r\nen=clickmore";
    let curl = format!(
        "curl '{url}' \\\n  -X 'POST' \\\n  -H 'origin: https://shop.example' --data-raw $'en=scroll\\r\\nen=click' --compressed"
    );
    let expected = forward(raw.as_bytes(), "f1a1m1");
    assert_eq!(expected["body"], json!([[["en", "scroll"]], [["en", "click"]]]));
    assert_eq!(expected["hashed"], json!(["uid"]));
    let names = ["method", "kept", "dropped", "hashed", "body"];
    for written in [own, &curl] {
        let told = forward(written.as_bytes(), "f1a1m1");
        for name in names {
            assert_eq!(told[name], expected[name], "{written}");
        }
    }
    let consent = choice("f1a1m1");
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("body");
    fs::write(&body, "en=scroll\r\nen=click").unwrap();
    let data = format!("@{}", body.display());
    let flags = [
        "--json",
        "--cookie",
        &consent,
        "--forward",
        "--url",
        url,
        "-X",
        "POST",
        "-H",
        "Content-Type: text/plain",
        "--data-binary",
        &data,
    ];
    let output = explain(&flags, b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = serde_json::from_slice::<Value>(&output.stdout).unwrap();
    names.iter().for_each(|name| assert_eq!(told["forward"][name], expected[name]));
}

#[test]
fn people_read_what_would_be_sent() {
    let consent = choice("f1a1m1");
    let url = "https://plausible.io/api/event";
    let data =
        r#"{"n":"pageview","u":"https://shop.example/?email=a@b.example","p":{"plan":"gold"}}"#;
    let flags = ["--cookie", &consent, "--forward", "--url", url, "--data", data];
    let output = explain(&flags, b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let block = text.split_once("\nForward\n").unwrap().1;
    let expected = "  Plausible (plausible), analytics\n  beacon at plausible.io/api/event, events.shop.example/api/event\n  \
                    sent: POST https://plausible.io/api/event\n";
    assert!(block.starts_with(expected), "{block}");
    for line in ["    \"u\": \"https://shop.example/\"", "  kept      n, u", "  dropped   p/plan"] {
        assert!(block.lines().any(|l| l == line), "{line:?} in {block}");
    }
    let refused =
        String::from_utf8(explain(&["--forward", "--url", url, "--data", data], b"").stdout)
            .unwrap();
    assert!(
        refused.contains("nothing is sent: no permit: ")
            && refused.ends_with("the browser gets 204\n"),
        "{refused}"
    );
}

#[test]
fn what_is_no_request_is_told() {
    for (input, told) in [
        (&b"hello"[..], "no request line"),
        (b"curl 'https://a.test", "a quote of the command is not closed"),
        (b"curl https://a.test -d @/etc/passwd", "--data-binary @FILE"),
        (b"POST /x HTTP/1.1\n\n", "is no URL of a request"),
        (b"GET / HTTP/1.1\nHost a.test\n\n", "`Host a.test` is no header"),
        (b"\xff\xfe", "not UTF-8"),
    ] {
        let output = explain(&["--forward", "-"], input);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(told), "{said}");
    }
}
