//! Turns pages that want to be read into room for them, and what there is no room for into what the site says of it.
//!
//! 1. There is room for a number of pages at a time, and for what reading them may hold in memory: both of all sites together.
//! 2. A page that is being read is read to its end, whatever comes after it: only those that come then find no room.
//! 3. What reading a page holds is an estimate by its codings, and what one piece of it made.
//! 4. A page on which the engine failed is not read again for a while, by host and path: it fails alone, and it cannot be made to
//!    take others with it.
//! 5. Nothing of this is silent: each page counts, and the log says that it happens, at most once in a while.

use crate::{coding::Coding, engine::Capacity, metrics::Metrics};
use rustc_hash::{FxHashMap, FxHasher};
use std::{
    hash::{Hash as _, Hasher as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use url::Url;

/// How long a page on which the engine failed is not read.
const REST: Duration = Duration::from_secs(60);
/// How many such pages are remembered.
const MOST_FAULTS: usize = 1024;
/// How often the log says that pages find no room.
const QUIET: Duration = Duration::from_secs(10);
/// What one piece of a page makes anyway; bytes.
const PIECE: usize = 64 << 10;

/// Why there is no room for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strain {
    /// So many are being read.
    Rewrites,
    /// They hold so much memory.
    Memory,
    /// The engine failed on it, not long ago.
    Fault,
}

/// Where the engine failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// With the head of a request.
    Request,
    /// With the head of a response.
    Head,
    /// With its body.
    Body,
}

/// All pages that are being read.
#[derive(Debug)]
pub(super) struct Load {
    pages: AtomicUsize,
    memory: AtomicUsize,
    faults: Mutex<FxHashMap<u64, Instant>>,
    told: Mutex<Option<Instant>>,
    metrics: Arc<Metrics>,
}

/// The room of one page; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    load: Arc<Load>,
    base: usize,
    held: usize,
}

impl Strain {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rewrites => "rewrites",
            Self::Memory => "memory",
            Self::Fault => "fault",
        }
    }
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Head => "head",
            Self::Body => "body",
        }
    }
}

impl Load {
    pub(super) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        let (pages, memory) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (faults, told) = (Mutex::default(), Mutex::default());
        Arc::new(Self { pages, memory, faults, told, metrics })
    }

    /// Room for the page at `url`, which holds about `weight` bytes while it is read.
    pub(super) fn admit(
        self: &Arc<Self>,
        capacity: Capacity,
        weight: usize,
        url: &Url,
    ) -> Result<Permit, Strain> {
        if self.is_resting(url) {
            return Err(Strain::Fault);
        }
        if self.memory.load(Relaxed).saturating_add(weight) > capacity.memory {
            return Err(Strain::Memory);
        }
        let room = |pages: usize| (pages < capacity.rewrites).then_some(pages + 1);
        self.pages.fetch_update(Relaxed, Relaxed, room).map_err(|_| Strain::Rewrites)?;
        let mut permit = Permit { load: self.clone(), base: weight, held: 0 };
        permit.holds(0);
        Ok(permit)
    }

    /// What `work` gives; `None`, with a count and a line in the log, where the engine fails.
    pub(super) fn attempt<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            self.metrics.faults.with_label_values(&[stage.name()]).inc();
            log::error!("the engine failed with the {} of a page", stage.name());
        }
        done
    }

    /// The engine failed on the page at `url`.
    pub(super) fn failed_on(&self, url: &Url) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() >= MOST_FAULTS {
            faults.retain(|_, since| since.elapsed() < REST);
        }
        if faults.len() < MOST_FAULTS {
            faults.insert(name(url), Instant::now());
        }
    }

    /// There was no room for a page, and this was done with it.
    pub(super) fn refused(&self, strain: Strain, action: &'static str) {
        self.metrics.overloads.with_label_values(&[strain.name(), action]).inc();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= QUIET) {
            *told = Some(Instant::now());
            let (pages, memory) = (self.pages.load(Relaxed), self.memory.load(Relaxed));
            log::warn!(
                "no room to read a page ({}; {pages} are being read, with about {} MiB): {action}; \
                 consentry_overloads_total counts them",
                strain.name(),
                memory >> 20
            );
        }
    }

    fn is_resting(&self, url: &Url) -> bool {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        !faults.is_empty() && faults.get(&name(url)).is_some_and(|since| since.elapsed() < REST)
    }
}

