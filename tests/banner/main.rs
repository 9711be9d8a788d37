//! The banner in a real browser (`tests/browser/banner.mjs`), and its weight on the wire.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]
#![expect(clippy::unwrap_used, reason = "a failed read is a failed test")]

#[path = "../browser/mod.rs"]
mod browser;
mod fixture;

use fixture::{banner, page};
use flate2::{Compression, write::GzEncoder};
use std::{collections::BTreeSet, env, fs, io::Write as _, path::Path};

/// What the banner with its style, its texts and twelve vendors may weigh; bytes.
const LIMIT: usize = 15 * 1024;

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
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("banner");
    browser::visits("banner", &["axe-core"], |script, _| {
        fixture::write(&out);
        assert!(fs::read_dir(&out).unwrap().count() > 0);
        script.arg("--files").arg(&out);
        script.args(env::var("ONLY").iter().flat_map(|word| ["--only", word]));
        script.args(env::var("SHOTS").iter().flat_map(|to| ["--shots", to]));
    });
}
