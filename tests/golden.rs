//! Each page of `tests/golden` leaves as the files beside it say, however it is cut into chunks.
//!
//! `CONSENTRY_BLESS=1 cargo test --test golden` writes those files anew; look at every difference before it is committed.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "page/mod.rs"]
mod page;

use consentry::{
    policy::{Finding, Place},
    rewrite::{Config, Gated, Syntax},
};
use page::{Served, rewritten};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

struct Golden {
    path: PathBuf,
    page: Vec<u8>,
}

impl Golden {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let is_page = |p: &PathBuf| {
            p.file_name().is_some_and(|n| n.to_string_lossy().matches('.').count() == 1)
        };
        let mut all: Vec<Self> = files
            .filter(is_page)
            .map(|path| Self { page: fs::read(&path).unwrap(), path })
            .collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(all.len() > 10);
        all
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap().to_string_lossy().into_owned()
    }

    fn rewritten(&self, gated: Gated, sizes: impl FnMut() -> usize) -> (Vec<u8>, Vec<Finding>) {
        let is_xml = self.path.extension().is_some_and(|e| e == "xhtml");
        let syntax = if is_xml { Syntax::Xml } else { Syntax::Html };
        let config = Config { gated, ..Config::default() };
        let served = Served { syntax, ..Served::default() };
        rewritten(chunks(&self.page, sizes), &config, served).unwrap()
    }

    /// Compares with the expected file, or writes it.
    fn check(&self, kind: &str, found: &[u8], how: &str) {
        let path = self.path.with_extension(kind);
        if std::env::var_os("CONSENTRY_BLESS").is_some() && how == "whole" {
            fs::write(&path, found).unwrap();
        }
        let expected = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy;
        assert!(
            found == expected,
            "{} {kind} {how}\n--- expected\n{}\n--- found\n{}",
            self.name(),
            text(&expected),
            text(found)
        );
    }
}

fn chunks(page: &[u8], mut size: impl FnMut() -> usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let (chunk, after) = rest.split_at(size().min(rest.len()));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn lines(findings: &[Finding]) -> Vec<u8> {
    let line = |finding: &Finding| {
        let place = match &finding.place {
            Place::Attribute { element, attribute } => format!("{element} {attribute}"),
            Place::InlineScript => "script".to_owned(),
            Place::Stylesheet => "style".to_owned(),
            Place::Header(name) => (*name).to_owned(),
            Place::Cookie(name) => name.clone(),
        };
        let Finding { judged, what, at, line, .. } = finding;
        let verdict = judged.decision.verdict.name();
        let value = json!({ "line": line, "at": at, "vendor": &*judged.vendor.id, "verdict": verdict, "place": place, "what": what });
        format!("{value}\n")
    };
    findings.iter().map(line).collect::<String>().into_bytes()
}

#[test]
fn pages_leave_as_expected() {
    for golden in Golden::all() {
        for (gated, kind) in [(Gated::Remove, "remove.html"), (Gated::Inert, "inert.html")] {
            let (whole, findings) = golden.rewritten(gated, || usize::MAX);
            golden.check(kind, &whole, "whole");
            if gated == Gated::Remove {
                golden.check("findings.jsonl", &lines(&findings), "whole");
            }
        }
    }
}

#[test]
fn chunks_do_not_matter() {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for golden in Golden::all() {
        for (gated, kind) in [(Gated::Remove, "remove.html"), (Gated::Inert, "inert.html")] {
            golden.check(kind, &golden.rewritten(gated, || 1).0, "byte by byte");
            for _ in 0..20 {
                let most = random.random_range(2..400);
                let (out, findings) = golden.rewritten(gated, || random.random_range(1..most));
                golden.check(kind, &out, "in chunks");
                if gated == Gated::Remove {
                    golden.check("findings.jsonl", &lines(&findings), "in chunks");
                }
            }
        }
    }
}

#[test]
fn what_left_has_nothing_more_to_gate() {
    for golden in Golden::all()
        .into_iter()
        .filter(|g| !g.name().contains("iso-2022") && !g.name().contains("utf-16"))
    {
        let (once, _) = golden.rewritten(Gated::Remove, || usize::MAX);
        let again = Golden { path: golden.path.clone(), page: once.clone() };
        let (twice, findings) = again.rewritten(Gated::Remove, || usize::MAX);
        let held: Vec<_> = findings.iter().filter(|f| f.judged.is_held()).collect();
        assert!(held.is_empty(), "{}: {held:?}", golden.name());
        assert_eq!(
            String::from_utf8_lossy(&once),
            String::from_utf8_lossy(&twice),
            "{}",
            golden.name()
        );
    }
}
