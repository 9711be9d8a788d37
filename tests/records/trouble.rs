//! Databases and disks that fail: choices are answered at once all the same, and what was acknowledged is stored once.

use crate::{
    database::{Database, config, databases, record, shown},
    postgres::PASSWORD,
    said::{Said, until},
    slow,
    suite::run,
};
use consentry::record::{Config, Filter, Outcome, Recorder, Store, StoreUrl, waiting};
use std::{
    collections::BTreeSet,
    fs,
    future::pending,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

/// A program that records into a store.
struct Node {
    recorder: Recorder,
    said: Said,
    drain: JoinHandle<()>,
    spool: TempDir,
    acknowledged: BTreeSet<String>,
}

impl Node {
    fn start(url: &StoreUrl) -> Self {
        Self::within(url, tempfile::tempdir().unwrap())
    }

    fn within(url: &StoreUrl, spool: TempDir) -> Self {
        let (recorder, drain) = config(url, spool.path()).start().unwrap().unwrap();
        let said = Said::default();
        let drain = tokio::spawn(drain.run(said.listener(), pending()));
        Self { recorder, said, drain, spool, acknowledged: BTreeSet::new() }
    }

    /// Records `count` choices; all of them are acknowledged.
    async fn choose(&mut self, count: i64) {
        for n in 0..count {
            let record = record(n, n % 2 == 0);
            let id = record.id.clone();
            assert_eq!(self.recorder.record(&shown(record)).await, Outcome::Recorded);
            self.acknowledged.insert(id);
        }
    }

    /// Waits until all is in the store.
    async fn settle(&self) {
        until(|| fs::read_dir(self.spool.path()).unwrap().count() == 0).await;
    }

    /// What it said, which has no password.
    fn words(&self) -> String {
        let said = self.said.all();
        assert!(said.windows(2).all(|pair| pair[0] != pair[1]), "said twice: {said:?}");
        let words = said.join("\n");
        assert!(!words.contains(PASSWORD) && !words.contains("wr0ng-word"), "{words}");
        words
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.drain.abort();
    }
}

async fn ids(store: &Store) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), 0);
    loop {
        let page = store.records(&Filter::default(), after).await.unwrap();
        let Some(last) = page.last() else { return ids };
        after = last.seq;
        ids.extend(page.into_iter().map(|chained| chained.record.id));
    }
}

