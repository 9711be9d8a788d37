//! Measures the engine on saved pages: whole pages in MB/s, one look-up in ns, the scan of inline scripts in MB/s.
//!
//! 1. `no_consent` reads and edits every page, in the pieces in which a proxy gets it.
//! 2. `full_consent` does what the proxy does when everything is granted: it decides so, and hands the pieces on.
//! 3. `pass_through` copies the same pieces, and is what the other two are to be compared with.
//! 4. Time is the thread's own, so that figures are of one core also on a machine that does other things.
//! 5. Without the saved pages (`CORPUS`, else `../shared/corpus` beside the crate) a small page of our own is measured.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot run should say so"
)]

mod core_time;

use self::core_time::CoreTime;
use consentry::{
    catalog::{Destination, Lists, Page, Shape, Target},
    config::Config,
    consent::Day,
    engine::{Body, Client, Engine, Plan, Treatment, View},
};
use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use http::{Request, Response, header};
use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use url::{Position, Url};

/// What one read from an origin's socket gives at most.
const PIECE: usize = 16 << 10;

const OWN: &str = include_str!("proxy/page.html");

struct Saved {
    url: Url,
    html: Vec<u8>,
}

fn corpus() -> Vec<Saved> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = env::var_os("CORPUS").map_or_else(beside, PathBuf::from);
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.tsv")) else {
        println!("the saved pages are skipped: there is no {}", folder.display());
        return own();
    };
    let page = |line: &str| {
        let (file, url) = line.split_once('\t')?;
        let html = fs::read(folder.join("pages").join(file)).ok()?;
        Some(Saved { url: Url::parse(url).ok()?, html })
    };
    manifest.lines().skip(1).filter_map(page).collect()
}

/// The page of our own, often enough that caches do not flatter it more than saved pages.
fn own() -> Vec<Saved> {
    let url = Url::parse("https://shop.example/").unwrap();
    (0..16).map(|_| Saved { url: url.clone(), html: OWN.repeat(16).into_bytes() }).collect()
}

fn engine() -> Engine {
    Engine::new(Config::default().engine(&[]).unwrap()).unwrap()
}

/// The view that a visitor of `page` has, who granted everything or nothing.
fn view(engine: &Engine, page: &Url, granted: bool) -> Box<View> {
    let target = &page[Position::BeforePath..Position::AfterQuery];
    let host = &page[Position::BeforeHost..Position::AfterPort];
    let mut request = Request::get(target).header(header::HOST, host);
    if granted {
        let choice = format!("consentry=v1.p1.{}.f1a1m1", Day::of(SystemTime::now()));
        request = request.header(header::COOKIE, choice);
    }
    let client = Client { ip: None, secure: true };
    match engine.plan(&request.body(()).unwrap().into_parts().0, client) {
        Plan::Proxy(view) => view,
        Plan::Respond(reply) => unreachable!("{}", reply.text),
        Plan::Own(own) => unreachable!("{own:?}"),
        Plan::Collect(call) => unreachable!("{:?}", call.about),
    }
}

fn response() -> http::response::Parts {
    let html = Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    html.body(()).unwrap().into_parts().0
}

/// Bytes out, so that nothing can be left out.
fn through(engine: &Engine, page: &Saved, granted: bool, out: &mut Vec<u8>) -> usize {
    let (view, response) = (view(engine, &page.url, granted), response());
    let treatment = view.body(&response);
    black_box(view.head(&response, &treatment));
    match treatment {
        Treatment::Rewrite(body) => rewrite(*body, page, out),
        Treatment::Bypass => copy(page, out),
        Treatment::Other
        | Treatment::Perhaps(_)
        | Treatment::Unreadable(_)
        | Treatment::File(_)
        | Treatment::Passing(_) => unreachable!("it is a page"),
    }
}

fn rewrite(body: Body, page: &Saved, out: &mut Vec<u8>) -> usize {
    let (mut rewriter, mut left) = (body.rewriter, 0);
    for piece in page.html.chunks(PIECE) {
        rewriter.feed(piece, out).unwrap();
        black_box(rewriter.take_findings());
        left += leave(out);
    }
    rewriter.finish(out).unwrap();
    left + leave(out)
}

