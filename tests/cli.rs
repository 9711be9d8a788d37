//! The program as a user meets it: command line in, output and exit code out.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::SystemTime,
};

const PAGE: &str = "<!doctype html>\n<link rel=canonical href=https://shop.example/tea>\n\
    <script async src=\"https://www.googletagmanager.com/gtag/js?id=G-1\"></script>\n\
    <p>Tea</p><img src=\"https://stats.acme.example/p.gif\" width=1 height=1>\n\
    <a href=\"https://www.facebook.com/\">us</a>\n";

/// Whether a page is [`PAGE`] with all that it had, from wherever it comes.
fn has_its_trackers(page: &str) -> bool {
    let kept = [
        "googletagmanager.com/gtag/js?id=G-1\"></script>\n",
        "<img src=\"https://stats.acme.example/p.gif\" width=1 height=1>",
    ];
    kept.iter().all(|text| page.contains(text)) && page.contains(">us</a>\n")
}

/// Whether something in a page contacts a host of [`PAGE`]'s trackers when a browser reads it; what waits for consent is in attributes of our own.
fn loads_its_trackers(page: &str) -> bool {
    let page = page.replace("data-consentry-src=", "held=");
    ["googletagmanager.com", "stats.acme.example"].iter().any(|host| {
        [" src=\"https://", " src=https://"]
            .iter()
            .any(|src| page.contains(&format!("{src}{host}")))
    })
}

/// Whether a page names a host where no visitor's consent is awaited.
fn loads(page: &str, host: &str) -> bool {
    page.replace("data-consentry-src=\"", "held=\"").contains(&format!(" src=\"{host}"))
}

fn consentry(arguments: &[&str]) -> Output {
    with_input(arguments, "")
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = start(arguments);
    let mut stdin = child.stdin.take().unwrap();
    // A program that refuses its arguments does not read.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", err(output));
    serde_json::from_str(out(output)).unwrap()
}

/// The cookie of a choice made today.
fn cookie(choice: &str) -> String {
    format!("consentry=v1.p1.{}.{choice}", consentry::consent::Day::of(SystemTime::now()))
}

