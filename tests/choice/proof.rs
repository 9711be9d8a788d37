//! What a choice leaves with the operator, and that it holds without.

use super::{
    origin::{Origin, Step},
    shop::{ALL, ANALYTICS, GA, META, REFUSAL, Shop, asking, cookie, engine, get, page},
};
use consentry::{
    proxy::{
        Consentry,
        choice::{Memory, Secret, Signing},
    },
    record::{
        Config, ConsentRecord, Entry, Filter, Method, Recorder, Refusals, Spool, Store, StoreUrl,
    },
};
use std::{fs, path::Path, time::Duration};

async fn trackers() -> Origin {
    let page = page(&[GA, META].concat());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    );
    Origin::new(move |_| vec![Step::Send(answer.clone().into())]).await
}

/// A shop that records to the disk in `folder`, which nobody takes to a store.
async fn recording(folder: &Path, kept: Refusals) -> Shop {
    recording_with(folder, recorder(folder), kept).await
}

fn recorder(folder: &Path) -> Recorder {
    let config = Config { timeout: Duration::from_secs(20), ..Config::default() };
    Recorder::start(Spool::at(folder), &config).unwrap()
}

async fn recording_with(folder: &Path, recorder: Recorder, kept: Refusals) -> Shop {
    let signing = Signing { with: Secret::Folder(folder.to_owned()), kept };
    Shop::before(asking(), trackers().await, |c| c.recording(recorder).signing(signing)).await
}

/// The entries on the disk.
fn entries(folder: &Path) -> Vec<Entry> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "open" || e == "whole"))
        .collect();
    files.sort();
    let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| {
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Entry>>()
        })
        .collect()
}

