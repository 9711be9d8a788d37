//! Turns `[shutdown]` into how the program ends.

use super::{
    meaning::{Wrong, duration},
    reader::{Reader, Table},
    schema::SHUTDOWN,
};
use std::time::Duration;
use toml::de::DeValue;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// How long it serves on after `SIGTERM`, while `/readyz` says that it is not ready; default 5 s.
    pub wait: Duration,
    /// How long requests on their way may take after that; default 10 s.
    pub drain: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { wait: Duration::from_secs(5), drain: Duration::from_secs(10) }
    }
}

pub(super) fn shutdown<'t>(reader: &mut Reader<'t>, top: &Table<'t>) -> Shutdown {
    let mut shutdown = Shutdown::default();
    if let Some(table) = reader.table(top, "shutdown", &SHUTDOWN) {
        reader.set(&mut shutdown.wait, &table, "wait", some_or_none);
        reader.set(&mut shutdown.drain, &table, "drain", some_or_none);
    }
    shutdown
}

/// A duration of at most an hour, or `0s`.
fn some_or_none(value: &DeValue<'_>) -> Result<Duration, Wrong> {
    if value.as_str() == Some("0s") { Ok(Duration::ZERO) } else { duration(0..=3600)(value) }
}