fn path(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

// === rewrite ===

#[test]
fn rewrite_takes_trackers_out_until_the_cookie_says_yes() {
    let folder = tempfile::tempdir().unwrap();
    let findings = path(&folder, "findings.jsonl", "");
    let rewrite = ["rewrite", "--url", "https://shop.example/tea"];
    let gated = with_input(&[&rewrite[..], &["--findings", &findings]].concat(), PAGE);
    assert!(gated.status.success(), "{}", err(&gated));
    assert!(!loads_its_trackers(out(&gated)), "{}", out(&gated));
    assert!(out(&gated).contains("<a href=\"https://www.facebook.com/\">us</a>"));
    let lines = fs::read_to_string(&findings).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for field in ["vendor", "purpose", "verdict", "reason", "source", "place", "what", "line", "at"]
    {
        assert!(lines.iter().all(|line| line.get(field).is_some()), "{field}: {lines:?}");
    }
    assert_eq!(lines[0]["place"], "script src");
    assert_eq!(lines[0]["line"], 3);
    assert_eq!(lines[1]["what"], "https://stats.acme.example/p.gif");
    assert_eq!(lines[1]["verdict"], "gate");

    let yes = cookie("f1a1m1");
    let granted = with_input(&[&rewrite[..], &["--cookie", &yes]].concat(), PAGE);
    assert!(has_its_trackers(out(&granted)), "{}", out(&granted));
    let gpc = ["--cookie", &yes, "--header", "Sec-GPC: 1"];
    let refused = with_input(&[&rewrite[..], &gpc].concat(), PAGE);
    assert!(!loads_its_trackers(out(&refused)), "{}", out(&refused));
    let other = with_input(&[&rewrite[..], &["--content-type", "text/plain"]].concat(), PAGE);
    assert_eq!(out(&other), PAGE);
}

#[test]
fn rewrite_says_what_is_wrong_with_its_arguments() {
    for wrong in [
        &["--url", "shop"][..],
        &["--url", "https://shop.example/", "--header", "Sec-GPC"],
        &["--url", "https://shop.example/", "--content-type", "text/html\n"],
        &[],
    ] {
        let refused = consentry(&[&["rewrite"], wrong].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", err(&refused));
    }
}

#[test]
fn rewrite_does_what_the_pages_site_says() {
    let folder = tempfile::tempdir().unwrap();
    let findings = path(&folder, "findings.jsonl", "");
    let file = path(
        &folder,
        "consentry.toml",
        "[[site]]\nhosts = [\"off.example\"]\nmode = \"off\"\n[[site]]\nhosts = [\"report.example\"]\nmode = \"report\"\n\
         [[site]]\nhosts = [\"pass.example\"]\non_unreadable = \"pass\"\n\
         [[site]]\nhosts = [\"plain.example\"]\ngate = { guard = false, surrogates = false }\nbanner = { enabled = false }\n[[site]]\nhosts = [\"*.example\"]\n",
    );
    let rewrite = |host: &str, page: &str| {
        let url = format!("https://{host}/");
        let config = ["--config", &file, "--findings", &findings];
        let done = with_input(&[&["rewrite", "--url", &url][..], &config].concat(), page);
        let found = fs::read_to_string(&findings).unwrap().lines().count();
        (done.status.code(), out(&done).to_owned(), found)
    };
    assert_eq!(rewrite("off.example", PAGE), (Some(0), PAGE.to_owned(), 0));
    assert_eq!(rewrite("report.example", PAGE), (Some(0), PAGE.to_owned(), 2));
    let (code, gated, found) = rewrite("shop.example", PAGE);
    assert_eq!((code, loads_its_trackers(&gated), found), (Some(0), false, 2));
    assert!(gated.contains("data-consentry-src=\"https://stats.acme.example/p.gif\""), "{gated}");
    let (code, gone, found) = rewrite("plain.example", PAGE);
    let named = gone.contains("googletagmanager") || gone.contains("stats.acme.example");
    assert_eq!((code, named, found), (Some(0), false, 2), "{gone}");
    assert_eq!(rewrite("shop.test", PAGE).0, Some(2), "a host of no site");
    // A charset that browsers refuse to read.
    let unread = format!("<meta charset=iso-2022-kr>{PAGE}");
    assert_eq!(rewrite("shop.example", &unread).0, Some(1));
    for host in ["pass.example", "report.example", "off.example"] {
        assert_eq!(rewrite(host, &unread).1, unread, "{host}");
    }
}

#[test]
fn explain_and_scan_say_the_sites_mode() {
    let folder = tempfile::tempdir().unwrap();
    let site = "[[site]]\nhosts = [\"shop.example\"]\nmode = \"report\"\n";
    let (file, page) = (path(&folder, "c.toml", site), path(&folder, "tea.html", PAGE));
    let url = "https://www.google-analytics.com/collect";
    let explain = ["--page", "https://shop.example/", "--url", url];
    let explained = ["explain", "--json", "--config", &file];
    let decision = json_of(&consentry(&[&explained[..], &explain].concat()))["decision"].take();
    assert_eq!(decision["verdict"], "gate");
    assert!(decision["effect"].as_str().unwrap().starts_with("kept: "), "{decision}");
    let scanned = json_of(&consentry(&["scan", "--format", "json", "--config", &file, &page]));
    assert_eq!(scanned["pages"][0]["mode"], "report");
    assert_eq!(scanned["pages"][0]["findings"][1]["effect"], "made inert");
    let said = consentry(&["scan", "--config", &file, &page]);
    assert!(out(&said).contains("the site's mode is \"report\""), "{}", out(&said));
}

/// A choice on our own banner is for the vendors that were named on it.
#[test]
fn explain_says_who_was_not_in_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "c.toml", "[collect]\nvendors = [\"ga4\"]\n");
    let list =
        consentry::choice::Offer::new(None, [(consentry::purpose::Purpose::Analytics, "ga4")]);
    let day = consentry::consent::Day::of(SystemTime::now());
    let chosen = format!("consentry=v1.{}.{day}.f0a1m0", list.version());
    let explain = |url: &str| {
        let visitor = ["explain", "--json", "--config", &file, "--cookie", &chosen, "--url", url];
        json_of(&consentry(&visitor))
    };
    let told = explain("https://www.googletagmanager.com/gtag/js?id=G-1");
    assert_eq!(told["consent"]["analytics"]["granted_to_shown_vendors"], true, "{told}");
    assert_eq!(told["decision"]["verdict"], "allow");
    let other = explain("https://www.clarity.ms/tag/x")["decision"].take();
    assert_eq!(other["verdict"], "gate", "{other}");
    let reason = "own: the vendor was not in the list that was shown to the visitor";
    assert_eq!(other["reason"], reason);
    let words = consentry(&[
        "explain",
        "--config",
        &file,
        "--cookie",
        &chosen,
        "--url",
        "https://www.clarity.ms/tag/x",
    ]);
    assert!(out(&words).contains(reason), "{}", out(&words));
}

