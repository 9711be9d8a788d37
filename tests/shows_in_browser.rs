//! Turns visits to an old shop behind `consentry serve` in a real browser (`tests/browser/shows.mjs`) into a verdict.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{env, fs, path::Path, process::Command};

#[test]
fn what_visitors_choose_holds() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    for needed in [browser.join("node_modules/puppeteer-core"), chromium.into()] {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let program = env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shows");
    // Records of an earlier run would be counted.
    let _ = fs::remove_dir_all(&folder);
    let mut visits = Command::new("node");
    visits.arg(browser.join("shows.mjs")).args(["--program", &program, "--folder"]).arg(&folder);
    if let Ok(shots) = env::var("SHOTS") {
        visits.args(["--shots", &shots]);
    }
    let ended = visits.output().expect("node");
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
}
