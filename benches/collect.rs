//! Measures what leaves of requests to vendors: bodies in MB/s of plain text, one hit of Google Analytics 4 in microseconds.
//!
//! 1. `ga4_hit` is one event as `gtag.js` sends it: a query of 30 parameters, two of them URLs, and no body.
//! 2. `body` reads, shapes and writes bodies of three formats; `clean` values hold nothing, `dirty` ones hold an address each.
//! 3. `gzip` includes undoing and redoing the coding, which is most of it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run should say so")]

use consentry::{
    catalog::{Action, Dialect, Endpoint, Field},
    collect::{Config, Fields, Input, Shaper},
    purpose::Purpose,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::{hint::black_box, time::SystemTime};

const GA4: &str = "v=2&tid=G-ABC1234567&gtm=45je4730v9101234567za200&_p=1700000000123&gcs=G111&gcd=13r3r3r3r5&npa=0&dma=1&cid=1234567890.1700000000&\
    ul=de-de&sr=1920x1080&uaa=x86&uab=64&uamb=0&uap=Linux&uapv=6.1.0&uaw=0&are=1&frm=0&pscdl=noapi&_s=1&sid=1700000001&sct=3&seg=1&\
    dl=https%3A%2F%2Fshop.example%2Fproducts%2Fshoes%3Futm_source%3Dnews%26gclid%3DCj0KCQiA%26q%3Dred&dr=https%3A%2F%2Fwww.search.example%2F&\
    dt=Red%20shoes%20%E2%80%93%20Shop&en=page_view&ep.category=shoes&epn.value=19.99&_et=1234";

fn ga4() -> Fields {
    let keep = "v tid gtm _p dma cid ul sr uaa uab uamb uap uapv uaw are frm pscdl _s sid sct seg dt en ep.* epn.* _et";
    Fields::new(&endpoint(keep, "dl dr", Dialect::Google))
}

fn endpoint(keep: &str, urls: &str, dialect: Dialect) -> Endpoint {
    let fields = |paths: &str, action| {
        let field = move |path: &str| Field { path: path.to_owned(), action };
        paths.split_ascii_whitespace().map(field).collect::<Vec<_>>()
    };
    let fields = [fields(urls, Action::Url), fields(keep, Action::Keep)].concat();
    Endpoint { fields, dialect, ..Endpoint::default() }
}

fn input<'a>(query: Option<&'a str>, body: &'a [u8]) -> Input<'a> {
    Input {
        path: "/g/collect",
        query,
        body,
        content_type: Some("text/plain"),
        content_encoding: None,
        purposes: [Purpose::Analytics].into_iter().collect(),
        client_ip: Some([203, 0, 113, 9].into()),
        now: SystemTime::now(),
    }
}

/// Events as clients batch them; `note` is in each.
fn events(note: &str) -> String {
    let event = format!(
        r#"{{"event":"page viewed","time":1700000000123,"properties":{{"url":"https://shop.example/products/shoes?utm_source=news#top","title":"Red shoes","screen":"1920x1080","price":19.99,"note":"{note}","plan":{{"name":"free","seats":3}},"unlisted":"dropped"}}}}"#
    );
    format!(r#"{{"api_key":"k","batch":[{}]}}"#, vec![event; 50].join(","))
}

fn bench(criterion: &mut Criterion) {
    let shaper = Shaper::new(&Config::default());
    let fields = ga4();
    let mut group = criterion.benchmark_group("collect");
    group.bench_function("ga4_hit", |b| {
        let input = input(Some(GA4), b"");
        b.iter(|| shaper.shape(&fields, black_box(&input)).unwrap());
    });
    let json = "api_key batch/event batch/time batch/properties/title batch/properties/screen batch/properties/price \
        batch/properties/note batch/properties/plan/*";
    let events_fields = Fields::new(&endpoint(json, "batch/properties/url", Dialect::None));
    let lines = |note: &str| {
        format!("en=page_view&ep.note={note}&epn.value=1&unlisted=dropped\r\n").repeat(200)
    };
    for (name, note) in
        [("clean", "in a hurry, size nine"), ("dirty", "mail me at jane@shop.example")]
    {
        let (json, lines) = (events(note), lines(&note.replace(' ', "%20")));
        let gzip = gzip(&json);
        for (format, body, plain, fields) in [
            ("json", json.as_bytes(), json.len(), &events_fields),
            ("lines", lines.as_bytes(), lines.len(), &fields),
            ("gzip", &gzip, json.len(), &events_fields),
        ] {
            group.throughput(Throughput::Bytes(plain as u64));
            group.bench_function(format!("body/{format}/{name}"), |b| {
                let input = input(None, body);
                b.iter(|| shaper.shape(fields, black_box(&input)).unwrap());
            });
        }
    }
    group.finish();
}

fn gzip(text: &str) -> Vec<u8> {
    use consentry::coding::{Coding, Encoder, Levels};
    let mut encoder = Encoder::new(Coding::Gzip, &Levels::default());
    let mut coded = Vec::new();
    encoder.write(text.as_bytes(), &mut coded).unwrap();
    encoder.finish(&mut coded).unwrap();
    coded
}

criterion_group!(benches, bench);
criterion_main!(benches);
