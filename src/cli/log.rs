//! Turns log records into lines on standard error.
//!
//! 1. `RUST_LOG` says what is logged; unless it is set, warnings, and of our own also what is worth knowing.
//! 2. The pages' lines are JSON already and leave as they are.

use crate::proxy::LOG_TARGET;
use env_logger::{Builder, Env};
use std::io::Write as _;

/// Logs from here on; `default` is the filter unless `RUST_LOG` is set.
pub(super) fn start(default: &str) {
    let started = Builder::from_env(Env::default().default_filter_or(default))
        .format(|out, record| {
            if record.target() == LOG_TARGET {
                return writeln!(out, "{}", record.args());
            }
            let (level, target) = (record.level(), record.target());
            writeln!(out, "{} {level} {target}: {}", out.timestamp(), record.args())
        })
        .try_init();
    // A second logger is refused, and the first one stays.
    drop(started);
}
