//! Turns visits to consent managers that keep the choice in the browser (`tests/browser/mirrors.mjs`) into a verdict.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{env, path::Path, process::Command};

#[test]
fn what_the_browser_keeps_reaches_the_server_and_nothing_else_does() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let packages = ["puppeteer-core", "vanilla-cookieconsent", "klaro"];
    let packages = packages.map(|package| browser.join("node_modules").join(package));
    for needed in packages.into_iter().chain([chromium.into()]) {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let program = env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../mirrors");
    let ended = Command::new("node")
        .arg(browser.join("mirrors.mjs"))
        .args(["--program", &program, "--out"])
        .arg(out)
        .output()
        .expect("node");
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
}
