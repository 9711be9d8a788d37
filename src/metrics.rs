//! Turns what happens to requests and pages into counters, and the counters into Prometheus' text format.
//!
//! 1. Every counter is a line of the table below; labels take values of known, bounded sets only.
//! 2. Nothing counted tells one visitor from another: no address, path or cookie.
//! 3. The registry is our own, so several proxies in one process count apart.

use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder, core::Collector,
};

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $field:ident: $kind:ident($name:literal $(, $label:literal)*);)+) => {
        /// Every counter of a proxy.
        #[derive(Clone, Debug)]
        pub struct Metrics {
            registry: Registry,
            $($(#[doc = $help])+ pub $field: $kind,)+
        }

        impl Metrics {
            /// Counters that stand at zero.
            ///
            /// # Errors
            /// When the table above names a counter twice or wrongly.
            pub fn new() -> Result<Self, prometheus::Error> {
                let registry = Registry::new();
                $(let $field = register(&registry, <$kind as Kind>::build($name, concat!($($help),+).trim(), &[$($label),*])?)?;)+
                Ok(Self { registry, $($field),+ })
            }
        }
    };
}

metrics! {
    /// Requests answered, by status class.
    requests: IntCounterVec("consentry_requests_total", "class");
    /// Requests that failed, by what failed.
    failures: IntCounterVec("consentry_failures_total", "cause");
    /// Contacts that browsers reported of pages' policies: by vendor, by whether the visitor allows it (`gate`, `allow`, or `unknown`),
    /// and by whether the policy held (`enforce`) or only reported.
    csp_contacts: IntCounterVec("consentry_csp_contacts_total", "vendor", "verdict", "disposition");
    /// Domains of nobody's that were reported; at most 256.
    csp_unknown: IntGauge("consentry_csp_unknown_domains");
    /// Requests with reports, by what became of them.
    csp_reports: IntCounterVec("consentry_csp_reports_total", "outcome");
    /// Pages with a policy of our own, by how the hosts that they need found room in it.
    csp_pages: IntCounterVec("consentry_csp_pages_total", "fit");
    /// Connections, by version of HTTP and of TLS.
    connections: IntCounterVec("consentry_connections_total", "http", "tls");
    /// Connections of visitors that are open now.
    connections_open: IntGauge("consentry_connections_open");
    /// Connections that were closed before a request could come, by cause.
    connections_refused: IntCounterVec("consentry_connections_refused_total", "cause");
    /// Connections that were closed because of what came on them, by cause.
    connections_cut: IntCounterVec("consentry_connections_cut_total", "cause");
    /// Requests that were refused because of what they cost, by limit.
    limited: IntCounterVec("consentry_requests_limited_total", "limit");
    /// Certificates that were read again, by what became of them.
    certificates: IntCounterVec("consentry_certificate_reloads_total", "outcome");
    /// When a certificate ends, by its first name; seconds since 1970.
    certificate_ends: IntGaugeVec("consentry_certificate_ends_seconds", "name");
    /// Times that the configuration was read again, by what became of it.
    reloads: IntCounterVec("consentry_reloads_total", "outcome");
    /// Requests that an origin's server answered, by status class.
    origin_requests: IntCounterVec("consentry_origin_requests_total", "origin", "class");
    /// Requests that an origin's server failed, by cause; each try counts.
    origin_failures: IntCounterVec("consentry_origin_failures_total", "origin", "cause");
    /// Times that an origin's server failed too often and was left alone.
    origin_ejections: IntCounterVec("consentry_origin_ejections_total", "origin");
    /// Addresses of an origin's server that requests go to.
    origin_healthy: IntGaugeVec("consentry_origin_healthy", "origin");
    /// HTML pages, by mode and by what became of them.
    pages: IntCounterVec("consentry_pages_total", "mode", "outcome");
    /// Pages whose request had a cookie of a consent manager, by manager, whether it is read or not.
    cmps: IntCounterVec("consentry_cmp_seen_total", "cmp");
    /// Things found in pages and their heads, by vendor, purpose and verdict.
    findings: IntCounterVec("consentry_findings_total", "vendor", "purpose", "verdict");
    /// Pages that could not be read, by cause.
    unreadable: IntCounterVec("consentry_unreadable_total", "cause");
    /// Scripts and style sheets of the site's own that were to be rewritten, by what became of them.
    files: IntCounterVec("consentry_files_total", "outcome");
    /// Scripts of vendors' service workers in the site's folders that were asked for and not given, by vendor.
    workers: IntCounterVec("consentry_workers_refused_total", "vendor");
    /// Bytes of page bodies that came from origins.
    bytes_in: IntCounter("consentry_page_bytes_in_total");
    /// Bytes of page bodies that went to browsers.
    bytes_out: IntCounter("consentry_page_bytes_out_total");
    /// Seconds of one core that decoding a page took.
    decode: Histogram("consentry_decode_seconds");
    /// Seconds of one core that rewriting a page took.
    rewrite: Histogram("consentry_rewrite_seconds");
    /// Seconds of one core that encoding a page took.
    encode: Histogram("consentry_encode_seconds");
    /// Pages that are being rewritten now.
    in_flight: IntGauge("consentry_rewrites_in_flight");
    /// About how much memory the pages hold that are being rewritten now; bytes.
    rewrite_memory: IntGauge("consentry_rewrite_memory_bytes");
    /// Pages that there was no room to read (`rewrites`, `memory`), or on which the engine had failed (`fault`), by what was done:
    /// "shed", "pass", or "unread" where the mode is "report".
    overloads: IntCounterVec("consentry_overloads_total", "cause", "action");
    /// Failures of the engine itself, by where: with a request's head, a response's, or its body.
    faults: IntCounterVec("consentry_engine_faults_total", "stage");
    /// Requests that vendors answered, by vendor and status class.
    forwarded: IntCounterVec("consentry_collect_forwarded_total", "vendor", "class");
    /// Requests to vendors that were refused here, by vendor and reason.
    refused: IntCounterVec("consentry_collect_refused_total", "vendor", "reason");
    /// Requests to vendors whose bodies could not be read, by vendor.
    malformed: IntCounterVec("consentry_collect_malformed_total", "vendor");
    /// Values of personal data that were replaced on the way to vendors, by kind.
    redacted: IntCounterVec("consentry_collect_redacted_total", "kind");
    /// Requests that vendors did not answer, by vendor and cause.
    upstream_failures: IntCounterVec("consentry_collect_failures_total", "vendor", "cause");
    /// Hosts of vendors that are left alone because they failed.
    broken_hosts: IntGauge("consentry_collect_broken_hosts");
    /// Requests for vendors' scripts, by whether they were kept here.
    scripts: IntCounterVec("consentry_collect_scripts_total", "cache");
    /// Lines of the ledger that were lost.
    ledger_lost: IntCounter("consentry_ledger_lost_total");
    /// Choices of visitors that were taken, by how they were made.
    choices: IntCounterVec("consentry_choices_total", "method");
    /// Choices that were not taken, by reason.
    choices_refused: IntCounterVec("consentry_choices_refused_total", "reason");
    /// Choices of visitors, by what became of their records: "recorded" on this machine's disk, "late", or lost as "full" or "failed".
    records: IntCounterVec("consentry_records_total", "outcome");
    /// Entries that went from the spool into the store.
    records_stored: IntCounter("consentry_records_stored_total");
    /// Failed tries to put records into the store.
    records_failures: IntCounter("consentry_records_store_failures_total");
    /// Bytes of records that wait for the store.
    records_spool: IntGauge("consentry_records_spool_bytes");
}

impl Metrics {
    /// All counters in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut text = Vec::new();
        // Only a writer can fail, and a `Vec` does not.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        text
    }

    /// The media type of [`Metrics::render`].
    pub const MEDIA_TYPE: &'static str = prometheus::TEXT_FORMAT;
}

