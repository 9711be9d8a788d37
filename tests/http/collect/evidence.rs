//! What is written down: names, never values.

use super::shop::{Plan, Shop, choice};
use consentry::{
    collect::{Config, LedgerFile},
    engine::Collection,
};
use serde_json::Value;
use std::{fs::read_to_string, time::Duration};

async fn lines(path: &std::path::Path, count: usize) -> Vec<Value> {
    for _ in 0..1000 {
        let text = read_to_string(path).unwrap_or_default();
        if text.lines().count() >= count {
            return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} lines never came", count);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let collection =
        Collection { ledger: Some(LedgerFile::at(path.clone())), ..Collection::default() };
    let collect = Config { sensitive: vec!["/health/*".into()], ..Config::default() };
    let shop = Shop::of(Plan { collection, collect, ..Plan::default() }).await;
    let on = |page: &str| {
        format!(
            "{}Referer: http://shop.test{page}\r\nX-Forwarded-For: 203.0.113.77\r\n",
            choice("f0a1m0")
        )
    };
    let collect = "/_consentry/v/www.stats.test/collect/u-value?id=v1value&secret=v2value&dl=http://shop.test/v3value&event=a%40b.example";
    shop.send("POST", collect, &on("/shoes"), r#"{"id":"v4value","x":{"y":"v5value"}}"#).await;
    shop.ask("GET", collect, "Referer: http://shop.test/\r\n").await;
    shop.ask("GET", collect, &on("/health/v6value")).await;
    shop.send("POST", "/_consentry/v/ads.test/e?id=v7value", &on("/"), "").await;
    shop.send("POST", collect, &on("/"), "{\"id\":").await;
    let lines = lines(&path, 5).await;
    let [forwarded, refused, sensitive, other, malformed] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(forwarded["decision"], "forwarded");
    assert_eq!(forwarded["status"], 200);
    assert_eq!(forwarded["vendor"], "stats");
    assert_eq!(forwarded["purpose"], "analytics");
    assert_eq!(forwarded["endpoint"], "stats.test/collect");
    assert_eq!(forwarded["site"], "shop.test");
    assert_eq!(forwarded["signal"], "own");
    assert_eq!(forwarded["kept"]["count"], 3);
    assert_eq!(forwarded["kept"]["names"], serde_json::json!(["dl", "event", "id"]));
    assert_eq!(forwarded["dropped"]["names"], serde_json::json!(["secret", "x/y"]));
    assert_eq!(forwarded["redacted"], serde_json::json!({ "email": 1 }));
    assert_eq!(forwarded["redacted_fields"]["names"], serde_json::json!(["event"]));
    let time = forwarded["time"].as_str().unwrap();
    assert!(time.len() == 17 && time.ends_with('Z') && &time[10..11] == "T", "{time}");
    assert_eq!((&refused["decision"], &refused["reason"]), (&"refused".into(), &"consent".into()));
    assert_eq!(refused["signal"], Value::Null);
    assert_eq!(sensitive["reason"], "sensitive");
    assert_eq!((&other["vendor"], &other["reason"]), (&"ads".into(), &"consent".into()));
    assert_eq!(malformed["reason"], "malformed");
    let text = read_to_string(&path).unwrap();
    for never in ["value", "b.example", "203.0.113", "127.0.0.1", "?", "f0a1m0"] {
        assert!(!text.contains(never), "{never} in {text}");
    }
    shop.front.counted("consentry_collect_redacted_total{kind=\"email\"} 1").await;
}
