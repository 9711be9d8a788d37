//! Turns what happened to one page into counters and one line of the access log.
//!
//! 1. A page is counted once, when its body has ended or its connection has.
//! 2. The line is JSON and holds no personal data: no address, no cookie, no query, and the path only when the operator
//!    asks for it. Times are milliseconds.

use super::body::Spent;
use crate::{
    consent::Cmp,
    engine::{Cause, Inventory, View},
    metrics::Metrics,
    policy::{Finding, Mode},
    vendor::{Source, Vendor},
};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// The target of the access log's lines in the `log` crate.
pub const LOG_TARGET: &str = "consentry::page";

/// What became of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Read, and something was held.
    Rewritten,
    /// Read, and nothing was held.
    Untouched,
    /// Not read, since everything is granted.
    Bypassed,
    /// Not readable.
    Unreadable(Cause),
    /// Not read: there was no room, or the engine had failed on it.
    Overloaded,
    /// One side went away before the end.
    Aborted,
}

/// A page on its way.
pub(super) struct Record {
    metrics: Arc<Metrics>,
    inventory: Arc<Inventory>,
    started: Instant,
    method: Method,
    status: StatusCode,
    host: String,
    path: Option<String>,
    class: String,
    mode: Mode,
    bytes_in: u64,
    bytes_out: u64,
    spent: Spent,
    findings: BTreeMap<Box<str>, u64>,
    held: u64,
    outcome: Option<Outcome>,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Rewritten => "rewritten",
            Self::Untouched => "untouched",
            Self::Bypassed => "bypassed",
            Self::Unreadable(_) => "unreadable",
            Self::Overloaded => "overloaded",
            Self::Aborted => "aborted",
        }
    }
}

impl Record {
    pub(super) fn new(metrics: Arc<Metrics>, started: Instant, view: &View, paths: bool) -> Self {
        metrics.in_flight.inc();
        let url = view.page().url();
        Self {
            metrics,
            inventory: view.inventory().clone(),
            started,
            method: view.method().clone(),
            status: StatusCode::OK,
            host: url.host_str().unwrap_or_default().to_owned(),
            path: paths.then(|| url.path().to_owned()),
            class: view.ruling().class(),
            mode: view.mode(),
            bytes_in: 0,
            bytes_out: 0,
            spent: Spent::default(),
            findings: BTreeMap::new(),
            held: 0,
            outcome: None,
        }
    }

    pub(super) const fn answered(&mut self, status: StatusCode) {
        self.status = status;
    }

    pub(super) const fn moved(&mut self, bytes_in: usize, bytes_out: usize) {
        self.bytes_in += bytes_in as u64;
        self.bytes_out += bytes_out as u64;
    }

    pub(super) const fn spent(&mut self, spent: Spent) {
        self.spent = spent;
    }

    pub(super) fn found(&mut self, findings: &[Finding]) {
        count(&self.metrics, findings);
        self.inventory.add(findings.iter().map(|finding| &finding.judged.vendor));
        for Finding { judged, .. } in findings {
            self.held += u64::from(judged.is_held());
            *self.findings.entry(label(&judged.vendor).into()).or_default() += 1;
        }
    }

    /// Counts the consent managers whose cookies came with the request.
    pub(super) fn seen(&self, cmps: &[Cmp]) {
        for cmp in cmps {
            self.metrics.cmps.with_label_values(&[cmp.name()]).inc();
        }
    }

    pub(super) const fn unreadable(&mut self, cause: Cause) {
        self.outcome = Some(Outcome::Unreadable(cause));
    }

    pub(super) const fn bypassed(&mut self) {
        self.outcome = Some(Outcome::Bypassed);
    }

    pub(super) const fn overloaded(&mut self) {
        self.outcome = Some(Outcome::Overloaded);
    }

    /// The page has left whole.
    pub(super) fn end(mut self) {
        let read = if self.held > 0 { Outcome::Rewritten } else { Outcome::Untouched };
        self.outcome.get_or_insert(read);
    }

    fn count(&self, outcome: Outcome) {
        let metrics = &self.metrics;
        metrics.in_flight.dec();
        metrics.pages.with_label_values(&[self.mode.name(), outcome.name()]).inc();
        metrics.bytes_in.inc_by(self.bytes_in);
        metrics.bytes_out.inc_by(self.bytes_out);
        if let Outcome::Unreadable(cause) = outcome {
            metrics.unreadable.with_label_values(&[cause.name()]).inc();
        }
        if ![Outcome::Bypassed, Outcome::Overloaded].contains(&outcome) {
            metrics.decode.observe(self.spent.decode.as_secs_f64());
            metrics.rewrite.observe(self.spent.rewrite.as_secs_f64());
            metrics.encode.observe(self.spent.encode.as_secs_f64());
        }
    }

    fn line(&self, outcome: Outcome) -> Value {
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| drop(line.insert(key.to_owned(), value));
        put("time", httpdate::fmt_http_date(SystemTime::now()).into());
        put("method", self.method.as_str().into());
        put("status", self.status.as_u16().into());
        put("host", self.host.as_str().into());
        if let Some(path) = &self.path {
            put("path", path.as_str().into());
        }
        put("consent", self.class.as_str().into());
        put("mode", self.mode.name().into());
        put("outcome", outcome.name().into());
        if let Outcome::Unreadable(cause) = outcome {
            put("cause", cause.name().into());
        }
        put("held", self.held.into());
        put("findings", json!(self.findings));
        put("bytes_in", self.bytes_in.into());
        put("bytes_out", self.bytes_out.into());
        put("ms", millis(self.started.elapsed()).into());
        Value::Object(line)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let outcome = self.outcome.unwrap_or(Outcome::Aborted);
        self.count(outcome);
        if log::log_enabled!(target: LOG_TARGET, log::Level::Info) {
            log::info!(target: LOG_TARGET, "{}", self.line(outcome));
        }
    }
}

/// Counts what was found, whether in a page or elsewhere.
pub(super) fn count(metrics: &Metrics, findings: &[Finding]) {
    for Finding { judged, .. } in findings {
        let vendor = &judged.vendor;
        let labels = [label(vendor), vendor.purpose.name(), judged.decision.verdict.name()];
        metrics.findings.with_label_values(&labels).inc();
    }
}

/// The vendor's id, or for the many that no catalogue entry names, how it was recognised.
pub(super) fn label(vendor: &Vendor) -> &str {
    match vendor.source {
        Source::Catalog => &vendor.id,
        Source::LongTail
        | Source::List
        | Source::Heuristic
        | Source::ThirdParty
        | Source::Operator => vendor.source.name(),
    }
}

/// With microseconds as fraction.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