/// A kind of metric that the table can name.
trait Kind: Collector + Clone + Sized {
    fn build(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error>;
}

impl Kind for IntCounterVec {
    fn build(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Kind for IntCounter {
    fn build(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Kind for IntGauge {
    fn build(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Kind for IntGaugeVec {
    fn build(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Kind for Histogram {
    fn build(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        // 10 µs to 10 s: a page takes about a millisecond.
        let buckets = prometheus::exponential_buckets(0.000_01, 4.0, 11)?;
        Self::with_opts(HistogramOpts::new(name, help).buckets(buckets))
    }
}

fn register<M: Kind + 'static>(registry: &Registry, metric: M) -> Result<M, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound_and_rendered() {
        let metrics = Metrics::new().unwrap();
        metrics.pages.with_label_values(&["enforce", "rewritten"]).inc();
        metrics.rewrite.observe(0.001);
        let text = String::from_utf8(metrics.render()).unwrap();
        assert!(text.contains("consentry_pages_total{mode=\"enforce\",outcome=\"rewritten\"} 1"));
        assert!(
            text.contains(
                "# HELP consentry_rewrites_in_flight Pages that are being rewritten now."
            )
        );
        assert!(text.contains("consentry_rewrite_seconds_count 1"));
    }

    #[test]
    fn two_proxies_count_apart() {
        let (one, two) = (Metrics::new().unwrap(), Metrics::new().unwrap());
        one.bytes_in.inc_by(7);
        assert_eq!((one.bytes_in.get(), two.bytes_in.get()), (7, 0));
    }
}