#[test]
fn a_closed_output_ends_quietly() {
    let page = PAGE.repeat(20_000);
    let mut child = start(&["rewrite", "--url", "https://shop.example/"]);
    let mut stdin = child.stdin.take().unwrap();
    let writing = thread::spawn(move || {
        // The reader goes away, so this fails at some point.
        let _ = stdin.write_all(page.as_bytes());
    });
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(ended.status.success(), "{:?}", ended.status);
    assert_eq!(err(&ended), "");
}

// === explain ===

#[test]
fn explain_has_the_promised_fields() {
    let yes = cookie("f0a1m0");
    let explained = json_of(&consentry(&["explain", "--json", "--cookie", &yes]));
    let analytics = &explained["consent"]["analytics"];
    assert_eq!(analytics["granted"], true);
    assert_eq!(analytics["basis"], "explicit");
    assert_eq!(analytics["signal"], "own");
    assert_eq!(explained["consent"]["marketing"]["granted"], false);
    assert_eq!(explained["consent"]["functional"]["basis"], "explicit");
    assert_eq!(explained["signals"].as_array().unwrap().len(), 1);
    assert_eq!(explained["signals"][0]["name"], "own");
    assert_eq!(explained["signals"][0]["basis"], "explicit");
    assert_eq!(explained.get("decision"), None);

    let none = json_of(&consentry(&["explain", "--json"]));
    assert_eq!(none["signals"], json!([]));
    assert_eq!(none["consent"]["functional"]["granted"], false);
    assert_eq!(none["consent"]["functional"]["basis"], "none");
    assert_eq!(none["consent"]["functional"]["signal"], "");
}

