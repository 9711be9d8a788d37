//! Turns files of certificates that change into certificates that are served, counted and logged.

use super::{
    listen::{CertificateError, Facts},
    tls::Acceptor,
};
use crate::metrics::Metrics;
use pingora_core::server::ShutdownWatch;
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{task::spawn_blocking, time::sleep};

/// Looks after the certificates of all listeners.
pub(super) struct Refresh {
    acceptors: Vec<Acceptor>,
    metrics: Arc<Metrics>,
}

impl Refresh {
    /// Looks after these, which were read just now.
    pub(super) fn new(acceptors: Vec<Acceptor>, metrics: &Arc<Metrics>) -> Self {
        let refresh = Self { acceptors, metrics: metrics.clone() };
        for facts in refresh.acceptors.iter().flat_map(Acceptor::facts) {
            refresh.note(&facts);
        }
        refresh
    }

    /// Reads changed files every `pause`, until the end.
    pub(super) async fn run(mut self, pause: Duration, mut watch: ShutdownWatch) {
        while !self.acceptors.is_empty() {
            tokio::select! {
                _ = watch.changed() => return,
                () = sleep(pause) => {}
            }
            // Files may be on a disk that takes its time.
            let Ok(next) = spawn_blocking(|| self.once()).await else { return };
            self = next;
        }
    }

    fn once(self) -> Self {
        self.acceptors.iter().flat_map(Acceptor::refresh).for_each(|told| self.tell(told));
        self
    }

    fn tell(&self, told: Result<Facts, CertificateError>) {
        let outcome = match told {
            Ok(facts) => {
                log::info!("a new certificate for {} is served", facts.names.join(", "));
                self.note(&facts);
                "served"
            }
            Err(error) => {
                log::error!(
                    "a changed certificate is not served, and the one before still is: {error}"
                );
                "refused"
            }
        };
        self.metrics.certificates.with_label_values(&[outcome]).inc();
    }

    /// Shows when a certificate ends.
    fn note(&self, facts: &Facts) {
        let name = facts.names.first().map_or("", String::as_str);
        let until = facts.until.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(until.as_secs()).unwrap_or(i64::MAX);
        self.metrics.certificate_ends.with_label_values(&[name]).set(seconds);
        if facts.until < SystemTime::now() {
            log::warn!("the certificate for {} has ended", facts.names.join(", "));
        }
    }
}
