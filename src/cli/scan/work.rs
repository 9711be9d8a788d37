//! Turns the command line's files, folders and URLs into pages to scan.
//!
//! 1. A folder stands for every `*.html` and `*.htm` below it, in the order of their names; links to folders are not followed.
//! 2. Depth, number and size of files are bounded, and what is left out is said.

use crate::{
    cli::say,
    proxy::client::{self, Limits},
};
use anyhow::{Context as _, bail};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::runtime::Runtime;
use url::Url;

/// The longest page that is scanned; bytes.
const LONGEST: usize = 64 << 20;
/// How many files of one folder are scanned.
const MOST: usize = 20_000;
/// How deep folders are looked through.
const DEEPEST: usize = 32;

/// A page to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    File(PathBuf),
    Url(Url),
}

/// A page that is in memory.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    /// The file or URL.
    pub(super) name: String,
    /// The page's own URL, where it came from one.
    pub(super) url: Option<Url>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The pages that `names` stand for.
pub(super) fn of(names: &[String]) -> Vec<Work> {
    let mut all = Vec::new();
    for name in names {
        let url = Url::parse(name).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match url {
            Some(url) => all.push(Work::Url(url)),
            None if Path::new(name).is_dir() => all.extend(below(Path::new(name))),
            None => all.push(Work::File(name.into())),
        }
    }
    all
}

fn below(folder: &Path) -> Vec<Work> {
    let mut found = Vec::new();
    look(folder, 0, &mut found);
    if found.len() > MOST {
        found.truncate(MOST);
        let name = folder.display();
        say(&format!("consentry: {name} has more pages than {MOST}; the others are not scanned"));
    }
    if found.is_empty() {
        say(&format!("consentry: there is no *.html or *.htm below {}", folder.display()));
    }
    found
}

fn look(folder: &Path, depth: usize, found: &mut Vec<Work>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return say(&format!("consentry: the folder {} cannot be read", folder.display()));
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if found.len() > MOST {
            return;
        }
        if path.is_dir() {
            if depth < DEEPEST && !path.is_symlink() {
                look(&path, depth + 1, found);
            }
        } else if is_page(&path) {
            found.push(Work::File(path));
        }
    }
}

fn is_page(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"))
}

impl Work {
    /// The file or URL, for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => url.to_string(),
        }
    }

    /// The page.
    pub(super) fn load(&self, runtime: &Runtime) -> anyhow::Result<Loaded> {
        match self {
            Self::File(path) => {
                let size = fs::metadata(path).context("it cannot be read")?.len();
                if size > LONGEST as u64 {
                    bail!("it has more than {} MiB", LONGEST >> 20);
                }
                let body = fs::read(path).context("it cannot be read")?;
                Ok(Loaded::file(&self.name(), body))
            }
            Self::Url(url) => runtime.block_on(fetch(url, self.name())),
        }
    }
}

async fn fetch(url: &Url, name: String) -> anyhow::Result<Loaded> {
    let limits = Limits { size: LONGEST, ..Limits::default() };
    let response = client::get(url, &HeaderMap::new(), &limits).await?;
    if !response.status.is_success() {
        say(&format!("consentry: {name}: the answer is {}", response.status));
    }
    let mut headers = response.headers;
    // The body is decoded and whole.
    for framing in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(framing);
    }
    Ok(Loaded { name, url: Some(response.url), headers, body: response.body })
}

impl Loaded {
    /// A page that is a file.
    pub(super) fn file(name: &str, body: Vec<u8>) -> Self {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("text/html"))];
        Self { name: name.to_owned(), url: None, headers: headers.into_iter().collect(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_the_pages_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in ["b/x.HTM", "a.html", "c.txt", "html"] {
            fs::write(at(name), "").unwrap();
        }
        let names = vec![folder.path().display().to_string(), "https://shop.example/".to_owned()];
        let url = Url::parse("https://shop.example/").unwrap();
        let expected = [Work::File(at("a.html")), Work::File(at("b/x.HTM")), Work::Url(url)];
        assert_eq!(of(&names), expected);
    }
}