#[test]
fn explain_decides_on_label_and_path_boundaries() {
    let decide = |url: &str| {
        let page = "https://shop.example/";
        json_of(&consentry(&["explain", "--json", "--page", page, "--url", url]))["decision"].take()
    };
    let tag = decide("https://www.googletagmanager.com/gtag/js?id=G-1");
    assert_eq!(tag["verdict"], "gate");
    assert_eq!((&tag["vendor"], &tag["purpose"]), (&json!("ga4"), &json!("analytics")));
    assert!(tag["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    assert_ne!(decide("https://www.googletagmanager.com/gtag/json")["vendor"], "ga4");
    assert_eq!(decide("https://www.google-analytics.com/collect")["source"], "catalog");
    assert_ne!(decide("https://www.google-analytics.com.evil.test/collect")["source"], "catalog");
    for (url, reason) in [
        ("/app.js", "own site"),
        ("https://cdn.shop.example/app.js", "own site"),
        ("https://cdn.jsdelivr.net/npm/x.js", "harmless"),
        ("https://partner.example/app.js", "no rule"),
        ("data:text/plain,x", "no host"),
    ] {
        let nobody = decide(url);
        assert_eq!(nobody["verdict"], "allow", "{url}");
        for field in ["vendor", "purpose", "name", "source"] {
            assert_eq!(nobody[field], "", "{url}: {field}");
        }
        assert!(nobody["reason"].as_str().unwrap().contains(reason), "{url}: {nobody}");
    }
}

#[test]
fn explain_says_which_pages_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    fs::write(&config, "[collect]\nsensitive = [\"/health/*\"]\n").unwrap();
    let explain = |page: &str| {
        let (config, yes) = (config.to_str().unwrap(), cookie("f1a1m1").replace("v1.p1.", "v1.x."));
        json_of(&consentry(&[
            "explain", "--json", "--config", config, "--page", page, "--cookie", &yes,
        ]))
    };
    let analytics = |page| explain(page)["consent"]["analytics"].take();
    assert_eq!(analytics("https://shop.example/tea")["granted"], true);
    let held = analytics("https://shop.example/%48ealth/tea");
    assert_eq!(held["granted"], false);
    let reason = "the operator shares nothing on this page (sensitive in [collect])";
    assert_eq!(held["reason"], reason);
}

#[test]
fn explain_reads_snippets_and_managers() {
    let snippet = "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}\
        gtag('js',new Date());gtag('config','G-ABCDEF1234');\
        s.src='https://www.googletagmanager.com/gtag/js?id=G-ABCDEF1234';";
    let explain = ["explain", "--json", "--snippet", "-"];
    let gated = json_of(&with_input(&explain, snippet));
    assert_eq!(gated["decision"]["verdict"], "gate", "{gated}");
    assert_eq!(gated["decision"]["effect"], "gated whole", "{gated}");
    let plain = json_of(&with_input(&explain, "let a = 1;"));
    assert_eq!(plain["decision"]["verdict"], "allow");
    assert_eq!(plain["decision"]["vendor"], "");

    let value = "CookieConsent={stamp:%27a%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true\
        %2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:";
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let value = format!("{value}{now}%2Cregion:%27be%27}}");
    let read =
        json_of(&consentry(&["explain", "--json", "--cmp", "cookiebot", "--cookie", &value]));
    assert_eq!(read["consent"]["analytics"]["granted"], true, "{read}");
    assert_eq!(read["signals"][0]["name"], "cookiebot");
    let other =
        json_of(&consentry(&["explain", "--json", "--cmp", "onetrust", "--cookie", &value]));
    assert_eq!(other["signals"], json!([]));
    let unknown = consentry(&["explain", "--cmp", "cookiebott"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("cookiebot, cookiefirst"), "{}", err(&unknown));
}

#[test]
fn explain_shows_strings_of_the_iabs_frameworks() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "iab.toml", "[consent]\nmax_age_days = 3650\n");
    // All purposes, for Google (755) alone.
    let tc = "euconsent-v2=CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgF5wAQF5gYzAOAAUABkAEAALQAZAA0ACKAEwALYAYQBCACkAXmAxkAAAA.\
              IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
    let explain = |url: &str, cookie: &str| {
        let options = ["explain", "--json", "--config", &file, "--page", "https://shop.example/"];
        json_of(&consentry(&[&options[..], &["--url", url, "--cookie", cookie]].concat()))
    };
    let google = explain("https://googleads.g.doubleclick.net/pagead/x", tc);
    assert_eq!(google["signals"][0]["name"], "tcf");
    assert_eq!(google["signals"][0]["basis"], "explicit");
    assert_eq!(google["consent"]["marketing"]["granted"], false);
    assert_eq!(google["consent"]["marketing"]["granted_to_listed_vendors"], true);
    assert_eq!(google["decision"]["verdict"], "allow", "{google}");
    let criteo = explain("https://static.criteo.net/js/ld/ld.js", tc);
    assert_eq!(criteo["decision"]["verdict"], "gate");
    assert_eq!(criteo["decision"]["reason"], "tcf: the visitor did not consent to this vendor");
    let meta = explain("https://connect.facebook.net/en_US/fbevents.js", tc);
    assert_eq!(meta["decision"]["verdict"], "gate");
    let out = explain("https://static.criteo.net/js/ld/ld.js", "us_privacy=1YYN; usprivacy=?");
    let signals: Vec<_> = (0..2).map(|at| out["signals"][at]["basis"].as_str().unwrap()).collect();
    assert_eq!(signals, ["none", "explicit"]);
    assert_eq!(out["decision"]["reason"], "usprivacy: the visitor refused marketing");
}

