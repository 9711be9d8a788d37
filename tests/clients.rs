//! Turns visits to pages with real vendors' scripts behind the proxy, in a real browser (`tests/browser/clients.mjs`), into a verdict.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{env, path::Path, process::Command};

/// The packages whose files the stub serves as the vendors' own.
const PACKAGES: [&str; 12] = [
    "puppeteer-core",
    "posthog-js",
    "mixpanel-browser",
    "@amplitude/analytics-browser",
    "@segment/analytics-next",
    "clarity-js",
    "@snowplow/browser-tracker",
    "@plausible-analytics/tracker",
    "@adobe/alloy",
    "@datadog/browser-rum",
    "autotrack",
    "@minimal-analytics/ga4",
];

#[test]
fn real_clients_send_nothing_before_a_yes_and_name_nobody_after_it() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let packages = PACKAGES.map(|package| browser.join("node_modules").join(package));
    for needed in packages.into_iter().chain([chromium.into()]) {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let program = env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../clients");
    let ended = Command::new("node")
        .arg(browser.join("clients.mjs"))
        .args(["--program", &program, "--out"])
        .arg(out)
        .output()
        .expect("node");
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
}
