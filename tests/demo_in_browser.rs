//! Turns a visit to the running demo in a real browser (`tests/browser/demo.mjs`) into a verdict.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{env, path::Path, process::Command};

#[test]
fn the_demo_keeps_its_promise() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    for needed in [browser.join("node_modules/puppeteer-core"), chromium.into()] {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let program = env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../demo");
    let ended = Command::new("node")
        .arg(browser.join("demo.mjs"))
        .args(["--program", &program, "--out"])
        .arg(out)
        .output()
        .expect("node");
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
}
