//! The `records` commands as an operator meets them, and what `serve` says of a store that it cannot use.

use crate::{
    database::{TEXT, VENDORS, config, databases, record, shown},
    postgres::PASSWORD,
    said::{Said, until},
};
use consentry::{
    choice::Key,
    consent::OwnCookie,
    record::{ConsentRecord, Entry, Outcome, Store, StoreUrl},
};
use std::{
    fs,
    future::pending,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// A configuration file for `url`, whose folder has the spool.
fn file(url: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[records]\nstore = \"{url}\"\nspool = \"spool\"\nkeep = \"100y\"\n");
    fs::write(folder.path().join("c.toml"), text).unwrap();
    folder
}

fn records(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_consentry"))
        .arg("records")
        .args(arguments)
        .args(["--config", "c.toml"])
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The words of a good output.
#[track_caller]
fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = records(folder, arguments);
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

fn url_of(database: &crate::database::Database) -> String {
    match (&database.postgres, &database.url) {
        (Some(server), _) => server.url(),
        (None, url) => url.to_string(),
    }
}

/// A visitor who allowed something on 2025-02-19.
fn granted() -> ConsentRecord {
    ConsentRecord { site: "shop.example".into(), ..record(29_000_000, true) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_exports_verifies_and_purges() {
    for database in databases() {
        let folder = file(&url_of(&database));
        let (folder, store) = (folder.path(), Store::open(&database.url).await.unwrap());
        assert!(good(folder, &["verify"]).contains("no records yet"));
        let yes = granted();
        let old = ConsentRecord { site: "=cmd|' /C calc'!A0".into(), ..record(1441, false) };
        store.append("a", &[shown(old), shown(yes.clone())].concat()).await.unwrap();
        let receipt = yes.receipt.clone().unwrap();

        let listed = good(folder, &["list"]);
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(lines.len(), 3, "{listed}");
        assert!(
            lines[1].contains("2  2025-02-19 21:20  shop.example") && lines[1].contains(&receipt)
        );
        assert!(lines[2].contains("1970-01-02 00:01") && lines[2].contains("nothing"));
        assert_eq!(good(folder, &["list", "--day", "2025-02-19"]).lines().count(), 2);
        assert_eq!(good(folder, &["list", "--site", "none.example"]), "");
        assert_eq!(good(folder, &["list", "--limit", "1"]).lines().count(), 2);
        let wrong = records(folder, &["list", "--day", "today"]);
        assert_eq!(wrong.status.code(), Some(2));
        assert!(err(&wrong).contains("`--day` `today` is no day; write it as 2026-11-23"));

        let csv = good(folder, &["export"]);
        assert!(csv.starts_with("number,time,site,method,functional,analytics,marketing,receipt"));
        assert_eq!(csv.matches("\r\n").count(), 3);
        assert!(csv.contains(",'=cmd|' /C calc'!A0,reject-all,no,no,no,,p1"), "{csv}");
        assert!(csv.contains(&format!(
            "2,2025-02-19T21:20Z,shop.example,accept-all,no,yes,no,{receipt},p1"
        )));
        let lines = good(folder, &["export", "--format", "jsonl", "--receipt", &receipt]);
        let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(serde_json::from_value::<ConsentRecord>(line["record"].clone()).unwrap(), yes);

        let verified = good(folder, &["verify"]);
        assert!(verified.contains("2 records, from 1970-01-02 00:01 to 2025-02-19 21:20 (UTC)"));
        let head = verified.trim().rsplit(' ').next().unwrap().to_owned();
        good(folder, &["verify", "--noted", &head]);
        let other = records(folder, &["verify", "--noted", &head.replace(['0', '1', '2'], "3")]);
        assert_eq!(other.status.code(), Some(1));

        let purged = good(folder, &["purge", "--before", "2000-01-01"]);
        assert!(purged.starts_with("1 record from before 2000-01-01 00:00 removed"), "{purged}");
        assert!(purged.contains("the chain holds: 1 record"));
        assert!(good(folder, &["purge"]).starts_with("0 records"));
        assert_eq!(records(folder, &["purge", "--before", "9999-01-01"]).status.code(), Some(2));
        good(folder, &["verify", "--noted", &head]);
        assert_eq!(store.verify().await.unwrap().unwrap().records, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_printed() {
    for database in databases() {
        let folder = file(&url_of(&database));
        let (folder, store) = (folder.path(), Store::open(&database.url).await.unwrap());
        let yes = ConsentRecord { site: "<b>shop.example".into(), ..granted() };
        store.append("a", &shown(yes.clone())).await.unwrap();
        let receipt = yes.receipt.unwrap();
        let html = good(folder, &["receipt", &receipt]);
        for words in [
            TEXT,
            &receipt,
            "Allowed",
            "2025-02-19 21:20",
            "Google Analytics",
            "&lt;b&gt;shop.example",
            "class=\"holds\"",
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        for never in ["<b>", "<script", "src=", "href=", "url("] {
            assert!(!html.contains(never), "{never} is in {html}");
        }
        let text = good(folder, &["receipt", &receipt, "--format", "text"]);
        assert!(text.contains("analytics    allowed: Google Analytics"), "{text}");
        let unknown = records(folder, &["receipt", "0"]);
        assert_eq!(unknown.status.code(), Some(1));
        assert!(err(&unknown).contains("no record has the receipt 0"));
    }
}

/// The cookie of `record`, as `serve` would have signed it with `secret`.
fn cookie_of(record: &ConsentRecord, secret: &str) -> OwnCookie {
    let receipt = record.receipt.as_ref().unwrap();
    let value: OwnCookie = format!("v1.p1.20250219.f0a1m0.{receipt}").parse().unwrap();
    let signature = Key::new(secret.as_bytes()).sign(&value, &record.site);
    OwnCookie { signature, ..value }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_held_against_its_record() {
    const SECRET: &str = "made by a machine, kept by you";
    for database in databases() {
        let folder = file(&url_of(&database));
        let (folder, store) = (folder.path(), Store::open(&database.url).await.unwrap());
        let yes = granted();
        store.append("a", &shown(yes.clone())).await.unwrap();
        let shows =
            |value: &str| records(folder, &["receipt", "--format", "text", "--cookie", value]);
        let cookie = cookie_of(&yes, SECRET).to_string();

        let keyless = shows(&cookie);
        assert_eq!(keyless.status.code(), Some(1));
        assert!(err(&keyless).contains("choices.key cannot be used: No such file"));
        assert!(!folder.join("spool").exists(), "looking makes no key");

        let text = fs::read_to_string(folder.join("c.toml")).unwrap();
        fs::write(folder.join("c.toml"), format!("{text}secret = \"{SECRET}\"\n")).unwrap();
        for value in [cookie.clone(), format!("a=b; consentry={cookie}; c=d")] {
            let right = shows(&value);
            assert!(right.status.success(), "{}", err(&right));
            assert!(out(&right).contains("signature is right: it was given on shop.example"));
        }
        let html = good(folder, &["receipt", "--cookie", &cookie]);
        assert!(html.contains("<h2>Cookie</h2>") && html.contains("says what the record says"));

        for (forged, why) in [
            (
                cookie.replace("m0", "m1"),
                "its choice is analytics, marketing; the record’s is analytics",
            ),
            (
                cookie.replace("20250219", "20250220"),
                "its day is 2025-02-20; the record’s is 2025-02-19",
            ),
            (cookie.replace(".p1.", ".p2."), "its policy is p2; the record’s is p1"),
            (cookie_of(&yes, "another one").to_string(), "The signature is wrong"),
            (cookie.rsplit_once('.').unwrap().0.to_owned(), "It has no signature"),
        ] {
            let output = shows(&forged);
            assert_eq!(output.status.code(), Some(1), "{forged}");
            assert!(err(&output).contains(why) && out(&output).contains(why), "{}", err(&output));
            assert!(!out(&output).contains("is right"), "{}", out(&output));
        }

        let gone = ConsentRecord { receipt: Some("0".repeat(32)), ..yes.clone() };
        let output = shows(&cookie_of(&gone, SECRET).to_string());
        assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
        for words in
            ["signature is right: it was given on shop.example", "no record has the receipt 000"]
        {
            assert!(err(&output).contains(words), "{}", err(&output));
        }
        for (value, why) in [
            ("v1.p1.20250219.f0a0m0", "records list --day 2025-02-19"),
            ("yes", "`--cookie` has no choice"),
        ] {
            let output = shows(value);
            assert!(
                output.status.code() == Some(2) && err(&output).contains(why),
                "{}",
                err(&output)
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_chain_is_said_with_its_place() {
    for database in databases() {
        let folder = file(&url_of(&database));
        let store = Store::open(&database.url).await.unwrap();
        store.append("a", &[shown(granted()), shown(granted())].concat()).await.unwrap();
        crate::suite::run(
            &store,
            "UPDATE consentry_records SET method = 'reject-all' WHERE seq = 2",
        )
        .await;
        let broken = records(folder.path(), &["verify"]);
        assert_eq!((broken.status.code(), out(&broken)), (Some(1), String::new()));
        assert!(err(&broken).contains("the chain is broken: record 2 is not what was written"));
    }
}

/// Another process holds the segment that is written to; readers count it and move nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_store_yet_is_counted() {
    for database in databases() {
        let folder = file(&url_of(&database));
        Store::open(&database.url).await.unwrap();
        let config = config(&database.url, &folder.path().join("spool"));
        let (recorder, drain) = config.start().unwrap().unwrap();
        let many = [shown(granted()), shown(granted())].concat();
        assert_eq!(recorder.record(&many).await, Outcome::Recorded);
        for command in ["verify", "list"] {
            let output = records(folder.path(), &[command]);
            assert!(
                err(&output).contains("not in the store yet: 2 choices, in"),
                "{}",
                err(&output)
            );
        }
        let said = Said::default();
        let drain = tokio::spawn(drain.run(said.listener(), pending()));
        until(|| said.stored() == 4).await;
        let output = records(folder.path(), &["verify"]);
        assert!(out(&output).contains("2 records") && err(&output).is_empty());
        drain.abort();
    }
}

#[test]
fn without_a_store_it_is_said_what_to_write() {
    let folder = file("");
    let output = records(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("no records are kept; write \"sqlite:consentry.db\""));
    let folder = file("sqlite:none.db");
    let output = records(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("none.db cannot be opened: No such file"), "{}", err(&output));
    assert!(!folder.path().join("none.db").exists(), "looking makes nothing");
}

/// The first lines that `serve` says with `url` as its store.
fn served(url: &str) -> (String, String) {
    let folder = file(url);
    let mut child = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args([
            "serve",
            "--origin",
            "http://127.0.0.1:1",
            "--listen",
            "127.0.0.1:0",
            "--config",
            "c.toml",
        ])
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut warning = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    while !warning.contains("records stay in ") && told.read_line(&mut warning).unwrap() > 0 {}
    child.kill().unwrap();
    child.wait().unwrap();
    (first, warning)
}

#[test]
fn serve_stands_without_its_store_and_says_so() {
    let server = crate::postgres::Postgres::start();
    let wrong = server.as_ref().map(|server| (server.wrong(), "password authentication failed"));
    let down = (format!("postgres://u:{PASSWORD}@127.0.0.1:1/db"), "Connection refused");
    for (url, why) in
        [Some(down), Some(("sqlite:none/a.db".into(), "No such file")), wrong].into_iter().flatten()
    {
        let (first, warning) = served(&url);
        assert!(first.starts_with("consentry: http://127.0.0.1:"), "{first}");
        assert!(warning.contains(why) && warning.contains("records stay in "), "{warning}");
        assert!(!warning.contains(PASSWORD) && !warning.contains("wr0ng-word"), "{warning}");
        let shown = url.parse::<StoreUrl>().map(|url| url.to_string()).unwrap();
        assert!(warning.contains(shown.strip_prefix("sqlite:").unwrap_or(&shown)), "{warning}");
    }
}

#[test]
fn the_tests_have_vendors_as_the_banner_has_them() {
    let Entry::Vendors { body, .. } = Entry::vendors(VENDORS) else { panic!("{VENDORS}") };
    assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["vendors"].is_object());
}
