//! Turns entries into acknowledgements: a thread puts them on the disk, and a task takes them from there to the store.
//!
//! 1. [`Recorder::record`] answers when the entries are on the disk, or at the time-out; it never waits for the store.
//! 2. Entries that come while the disk is busy are flushed together.
//! 3. The store is tried again after 1 s, 2 s, 4 s and so on, up to a minute; what is wrong with it is said once until it changes.
//! 4. Memory is bounded: the queue by its length, the way to the store by one segment.

use super::{
    Entry, Spool, Store, StoreError, StoreUrl,
    spool::{Whole, oldest},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// The longest time between two tries of the store.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often segments are ended so that they can be read, and how long the task waits when there is nothing.
const PACE: Duration = Duration::from_millis(500);
/// How many waiting entries are flushed together.
const TOGETHER: usize = 512;

/// What became of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are on this machine's disk.
    Recorded,
    /// The time is over; they are still being written.
    Late,
    /// Too many others wait: they are lost.
    Full,
    /// The disk does not take them: they are lost.
    Failed,
}

/// The way to the disk; it can be cloned.
#[derive(Clone, Debug)]
pub struct Recorder {
    jobs: SyncSender<Job>,
    timeout: Duration,
}

#[derive(Debug)]
enum Job {
    Write {
        lines: Vec<u8>,
        done: oneshot::Sender<bool>,
    },
    /// End the segment that is written to, so that it can be read.
    End(oneshot::Sender<bool>),
}

impl Recorder {
    /// Starts the thread that writes to `spool`; it ends with the last clone.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(spool: Spool, timeout: Duration, queue: usize) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(queue.max(1));
        thread::Builder::new()
            .name("consentry-records".into())
            .spawn(move || write(spool, &waiting))?;
        Ok(Self { jobs, timeout })
    }

    /// Puts `entries` on the disk.
    pub async fn record(&self, entries: &[Entry]) -> Outcome {
        let mut lines = Vec::new();
        for entry in entries {
            if serde_json::to_writer(&mut lines, entry).is_err() {
                return Outcome::Failed;
            }
            lines.push(b'\n');
        }
        let (done, written) = oneshot::channel();
        match self.jobs.try_send(Job::Write { lines, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Outcome::Full,
            Err(TrySendError::Disconnected(_)) => return Outcome::Failed,
        }
        match tokio::time::timeout(self.timeout, written).await {
            Ok(Ok(true)) => Outcome::Recorded,
            Ok(Ok(false) | Err(_)) => Outcome::Failed,
            Err(_) => Outcome::Late,
        }
    }

    /// Ends the segment that is written to.
    async fn end_segment(&self) -> bool {
        let (done, ended) = oneshot::channel();
        let sent = self.jobs.try_send(Job::End(done)).is_ok();
        sent && matches!(tokio::time::timeout(self.timeout, ended).await, Ok(Ok(true)))
    }

    /// Takes what is in `folder`, where this recorder writes, to the store, for ever; `say` gets what a person should know.
    pub async fn drain(self, folder: PathBuf, url: StoreUrl, say: impl Fn(&str) + Send) {
        let mut wait = Duration::ZERO;
        let mut said = String::new();
        let mut store = None;
        loop {
            tokio::time::sleep(wait).await;
            match self.pass(&folder, &url, &mut store).await {
                Ok(more) => {
                    if !said.is_empty() {
                        say("the store takes records again");
                        said.clear();
                    }
                    wait = if more { Duration::ZERO } else { PACE };
                }
                Err(error) => {
                    let text = error.to_string();
                    if text != said {
                        say(&format!(
                            "{text}; records are kept in {} until it does",
                            folder.display()
                        ));
                        said = text;
                    }
                    store = None;
                    wait = (wait * 2).clamp(Duration::from_secs(1), LONGEST_WAIT);
                }
            }
        }
    }

    /// Takes one segment to the store; says whether there was one.
    async fn pass(
        &self,
        folder: &Path,
        url: &StoreUrl,
        store: &mut Option<Store>,
    ) -> Result<bool, PassError> {
        let mut whole = find(folder).await?;
        if whole.is_none() && self.end_segment().await {
            whole = find(folder).await?;
        }
        let Some(whole) = whole else { return Ok(false) };
        let open = match store {
            Some(open) => open,
            None => store.insert(Store::open(url).await?),
        };
        open.append(&whole.name(), &whole.entries).await?;
        whole.done()?;
        Ok(true)
    }
}

#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the spool cannot be read: {0}")]
    Spool(#[from] io::Error),
}

async fn find(folder: &Path) -> io::Result<Option<Whole>> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || oldest(&folder)).await.map_err(io::Error::other)?
}

fn write(mut spool: Spool, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut lines = Vec::new();
        let mut waiting = Vec::new();
        let mut ends = Vec::new();
        let more = std::iter::from_fn(|| jobs.try_recv().ok()).take(TOGETHER);
        for job in std::iter::once(first).chain(more) {
            match job {
                Job::Write { lines: more, done } => {
                    lines.extend(more);
                    waiting.push(done);
                }
                Job::End(done) => ends.push(done),
            }
        }
        if !waiting.is_empty() {
            let written = spool.append(&lines).is_ok();
            // Whoever does not wait any more does not matter.
            for done in waiting {
                let _ = done.send(written);
            }
        }
        if !ends.is_empty() {
            let ended = spool.end().is_ok();
            for done in ends {
                let _ = done.send(ended);
            }
        }
    }
}