#[test]
fn explain_says_it_in_words() {
    let said = consentry(&["explain", "--url", "https://www.google-analytics.com/collect"]);
    for words in ["no consent signal", "analytics", "catalogue", "gate"] {
        assert!(out(&said).contains(words), "{}", out(&said));
    }
}

// === scan ===

#[test]
fn scan_lists_what_enforcement_does() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("deep");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("tea.html"), PAGE).unwrap();
    fs::write(folder.path().join("notes.txt"), PAGE).unwrap();
    let second = "<script src=https://consent.cookiebot.com/uc.js></script>\n\
        <script src=https://js.stripe.com/v3/></script>\n<script src=//app.usercentrics.eu/a.js></script>";
    path(&folder, "pay.htm", second);
    let folder = folder.path().display().to_string();
    let scanned = json_of(&consentry(&["scan", "--format", "json", &folder]));
    let pages = scanned["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0]["url"], "https://shop.example/tea");
    let found = pages[0]["findings"].as_array().unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    for (found, place, line) in [(&found[0], "script src", 3), (&found[1], "img src", 4)] {
        assert_eq!((&found["place"], &found["line"]), (&json!(place), &json!(line)));
        for field in ["vendor", "purpose", "what", "effect"] {
            assert!(found[field].is_string(), "{field}: {found}");
        }
    }
    assert!(found.iter().all(|found| found["effect"] == "made inert"), "{found:?}");
    assert_eq!(pages[1]["url"], "https://page.invalid/");
    let stripe = &pages[1]["findings"][0];
    assert_eq!(
        (&stripe["purpose"], &stripe["effect"]),
        (&json!("necessary"), &json!("kept: necessary"))
    );
    assert_eq!(scanned["config"], "[consent]\ncmp = [\"cookiebot\", \"usercentrics\"]");
    assert_eq!(scanned["cmps"][1]["name"], "usercentrics");
    assert_eq!(scanned["cmps"][1]["readable"], false);

    let said = consentry(&["scan", &folder, "/no/such/page.html"]);
    assert!(said.status.success());
    assert!(err(&said).contains("/no/such/page.html"));
    assert!(out(&said).contains("[consent]\ncmp = [\"cookiebot\", \"usercentrics\"]"));
    assert!(out(&said).contains("count as necessary"));
    assert!(out(&said).contains("usercentrics keeps the choice in the browser"));
}

#[test]
fn scan_fails_when_there_is_nothing_to_scan() {
    let failed = consentry(&["scan", "http://127.0.0.1:1/"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).starts_with("consentry: http://127.0.0.1:1/: "), "{}", err(&failed));
    let said = "127.0.0.1:1 refuses the connection; see that the server runs";
    assert_eq!(err(&failed).matches(said).count(), 1, "{}", err(&failed));
    assert!(!err(&failed).contains("os error") && err(&failed).lines().count() == 1);
}

