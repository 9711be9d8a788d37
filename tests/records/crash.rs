//! A process that is killed under load: what it acknowledged is in the store, each once.

use crate::database::{config, databases, record, shown};
use consentry::record::{Filter, Outcome, Store};
use std::{
    collections::BTreeSet,
    env,
    future::pending,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const FOLDER: &str = "CONSENTRY_CRASH_FOLDER";
const STORE: &str = "CONSENTRY_CRASH_STORE";
const KILLS: usize = 20;

/// Runs in the process that is killed: records as fast as it can, and prints the id of each that is acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by the test below"]
async fn victim() {
    let (Ok(folder), Ok(url)) = (env::var(FOLDER), env::var(STORE)) else { return };
    let config = config(&url.parse().unwrap(), Path::new(&folder));
    let (recorder, drain) = config.start().unwrap().unwrap();
    tokio::spawn(drain.run(|_| {}, pending()));
    let visitors = (0..8).map(|n| {
        let recorder = recorder.clone();
        tokio::spawn(async move {
            // It is killed long before.
            for _ in 0..1_000_000 {
                let record = record(n, n % 2 == 0);
                let id = record.id.clone();
                if recorder.record(&shown(record)).await == Outcome::Recorded {
                    let _ = writeln!(std::io::stderr(), "ack {id}");
                }
            }
        })
    });
    for visitor in visitors.collect::<Vec<_>>() {
        visitor.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_it_is_killed() {
    for database in databases() {
        let folder = tempfile::tempdir().unwrap();
        let url = match &database.postgres {
            Some(server) => server.url(),
            None => database.url.to_string(),
        };
        let mut acknowledged = BTreeSet::new();
        for n in 0..KILLS {
            acknowledged.extend(run_and_kill(folder.path(), &url, 40 + 15 * n as u64));
        }
        assert!(acknowledged.len() > KILLS, "{}", acknowledged.len());
        let (recorder, drain) = config(&database.url, folder.path()).start().unwrap().unwrap();
        let drain = tokio::spawn(drain.run(|_| {}, pending()));
        let store = Store::open(&database.url).await.unwrap();
        let stored = settled(&store, folder.path()).await;
        drain.abort();
        drop(recorder);
        let missing: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(
            missing.is_empty(),
            "{:?}: {} of {}",
            database.url,
            missing.len(),
            acknowledged.len()
        );
        // What was on the disk and not acknowledged yet may be there too: at most one for each visitor and kill.
        assert!(stored.len() - acknowledged.len() <= 8 * KILLS);
        assert_eq!(store.verify().await.unwrap().unwrap().records, stored.len() as u64);
        println!(
            "{:?}: {} acknowledged, {} stored",
            database.url,
            acknowledged.len(),
            stored.len()
        );
    }
}

/// The ids that a process acknowledged in the milliseconds before it was killed.
fn run_and_kill(folder: &Path, url: &str, milliseconds: u64) -> Vec<String> {
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::victim", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(STORE, url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        let ids = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("ack ").map(str::to_owned));
        ids.filter(|id| id.len() == 32).collect()
    });
    std::thread::sleep(Duration::from_millis(200 + milliseconds));
    victim.kill().unwrap();
    victim.wait().unwrap();
    reader.join().unwrap()
}

/// The ids in the store when the spool is empty.
async fn settled(store: &Store, folder: &Path) -> BTreeSet<String> {
    for _ in 0..300 {
        let left = std::fs::read_dir(folder).unwrap().count();
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut ids, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = store.records(&Filter::default(), after).await.unwrap();
        let Some(last) = page.last() else { return ids };
        after = last.seq;
        ids.extend(page.into_iter().map(|chained| chained.record.id));
    }
}