fn records<'e>(entries: &'e [Entry]) -> Vec<&'e ConsentRecord> {
    let record = |entry: &'e Entry| match entry {
        Entry::Record(record) => Some(record),
        Entry::Text { .. } | Entry::Vendors { .. } | Entry::Refusal { .. } => None,
    };
    entries.iter().filter_map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_proved_with_what_was_shown_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let shop = recording(folder.path(), Refusals::Records).await;
    let page = shop.page("").await;
    let (_, rest) = page.split_once("/_consentry/banner/").unwrap();
    let script = shop
        .ask(&get(&format!("/_consentry/banner/{}", rest.split('"').next().unwrap()), ""))
        .await;
    let script = String::from_utf8(script.body).unwrap();
    let hash = script.split_once("\"shown\":\"").unwrap().1.split('"').next().unwrap().to_owned();
    let body = format!(
        r#"{{"purposes":["analytics"],"text":"{hash}","lang":"en","method":"accept-all"}}"#
    );
    let headers = "User-Agent: secret-agent/7\r\nReferer: http://shop.test/clinic?q=1\r\nX-Forwarded-For: 203.0.113.7\r\n";
    let got = shop.choose_with(&body, headers).await;
    let answer: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(answer["recorded"], true);
    shop.choose_with(&body, "").await;
    shop.choose(r#"{"purposes":["analytics"],"text":"00ff","lang":"xx"}"#).await;
    shop.choose_with(REFUSAL, &cookie(&got)).await;
    let entries = entries(folder.path());
    let [first, _, third, last] = records(&entries)[..] else { panic!("{entries:?}") };
    assert_eq!(
        (&*first.site, &*first.regime, first.method),
        ("shop.test", "opt-in", Method::Custom)
    );
    assert_eq!((first.text.clone(), &*first.language), (hash.clone(), "en"));
    assert_eq!(first.receipt.as_deref(), answer["receipt"].as_str());
    assert_eq!(first.policy, answer["policy"].as_str().unwrap());
    // A text that is none of ours is not what was shown.
    assert_eq!((&*third.text, &*third.language), ("unknown", "und"));
    assert_eq!((last.method, last.receipt.as_deref()), (Method::Withdraw, None));
    let count = |test: fn(&Entry) -> bool| entries.iter().filter(|entry| test(entry)).count();
    assert_eq!(count(|entry| matches!(entry, Entry::Text { .. })), 1);
    assert_eq!(count(|entry| matches!(entry, Entry::Vendors { .. })), 1);
    let kept = entries.iter().find_map(|entry| match entry {
        Entry::Text { hash, body, .. } => Some((hash.clone(), body.clone())),
        Entry::Record(_) | Entry::Vendors { .. } | Entry::Refusal { .. } => None,
    });
    let (kept_hash, text) = kept.unwrap();
    assert_eq!((&kept_hash, consentry::record::hash_of(&text)), (&hash, hash.clone()));
    assert!(text.contains("Universal Analytics"));
    let all = format!("{entries:?}");
    for secret in ["secret-agent", "clinic", "203.0.113", "127.0.0.1"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

/// By the time that a segment is taken to the store that may be a new one, or have been purged.
#[tokio::test(flavor = "multi_thread")]
async fn every_segment_has_what_its_records_name() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path());
    let shop = recording_with(folder.path(), recorder.clone(), Refusals::Records).await;
    shop.choose(ANALYTICS).await;
    assert!(recorder.flush().await);
    shop.choose(ANALYTICS).await;
    let entries = entries(folder.path());
    let lists = entries.iter().filter(|entry| matches!(entry, Entry::Vendors { .. }));
    assert_eq!((records(&entries).len(), lists.count()), (2, 2), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_may_be_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let shop = recording(folder.path(), Refusals::Counts).await;
    shop.choose(REFUSAL).await;
    shop.choose(ANALYTICS).await;
    let entries = entries(folder.path());
    assert_eq!(records(&entries).len(), 1);
    assert!(
        matches!(&entries[0], Entry::Refusal { site, .. } if site == "shop.test"),
        "{entries:?}"
    );
}

/// No store, no disk, no recorder: the choice is the visitor's all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_holds_without_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let store: StoreUrl = "postgres://nobody@127.0.0.1:9/none".parse().unwrap();
    let config =
        Config { store: Some(store), spool: folder.path().join("spool"), ..Config::default() };
    let (recorder, drain) = config.start().unwrap().unwrap();
    let down = Shop::before(asking(), trackers().await, |c| c.recording(recorder)).await;
    tokio::spawn(drain.run(|_| (), std::future::pending()));
    let got = down.choose(ANALYTICS).await;
    let answer: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!((got.status, &answer["recorded"]), (200, &true.into()), "the disk has it");
    // A disk that takes nothing: a file has the name of the spool's folder.
    let gone = tempfile::tempdir().unwrap();
    let shop = recording(&gone.path().join("spool"), Refusals::Records).await;
    fs::write(gone.path().join("spool"), "").unwrap();
    shop.page("").await;
    let got = shop.choose(ALL).await;
    let answer: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!((got.status, &answer["recorded"]), (200, &false.into()));
    let page = shop.page(&cookie(&got)).await;
    assert!(page.contains("fbevents.js"), "{page}");
    assert_eq!(shop.counted("consentry_records_total{outcome=\"failed\"}").as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_neither_vendors_nor_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let signed = |consentry: Consentry| {
        let with = Secret::Folder(folder.path().to_owned());
        consentry.signing(Signing { with, kept: Refusals::Records })
    };
    let before = Shop::before(asking(), trackers().await, signed).await;
    before.page("").await;
    let all = cookie(&before.choose(ALL).await);
    let state = before.state(&all).await;
    assert_eq!((&state["asked"], &state["verified"]), (&false.into(), &true.into()));
    Memory::new(folder.path(), None).pass(&before.consentry).await;
    let after = Shop::before(asking(), trackers().await, signed).await;
    assert_eq!(after.state(&all).await["purposes"], serde_json::json!([]));
    Memory::new(folder.path(), None).recall(&after.consentry);
    assert_eq!(after.state(&all).await, state);
    fs::write(folder.path().join("inventory.json"), "{").unwrap();
    let broken = Shop::before(asking(), trackers().await, signed).await;
    Memory::new(folder.path(), None).recall(&broken.consentry);
    assert_eq!(broken.state(&all).await["purposes"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_learn_from_each_other_through_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let url: StoreUrl =
        format!("sqlite:{}", folder.path().join("records.db").display()).parse().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let recorded = recording(&one, Refusals::Records).await;
    recorded.page("").await;
    let all = cookie(&recorded.choose(ALL).await);
    // What the drain takes to the store.
    let store = Store::open(&url).await.unwrap();
    store.append("segment", &entries(&one)).await.unwrap();
    Memory::new(&one, Some(url.clone())).pass(&recorded.consentry).await;
    let signing = || Signing { with: Secret::Folder(one.clone()), kept: Refusals::Records };
    let other = Shop::before(asking(), trackers().await, |c| c.signing(signing())).await;
    let mut memory = Memory::new(&two, Some(url.clone()));
    memory.pass(&other.consentry).await;
    assert_eq!(other.state("").await["policy"], recorded.state("").await["policy"]);
    assert_eq!(other.state(&all).await["asked"], false);
    // A third one whose operator has another vendor beside knows the list of the choice by its version alone.
    let mut site = asking();
    site.collect.accounts = [("clarity".to_owned(), Default::default())].into();
    let third = Shop::before(site, trackers().await, |c| c.signing(signing())).await;
    assert_eq!(third.state(&all).await["purposes"], serde_json::json!([]));
    Memory::new(&folder.path().join("three"), Some(url)).pass(&third.consentry).await;
    let state = third.state(&all).await;
    assert_eq!(
        (&state["purposes"], &state["asked"]),
        (&serde_json::json!(["marketing"]), &true.into())
    );
    assert_eq!(store.records(&Filter::default(), 0).await.unwrap().len(), 1);
}

/// The record names the list and has the text that the visitor saw, also when there is another one since.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_then_is_proved() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::new(|asked| {
        let elements = if asked.contains("/more") { [GA, META].concat() } else { GA.into() };
        let (page, head) = (page(&elements), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n");
        vec![Step::Send(format!("{head}Content-Length: {}\r\n\r\n{page}", page.len()).into())]
    });
    let config = Config { timeout: Duration::from_secs(20), ..Config::default() };
    let recorder = Recorder::start(Spool::at(folder.path()), &config).unwrap();
    let shop = Shop::before(asking(), origin.await, |c| c.recording(recorder)).await;
    let first = shop.page("").await;
    let (_, rest) = first.split_once("/_consentry/banner/").unwrap();
    let path = format!("/_consentry/banner/{}", rest.split('"').next().unwrap());
    let script = String::from_utf8(shop.ask(&get(&path, "")).await.body).unwrap();
    let text = script.split_once("\"shown\":\"").unwrap().1.split('"').next().unwrap();
    let policy = shop.state("").await["policy"].as_str().unwrap().to_owned();
    assert!(script.contains(&format!("\"policy\":\"{policy}\"")));
    shop.ask(&get("/more", "Accept: text/html\r\n")).await;
    assert_ne!(shop.state("").await["policy"], policy);
    // Another engine has made no banner of the old list.
    shop.consentry.swap(engine(shop.site()));
    let body = format!(
        r#"{{"purposes":["analytics"],"text":"{text}","lang":"en","method":"accept-all","policy":"{policy}"}}"#
    );
    shop.choose(&body).await;
    let entries = entries(folder.path());
    let [record] = records(&entries)[..] else { panic!("{entries:?}") };
    assert_eq!((&record.policy, record.method), (&policy, Method::AcceptAll));
    assert_eq!((&*record.text, &*record.language), (text, "en"));
    let vendors = entries.iter().find_map(|entry| match entry {
        Entry::Vendors { hash, body } => Some((hash.clone(), body.clone())),
        Entry::Record(_) | Entry::Text { .. } | Entry::Refusal { .. } => None,
    });
    let (hash, list) = vendors.unwrap();
    assert!(hash == record.vendors && hash.starts_with(&policy), "{list}");
    assert!(list.contains("analytics") && !list.contains("meta"), "{list}");
}
