//! Turns visits to real consent managers behind the proxy, in a real browser (`tests/browser/managers.mjs`), into a verdict.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{env, path::Path, process::Command};

#[test]
fn what_a_real_manager_allows_loads_and_the_rest_sends_nothing() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let packages =
        ["puppeteer-core", "vanilla-cookieconsent", "klaro", "tarteaucitronjs", "cookieconsent"];
    let packages = packages.map(|package| browser.join("node_modules").join(package));
    for needed in packages.into_iter().chain([chromium.into()]) {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let program = env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../managers");
    let ended = Command::new("node")
        .arg(browser.join("managers.mjs"))
        .args(["--program", &program, "--out"])
        .arg(out)
        .output()
        .expect("node");
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
}
