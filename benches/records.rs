//! Measures how many choices a second are recorded: by visitors onto this machine's disk, and from there into each store.
//!
//! 1. `recorded` ends when every visitor has the answer that the choice is on the disk, flushed; 1 visitor at a time, or 64 at once.
//! 2. `stored` is what one segment of 1,000 choices takes into the store, committed; SQLite beside it, PostgreSQL on this machine.
//! 3. Time is the clock's: these wait for the disk.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot run should say so"
)]

#[expect(dead_code, reason = "the tests need more of it")]
#[path = "../tests/records/postgres.rs"]
mod postgres;

use self::postgres::Postgres;
use consentry::{
    purpose::{Purpose, PurposeSet},
    record::{
        Config, ConsentRecord, Entry, Method, Outcome, Recorder, Spool, Store, hash_of, new_id,
    },
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use tokio::{runtime::Runtime, task::JoinSet};

/// How many choices are stored at once.
const SEGMENT: usize = 1000;

/// A text of the size of the banner's, and a list of thirty vendors.
fn bodies() -> [Entry; 2] {
    let vendors: Vec<_> = (0..30).map(|n| format!("\"vendor-{n}\"")).collect();
    let list = format!("{{\"policy\":\"\",\"vendors\":{{\"analytics\":[{}]}}}}", vendors.join(","));
    [Entry::text("en", &"We would like to ask you. ".repeat(200)), Entry::vendors(&list)]
}

fn choice() -> Entry {
    Entry::Record(ConsentRecord {
        id: new_id(),
        at: 29_000_000,
        site: "www.shop.example".into(),
        policy: "a1b2c3d4".into(),
        text: hash_of("text"),
        language: "en".into(),
        regime: "opt-in".into(),
        method: Method::AcceptAll,
        purposes: PurposeSet::EMPTY.with(Purpose::Analytics).with(Purpose::Marketing),
        vendors: hash_of("vendors"),
        receipt: Some(new_id()),
        software: "consentry bench".into(),
    })
}

fn recorded(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config { timeout: Duration::from_secs(30), ..Config::default() };
    let recorder = Recorder::start(Spool::at(folder.path()), &config).unwrap();
    let shown = bodies();
    let mut group = criterion.benchmark_group("recorded");
    for visitors in [1_u64, 64] {
        group.throughput(Throughput::Elements(visitors));
        group.bench_function(visitors.to_string(), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let mut waiting = JoinSet::new();
                    for _ in 0..visitors {
                        let recorder = recorder.clone();
                        let [text, list] = shown.clone();
                        waiting
                            .spawn(async move { recorder.record(&[text, list, choice()]).await });
                    }
                    while let Some(outcome) = waiting.join_next().await {
                        assert_eq!(outcome.unwrap(), Outcome::Recorded);
                    }
                });
            });
        });
    }
    group.finish();
}

fn stored(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("records.db").display());
    let server = Postgres::start();
    let mut group = criterion.benchmark_group("stored");
    group.throughput(Throughput::Elements(SEGMENT as u64)).sample_size(20);
    let urls = [("sqlite", Some(sqlite)), ("postgres", server.as_ref().map(Postgres::url))];
    for (name, url) in urls.into_iter().filter_map(|(name, url)| Some((name, url?))) {
        let store = runtime.block_on(Store::open(&url.parse().unwrap())).unwrap();
        group.bench_function(name, |bencher| {
            let segment = || -> Vec<Entry> {
                let choices = std::iter::repeat_with(choice).take(SEGMENT);
                bodies().into_iter().chain(choices).collect()
            };
            bencher.iter_batched(
                segment,
                |entries| runtime.block_on(store.append(&new_id(), &entries)).unwrap(),
                criterion::BatchSize::LargeInput,
            );
        });
        runtime.block_on(store.close());
    }
    group.finish();
}

criterion_group!(benches, recorded, stored);
criterion_main!(benches);
