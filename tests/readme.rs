//! What the README shows, held against the program: its example, its configuration, its commands and its links.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use clap::Parser as _;
use consentry::{
    cli::Cli,
    config::{Config, Overrides},
};
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
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
    assert_eq!(&String::from_utf8(output.stdout).unwrap(), after);
}

#[test]
fn the_configuration_is_right() {
    let configurations = blocks("toml");
    assert_eq!(configurations.len(), 3);
    for configuration in configurations {
        Config::parse(&configuration, "README.md", Path::new(""), &Overrides::default()).unwrap();
    }
}

#[test]
fn the_new_vendor_gets_what_its_entry_lists() {
    let [_, _, vendor] = &blocks("toml")[..] else { panic!("three blocks of TOML") };
    let lines = vendor.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.count(), 9, "short enough to be read at a glance");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("consentry.toml");
    fs::write(&config, vendor).unwrap();
    let today = consentry::consent::Day::of(std::time::SystemTime::now());
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
    let today = consentry::consent::Day::of(std::time::SystemTime::now()).to_string();
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
    let [_, settings, _] = &blocks("toml")[..] else { panic!("three blocks of TOML") };
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
    for link in links.filter(|link| !link.starts_with("http")) {
        assert!(Path::new(link).exists(), "{link}");
    }
}