#[test]
fn scan_fetches_pages_with_their_heads() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", origin.local_addr().unwrap());
    let serving = thread::spawn(move || answer(&origin.accept().unwrap().0));
    let scanned = json_of(&consentry(&["scan", "--format", "json", &url]));
    serving.join().unwrap();
    let found = scanned["pages"][0]["findings"].as_array().unwrap();
    let places: Vec<&str> = found.iter().map(|found| found["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["header link", "cookie _ga", "script src", "img src"], "{found:?}");
    assert_eq!(found[0]["effect"], "header removed");
    assert_eq!(found[1]["effect"], "cookie removed");
}

/// Reads one request's head, and answers with the page.
fn answer(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let link = "Link: <https://www.googletagmanager.com/gtag/js?id=G-1>; rel=preload; as=script";
    let length = PAGE.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{link}\r\nSet-Cookie: _ga=1\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{PAGE}").as_bytes()).unwrap();
}

// === check ===

#[test]
fn check_lists_every_problem_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(
        &folder,
        "broken.toml",
        "mode = \"enforced\"\nregime = 1\n[gate]\nheuristic = true\nlists = [{ path = \"none.txt\" }]\n",
    );
    let checked = consentry(&["check", &file]);
    assert_eq!(checked.status.code(), Some(2));
    assert_eq!(out(&checked), "");
    let problems: Vec<&str> = err(&checked).lines().collect();
    assert_eq!(problems.len(), 4, "{}", err(&checked));
    for (problem, line) in problems.iter().zip([1, 2, 4, 5]) {
        assert!(problem.starts_with(&format!("{file}:{line}:")), "{problem}");
        assert!(problem.contains("; "), "{problem}");
    }
    assert!(problems[0].contains("write \"enforce\""), "{}", problems[0]);
    let served = consentry(&["serve", "--config", &file]);
    assert_eq!(served.status.code(), Some(2));
    assert_eq!(err(&served), err(&checked));
}

