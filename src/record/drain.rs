//! Turns the segments of a spool into rows of a store, for as long as the program runs.
//!
//! 1. The store is opened at the start, so that what is wrong with it is said then; without it the program runs all the same. A
//!    SQLite file is made with the first record.
//! 2. The store is tried again after 1 s, 2 s, 4 s and so on, up to a minute; what is wrong with it is said once until it changes.
//! 3. Nothing waits for the store longer than [`PATIENCE`]; what was not answered by then is written once all the same.
//! 4. What is older than [`Config::keep`] is removed from the store once a day.
//! 5. At the end what is in the queue goes to the disk, and to the store if that takes it at once.

use super::{
    Config, Recorder, Spool, SpoolError, Store, StoreError, StoreUrl,
    entry::minute,
    spool::{Whole, length, oldest},
};
use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep, timeout};

/// How long the store may take for one segment.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest time between two tries of the store.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often segments are ended so that they can be read, and how long the task waits when there is nothing.
const PACE: Duration = Duration::from_millis(500);
/// How often old records are removed.
const PURGE: Duration = Duration::from_secs(86_400);
/// How long the store may take at the end.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// What a drain tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// What a person should know, without a password.
    Said(String),
    /// So many entries went into the store.
    Stored(u64),
    /// The store or the spool did not do it.
    Failed,
    /// So many bytes wait in the spool.
    Waiting(u64),
}

/// The way from a spool to its store.
#[derive(Debug)]
pub struct Drain {
    recorder: Recorder,
    folder: PathBuf,
    url: StoreUrl,
    keep: Duration,
    trouble: Option<SpoolError>,
    /// The store, and the file that it was when it was opened.
    store: Option<(Store, Option<(u64, u64)>)>,
    purged: Option<Instant>,
    said: String,
    wait: Duration,
}

#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the spool cannot be read: {0}")]
    Spool(#[from] io::Error),
    #[error("the store {0} does not answer")]
    Slow(StoreUrl),
}

impl Config {
    /// The way to the disk, and that from there to the store, which has to be [`run`](Drain::run); `None` without a store.
    ///
    /// # Errors
    /// When no thread can be had. What is wrong with the spool or the store is told when the drain runs.
    pub fn start(&self) -> io::Result<Option<(Recorder, Drain)>> {
        let Some(url) = &self.store else { return Ok(None) };
        let mut spool = Spool::at(&self.spool);
        let trouble = spool.try_out().err();
        let recorder = Recorder::start(spool, self)?;
        let drain = Drain {
            recorder: recorder.clone(),
            folder: self.spool.clone(),
            url: url.clone(),
            keep: self.keep,
            trouble,
            store: None,
            purged: None,
            said: String::new(),
            wait: Duration::ZERO,
        };
        Ok(Some((recorder, drain)))
    }
}

impl Drain {
    /// Takes what is in the spool to the store until `end`.
    pub async fn run(mut self, tell: impl Fn(News), end: impl Future<Output = ()>) {
        if let Some(trouble) = self.trouble.take() {
            tell(News::Failed);
            tell(News::Said(format!("{trouble}; until it is mended, no choice is recorded")));
        }
        tokio::pin!(end);
        loop {
            // What is cut off in the middle was not written, and is whole in the spool.
            tokio::select! {
                () = &mut end => break,
                () = self.turn(&tell) => {}
            }
        }
        self.recorder.flush().await;
        let rest = async { while let Ok(true) = self.pass(&tell).await {} };
        let _ = timeout(LAST_MOMENT, rest).await;
    }

    /// One try, once it is time.
    async fn turn(&mut self, tell: &impl Fn(News)) {
        sleep(self.wait).await;
        // A store whose answer is not waited for is not asked again.
        let taken = timeout(PATIENCE, self.pass(tell)).await;
        let taken = taken.unwrap_or_else(|_| Err(PassError::Slow(self.url.clone())));
        match taken {
            Ok(more) => {
                if !self.said.is_empty() {
                    tell(News::Said(format!("the store {} takes records again", self.url)));
                    self.said.clear();
                }
                self.wait = if more { Duration::ZERO } else { PACE };
            }
            Err(error) => self.failed(&error, tell),
        }
    }

    fn failed(&mut self, error: &PassError, tell: &impl Fn(News)) {
        tell(News::Failed);
        let text = error.to_string();
        if text != self.said {
            let folder = self.folder.display();
            tell(News::Said(format!("{text}; until it is mended, records stay in {folder}")));
            self.said = text;
        }
        self.store = None;
        self.wait = (self.wait * 2).clamp(Duration::from_secs(1), LONGEST_WAIT);
    }

    /// Takes one segment to the store; says whether there was one.
    async fn pass(&mut self, tell: &impl Fn(News)) -> Result<bool, PassError> {
        let (mut whole, bytes) = find(&self.folder).await?;
        tell(News::Waiting(bytes));
        // Only once in a while, so that segments are not all small.
        let due = self.wait > Duration::ZERO && bytes > 0;
        if whole.is_none() && due && self.recorder.flush().await {
            whole = find(&self.folder).await?.0;
        }
        if whole.is_none() && self.url.is_new() {
            return Ok(false);
        }
        // A file that was moved away or restored would take records with it that nobody sees.
        let store = match &mut self.store {
            Some((store, file)) if *file == self.url.file() => store,
            other => {
                let store = Store::open(&self.url).await?;
                &mut other.insert((store, self.url.file())).0
            }
        };
        if self.purged.is_none_or(|at| at.elapsed() >= PURGE) {
            purge(store, self.keep, tell).await?;
            self.purged = Some(Instant::now());
        }
        let Some(whole) = whole else { return Ok(false) };
        let count = whole.entries.len() as u64;
        store.append(&whole.name(), &whole.entries).await?;
        whole.done()?;
        tell(News::Stored(count));
        Ok(true)
    }
}

async fn purge(store: &Store, keep: Duration, tell: &impl Fn(News)) -> Result<(), StoreError> {
    let before = SystemTime::now().checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
    let gone = store.purge(minute(before)).await?;
    if gone > 0 {
        tell(News::Said(format!(
            "removed what was kept for its time: {gone} of the oldest records"
        )));
    }
    Ok(())
}

async fn find(folder: &Path) -> io::Result<(Option<Whole>, u64)> {
    let folder = folder.to_owned();
    let find = move || Ok((oldest(&folder)?, length(&folder)?));
    tokio::task::spawn_blocking(find).await.map_err(io::Error::other)?
}