/// What the nodes acknowledged is in the store, each once, in one chain.
async fn holds(url: &StoreUrl, nodes: &[&Node]) {
    for node in nodes {
        node.settle().await;
    }
    let store = Store::look(url).await.unwrap();
    let all: BTreeSet<_> = nodes.iter().flat_map(|node| node.acknowledged.clone()).collect();
    let stored = ids(&store).await;
    assert_eq!(stored.len(), all.len(), "{url:?}");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), all, "{url:?}");
    assert_eq!(store.verify().await.unwrap().unwrap().records, all.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_begin_with_an_empty_database() {
    for database in databases() {
        let url = &database.url;
        let (mut one, mut two) = (Node::start(url), Node::start(url));
        tokio::join!(one.choose(150), two.choose(150));
        holds(url, &[&one, &two]).await;
        assert_eq!((one.words(), two.words()), (String::new(), String::new()));
    }
}

/// As when a new program starts while the old one ends.
#[tokio::test(flavor = "multi_thread")]
async fn two_programs_share_a_spool() {
    for database in databases() {
        let mut one = Node::start(&database.url);
        let (recorder, drain) = config(&database.url, one.spool.path()).start().unwrap().unwrap();
        let drain = tokio::spawn(drain.run(|_| {}, pending()));
        for n in 0..100 {
            let other = record(n, true);
            let id = other.id.clone();
            let other = shown(other);
            let (outcome, ()) = tokio::join!(recorder.record(&other), one.choose(1));
            assert_eq!(outcome, Outcome::Recorded);
            one.acknowledged.insert(id);
            sleep(Duration::from_millis(15)).await;
        }
        holds(&database.url, &[&one]).await;
        drain.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_others_lock_gets_its_records_later() {
    for database in databases() {
        let mut node = Node::start(&database.url);
        node.choose(1).await;
        node.settle().await;
        let store = Store::look(&database.url).await.unwrap();
        let (unlock, unlocked) = oneshot::channel::<()>();
        let (locked, is_locked) = oneshot::channel::<()>();
        let holder = tokio::spawn(async move {
            match &store {
                Store::Sqlite(pool) => {
                    let mut one = pool.acquire().await.unwrap();
                    sqlx::query("BEGIN EXCLUSIVE").execute(&mut *one).await.unwrap();
                    locked.send(()).unwrap();
                    unlocked.await.unwrap();
                    sqlx::query("ROLLBACK").execute(&mut *one).await.unwrap();
                }
                Store::Postgres(pool) => {
                    let mut tx = pool.begin().await.unwrap();
                    let lock = "LOCK TABLE consentry_head IN ACCESS EXCLUSIVE MODE";
                    sqlx::query(lock).execute(&mut *tx).await.unwrap();
                    locked.send(()).unwrap();
                    unlocked.await.unwrap();
                }
            }
        });
        is_locked.await.unwrap();
        node.choose(30).await;
        if database.postgres.is_none() {
            until(|| !node.said.all().is_empty()).await;
            assert!(node.words().contains("database is locked"), "{}", node.words());
        }
        assert!(fs::read_dir(node.spool.path()).unwrap().count() > 0);
        unlock.send(()).unwrap();
        holder.await.unwrap();
        holds(&database.url, &[&node]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_delays_nobody() {
    for database in databases() {
        let Some(server) = &database.postgres else { continue };
        let address = slow::before(server.address(), Duration::from_millis(60)).await;
        let url = server.url_at(address).parse().unwrap();
        let mut node = Node::start(&url);
        node.choose(200).await;
        holds(&database.url, &[&node]).await;
        assert_eq!(node.words(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_again_and_again_gets_all_once() {
    for database in databases() {
        let Some(server) = &database.postgres else { continue };
        let mut node = Node::start(&database.url);
        for _ in 0..4 {
            node.choose(200).await;
            server.down();
            node.choose(50).await;
            server.up();
            // The store is tried again after a second, or two.
            until(|| node.said.all().last().is_none_or(|said| said.contains("again"))).await;
        }
        holds(&database.url, &[&node]).await;
        node.words();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_others_are_left_alone_and_said() {
    for database in databases() {
        let made = Store::open(&database.url).await.unwrap();
        for table in ["head", "records", "texts", "vendors", "refusals", "segments", "found"] {
            run(&made, &format!("DROP TABLE consentry_{table}")).await;
        }
        run(&made, "DROP TABLE _sqlx_migrations").await;
        run(&made, "CREATE TABLE consentry_records (id TEXT)").await;
        let mut node = Node::start(&database.url);
        node.choose(3).await;
        until(|| !node.said.all().is_empty()).await;
        assert!(node.words().contains("has other tables than this version"), "{}", node.words());
        run(&made, "DROP TABLE consentry_records").await;
        holds(&database.url, &[&node]).await;
        assert!(node.words().ends_with("takes records again"), "{}", node.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_once_without_it() {
    for database in databases() {
        let Some(server) = &database.postgres else { continue };
        let mut node = Node::start(&server.wrong().parse().unwrap());
        node.choose(3).await;
        until(|| !node.said.all().is_empty()).await;
        // Several tries later it has not been said again.
        sleep(Duration::from_secs(4)).await;
        assert_eq!(node.said.all().len(), 1, "{}", node.words());
        assert!(node.words().contains("password authentication failed"), "{}", node.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_moved_away_takes_nothing_with_it() {
    for database in databases() {
        let StoreUrl::Sqlite(path) = &database.url else { continue };
        let mut node = Node::start(&database.url);
        node.choose(5).await;
        node.settle().await;
        for end in ["", "-wal", "-shm"] {
            let _ = fs::rename(
                format!("{}{end}", path.display()),
                format!("{}.old{end}", path.display()),
            );
        }
        let before = std::mem::take(&mut node.acknowledged);
        node.choose(5).await;
        holds(&database.url, &[&node]).await;
        let old = format!("sqlite:{}.old", path.display()).parse().unwrap();
        let old = ids(&Store::look(&old).await.unwrap()).await;
        assert_eq!(old.into_iter().collect::<BTreeSet<_>>(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_for_its_time_is_removed() {
    for database in databases() {
        let store = Store::open(&database.url).await.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 / 60;
        let records = [1, now - 1441, now - 1439, now].map(|minute| shown(record(minute, true)));
        store.append("a", &records.concat()).await.unwrap();
        let spool = tempfile::tempdir().unwrap();
        let config =
            Config { keep: Duration::from_secs(86_400), ..config(&database.url, spool.path()) };
        let (_, drain) = config.start().unwrap().unwrap();
        assert!(!format!("{drain:?}{store:?}{config:?}").contains(PASSWORD));
        let said = Said::default();
        let drain = tokio::spawn(drain.run(said.listener(), pending()));
        until(|| !said.all().is_empty()).await;
        drain.abort();
        assert_eq!(said.all(), ["removed what was kept for its time: 2 of the oldest records"]);
        assert_eq!(store.verify().await.unwrap().unwrap().records, 2);
    }
}

/// A small disk; none where this process may not mount one, which is said.
struct Disk(TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "none"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: no disk can be mounted here");
        None
    }

    /// Takes all that is free.
    fn fill(&self) {
        let file = self.0.path().join("filler");
        for size in [4096, 64, 1] {
            let block = vec![b'x'; size];
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&file).unwrap();
            while std::io::Write::write_all(&mut file, &block).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.0.path().join("filler")).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_store_is_said_and_waited_for() {
    let Some(disk) = Disk::mount() else { return };
    let url = format!("sqlite:{}", disk.path().join("records.db").display()).parse().unwrap();
    let mut node = Node::start(&url);
    node.choose(2).await;
    node.settle().await;
    disk.fill();
    node.choose(60).await;
    until(|| !node.said.all().is_empty()).await;
    assert!(node.words().contains("full"), "{}", node.words());
    disk.empty();
    holds(&url, &[&node]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_spool_acknowledges_nothing() {
    let Some(disk) = Disk::mount() else { return };
    for Database { url, .. } in &databases() {
        let spool = tempfile::tempdir_in(disk.path()).unwrap();
        let mut node = Node::within(url, spool);
        node.choose(3).await;
        disk.fill();
        let mut lost = 0;
        for n in 0..40 {
            let record = record(n, true);
            let id = record.id.clone();
            match node.recorder.record(&shown(record)).await {
                // What was in the page already.
                Outcome::Recorded => drop(node.acknowledged.insert(id)),
                Outcome::Failed => lost += 1,
                Outcome::Late | Outcome::Full => panic!("{n}"),
            }
        }
        assert!(lost > 0, "the disk is not full");
        disk.empty();
        node.choose(3).await;
        node.settle().await;
        let store = Store::look(url).await.unwrap();
        let stored: BTreeSet<_> = ids(&store).await.into_iter().collect();
        assert!(stored.is_superset(&node.acknowledged));
        assert!(store.verify().await.unwrap().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_the_queue_goes_to_the_disk_and_the_store() {
    for database in databases() {
        let spool = tempfile::tempdir().unwrap();
        let (recorder, drain) = config(&database.url, spool.path()).start().unwrap().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let drain = tokio::spawn(drain.run(|_| {}, async { drop(ended.await) }));
        let many = (0..50).map(|n| {
            let recorder = recorder.clone();
            tokio::spawn(async move { recorder.record(&shown(record(n, true))).await })
        });
        let many: Vec<_> = many.collect();
        assert!(recorder.flush().await);
        end.send(()).unwrap();
        drain.await.unwrap();
        for one in many {
            assert_eq!(one.await.unwrap(), Outcome::Recorded);
        }
        // Who came after the end is on the disk, all of them maybe, and then there is no store yet.
        let left = waiting(spool.path()).unwrap().choices;
        let store = Store::open(&database.url).await.unwrap();
        assert_eq!(store.verify().await.unwrap().unwrap().records + left, 50);
    }
}
