//! The guard alone, in a real browser (`tests/browser/guard.mjs`).

use super::{CATALOG, files, folder, node, scope};
use consentry::{catalog::Config, page};
use serde_json::Value;
use std::{env, fs, path::Path};

#[test]
fn what_scripts_build_is_held_and_comes_alive() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    for needed in [browser.join("node_modules/puppeteer-core"), chromium.into()] {
        if !needed.exists() {
            return println!("SKIPPED: {} is missing", needed.display());
        }
    }
    let guard = folder("guard-browser").join("guard.js");
    let page::guard::Files { first, second } = files(&scope(&Config::default()));
    fs::write(&guard, first.body).unwrap();
    fs::write(guard.with_file_name("second.js"), second.body).unwrap();
    let stubs: serde_json::Map<String, Value> =
        CATALOG.surrogates().map(|(id, text)| (id.into(), text.into())).collect();
    fs::write(guard.with_file_name("surrogates.json"), Value::Object(stubs).to_string()).unwrap();
    node("tests/browser/guard.mjs", &[&guard]);
}