fn copy(page: &Saved, out: &mut Vec<u8>) -> usize {
    let each = page.html.chunks(PIECE).map(|piece| {
        out.extend_from_slice(piece);
        leave(out)
    });
    each.sum()
}

fn leave(out: &mut Vec<u8>) -> usize {
    let length = black_box(&*out).len();
    out.clear();
    length
}

fn pages(c: &mut Criterion<CoreTime>) {
    let (engine, corpus, mut out) = (engine(), corpus(), Vec::new());
    let bytes: usize = corpus.iter().map(|page| page.html.len()).sum();
    println!("{} pages, {:.1} MB", corpus.len(), bytes as f64 / 1e6);
    let mut group = c.benchmark_group("pages");
    group.throughput(Throughput::BytesDecimal(bytes as u64)).sampling_mode(SamplingMode::Flat);
    for (name, granted) in [("no_consent", false), ("full_consent", true)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let left = corpus.iter().map(|page| through(&engine, page, granted, &mut out));
                left.sum::<usize>()
            });
        });
    }
    group.bench_function("pass_through", |b| {
        b.iter(|| corpus.iter().map(|page| copy(page, &mut out)).sum::<usize>());
    });
    group.finish();
}

/// What a page costs before its first byte.
fn heads(c: &mut Criterion<CoreTime>) {
    let engine = engine();
    let page = Url::parse("https://shop.example/tea?sort=price").unwrap();
    let mut group = c.benchmark_group("plan_and_head");
    for (name, granted) in [("no_consent", false), ("full_consent", true)] {
        group.bench_with_input(BenchmarkId::from_parameter(name), &granted, |b, granted| {
            b.iter(|| {
                let (view, response) = (view(&engine, &page, *granted), response());
                let treatment = view.body(&response);
                view.head(&response, &treatment)
            });
        });
    }
    group.finish();
}

fn lookups(c: &mut Criterion<CoreTime>) {
    let (engine, corpus) = (engine(), corpus());
    let (_, scope) = engine.scopes().next().unwrap();
    let (catalog, lists) = (engine.catalog(), Lists::default());
    let page = Page::new(Url::parse("https://shop.example/").unwrap());
    let urls: Vec<Url> = corpus.iter().flat_map(|page| urls(&page.html)).take(10_000).collect();
    let mut group = c.benchmark_group("lookups");
    group.throughput(Throughput::Elements(urls.len() as u64));
    group.bench_function("url", |b| {
        let found = |url: &Url| {
            let target = Target::new(url, Destination::Script, Shape::Plain)?;
            catalog.classify(&target, &page, scope, &lists)
        };
        b.iter(|| urls.iter().filter(|url| found(url).is_some()).count());
    });
    let scripts: Vec<&[u8]> = corpus.iter().flat_map(|page| scripts(&page.html)).collect();
    let bytes: usize = scripts.iter().map(|text| text.len()).sum();
    group.throughput(Throughput::BytesDecimal(bytes as u64)).sampling_mode(SamplingMode::Flat);
    group.bench_function("inline_scripts", |b| {
        b.iter(|| scripts.iter().map(|text| catalog.snippets(text).count()).sum::<usize>());
    });
    group.finish();
}

/// Absolute URLs in quotes.
fn urls(html: &[u8]) -> impl Iterator<Item = Url> {
    let text = html.split(|b| matches!(b, b'"' | b'\''));
    text.filter(|part| part.starts_with(b"http")).filter_map(|part| {
        Url::parse(str::from_utf8(part).ok()?).ok().filter(|url| url.host_str().is_some())
    })
}

/// The texts between `<script …>` and `</script`.
fn scripts(html: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let tag = find(rest, b"<script")?;
        let text = tag.get(find_at(tag, b">")? + 1..)?;
        let end = find_at(text, b"</script")?;
        rest = text.get(end..)?;
        text.get(..end)
    })
}

fn find<'t>(text: &'t [u8], what: &[u8]) -> Option<&'t [u8]> {
    text.get(find_at(text, what)?..)
}

fn find_at(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CoreTime::default())
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = pages, heads, lookups
}
criterion_main!(benches);
