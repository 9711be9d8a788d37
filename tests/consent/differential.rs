//! Strings that the IAB's own libraries make in each run, against what those libraries decode them to.

use super::truth::{Truth, ids};
use consentry::consent::gpp::GppString;
use serde_json::Value;
use std::{env, path::Path, process::Command, time::SystemTime};

/// How many strings of each kind.
const COUNT: &str = "200";

/// The libraries, installed; says what is missing otherwise.
fn libraries(folder: &Path) -> Result<(), String> {
    let modules = folder.join("node_modules");
    let present =
        || ["@iabtechlabtcf/core", "@iabgpp/cmpapi"].iter().all(|l| modules.join(l).exists());
    if present() {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .output();
    match npm {
        Ok(ended) if ended.status.success() && present() => Ok(()),
        Ok(ended) => Err(String::from_utf8_lossy(&ended.stderr).into_owned()),
        Err(_) => Err("npm is missing".to_owned()),
    }
}

/// What the libraries say, a JSON object a line; `None` where they cannot be asked.
fn said() -> Option<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consent");
    if let Err(why) = libraries(&folder) {
        println!("SKIPPED: `npm ci` in tests/consent does not work: {why}");
        return None;
    }
    let clock = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u32;
    let seed = env::var("CONSENT_SEED").unwrap_or_else(|_| clock().to_string());
    println!("CONSENT_SEED={seed}");
    let ended =
        Command::new("node").arg(folder.join("oracle.mjs")).args([&seed, COUNT]).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let text = String::from_utf8(ended.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn fresh_strings_are_decoded_as_the_libraries_do() {
    let Some(lines) = said() else { return };
    assert_eq!(lines.len(), 2 * COUNT.parse::<usize>().unwrap());
    for line in &lines {
        match line["kind"].as_str().unwrap() {
            "tc" => truth(line).check(),
            "gpp" => check_gpp(line),
            other => panic!("{other}"),
        }
    }
}

fn truth(line: &Value) -> Truth {
    let restricted = |value: &Value| {
        let small = |key: &str| u8::try_from(value[key].as_u64().unwrap()).unwrap();
        (small("purpose"), small("kind"), ids(&value["vendors"]))
    };
    Truth {
        text: line["text"].as_str().unwrap().to_owned(),
        cmp: line["cmp"].as_u64().unwrap(),
        policy: line["policy"].as_u64().unwrap(),
        is_service_specific: line["service_specific"].as_bool().unwrap(),
        created: line["created"].as_i64().unwrap(),
        features: ids(&line["features"]),
        purposes: ids(&line["purposes"]),
        interests: ids(&line["interests"]),
        vendors: ids(&line["vendors"]),
        vendor_interests: ids(&line["vendor_interests"]),
        disclosed: ids(&line["disclosed"]),
        publisher: ids(&line["publisher"]),
        restrictions: line["restrictions"].as_array().unwrap().iter().map(restricted).collect(),
    }
}

fn check_gpp(line: &Value) {
    let text = line["text"].as_str().unwrap();
    let string = GppString::parse(text).unwrap();
    let sections: Vec<(u16, &str)> = string.sections().collect();
    assert_eq!(sections.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids(&line["ids"]), "{text}");
    for (id, section) in sections {
        let Some(out) = line["outs"].get(id.to_string()) else { continue };
        let alone = format!("{}~{section}", header(id));
        let ours = GppString::parse(&alone).unwrap().opts_out();
        assert_eq!(ours, out.as_bool().unwrap(), "section {id} of {text}");
    }
}

/// The header of a string with the one section `id`: type, version, one item, no group, and the id in Fibonacci code.
fn header(id: u16) -> String {
    let mut weights = vec![1, 2];
    while weights[weights.len() - 1] <= id {
        weights.push(weights[weights.len() - 1] + weights[weights.len() - 2]);
    }
    let (mut rest, mut code) = (id, String::new());
    for weight in weights.into_iter().rev().filter(|weight| *weight <= id) {
        code.insert(0, if weight <= rest { '1' } else { '0' });
        rest -= if weight <= rest { weight } else { 0 };
    }
    let bits = format!("000011{:06b}{:012b}0{code}1", 1, 1);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let padded = format!("{bits}{}", "0".repeat((6 - bits.len() % 6) % 6));
    let value = |at: usize| usize::from_str_radix(&padded[at..at + 6], 2).unwrap();
    (0..padded.len()).step_by(6).map(|at| char::from(letters[value(at)])).collect()
}
