//! Turns a script's URL into the script, asking its vendor as seldom as may be.
//!
//! 1. A script is kept as long as its vendor says, and one day longer for when the vendor fails.
//! 2. One request at a time asks for a script: others wait for it, or get the old one where there is one.
//! 3. A vendor that fails is not asked for the same script again for a while.
//! 4. The memory of all is bounded; what was not used for longest goes first.
//! 5. Only requests that are allowed come here: what is kept is the same for all of them.

use crate::{
    coding::{Coding, Encoder, Levels},
    collect::{Answer, Refused, Script},
};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// How long a script is used beyond its lifetime when its vendor fails.
const STALE: Duration = Duration::from_secs(86_400);
/// How long a vendor that fails is left alone, with an old script and without one.
const RETRY: Duration = Duration::from_secs(30);
const RETRY_EMPTY: Duration = Duration::from_secs(5);
/// What a script takes beside its text; bytes.
const EXTRA: usize = 1024;

/// The scripts of all vendors.
#[derive(Default)]
pub(super) struct Scripts {
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    cells: FxHashMap<String, Place>,
    size: usize,
    clock: u64,
}

struct Place {
    cell: Arc<Cell>,
    size: usize,
    used: u64,
}

/// One script.
#[derive(Default)]
struct Cell {
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
enum State {
    #[default]
    Empty,
    /// There, and not asked for again before.
    Here(Arc<Stored>, Instant),
    /// Not there, and not asked for again before.
    Gone(Box<Answer>, Option<Refused>, Instant),
}

/// A script that is kept, with its codings as far as somebody asked for them.
pub(super) struct Stored {
    script: Script,
    came: Instant,
    coded: [OnceLock<Bytes>; Coding::ALL.len()],
}

/// What is there for a browser.
#[derive(Clone)]
pub(super) enum Found {
    /// The script.
    Script(Arc<Stored>),
    /// Another answer, and why.
    Answer(Box<Answer>, Option<Refused>),
}

/// How it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Kept and fresh.
    Hit,
    /// The vendor was asked.
    Miss,
    /// Kept, and older than the vendor says.
    Stale,
}

impl How {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
        }
    }
}

/// What the vendor gave: a script, or an answer in its place with the reason.
pub(super) type Fetched = Result<Script, (Box<Answer>, Option<Refused>)>;

// === impl Scripts ===

impl Scripts {
    /// What is there under `key`, or else what `fetch` brings; all together take `bound` bytes.
    pub(super) async fn get(
        &self,
        key: String,
        bound: usize,
        fetch: impl Future<Output = Fetched>,
    ) -> (Found, How) {
        let cell = self.cell(&key);
        if let Some(found) = cell.fresh() {
            return (found, How::Hit);
        }
        let _flight = match (cell.flight.try_lock(), cell.stale()) {
            (Ok(flight), _) => flight,
            (Err(_), Some(old)) => return (old, How::Stale),
            (Err(_), None) => cell.flight.lock().await,
        };
        if let Some(found) = cell.fresh() {
            return (found, How::Hit);
        }
        let fetched = fetch.await;
        let (found, how) = cell.keep(fetched);
        self.weigh(&key, &cell, bound);
        (found, how)
    }

    fn cell(&self, key: &str) -> Arc<Cell> {
        let mut shelf = lock(&self.shelf);
        shelf.clock += 1;
        let used = shelf.clock;
        if let Some(place) = shelf.cells.get_mut(key) {
            place.used = used;
            return place.cell.clone();
        }
        let (cell, size) = (Arc::<Cell>::default(), key.len() + EXTRA);
        shelf.size += size;
        shelf.cells.insert(key.to_owned(), Place { cell: cell.clone(), size, used });
        cell
    }

    /// Counts what the cell holds now, and makes room for it.
    fn weigh(&self, key: &str, cell: &Cell, bound: usize) {
        let mut shelf = lock(&self.shelf);
        let size = key.len() + EXTRA + cell.size();
        let Some(place) = shelf.cells.get_mut(key) else { return };
        let before = std::mem::replace(&mut place.size, size);
        shelf.size = shelf.size.saturating_sub(before) + size;
        while shelf.size > bound {
            let oldest = shelf.cells.iter().min_by_key(|(_, place)| place.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            let gone = shelf.cells.remove(&oldest).map_or(0, |place| place.size);
            shelf.size = shelf.size.saturating_sub(gone);
        }
    }
}

// === impl Cell ===

impl Cell {
    fn fresh(&self) -> Option<Found> {
        let now = Instant::now();
        match &*lock(&self.state) {
            State::Here(stored, until) if now < *until => Some(Found::Script(stored.clone())),
            State::Gone(answer, why, until) if now < *until => {
                Some(Found::Answer(answer.clone(), *why))
            }
            State::Empty | State::Here(..) | State::Gone(..) => None,
        }
    }

    /// The script, however old it is.
    fn stale(&self) -> Option<Found> {
        match &*lock(&self.state) {
            State::Here(stored, _) if stored.is_usable() => Some(Found::Script(stored.clone())),
            State::Empty | State::Here(..) | State::Gone(..) => None,
        }
    }

    fn keep(&self, fetched: Fetched) -> (Found, How) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        match (fetched, &*state) {
            (Ok(script), _) => {
                let lifetime = script.lifetime;
                let stored = Arc::new(Stored { script, came: now, coded: Default::default() });
                *state = match lifetime {
                    Some(lifetime) => State::Here(stored.clone(), now + lifetime),
                    None => State::Empty,
                };
                (Found::Script(stored), How::Miss)
            }
            (Err((_, Some(_))), State::Here(stored, _)) if stored.is_usable() => {
                let stored = stored.clone();
                *state = State::Here(stored.clone(), now + RETRY);
                (Found::Script(stored), How::Stale)
            }
            (Err((answer, why)), _) => {
                *state = State::Gone(answer.clone(), why, now + RETRY_EMPTY);
                (Found::Answer(answer, why), How::Miss)
            }
        }
    }

    /// What is held, or may come to be held in other codings; bytes.
    fn size(&self) -> usize {
        match &*lock(&self.state) {
            State::Here(stored, _) => 2 * stored.script.body.len(),
            State::Empty | State::Gone(..) => 0,
        }
    }
}

// === impl Stored ===

impl Stored {
    pub(super) const fn script(&self) -> &Script {
        &self.script
    }

    /// How long ago it came.
    pub(super) fn age(&self) -> Duration {
        self.came.elapsed()
    }

    /// The text in `coding`; none where it cannot be made.
    pub(super) fn coded(&self, coding: Coding, levels: &Levels) -> Option<Bytes> {
        let index = Coding::ALL.iter().position(|other| *other == coding)?;
        let place = self.coded.get(index)?;
        if let Some(coded) = place.get() {
            return Some(coded.clone());
        }
        let (mut encoder, mut out) = (Encoder::new(coding, levels), Vec::new());
        encoder.write(&self.script.body, &mut out).ok()?;
        encoder.finish(&mut out).ok()?;
        Some(place.get_or_init(|| out.into()).clone())
    }

    fn is_usable(&self) -> bool {
        self.age() <= self.script.lifetime.unwrap_or_default() + STALE
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
