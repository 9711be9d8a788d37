//! The banner in a real browser (`tests/browser/banner.mjs`), and its weight on the wire.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]
#![expect(clippy::unwrap_used, reason = "a failed read is a failed test")]

mod fixture;

use fixture::{banner, page};
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// What the banner with its style, its texts and twelve vendors may weigh; bytes.
const LIMIT: usize = 15 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn zipped(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn it_is_small() {
    for lang in ["en", "de", "ar"] {
        let data = banner(lang);
        assert_eq!(data.purposes.iter().map(|shown| shown.vendors.len()).sum::<usize>(), 12);
        let (script, form) = (consentry::page::banner::script(&data), page(&data, 0));
        let (script, form) = (zipped(&script.body), zipped(&form.body));
        println!("{lang}: {script} bytes of script, {form} of the page without JavaScript");
        assert!(script < LIMIT && form < LIMIT, "{lang}: {script} and {form} bytes");
    }
}

#[test]
fn the_fixtures_have_the_keys_of_the_texts() {
    let keys: BTreeSet<_> = consentry::page::banner::text_keys().map(str::to_owned).collect();
    for lang in ["en", "de", "ar"] {
        let own: BTreeSet<_> = fixture::texts(lang).into_keys().collect();
        assert!(keys.is_subset(&own), "{lang}: {:?}", keys.difference(&own));
    }
}

#[test]
fn it_keeps_its_promises_in_a_browser() {
    let browser = root().join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    let modules = ["puppeteer-core", "axe-core"].map(|n| browser.join("node_modules").join(n));
    for needed in modules.into_iter().chain([chromium.into()]) {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("banner");
    fixture::write(&out);
    let ended = Command::new("node")
        .arg(browser.join("banner.mjs"))
        .arg("--files")
        .arg(&out)
        .args(env::var("ONLY").iter().flat_map(|word| ["--only", word]))
        .args(env::var("SHOTS").iter().flat_map(|to| ["--shots", to]))
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    println!("{}", String::from_utf8_lossy(&said));
    assert!(ended.status.success(), "see above");
    assert!(fs::read_dir(&out).unwrap().count() > 0);
}
