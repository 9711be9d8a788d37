//! Turns visits to an old shop behind `consentry serve` in a real browser (`tests/browser/shows.mjs`) into a verdict.

#[path = "browser/mod.rs"]
mod browser;

use std::{env, fs, path::Path};

#[test]
fn what_visitors_choose_holds() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shows");
    browser::visits("shows", &[], |script, _| {
        // Records of an earlier run would be counted.
        let _ = fs::remove_dir_all(&folder);
        script.arg("--folder").arg(&folder);
        if let Ok(shots) = env::var("SHOTS") {
            script.args(["--shots", &shots]);
        }
    });
}
