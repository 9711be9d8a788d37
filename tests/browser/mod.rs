//! Turns a script of this folder into a verdict: the test fails where the script does.
//!
//! 1. Without Chromium, or without a package that the script needs, the test says so and is skipped.
//! 2. The script finds the program in `CONSENTRY` and a folder for what it writes in `CONSENTRY_OUT`; whoever runs the test may name
//!    another program, and another browser in `CHROMIUM`.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a skipped test says so")]

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs `NAME.mjs`, which needs these packages beside the browser's driver, to its end. `tell` comes before it where nothing is missing,
/// and adds what else the script is given; it gets the browser's path.
pub(crate) fn visits(name: &str, packages: &[&str], tell: impl FnOnce(&mut Command, &Path)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    let chromium = PathBuf::from(chromium);
    let packages = [&["puppeteer-core"], packages].concat();
    let packages = packages.iter().map(|package| folder.join("node_modules").join(package));
    if let Some(missing) = packages.chain([chromium.clone()]).find(|needed| !needed.exists()) {
        return println!("SKIPPED: {} is missing", missing.display());
    }
    let mut script = Command::new("node");
    script.arg(folder.join(name).with_extension("mjs"));
    script.env("CONSENTRY_OUT", Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(name));
    if env::var_os("CONSENTRY").is_none() {
        script.env("CONSENTRY", env!("CARGO_BIN_EXE_consentry"));
    }
    tell(&mut script, &chromium);
    let ended = script.output().expect("node");
    println!("{}", String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()));
    assert!(ended.status.success(), "see above");
}
