//! The module layering, as a test: a file names only modules of the rows below its own, and each foreign crate has one home.

#![expect(clippy::unwrap_used, reason = "a failed read is a failed test")]

use std::{fs, path::Path};

/// Bottom to top. A module may name modules of earlier rows, never of its own row or a later one.
const ROWS: &[&[&str]] = &[
    &["purpose", "site"],
    &["vendor"],
    &["catalog", "consent"],
    &["policy", "record"],
    &["choice", "coding", "headers", "rewrite"],
    &["collect", "page", "report"],
    &["engine", "metrics"],
    &["proxy"],
    &["config"],
    &["cli"],
];

/// Foreign crates that only these modules may name.
const HOMES: &[(&str, &[&str])] = &[
    ("adblock", &["catalog"]),
    ("aho_corasick", &["catalog"]),
    ("anyhow", &["cli"]),
    ("brotli", &["coding"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("flate2", &["coding"]),
    ("hickory_resolver", &["proxy"]),
    ("hmac", &["choice", "collect"]),
    ("maxminddb", &["engine"]),
    ("pingora_core", &["proxy"]),
    ("pingora_http", &["proxy"]),
    ("pingora_proxy", &["proxy"]),
    ("pingora_rustls", &["proxy"]),
    ("prometheus", &["metrics", "proxy"]),
    ("psl", &["site"]),
    ("rustix", &["cli", "proxy"]),
    ("socket2", &["proxy"]),
    ("sqlx", &["record"]),
    ("toml", &["config", "page"]),
    ("x509_parser", &["proxy"]),
    ("zstd", &["coding"]),
];

#[test]
fn modules_import_downwards() {
    let mut broken = Vec::new();
    each_source(Path::new("src"), &mut |module, path, text| {
        let Some(own) = row(module) else {
            if !["lib", "main"].contains(&module) {
                broken.push(format!("{}: {module} is in no row", path.display()));
            }
            return;
        };
        for name in paths_of("crate", &code(text)).into_iter().filter(|n| n != module) {
            if row(&name).is_none_or(|other| other >= own) {
                broken.push(format!("{}: {module} names {name}", path.display()));
            }
        }
    });
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn foreign_crates_stay_at_home() {
    let mut broken = Vec::new();
    each_source(Path::new("src"), &mut |module, path, text| {
        let code = code(text);
        for (krate, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&module)) {
            if module != "main" && names(&code, krate) {
                broken.push(format!("{}: {krate} belongs to {homes:?}", path.display()));
            }
        }
    });
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The library must be usable with any TLS backend: it names none, but for the program's own listeners.
#[test]
fn no_tls_backend_is_named() {
    each_source(Path::new("src"), &mut |_, path, text| {
        let backends = ["rustls", "openssl", "boringssl", "s2n", "pingora_rustls", "x509_parser"];
        for backend in backends.iter().filter(|_| !path.starts_with("src/proxy/tls")) {
            assert!(!names(&code(text), backend), "{} names {backend}", path.display());
        }
    });
}

#[test]
fn the_checks_can_fail() {
    assert_eq!(paths_of("crate", "use crate::{policy::{Gate, Mode}, site};"), ["policy", "site"]);
    assert!(names("use toml::de;", "toml") && names("toml::from_str()", "toml"));
    assert!(!names("let toml = 1; mytoml::x", "toml"));
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// `text` without comments and string literals on the same line.
fn code(text: &str) -> String {
    let without_strings = |line: &str| {
        let mut parts = line.split('"');
        let mut kept = String::new();
        while let Some(part) = parts.next() {
            kept.push_str(part);
            parts.next();
        }
        kept
    };
    text.lines()
        .map(|l| without_strings(l.split("//").next().unwrap_or("")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn names(code: &str, krate: &str) -> bool {
    let path = format!("{krate}::");
    code.match_indices(&path)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

/// The first segment after each `root::`, groups such as `crate::{a, b::C}` included.
fn paths_of(root: &str, code: &str) -> Vec<String> {
    let prefix = format!("{root}::");
    let mut found = Vec::new();
    for (at, prefix) in code.match_indices(&prefix) {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => found.push(ident(rest)),
            Some(group) => found.extend(members(group)),
        }
    }
    found
}

/// The first segment of each member of a group, whose brace was read.
fn members(group: &str) -> Vec<String> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                found.push(ident(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    found
}

fn ident(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn each_source(dir: &Path, visit: &mut dyn FnMut(&str, &Path, &str)) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            each_source(&path, visit);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let first = path.strip_prefix("src").unwrap().iter().next().unwrap();
            let module = first.to_str().unwrap().trim_end_matches(".rs");
            visit(module, &path, &fs::read_to_string(&path).unwrap());
        }
    }
}
