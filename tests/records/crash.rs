//! A process that is killed under load: what it acknowledged is in the store, each once.

use crate::database::{databases, entry};
use consentry::record::{Filter, Outcome, Recorder, Spool, Store};
use std::{
    collections::BTreeSet,
    env,
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
    let spool = Spool::open(Path::new(&folder)).unwrap();
    let recorder = Recorder::start(spool, Duration::from_secs(5), 1024).unwrap();
    tokio::spawn(recorder.clone().drain(folder.into(), url.parse().unwrap(), |_| {}));
    let visitors = (0..8).map(|n| {
        let recorder = recorder.clone();
        tokio::spawn(async move {
            // It is killed long before.
            for _ in 0..1_000_000 {
                let choice = entry(n, n % 2 == 0);
                let consentry::record::Entry::Record(record) = &choice else { return };
                let id = record.id.clone();
                if recorder.record(&[choice]).await == Outcome::Recorded {
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
        let spool = Spool::open(folder.path()).unwrap();
        let recorder = Recorder::start(spool, Duration::from_secs(5), 16).unwrap();
        let drain =
            tokio::spawn(recorder.drain(folder.path().to_owned(), database.url.clone(), |_| {}));
        let store = Store::open(&database.url).await.unwrap();
        let stored = settled(&store, folder.path()).await;
        drain.abort();
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
