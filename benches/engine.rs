//! The rewriter over saved real pages, in MB/s of one core: without consent, with full consent, and as a mere copy.
//!
//! The pages lie beside the repository, in `../shared/corpus`; without them the bench says so and measures nothing.

use consentry::{
    catalog::{Catalog, Config as Scope, Page},
    config,
    consent::Consent,
    policy::{Gate, Policy, Regime},
    rewrite::{Config, Rewriter, Syntax},
};
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use std::{fs, hint::black_box, path::Path, sync::Arc, time::Duration};
use url::Url;

/// Bytes that arrive at once.
const CHUNK: usize = 16 << 10;

struct Saved {
    url: Url,
    body: Vec<u8>,
}

fn corpus() -> Vec<Saved> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("CONSENTRY_CORPUS").map_or(folder, Into::into);
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.tsv")) else {
        eprintln!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let page = |line: &str| {
        let (file, url) = line.split_once('\t')?;
        let body = fs::read(folder.join("pages").join(file)).ok()?;
        Some(Saved { url: Url::parse(url.split('\t').next()?).ok()?, body })
    };
    manifest.lines().filter_map(page).collect()
}

/// The gates of the pages, under a regime that grants everything or under one that asks first.
fn gates(pages: &[Saved], regime: Regime) -> Vec<Gate> {
    let vendors = config::Config::default().vendors;
    let Ok(catalog) = Catalog::new(&vendors, &[]) else { return Vec::new() };
    let catalog = Arc::new(catalog);
    let scope = Arc::new(catalog.scope(&Scope::default()));
    let ruling = Arc::new(Policy::default().rule(&Consent::default(), regime));
    let gate = |page: &Saved| {
        Gate::new(
            catalog.clone(),
            scope.clone(),
            ruling.clone(),
            Arc::new(Page::new(page.url.clone())),
        )
    };
    pages.iter().map(gate).collect()
}

fn rewrite(page: &Saved, gate: &Gate, out: &mut Vec<u8>) {
    let mut rewriter = Rewriter::new(gate.clone(), &Config::default(), Syntax::Html, None, None);
    for chunk in page.body.chunks(CHUNK) {
        if rewriter.feed(chunk, out).is_err() {
            return;
        }
    }
    let _ = rewriter.finish(out);
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    pages: &[Saved],
    mut work: impl FnMut(usize, &Saved, &mut Vec<u8>),
) {
    let mut out = Vec::new();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for (index, page) in pages.iter().enumerate() {
                out.clear();
                work(index, page, &mut out);
                black_box(&out);
            }
        });
    });
}

fn engine(criterion: &mut Criterion) {
    let pages = corpus();
    if pages.is_empty() {
        return;
    }
    let bytes: usize = pages.iter().map(|page| page.body.len()).sum();
    let mut group = criterion.benchmark_group("engine");
    group
        .throughput(Throughput::Bytes(bytes as u64))
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for (name, regime) in [("no_consent", Regime::OptIn), ("full_consent", Regime::None)] {
        let gates = gates(&pages, regime);
        measure(&mut group, name, &pages, |index, page, out| {
            if let Some(gate) = gates.get(index) {
                rewrite(page, gate, out);
            }
        });
    }
    measure(&mut group, "pass_through", &pages, |_, page, out| {
        for chunk in page.body.chunks(CHUNK) {
            out.extend_from_slice(chunk);
        }
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
