//! Turns the folders around the project into a run of the browser harness, or into the reason why there is none.

use crate::load::Loads;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const LISTS: &str = "/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist";
const VARIANTS: &str = "direct,again,default,consent,lists,all";

/// Everything that a run needs, found.
pub(crate) struct Harness {
    browser: PathBuf,
    corpus: PathBuf,
    out: PathBuf,
    finished: Option<PathBuf>,
}

impl Harness {
    /// The error says what is missing.
    pub(crate) fn find() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let browser = root.join("tests/browser");
        let corpus =
            env::var_os("CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
        let finished = env::var_os("CORPUS_RUN").map(PathBuf::from);
        present(&corpus.join("manifest.tsv"), "the saved pages")?;
        present(
            &Path::new(LISTS).join("easylist.txt"),
            "EasyList (webext-ublock-origin-chromium)",
        )?;
        if finished.is_none() {
            present(&browser.join("node_modules/puppeteer-core"), "`npm ci` in tests/browser")?;
            chromium()?;
        }
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../corpus");
        fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        Ok(Self { browser, corpus, out, finished })
    }

    /// The judge's lists, each with the purpose that the proxy is told.
    pub(crate) fn lists(&self) -> [PathBuf; 2] {
        ["easyprivacy.txt", "easylist.txt"].map(|name| Path::new(LISTS).join(name))
    }

    /// The saved page, as it was sent.
    pub(crate) fn page(&self, file: &str) -> String {
        let bytes = fs::read(self.corpus.join("pages").join(file)).expect("a saved page");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A file of the run's results.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    /// Every page, in every variant.
    pub(crate) fn first_run(&self) -> Loads {
        if let Some(finished) = &self.finished {
            return Loads::read(finished);
        }
        let pages = env::var("CORPUS_PAGES").unwrap_or_else(|_| "100000".into());
        self.run("first.jsonl", &["--pages", &pages])
    }

    /// The pages `files` once more, with time for what their scripts put off for a second or two: on a busy machine it
    /// falls into one load and not into another.
    pub(crate) fn second_run(&self, files: &[String]) -> Loads {
        if self.finished.is_some() {
            return Loads::default();
        }
        self.run("second.jsonl", &["--only", &files.join(","), "--settle", "3000"])
    }

    fn run(&self, name: &str, which: &[&str]) -> Loads {
        let [privacy, ads] = self.lists();
        let lists = format!("{}=analytics,{}=marketing", privacy.display(), ads.display());
        let program =
            env::var("CONSENTRY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_consentry").into());
        let variants = env::var("CORPUS_VARIANTS").unwrap_or_else(|_| VARIANTS.into());
        let tabs = env::var("CORPUS_TABS").unwrap_or_else(|_| "4".into());
        let out = self.out(name);
        let status = Command::new("node")
            .arg(self.browser.join("corpus.mjs"))
            .arg("--corpus")
            .arg(&self.corpus)
            .arg("--out")
            .arg(&out)
            .args(["--program", &program, "--variants", &variants])
            .args(["--tabs", &tabs, "--lists", &lists])
            .args(which)
            .status()
            .expect("node");
        assert!(status.success(), "the browser harness ended with {status}");
        Loads::read(&out)
    }
}

/// Any of the places where `tests/browser/chromium.mjs` looks.
fn chromium() -> Result<(), String> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].map(PathBuf::from);
    let found = named.into_iter().chain(usual).any(|place| place.exists());
    if found { Ok(()) } else { Err("Chromium is missing".into()) }
}

fn present(path: &Path, what: &str) -> Result<(), String> {
    if path.exists() { Ok(()) } else { Err(format!("{what} is missing: {}", path.display())) }
}