impl Permit {
    /// One piece of the page made `bytes`.
    pub(super) fn holds(&mut self, bytes: usize) {
        let now = self.base.saturating_add(bytes.saturating_sub(PIECE));
        let Load { memory, metrics, .. } = &*self.load;
        memory.fetch_add(now, Relaxed);
        memory.fetch_sub(self.held, Relaxed);
        metrics.rewrite_memory.add(signed(now) - signed(self.held));
        self.held = now;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Load { pages, memory, metrics, .. } = &*self.load;
        pages.fetch_sub(1, Relaxed);
        memory.fetch_sub(self.held, Relaxed);
        metrics.rewrite_memory.sub(signed(self.held));
    }
}

/// What reading a body holds, as `benches/memory.sh` measures it; bytes.
pub(super) const fn weight(comes: Coding, leaves: Coding) -> usize {
    let decoder = match comes {
        Coding::Identity | Coding::Gzip | Coding::Deflate => 0,
        Coding::Brotli | Coding::Zstd => 2 << 20,
    };
    let encoder = match leaves {
        Coding::Identity | Coding::Gzip | Coding::Deflate => 0,
        Coding::Brotli | Coding::Zstd => 1 << 20,
    };
    (2 << 20) + decoder + encoder
}

/// Host and path, without what visitors can make up at will.
fn name(url: &Url) -> u64 {
    let mut hasher = FxHasher::default();
    (url.host_str(), url.path()).hash(&mut hasher);
    hasher.finish()
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Arc<Load> {
        Load::new(Arc::new(Metrics::new().unwrap()))
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn room_is_bounded_by_number_and_by_memory_and_given_back() {
        let (load, page) = (load(), url("https://shop.test/a"));
        let capacity = Capacity { rewrites: 2, memory: 10 << 20 };
        let mut first = load.admit(capacity, 2 << 20, &page).unwrap();
        assert_eq!(load.admit(capacity, 9 << 20, &page).unwrap_err(), Strain::Memory);
        let second = load.admit(capacity, 2 << 20, &page).unwrap();
        assert_eq!(load.admit(capacity, 2 << 20, &page).unwrap_err(), Strain::Rewrites);
        drop(second);
        first.holds(9 << 20);
        assert_eq!(load.admit(capacity, 2 << 20, &page).unwrap_err(), Strain::Memory);
        first.holds(100);
        assert_eq!(load.metrics.rewrite_memory.get(), 2 << 20);
        drop(load.admit(capacity, 2 << 20, &page).unwrap());
        drop(first);
        assert_eq!((load.pages.load(Relaxed), load.memory.load(Relaxed)), (0, 0));
        assert_eq!(load.metrics.rewrite_memory.get(), 0);
    }

    #[test]
    fn a_page_on_which_the_engine_failed_rests_and_no_other() {
        let load = load();
        assert_eq!(load.attempt(Stage::Body, || 7), Some(7));
        let fails = || -> u8 { std::panic::panic_any("on purpose") };
        assert_eq!(load.attempt(Stage::Body, fails), None);
        assert_eq!(load.metrics.faults.with_label_values(&["body"]).get(), 1);
        load.failed_on(&url("https://shop.test/a?x=1"));
        let admit = |page: &str| load.admit(Capacity::default(), 1, &url(page)).map(drop);
        assert_eq!(admit("https://shop.test/a?x=2"), Err(Strain::Fault));
        assert_eq!(admit("https://shop.test/b"), Ok(()));
        for number in 0..2 * MOST_FAULTS {
            load.failed_on(&url(&format!("https://shop.test/{number}")));
        }
        assert_eq!(load.faults.lock().unwrap().len(), MOST_FAULTS);
    }
}
