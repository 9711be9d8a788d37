//! What the README shows, held against the program: its example, its configuration, its commands and its links.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use clap::Parser as _;
use consentry::{
    cli::Cli,
    config::{Config, Overrides},
    consent::{self, Cmp, Reader},
    engine::{Client, Engine, Plan},
    policy::{Policy, Regime},
    purpose::Purpose,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header::COOKIE};
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

fn readme() -> String {
    fs::read_to_string("README.md").unwrap()
}

/// The code blocks of one language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme = readme();
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_example_is_what_the_program_does() {
    let [before, after] = &blocks("html")[..] else { panic!("two blocks of HTML") };
    let mut program = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(["rewrite", "--url", "https://shop.example/"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(before.as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let (page, banner) = output.split_once("<script src=\"/_consentry/banner/en/").unwrap();
    let (guard, page) = page.split_once("</script>").unwrap();
    assert!(guard.starts_with("<script src=\"/_consentry/guard/"), "{guard}");
    assert_eq!(page, after);
    assert!(banner.ends_with("</noscript>") && !banner.contains("<button"), "{banner}");
}

#[test]
fn the_configuration_is_right() {
    let configurations = blocks("toml");
    assert_eq!(configurations.len(), 6);
    for configuration in configurations {
        Config::parse(&configuration, "README.md", Path::new(""), &Overrides::default()).unwrap();
    }
}

#[test]
fn the_new_vendor_gets_what_its_entry_lists() {
    let vendor = blocks("toml").into_iter().find(|block| block.contains("[[vendor]]")).unwrap();
    let lines = vendor.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.count(), 9, "short enough to be read at a glance");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("consentry.toml");
    fs::write(&config, &vendor).unwrap();
    let today = consent::Day::of(std::time::SystemTime::now());
    let choice = format!("consentry=v1.p1.{today}.f0a1m0");
    let url = "https://shop.example/_consentry/v/in.acme.example/collect?session=s1&ip=203.0.113.7";
    let body = r#"{"event":"call +47 412 34 567","page":"https://u:p@a.test/x?mail=a@b.test#y","user":{"id":"7","name":"Kari"}}"#;
    let output = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(["explain", "--json", "--config"])
        .arg(&config)
        .args(["--cookie", &choice, "--forward", "--url", url, "--data", body])
        .output()
        .unwrap();
    let told = serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
    let forward = &told["forward"];
    assert_eq!(forward["url"], "https://in.acme.example/collect?session=s1");
    let body = &forward["body"];
    assert_eq!(
        (&body["event"], &body["page"]),
        (&"call [redacted]".into(), &"https://a.test/x".into())
    );
    assert_eq!(body["user"].as_object().unwrap().keys().collect::<Vec<_>>(), ["id"]);
    assert_eq!(body["user"]["id"].as_str().unwrap().len(), 16);
}

/// Runs the command that begins so, with a choice of today, and gives what it says.
fn said(start: &str, more: &[&str]) -> String {
    let commands = blocks("sh").concat();
    let command = commands.lines().find(|line| line.starts_with(start)).unwrap();
    let today = consent::Day::of(std::time::SystemTime::now()).to_string();
    let command = command.replace("20260101", &today);
    let words = command.split(' ').skip(1).map(|word| word.trim_matches('\''));
    let output =
        Command::new(env!("CARGO_BIN_EXE_consentry")).args(words).args(more).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

const EXPLAIN: &str = "consentry explain --cookie 'consentry=v1.p1.20260101.f0a1m0' --page";

#[test]
fn the_request_leaves_as_shown() {
    let [shown] = &blocks("text")[..] else { panic!("one block of text") };
    let said = said(EXPLAIN, &[]);
    assert!(said.ends_with(shown), "{said}");
}

#[test]
fn the_settings_of_collection_do_what_is_said() {
    let settings = blocks("toml").into_iter().find(|block| block.contains("[collect]")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("consentry.toml");
    for (from, to, told) in [
        ("", "", "nothing is sent: it names no account of the site's with the vendor"),
        ("G-ABC123", "G-1", "  dl = https://shop.example/\n"),
        ("\"consent\"", "\"none\"", "nothing is sent: the site shares nothing"),
        ("\"/health/*\"", "\"/\"", "nothing is sent: the page shares nothing"),
        ("\"ga4\", ", "", "nothing is sent: the site does not serve Google Analytics 4"),
    ] {
        assert!(settings.contains(from), "{from}");
        fs::write(&config, settings.replacen(from, to, 1)).unwrap();
        let said = said(EXPLAIN, &["--config", config.to_str().unwrap()]);
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn vendors_that_are_said_to_be_gated_only_are() {
    let text = readme();
    let (_, list) = text.split_once("says why\n(").unwrap();
    let vendors = consentry::config::built_in();
    for (name, id) in
        [("Hotjar", "hotjar"), ("Facebook's plug-ins", "fb_sdk"), ("RudderStack", "rudderstack")]
    {
        assert!(list.split(')').next().unwrap().contains(name), "{name}");
        assert!(
            vendors.iter().any(|vendor| vendor.id == id && !vendor.gated_only.is_empty()),
            "{id}"
        );
    }
}

#[test]
fn the_commands_are_the_programs() {
    let commands: Vec<String> = blocks("sh")
        .iter()
        .flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let of_program: Vec<_> = commands.iter().filter(|c| c.starts_with("consentry ")).collect();
    assert!(of_program.len() >= 5, "{commands:?}");
    for command in of_program {
        let words = command.split([' ', '\t']).take_while(|w| !w.starts_with(['#', '<', '>']));
        let words = words.filter(|w| !w.is_empty()).map(|w| w.trim_matches('\''));
        Cli::try_parse_from(words).unwrap();
    }
    assert!(commands.iter().any(|c| c == "tests/run") && Path::new("tests/run").exists());
}

#[test]
fn the_plug_in_is_the_one_that_is_tested() {
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let tested = squeezed(&fs::read_to_string("tests/http/embed.rs").unwrap());
    let [shown] = &blocks("rust")[..] else { panic!("one block of Rust") };
    for line in [
        "modules.add_module(self.consentry.module());",
        "if self.consentry.handle(session).await? {",
    ] {
        assert!(shown.contains(line.trim_end_matches(" {")), "{line}");
        assert!(tested.contains(&squeezed(line)), "{line}");
    }
}

#[test]
fn the_links_lead_somewhere() {
    let readme = readme();
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let headings: Vec<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| format!("#{}", heading.to_lowercase().replace(' ', "-")))
        .collect();
    for link in links.filter(|link| !link.starts_with("http")) {
        assert!(Path::new(link).exists() || headings.iter().any(|h| h == link), "{link}");
    }
}

/// The cells of the table rows in the section on consent signals.
fn signals() -> Vec<[String; 2]> {
    let readme = readme();
    let (_, section) = readme.split_once("## Consent signals\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| row.split_once(" | "))
        .map(|(a, b)| [a.to_owned(), b.to_owned()])
        .collect()
}

#[test]
fn every_consent_manager_is_in_its_row() {
    let rows = signals();
    let row = |end: &str| -> Vec<&str> {
        let row = rows.iter().find(|[_, what]| what.starts_with(end)).unwrap();
        row[0].split(' ').map(|name| name.trim_matches('`')).collect()
    };
    let named = |is: fn(Cmp) -> bool| -> Vec<&str> {
        Cmp::all().filter(|cmp| is(*cmp)).map(Cmp::name).collect()
    };
    assert_eq!(row("read unless"), named(Cmp::is_usual));
    assert_eq!(row("need a `map`"), named(Cmp::needs_map));
    assert_eq!(row("leave nothing"), named(Cmp::is_in_browser));
    assert!(readme().contains(&format!("{} consent managers", Cmp::NAMED.len())));
}

/// What is granted to everybody of functional, analytics and marketing, and then to vendors of the Global Vendor List.
fn granted(config: &consent::Config, name: &str, value: &str) -> String {
    let name: HeaderName = name.parse().unwrap();
    let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())]);
    let now = UNIX_EPOCH + Duration::from_secs(1_781_524_800);
    let consent = Reader::new(config).asking_about([755]).read(&headers, now);
    let ruling = Policy::default().rule(&consent, Regime::OptIn);
    let grant = |purpose| ruling.grant(purpose).unwrap();
    let letter = |is: bool| if is { '+' } else { '-' };
    let all = Purpose::OPTIONAL.map(|purpose| letter(grant(purpose).granted));
    let listed = Purpose::OPTIONAL.map(|purpose| letter(grant(purpose).listed));
    all.into_iter().chain(listed).collect()
}

#[test]
fn every_signal_does_what_its_row_says() {
    let tc = "euconsent-v2=CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA";
    let gpp = tc.replace("euconsent-v2=", "__gpp=DBABMA~");
    let yes = "consentry=v1.p1.20260601.f1a1m1";
    let usual = consent::Config::default();
    let marketing = [Purpose::Marketing].into_iter().collect();
    let dnt = consent::Config { dnt: marketing, ..usual.clone() };
    let assumed = "CookieConsent={stamp:'-1',preferences:true,statistics:true,marketing:true,method:'implied'}";
    let both = |other: &str| format!("{yes}; {other}");
    let cases: [(&str, &consent::Config, &str, String, &str); 14] = [
        ("a cookie that was written", &usual, "cookie", assumed.into(), "------"),
        ("two sources", &usual, "cookie", both("CookieConsent=0"), "------"),
        ("a TC string", &usual, "cookie", tc.into(), "----++"),
        ("a TC string", &usual, "cookie", gpp, "----++"),
        ("Google's Additional", &usual, "cookie", "addtl_consent=1~89".into(), "------"),
        ("a US section", &usual, "cookie", both("__gpp=DBABBg~BAQAAABA.QA"), "++-++-"),
        ("a US section", &usual, "cookie", "usprivacy=1YNN".into(), "------"),
        ("a US section", &usual, "cookie", both("usprivacy=1YNN"), "++++++"),
        ("a US section", &usual, "cookie", both("usprivacy=1YYN"), "++-++-"),
        ("`Sec-GPC: 1`", &usual, "cookie", yes.into(), "++++++"),
        ("`Sec-GPC: 1`", &usual, "sec-gpc", "1".into(), "------"),
        ("`DNT: 1`", &usual, "dnt", "1".into(), "------"),
        ("`DNT: 1`", &dnt, "dnt", "1".into(), "------"),
        (
            "leave nothing",
            &consent::Config { cmps: vec![Cmp::Usercentrics], ..usual.clone() },
            "cookie",
            "ucString=1".into(),
            "------",
        ),
    ];
    let rows = signals();
    for (row, config, name, value, expected) in cases {
        assert!(rows.iter().flatten().any(|cell| cell.starts_with(row)), "{row}");
        assert_eq!(granted(config, name, &value), expected, "{row}: {value}");
    }
    let refuses = |config: &consent::Config, header: &'static str| {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static(header), HeaderValue::from_static("1")),
            (COOKIE, HeaderValue::from_str(yes).unwrap()),
        ]);
        let now = UNIX_EPOCH + Duration::from_secs(1_781_524_800);
        let consent = Reader::new(config).read(&headers, now);
        !Policy::default().rule(&consent, Regime::OptIn).grants(Purpose::Marketing)
    };
    assert!(refuses(&usual, "sec-gpc") && refuses(&dnt, "dnt") && !refuses(&usual, "dnt"));
}