#[test]
fn check_sums_up_what_is_right() {
    let folder = tempfile::tempdir().unwrap();
    path(&folder, "list.txt", "||good.test^\n||bad.test^$nosuchoption\n/[bad(regex/\n");
    let file = path(
        &folder,
        "consentry.toml",
        "[origin]\nurl = \"http://127.0.0.1:3000\"\n[gate]\nlists = [{ path = \"list.txt\" }]\n\
         [[site]]\nhosts = [\"a.example\"]\n[[site]]\nhosts = [\"b.example\"]\n",
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
    let checked = command.arg("check").current_dir(Path::new(&file).parent().unwrap()).output();
    let checked = checked.unwrap();
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(out(&checked).starts_with("ok: 2 sites, origin http://127.0.0.1:3000, "));
    assert!(err(&checked).contains("list.txt:2: warning: skipped"), "{}", err(&checked));
    assert!(
        err(&checked).contains("list.txt:3: warning: skipped: its regular"),
        "{}",
        err(&checked)
    );
    for (secret, warns) in [("", true), ("secret = \"made by a machine\"\n", false)] {
        let records = format!("[records]\nstore = \"postgres://a@b.test/c\"\n{secret}");
        let file = path(
            &folder,
            "nodes.toml",
            &format!("[origin]\nurl = \"http://127.0.0.1:3000\"\n{records}"),
        );
        let checked = consentry(&["check", &file]);
        assert!(checked.status.success(), "{}", err(&checked));
        assert_eq!(err(&checked).contains("warning: `secret` in [records]"), warns);
    }
    let absent = consentry(&["check", "/no/such/file.toml"]);
    assert_eq!(absent.status.code(), Some(2));
}

// === serve, demo ===

#[test]
fn check_reads_certificates_and_serve_listens_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[origin]\nurl = \"http://127.0.0.1:1\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n[[listener.certificate]]\nchain = \"a.pem\"\nkey = \"a.key\"\n[[listener]]\naddress = \"unix:SOCKET\"\n";
    let socket = folder.path().join("http.sock");
    let file = path(&folder, "c.toml", &text.replace("SOCKET", socket.to_str().unwrap()));
    let checked = consentry(&["check", &file]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(err(&checked).contains("a.pem cannot be read"), "{}", err(&checked));
    let failed = consentry(&["serve", "--config", &file]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).contains("a.pem cannot be read"), "{}", err(&failed));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=a", "-addext", "subjectAltName=DNS:shop.test"])
        .args(["-out", "a.pem", "-keyout", "a.key"])
        .current_dir(folder.path())
        .output();
    assert!(made.unwrap().status.success());
    let checked = consentry(&["check", &file]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    let (_running, line) = Running::start(&["serve", "--config", &file]);
    let address = line.strip_prefix("consentry: https://").unwrap().split(',').next().unwrap();
    assert!(
        line.contains(&format!(", unix:{} -> http://127.0.0.1:1 (enforce)", socket.display())),
        "{line}"
    );
    let url = format!("https://{address}/");
    let told = Command::new("curl").args(["-sk", "-w", "%{http_code}", &url]).output().unwrap();
    assert!(out(&told).ends_with("502"), "{}", out(&told));
}

/// A program that runs until the test is over.
struct Running(Child);

impl Running {
    /// Starts the program, and gives its first line.
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut child = start(arguments);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Self(child), line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: shop.example\r\n{headers}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn serve_needs_no_file_and_says_when_it_is_ready() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", origin.local_addr().unwrap());
    let serving = thread::spawn(move || {
        answer(&origin.accept().unwrap().0);
    });
    let (_running, line) = Running::start(&["serve", "--origin", &url, "--listen", "127.0.0.1:0"]);
    let (address, rest) = line.strip_prefix("consentry: http://").unwrap().split_once(' ').unwrap();
    assert_eq!(rest, format!("-> {url} (enforce)\n"));
    let gated = get(address, "");
    assert!(gated.starts_with("HTTP/1.1 200") && gated.contains("<p>Tea</p>"), "{gated}");
    assert!(!loads_its_trackers(&gated) && !gated.contains("_ga="), "{gated}");
    serving.join().unwrap();
}

/// Where our banner is on, which it is by default, only what the server signed allows anything.
#[test]
fn serve_takes_the_sites_own_cookie_where_the_banner_is_off() {
    for (enabled, counts) in [("\"auto\"", false), ("false", true)] {
        let folder = tempfile::tempdir().unwrap();
        let file = path(&folder, "c.toml", &format!("[banner]\nenabled = {enabled}\n"));
        let origin = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", origin.local_addr().unwrap());
        let serving = thread::spawn(move || answer(&origin.accept().unwrap().0));
        let arguments = ["serve", "--origin", &url, "--config", &file, "--listen", "127.0.0.1:0"];
        let (_running, line) = Running::start(&arguments);
        let address = line.strip_prefix("consentry: http://").unwrap().split_once(' ').unwrap().0;
        let granted = get(address, &format!("Cookie: {}\r\n", cookie("f1a1m1")));
        assert_eq!(has_its_trackers(&granted), counts, "{granted}");
        serving.join().unwrap();
    }
}

#[test]
fn serve_says_what_it_needs() {
    for (arguments, words) in [
        (&["serve"][..], "write --origin http://127.0.0.1:3000"),
        (&["serve", "--origin", "shop.example"], "`--origin`"),
        (&["serve", "--origin", "http://a.test/path"], "write \"http://a.test\""),
        (&["serve", "--origin", "http://a.test", "--listen", "8080"], "`--listen`"),
        (&["serve", "--origin", "http://a.test", "--mode", "on"], "enforce"),
    ] {
        let refused = consentry(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(err(&refused).contains(words), "{}", err(&refused));
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failed = consentry(&["serve", "--origin", "http://127.0.0.1:1", "--listen", &address]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).contains(&address), "{}", err(&failed));
}

#[test]
fn lists_from_afar_are_fetched_kept_and_used() {
    let lists = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = path(
        &folder,
        "consentry.toml",
        &format!(
            "[origin]\nurl = \"http://{}\"\n[gate]\nlist_cache = \"kept\"\n\
             lists = [{{ url = \"http://{}/l.txt\", purpose = \"analytics\" }}]\n",
            origin.local_addr().unwrap(),
            lists.local_addr().unwrap()
        ),
    );
    thread::spawn(move || {
        origin.incoming().for_each(|stream| {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let page = "<img src=//quiet.example/logo.png>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";
            stream.write_all(format!("{head}{page}").as_bytes()).unwrap();
        });
    });
    let (running, line) = Running::start(&["serve", "--config", &file, "--listen", "127.0.0.1:0"]);
    let address = line.strip_prefix("consentry: http://").unwrap().split_once(' ').unwrap().0;
    assert!(get(address, "").contains("<img src=//quiet.example"), "no list is there yet");
    let (mut stream, _) = lists.accept().unwrap();
    let mut asked = BufReader::new(&stream).lines();
    while asked.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let list = "||quiet.example^\n||bad.example^$nosuchoption\n";
    let length = list.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{list}").unwrap();
    let used = (0..100).any(|_| {
        thread::sleep(std::time::Duration::from_millis(50));
        !get(address, "").contains("<img src=//quiet.example")
    });
    assert!(used, "the list is not in use");
    drop(running);
    let kept: Vec<_> = fs::read_dir(folder.path().join("kept")).unwrap().collect();
    assert_eq!(kept.len(), 1);
    // The copy is enough for a program that does not fetch.
    let page = "http://shop.example/";
    let explain =
        ["explain", "--json", "--config", &file, "--page", page, "--url", "//quiet.example/x"];
    let decision = json_of(&consentry(&explain))["decision"].take();
    assert_eq!((&decision["source"], &decision["purpose"]), (&json!("list"), &json!("analytics")));
}

#[test]
fn demo_shows_its_shop_without_trackers() {
    let (_running, line) = Running::start(&["demo", "--listen", "127.0.0.1:0"]);
    let address = line.trim_end().strip_prefix("consentry: http://").unwrap().trim_end_matches('/');
    let none = get(address, "");
    assert!(none.starts_with("HTTP/1.1 200"), "{none}");
    assert!(!loads(&none, "//tags.localhost") && !loads(&none, "//social.localhost"), "{none}");
    let all = get(address, &format!("Cookie: {}\r\n", cookie("f1a1m1")));
    for served in ["/_consentry/v/tags.localhost/gtm.js", "/_consentry/v/social.localhost/tr?"] {
        assert!(all.contains(served) && !none.contains(served), "{all}");
    }
    assert!(!all.contains("//tags.localhost") && !all.contains("//social.localhost"), "{all}");
}

#[test]
fn explain_tells_the_law_of_the_visitors_region() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let text = "[region]\nheader = \"CF-IPCountry\"\nopt_out = [\"US\"]\n[consent]\nallow_implied = true\ndnt = [\"analytics\"]\n";
    fs::write(&path, text).unwrap();
    let explain = |headers: &[&str]| {
        let mut arguments = vec!["explain", "--json", "--config", path.to_str().unwrap()];
        headers.iter().for_each(|header| arguments.extend(["--header", header]));
        json_of(&consentry(&arguments))
    };
    let told = explain(&["CF-IPCountry: US-CA"]);
    assert_eq!(
        (&told["regime"], &told["consent"]["analytics"]["granted"]),
        (&json!("opt-out"), &json!(true))
    );
    for headers in [
        &["CF-IPCountry: NO"][..],
        &["CF-IPCountry: T1"],
        &[],
        &["CF-IPCountry: US", "CF-IPCountry: US"],
    ] {
        let told = explain(headers);
        assert_eq!(
            (&told["regime"], &told["consent"]["analytics"]["granted"]),
            (&json!("opt-in"), &json!(false)),
            "{headers:?}"
        );
    }
    let told = explain(&["CF-IPCountry: US", "DNT: 1"]);
    assert_eq!(
        told["consent"]["analytics"],
        json!({"granted": false, "granted_to_listed_vendors": false, "granted_to_shown_vendors": false, "basis": "explicit", "signal": "dnt", "reason": "Do Not Track refuses analytics"})
    );
    assert_eq!(told["consent"]["marketing"]["granted"], json!(true));
}
