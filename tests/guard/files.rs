//! What the guard weighs on the wire, and that its minified files are what their parts make.

use super::{files, node, scope};
use consentry::catalog::Config;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, path::Path};

fn gzip(body: &[u8]) -> usize {
    let mut coder = GzEncoder::new(Vec::new(), Compression::best());
    coder.write_all(body).unwrap();
    coder.finish().unwrap().len()
}

fn brotli(body: &[u8]) -> usize {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*body, &mut out, &params).unwrap();
    out.len()
}

/// Bytes with brotli and with gzip; what they may grow by is little, for each page waits for the first file.
#[test]
fn the_files_are_small() {
    let files = files(&scope(&Config::default()));
    for (name, body, limit) in [
        ("first", files.first.body, (22_600, 25_000)),
        ("second", files.second.body, (7_400, 8_400)),
    ] {
        let found = (brotli(&body), gzip(&body));
        println!("{name}: {} bytes, {} brotli, {} gzip", body.len(), found.0, found.1);
        assert!(
            found.0 <= limit.0 && found.1 <= limit.1,
            "the guard's {name} file is {} bytes with brotli and {} with gzip; {} and {} are its limits",
            found.0,
            found.1,
            limit.0,
            limit.1,
        );
    }
}

#[test]
fn what_is_minified_is_what_it_is_made_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join("src/page/guard").join(name)).unwrap();
    let script = fs::read_to_string(root.join("tests/browser/minify.mjs")).unwrap();
    for name in ["first", "second"] {
        let parts =
            script.split_once(&format!("  {name}: [")).unwrap().1.split_once(']').unwrap().0;
        let parts = parts.split(", ").map(|part| read(&format!("{}.js", part.trim_matches('\''))));
        let digest = Sha256::digest(parts.collect::<String>());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let minified = read(&format!("{name}.min.js"));
        let told = minified.lines().next().unwrap();
        assert!(
            told.ends_with(&digest),
            "run `node minify.mjs` in tests/browser: {name} is of {told}"
        );
    }
    if !root.join("tests/browser/node_modules/terser").exists() {
        return println!("SKIPPED: terser is missing, run `npm ci` in tests/browser");
    }
    node("tests/browser/minify.mjs", &[Path::new("--check")]);
}