#[test]
fn the_law_is_that_of_the_place() {
    let configuration =
        blocks("toml").into_iter().find(|block| block.contains("[region]")).unwrap();
    let overrides = Overrides { offline: true, ..Overrides::default() };
    let config = Config::parse(&configuration, "README.md", Path::new(""), &overrides).unwrap();
    let engine = Engine::new(config.engine(&[]).unwrap()).unwrap();
    let plan = |path: &str, country: &str| {
        let request =
            Request::get(path).header("host", "shop.example").header("cf-ipcountry", country);
        engine.plan(&request.body(()).unwrap().into_parts().0, Client::default())
    };
    for (country, regime, granted) in [
        ("US", Regime::OptOut, true),
        ("NO", Regime::OptIn, false),
        ("CA-QC", Regime::OptIn, false),
        ("", Regime::OptIn, false),
    ] {
        let Plan::Proxy(view) = plan("/", country) else { panic!("it is proxied") };
        let found = (view.regime(), view.ruling().grants(Purpose::Marketing));
        assert_eq!(found, (regime, granted), "{country}");
    }
    let Plan::Respond(reply) = plan("/.well-known/gpc.json", "") else { panic!("it is answered") };
    assert_eq!(reply.json.as_deref(), Some(r#"{"gpc":true,"lastUpdate":"2026-11-01"}"#));
}
