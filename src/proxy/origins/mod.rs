//! Turns what the operator says of a site's servers into the one that a request goes to, and keeps an eye on all of them.
//!
//! 1. Sites with the same servers share what is known of them, and so do an engine and the one after it.
//! 2. A pool is looked after until no engine has its servers; requests on their way keep it.

mod choose;
mod names;
mod pool;
mod probe;
mod target;
mod trip;

pub use self::names::Names;
use self::pool::Pool;
pub(super) use self::trip::Trip;
use crate::{
    engine::{Engine, Origins},
    metrics::Metrics,
    proxy::tls::Error as TlsError,
};
use pingora_core::connectors::http::Connector;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How often a pool is looked after.
const TICK: Duration = Duration::from_millis(250);

/// The servers of all sites.
#[derive(Debug)]
pub(super) struct Pools {
    known: Mutex<HashMap<Origins, Arc<Pool>>>,
    names: Names,
    metrics: Arc<Metrics>,
}

/// Reads what the servers of `engine` are known by.
///
/// # Errors
/// When a file cannot be read, or holds something else.
pub fn check(engine: &Engine) -> Result<(), TlsError> {
    for origins in engine.all_origins() {
        super::tls::Credentials::read(&origins.tls)?;
    }
    Ok(())
}

impl Pools {
    pub(super) fn new(names: Names, metrics: Arc<Metrics>) -> Self {
        Self { known: Mutex::default(), names, metrics }
    }

    /// The servers of `origins`.
    pub(super) fn of(&self, origins: &Origins) -> Result<Arc<Pool>, TlsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = known.get(origins) {
            return Ok(pool.clone());
        }
        let pool = self.open(origins)?;
        known.insert(origins.clone(), pool.clone());
        Ok(pool)
    }

    /// Looks after the servers of `engine`, and no longer after those that it does not have; new files of credentials
    /// make new pools.
    pub(super) fn follow(&self, engine: &Engine) {
        let wanted: Vec<&Origins> = engine.all_origins().collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|origins, pool| wanted.contains(&origins) && pool.is_current());
        for origins in wanted {
            if !known.contains_key(origins) {
                match self.open(origins) {
                    Ok(pool) => drop(known.insert(origins.clone(), pool)),
                    Err(error) => log::error!("no request can go to an origin: {error}"),
                }
            }
        }
    }

    fn open(&self, origins: &Origins) -> Result<Arc<Pool>, TlsError> {
        let pool = Arc::new(Pool::new(origins, self.names.clone(), self.metrics.clone())?);
        tokio::spawn(look_after(Arc::downgrade(&pool)));
        Ok(pool)
    }
}

/// Resolves names and asks servers, as long as somebody has the pool.
async fn look_after(pool: Weak<Pool>) {
    let connector = Arc::new(Connector::new(None));
    let mut asked: Option<Instant> = None;
    loop {
        let Some(pool) = pool.upgrade() else { return };
        pool.resolve().await;
        if let Some(health) = pool.config.health.clone()
            && asked.is_none_or(|asked| asked.elapsed() >= health.interval)
        {
            asked = Some(Instant::now());
            probe::ask_all(&pool, &connector, &health).await;
        }
        // Servers come back from being left alone without a word.
        pool.show();
        drop(pool);
        sleep(TICK).await;
    }
}
