//! Turns entries into acknowledgements: a thread puts them on the disk, and answers when they are there.
//!
//! 1. [`Recorder::record`] answers when the entries are on the disk, or at the time-out; it never waits for the store.
//! 2. Entries that come while the disk is busy are flushed together.
//! 3. Memory is bounded: the queue by its length, an entry by its line.
//! 4. The thread ends with the last clone of the recorder; [`Recorder::flush`] waits until all that came before is on the disk.

use super::{Config, Entry, Spool, line::Line};
use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

/// How many waiting entries are flushed together.
const TOGETHER: usize = 512;
/// How long the end waits before it tries a full queue again.
const AGAIN: Duration = Duration::from_millis(10);

/// What became of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// They are on this machine's disk.
    Recorded,
    /// The time is over; they are still being written.
    Late,
    /// Too many others wait: they are lost.
    Full,
    /// The disk does not take them, or no store would: they are lost.
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
        lines: Vec<Line>,
        done: oneshot::Sender<bool>,
    },
    /// End the segment that is written to, so that it can be read.
    End(oneshot::Sender<bool>),
}

/// What one round of the thread does.
#[derive(Default)]
struct Round {
    lines: Vec<Line>,
    written: Vec<oneshot::Sender<bool>>,
    ended: Vec<oneshot::Sender<bool>>,
}

// === impl Outcome ===

impl Outcome {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Late => "late",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }
}

// === impl Recorder ===

impl Recorder {
    /// Starts the thread that writes to `spool`.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(spool: Spool, config: &Config) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(config.queue.max(1));
        thread::Builder::new()
            .name("consentry-records".into())
            .spawn(move || write(spool, &waiting))?;
        Ok(Self { jobs, timeout: config.timeout })
    }

    /// Puts `entries` on the disk, all of them or none. With every record come the text and the list that it names: the spool
    /// holds each once a segment.
    pub async fn record(&self, entries: &[Entry]) -> Outcome {
        let Some(lines) = entries.iter().map(Line::of).collect() else { return Outcome::Failed };
        let (done, written) = oneshot::channel();
        match self.jobs.try_send(Job::Write { lines, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Outcome::Full,
            Err(TrySendError::Disconnected(_)) => return Outcome::Failed,
        }
        match timeout(self.timeout, written).await {
            Ok(Ok(true)) => Outcome::Recorded,
            Ok(Ok(false) | Err(_)) => Outcome::Failed,
            Err(_) => Outcome::Late,
        }
    }

    /// Waits until all that came before is on the disk, in a segment that can be read, but no longer than the time-out; says
    /// whether it is.
    pub async fn flush(&self) -> bool {
        let end = Instant::now() + self.timeout;
        let (done, ended) = oneshot::channel();
        let mut job = Job::End(done);
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) if Instant::now() < end => job = back,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return false,
            }
            sleep(AGAIN).await;
        }
        matches!(timeout(end - Instant::now(), ended).await, Ok(Ok(true)))
    }
}

fn write(mut spool: Spool, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let more = std::iter::from_fn(|| jobs.try_recv().ok()).take(TOGETHER);
        let mut round = Round::default();
        std::iter::once(first).chain(more).for_each(|job| round.add(job));
        round.run(&mut spool);
    }
    // Who comes next finds it whole, or takes it for whole.
    let _ = spool.end();
}

// === impl Round ===

impl Round {
    fn add(&mut self, job: Job) {
        match job {
            Job::Write { lines, done } => {
                self.lines.extend(lines);
                self.written.push(done);
            }
            Job::End(done) => self.ended.push(done),
        }
    }

    fn run(self, spool: &mut Spool) {
        if !self.written.is_empty() {
            let written = spool.append(&self.lines).is_ok();
            answer(self.written, written);
        }
        if !self.ended.is_empty() {
            let ended = spool.end().is_ok();
            answer(self.ended, ended);
        }
    }
}

/// Whoever does not wait for the answer any more does not matter.
fn answer(waiting: Vec<oneshot::Sender<bool>>, answer: bool) {
    for done in waiting {
        let _ = done.send(answer);
    }
}
