//! The guard in the browser decides as the server does, and holds what scripts build at run time.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, reason = "tests")]

mod browser;
mod decisions;
mod files;
mod page;

use consentry::{
    catalog::{self, Catalog, Prefix, Scope},
    config,
    page::guard,
};
use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, LazyLock},
};

static CATALOG_SHARED: LazyLock<Arc<Catalog>> =
    LazyLock::new(|| Arc::new(Catalog::new(&config::Config::default().vendors, &[]).unwrap()));
static CATALOG: LazyLock<&Catalog> = LazyLock::new(|| &CATALOG_SHARED);

fn files(scope: &Scope) -> guard::Files {
    let settings = guard::Settings {
        catalog: *CATALOG,
        scope,
        prefix: Some(&Prefix::default()),
        offered: &BTreeSet::new(),
        keeps_queues: false,
    };
    guard::files(settings, "/_consentry/guard/")
}

fn scope(config: &catalog::Config) -> Scope {
    CATALOG.scope(config)
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a script of `tests/guard` or `tests/browser`; `false` without node.
fn node(script: &str, args: &[&std::path::Path]) {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(script);
    let ended = match Command::new("node")
        .arg(script)
        .args(args)
        .env("CONSENTRY", env!("CARGO_BIN_EXE_consentry"))
        .output()
    {
        Ok(ended) => ended,
        Err(why) => return println!("SKIPPED: node: {why}"),
    };
    println!("{}", String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()));
    assert!(ended.status.success(), "see above");
}
