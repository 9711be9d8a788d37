//! One suite for both databases.

use crate::{
    database::{TEXT, VENDORS, config, databases, entry, record, shown},
    postgres::PASSWORD,
    said::{Said, until},
};
use consentry::record::{
    Body, ConsentRecord, Entry, Filter, Flaw, Outcome, Policy, Store, StoreUrl, hash_of,
};
use consentry::{
    engine::Engine,
    proxy::{Consentry, Options},
};
use std::{fs, future::pending, time::Duration};

async fn all(store: &Store) -> usize {
    let mut count = 0;
    let mut after = 0;
    loop {
        let page = store.records(&Filter::default(), after).await.unwrap();
        let Some(last) = page.last() else { return count };
        (count, after) = (count + page.len(), last.seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_read_found_and_chained() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        let granted = record(7, true);
        let entries: Vec<_> =
            shown(granted.clone()).into_iter().chain([entry(9, false), entry(8, false)]).collect();
        store.append("a", &entries).await.unwrap();
        store.append("a", &entries).await.unwrap();
        // The same record in another segment, twice.
        let again = [shown(granted.clone()), shown(granted.clone()), shown(record(10, true))];
        store.append("b", &again.concat()).await.unwrap();
        assert_eq!(all(&store).await, 4, "{:?}", database.url);
        let verified = store.verify().await.unwrap().unwrap();
        assert_eq!((verified.records, verified.head), (4, 4));
        assert_eq!(verified.span, Some((7, 10)));
        let found = Filter { receipt: granted.receipt.clone(), ..Filter::default() };
        let found = store.records(&found, 0).await.unwrap();
        assert_eq!(found.iter().map(|c| &c.record).collect::<Vec<_>>(), [&granted]);
        let of_site = Filter {
            site: Some("other.example".into()),
            from: Some(9),
            until: Some(10),
            ..Filter::default()
        };
        assert_eq!(store.records(&of_site, 0).await.unwrap().len(), 1);
        assert_eq!(store.count(&of_site).await.unwrap(), 1);
        let latest = store.latest(&Filter::default(), i64::MAX, 2).await.unwrap();
        assert_eq!(latest.iter().map(|c| c.seq).collect::<Vec<_>>(), [4, 3]);
        let before = store.latest(&Filter::default(), 3, 9).await.unwrap();
        assert_eq!(before.iter().map(|c| c.seq).collect::<Vec<_>>(), [2, 1]);
        let text = store.text(&hash_of(TEXT)).await.unwrap();
        assert_eq!(text, Some(("en".to_owned(), TEXT.to_owned())));
        assert_eq!(store.vendors(&hash_of(VENDORS)).await.unwrap().as_deref(), Some(VENDORS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_can_be_counted_only() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        let refusal = |n: u32| Entry::Refusal {
            id: n.to_string(),
            day: 1440,
            site: "s".into(),
            policy: "p".into(),
        };
        let three: Vec<_> = (0..3).map(refusal).collect();
        store.append("a", &three).await.unwrap();
        store.append("a", &three).await.unwrap();
        store.append("b", &three[..1]).await.unwrap();
        assert_eq!(store.refusals().await.unwrap(), [(1440, "s".to_owned(), "p".to_owned(), 4)]);
        assert_eq!(all(&store).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_are_purged_and_the_chain_holds() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        let entries = [1, 2, 5, 3, 6].map(|minute| shown(record(minute, true))).concat();
        store.append("a", &entries).await.unwrap();
        // The record of minute 3 came after that of minute 5, and goes with it.
        assert_eq!(store.purge(4).await.unwrap(), 2);
        assert_eq!(store.purge(4).await.unwrap(), 0);
        assert_eq!(store.verify().await.unwrap().unwrap().records, 3);
        assert_eq!(store.purge(9).await.unwrap(), 3);
        assert_eq!(store.text(&hash_of(TEXT)).await.unwrap(), None);
        store.append("b", &shown(record(9, false))).await.unwrap();
        let verified = store.verify().await.unwrap().unwrap();
        assert_eq!((verified.records, verified.head), (1, 6));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_shows() {
    for database in databases() {
        for (statement, flaw) in [
            ("UPDATE consentry_records SET purposes = 'marketing' WHERE seq = 2", Flaw::Changed(2)),
            ("DELETE FROM consentry_records WHERE seq = 2", Flaw::Gap { expected: 2, found: 3 }),
            ("DELETE FROM consentry_records WHERE seq = 3", Flaw::Cut { expected: 3, found: 2 }),
            ("UPDATE consentry_records SET method = 'nonsense' WHERE seq = 1", Flaw::Changed(1)),
            (
                "DELETE FROM consentry_vendors",
                Flaw::Missing { what: Body::Vendors, hash: hash_of(VENDORS), seq: 1 },
            ),
            (
                "UPDATE consentry_texts SET body = 'We ask you nothing.'",
                Flaw::Replaced { what: Body::Text, hash: hash_of(TEXT) },
            ),
        ] {
            let store = Store::open(&database.url).await.unwrap();
            store.purge(i64::MAX).await.unwrap();
            run(
                &store,
                "UPDATE consentry_head SET seq = 0, hash = '', start_seq = 0, start_hash = ''",
            )
            .await;
            run(&store, "DELETE FROM consentry_segments").await;
            let [one, two, three] =
                [(1, true), (2, false), (3, false)].map(|(n, yes)| record(n, yes));
            store.append("a", &[shown(one), shown(two), shown(three)].concat()).await.unwrap();
            assert!(store.verify().await.unwrap().is_ok());
            run(&store, statement).await;
            assert_eq!(store.verify().await.unwrap(), Err(flaw), "{statement}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_the_first_version_is_brought_up() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        store.append("a", &shown(record(1, true))).await.unwrap();
        run(&store, "DROP TABLE consentry_found").await;
        run(&store, "DELETE FROM _sqlx_migrations WHERE version > 1").await;
        store.close().await;
        let store = Store::open(&database.url).await.unwrap();
        assert_eq!(store.found().await.unwrap(), []);
        assert_eq!(store.verify().await.unwrap().unwrap().records, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendors_that_were_found_are_shared_by_nodes() {
    for database in databases() {
        let (one, two) =
            (Store::open(&database.url).await.unwrap(), Store::open(&database.url).await.unwrap());
        let pair = |site: &str, vendor: &str| (site.to_owned(), vendor.to_owned());
        let (a, b, c) =
            (pair("a.example", "ga4"), pair("a.example", "meta"), pair("b.example", "ga4"));
        one.add_found(&[b.clone(), a.clone()]).await.unwrap();
        two.add_found(&[c.clone(), a.clone()]).await.unwrap();
        two.add_found(&[]).await.unwrap();
        assert_eq!(one.found().await.unwrap(), [a, b, c], "{:?}", database.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sites_policies_lead_to_their_vendors() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        let lists = [VENDORS, "[\"ga4\",\"meta\"]"];
        let later =
            ConsentRecord { policy: "p2".into(), vendors: hash_of(lists[1]), ..record(4, true) };
        let entries = [
            Entry::vendors(lists[0]),
            Entry::vendors(lists[1]),
            entry(1, true),
            entry(2, false),
            entry(3, true),
            Entry::Record(later),
        ];
        store.append("a", &entries).await.unwrap();
        let policy = |policy: &str, list: &str, first, last, records| Policy {
            policy: policy.into(),
            vendors: hash_of(list),
            first,
            last,
            records,
        };
        assert_eq!(
            store.policies("shop.example").await.unwrap(),
            [policy("p2", lists[1], 4, 4, 1), policy("p1", lists[0], 1, 2, 2)]
        );
        assert_eq!(store.policies("none.example").await.unwrap(), []);
        let hash = hash_of(lists[1]);
        let found = store.vendors_beginning(&hash[..8]).await.unwrap();
        assert_eq!(found, Some((hash, lists[1].to_owned())));
        for unknown in ["", "zz", "%", "ffffffff"] {
            assert_eq!(store.vendors_beginning(unknown).await.unwrap(), None, "{unknown}");
        }
    }
}

pub(crate) async fn run(store: &Store, statement: &str) {
    match store {
        Store::Sqlite(pool) => drop(sqlx::query(statement).execute(pool).await.unwrap()),
        Store::Postgres(pool) => drop(sqlx::query(statement).execute(pool).await.unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_make_one_chain() {
    for database in databases() {
        let stores =
            [Store::open(&database.url).await.unwrap(), Store::open(&database.url).await.unwrap()];
        let writers = stores.iter().cloned().enumerate().map(|(node, store)| {
            tokio::spawn(async move {
                for n in 0..40 {
                    let two = [shown(record(n, true)), shown(record(n, false))].concat();
                    store.append(&format!("{node}-{n}"), &two).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(stores[0].verify().await.unwrap().unwrap().records, 160, "{:?}", database.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_version_is_refused() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        run(&store, "UPDATE _sqlx_migrations SET version = 99 WHERE version = 2").await;
        let error = Store::open(&database.url).await.unwrap_err().to_string();
        assert!(error.contains("another database") && !error.contains(PASSWORD), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_delays_nobody_and_loses_nothing() {
    for database in databases() {
        let Some(server) = &database.postgres else { continue };
        Store::open(&database.url).await.unwrap();
        server.down();
        let folder = tempfile::tempdir().unwrap();
        let (recorder, drain) = config(&database.url, folder.path()).start().unwrap().unwrap();
        let said = Said::default();
        let drain = tokio::spawn(drain.run(said.listener(), pending()));
        for n in 0..20 {
            assert_eq!(recorder.record(&shown(record(n, true))).await, Outcome::Recorded);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        server.up();
        let store = Store::open(&database.url).await.unwrap();
        for _ in 0..100 {
            if all(&store).await == 20 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(store.verify().await.unwrap().unwrap().records, 20);
        drain.abort();
        let said = said.all();
        assert!(said[0].contains("refused"), "{said:?}");
        assert!(
            said.windows(2).all(|pair| pair[0] != pair[1]),
            "what is wrong is said once: {said:?}"
        );
        assert!(
            said.last().unwrap().contains("again") && !said.concat().contains(PASSWORD),
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_store_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no.db");
    fs::write(&file, "this is no database, and long enough to be none").unwrap();
    let mut urls: Vec<(StoreUrl, &str)> = vec![
        (format!("sqlite:{}", file.display()).parse().unwrap(), "not a database"),
        (format!("sqlite:{}/none/x.db", folder.path().display()).parse().unwrap(), "No such file"),
        ("postgres://u:s3cret-word@127.0.0.1:1/x".parse().unwrap(), "refused"),
    ];
    let databases = databases();
    let server = databases.iter().find_map(|database| database.postgres.as_ref());
    urls.extend(server.map(|server| (server.wrong().parse().unwrap(), "password")));
    for (url, why) in urls {
        let error = Store::open(&url).await.unwrap_err().to_string();
        assert!(error.contains(why) && error.contains(&url.to_string()), "{error}");
        assert!(!error.contains(PASSWORD) && !error.contains("wr0ng-word"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_records_and_counts() {
    let engine = consentry::config::Config::default().engine(&[]).unwrap();
    let consentry = Consentry::new(Engine::new(engine).unwrap(), Options::default()).unwrap();
    assert_eq!(consentry.record(&shown(record(1, true))).await, None);
    for database in databases() {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, drain) = config(&database.url, folder.path()).start().unwrap().unwrap();
        let engine = consentry::config::Config::default().engine(&[]).unwrap();
        let consentry = Consentry::new(Engine::new(engine).unwrap(), Options::default()).unwrap();
        let consentry = consentry.recording(recorder);
        assert_eq!(consentry.record(&shown(record(1, true))).await, Some(Outcome::Recorded));
        let nul = ConsentRecord { site: "\0".into(), ..record(2, true) };
        assert_eq!(consentry.record(&[Entry::Record(nul)]).await, Some(Outcome::Failed));
        let counting = consentry.clone();
        let drain = tokio::spawn(drain.run(move |news| drop(counting.count_news(news)), pending()));
        until(|| consentry.metrics().records_stored.get() == 3).await;
        drain.abort();
        let counted = String::from_utf8(consentry.metrics().render()).unwrap();
        for line in [
            "consentry_records_total{outcome=\"recorded\"} 1",
            "consentry_records_total{outcome=\"failed\"} 1",
            "consentry_records_stored_total 3",
            "consentry_records_store_failures_total 0",
        ] {
            assert!(counted.contains(line), "{line}: {counted}");
        }
    }
}
