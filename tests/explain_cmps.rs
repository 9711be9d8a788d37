//! `consentry explain --json --cmp NAME --cookie VALUE` for every consent manager: everything accepted, everything refused,
//! some of both, no choice yet, and wrong bytes.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../src/consent/tests/states.rs"]
mod states;

use consentry::consent::{Cmp, Day};
use serde_json::{Value, json};
use states::{At, MAP, MAPPED, State, states};
use std::{
    fs,
    process::Command,
    time::{Duration, SystemTime},
};

const PURPOSES: [&str; 3] = ["functional", "analytics", "marketing"];

fn explain(state: &State, config: &str) -> Value {
    let arguments = ["explain", "--json", "--cmp", state.cmp, "--cookie", &state.cookie];
    let mapped: &[&str] = if state.cmp == MAPPED { &["--config", config] } else { &[] };
    let said = Command::new(env!("CARGO_BIN_EXE_consentry"))
        .args(arguments)
        .args(mapped)
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).unwrap()
}

/// An hour ago.
fn at() -> (u64, String) {
    let time = SystemTime::now() - Duration::from_secs(3600);
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let day = Day::of(time).to_string();
    let (year, rest) = day.split_at(4);
    let (month, day) = rest.split_at(2);
    let of_day = seconds % 86_400;
    let clock = format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
    (seconds, format!("{year}-{month}-{day}T{clock}.345Z"))
}

#[test]
fn explain_answers_right_for_every_manager_in_every_state() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("consentry.toml");
    let map: Vec<_> = MAP.iter().map(|(id, purpose)| format!("{id} = \"{purpose}\"")).collect();
    let map = map.join(", ");
    let text = format!("[consent]\ncmp = [\"{MAPPED}\"]\nmap.{MAPPED} = {{ {map} }}\n");
    fs::write(&config, text).unwrap();
    let (seconds, iso) = at();
    let states = states(&At { seconds, iso: &iso });
    assert_eq!(states.len(), 5 * Cmp::NAMED.len());
    for state in states {
        let said = explain(&state, &config.display().to_string());
        let State { cmp: _, cookie, signal: name, basis, votes } = &state;
        let signals = said["signals"].as_array().unwrap();
        let signal = signals.iter().find(|s| s["name"] == *name).unwrap_or(&Value::Null);
        // What a TC string grants is for the vendors of the Global Vendor List.
        let granted_key = if *name == "tcf" { "granted_to_listed_vendors" } else { "granted" };
        if basis.is_empty() {
            assert_eq!(said["signals"], json!([]), "{cookie}");
        } else {
            assert_eq!(
                (&signal["name"], &signal["basis"]),
                (&json!(name), &json!(basis)),
                "{cookie}"
            );
        }
        for (purpose, vote) in PURPOSES.into_iter().zip(votes.chars().chain(['?'; 3])) {
            let voted = match vote {
                '+' => json!(true),
                '-' => json!(false),
                _ => Value::Null,
            };
            let granted = vote == '+' && *basis == "explicit";
            let grant = &said["consent"][purpose];
            assert_eq!(signal["votes"][purpose], voted, "{cookie}: {said}");
            assert_eq!(grant[granted_key], granted, "{cookie}: {said}");
            assert!(
                grant["reason"].as_str().is_some_and(|why| !why.is_empty()),
                "{cookie}: {said}"
            );
        }
    }
}

#[test]
fn explain_says_that_a_choice_is_kept_in_the_browser() {
    let config = tempfile::tempdir().unwrap();
    let path = config.path().join("consentry.toml");
    // Even where assumptions count, nothing is assumed of a site whose choices are not seen.
    fs::write(&path, "regime = \"opt-out\"\n[consent]\nallow_implied = true\n").unwrap();
    for cmp in Cmp::NAMED.iter().filter(|(_, cmp)| cmp.is_in_browser()) {
        let said = Command::new(env!("CARGO_BIN_EXE_consentry"))
            .args(["explain", "--json", "--cmp", cmp.0, "--config"])
            .arg(&path)
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&said.stdout).unwrap();
        for purpose in PURPOSES {
            let grant = &said["consent"][purpose];
            assert_eq!(grant["granted"], false, "{said}");
            let why = format!("{}: this consent manager keeps its choice in the browser", cmp.0);
            assert_eq!(grant["reason"], json!(why));
        }
    }
}
