//! Turns a benchmark's runs into the time that their thread itself ran, so that figures are of one core on a busy machine too.

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Time that the thread ran (proc(5), `schedstat`, its first field); the clock's where there is none.
pub(crate) struct CoreTime(Instant);

impl Default for CoreTime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl CoreTime {
    fn now(&self) -> Duration {
        let spent = fs::read_to_string("/proc/thread-self/schedstat").ok();
        let spent = spent.and_then(|text| text.split(' ').next()?.parse().ok());
        spent.map_or_else(|| self.0.elapsed(), Duration::from_nanos)
    }
}

impl Measurement for CoreTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        self.now()
    }

    fn end(&self, start: Duration) -> Duration {
        self.now().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
