//! Turns a request to a vendor's first-party path into an answer: reads it, sends what may leave, and writes down what became
//! of it.
//!
//! 1. The decision is made before; what is refused reaches neither a vendor nor what is kept of its answers.
//! 2. A vendor's fault is never the site's: the answer is then the empty one of its kind.
//! 3. Each request is counted once and has one line in the ledger, when its answer is known.

mod address;
mod hosts;
mod scripts;
mod upstream;
mod writer;

use self::{
    scripts::{Fetched, Found, Scripts},
    upstream::Upstream,
    writer::Writer,
};
use super::{intake, listen::Visitors};
use crate::{
    catalog::Kind,
    coding::{Coding, Levels, cheapest},
    collect::{About, Answer, Call, Forward, Outgoing, Refused, Report, ledger_line},
    engine::{Client, Collection, Engine},
    metrics::Metrics,
};
use bytes::Bytes;
use http::{
    HeaderMap, Method, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH},
};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::timeout;

/// The longest answer to anything but a script, and the longest script; bytes.
const LONGEST: usize = 1 << 20;
const LONGEST_SCRIPT: usize = 8 << 20;
/// How long a visitor may take for a body, which is held in memory.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bodies that are shorter are not worth a content coding.
const WORTH_CODING: usize = 1024;

/// What all requests to vendors share.
pub(super) struct Collector {
    upstream: Upstream,
    visitors: Visitors,
    scripts: Scripts,
    ledger: Option<Writer>,
    metrics: Arc<Metrics>,
}

/// What a request came to.
struct Done {
    answer: Answer,
    /// The body in a content coding.
    coded: Option<(Coding, Bytes)>,
    outcome: std::result::Result<StatusCode, Refused>,
    report: Option<Report>,
}

impl Done {
    fn refused(kind: Kind, why: Refused, report: Option<Report>) -> Self {
        Self { answer: Answer::refusal(kind, why), coded: None, outcome: Err(why), report }
    }
}

impl Collector {
    /// With the ledger that `collection` asks for.
    pub(super) fn new(collection: &Collection, metrics: Arc<Metrics>) -> Self {
        let lost = || metrics.ledger_lost.clone();
        let ledger = collection.ledger.clone().and_then(|file| {
            let writer = Writer::new(file, lost());
            writer.map_err(|error| log::error!("there is no ledger: {error}")).ok()
        });
        let (upstream, visitors, scripts) = Default::default();
        Self { upstream, visitors, scripts, ledger, metrics }
    }

    /// Answers one request.
    pub(super) async fn serve(
        &self,
        session: &mut Session,
        call: Call,
        client: Client,
        (engine, levels): (&Engine, &Levels),
    ) -> Result<()> {
        let Call { about, step } = call;
        let limits = &engine.collection().limits;
        let often = client
            .ip
            .is_some_and(|ip| !self.visitors.may_ask(ip, limits.per_client, Instant::now()));
        let done = match step {
            _ if often => Done::refused(about.kind, Refused::TooOften, None),
            Err(why) => Done::refused(about.kind, why, None),
            Ok(forward) => match body_of(session, &forward, limits.max_body).await? {
                Ok(body) => self.forward(&forward, &body, client, engine, levels).await,
                Err(why) => Done::refused(about.kind, why, None),
            },
        };
        self.note(&about, &done);
        intake::drain(session, limits.max_body, PATIENCE).await;
        write(session, done).await
    }

    async fn forward(
        &self,
        forward: &Forward,
        body: &[u8],
        client: Client,
        engine: &Engine,
        levels: &Levels,
    ) -> Done {
        let now = SystemTime::now();
        let outgoing = match forward.shape(body, client.ip, now) {
            Ok(outgoing) => outgoing,
            Err(why) => return Done::refused(forward.kind(), why, None),
        };
        if forward.kind() == Kind::Script && !forward.has_body() {
            return self.script(forward, outgoing, engine, levels).await;
        }
        let received = self.upstream.ask(&outgoing, engine.collection(), LONGEST).await;
        let status = received.as_ref().map(|received| received.status).map_err(|why| *why);
        let answer = received.and_then(|received| forward.answer(received, now));
        let report = Some(outgoing.report);
        match answer {
            Ok(answer) => Done { answer, coded: None, outcome: status, report },
            Err(why) => Done::refused(forward.kind(), why, report),
        }
    }

    async fn script(
        &self,
        forward: &Forward,
        outgoing: Outgoing,
        engine: &Engine,
        levels: &Levels,
    ) -> Done {
        let outgoing = Outgoing { method: Method::GET, ..outgoing };
        let key = format!("{} {} {}", forward.base(), engine.fingerprint(), outgoing.url);
        let bound = engine.collection().limits.script_cache;
        let fetch = self.fetch(forward, &outgoing, engine.collection());
        let (found, how) = self.scripts.get(key, bound, fetch).await;
        self.metrics.scripts.with_label_values(&[how.name()]).inc();
        let report = Some(outgoing.report);
        let stored = match found {
            Found::Script(stored) => stored,
            Found::Answer(answer, why) => {
                let outcome = why.map_or(Ok(answer.status), Err);
                return Done { answer: *answer, coded: None, outcome, report };
            }
        };
        let answer = stored.script().answer(forward.asked(), stored.age());
        let accepts = joined(forward.asked());
        let coding = cheapest(accepts.as_deref(), Coding::Gzip);
        let worth = coding != Coding::Identity && answer.body.len() >= WORTH_CODING;
        let coded = worth.then(|| stored.coded(coding, levels)).flatten();
        let outcome = Ok(answer.status);
        Done { answer, coded: coded.map(|bytes| (coding, bytes)), outcome, report }
    }

    async fn fetch(
        &self,
        forward: &Forward,
        outgoing: &Outgoing,
        collection: &Collection,
    ) -> Fetched {
        let received = self.upstream.ask(outgoing, collection, LONGEST_SCRIPT).await;
        let empty = |why| (Box::new(Answer::refusal(Kind::Script, why)), Some(why));
        let script = forward.script(received.map_err(empty)?, SystemTime::now());
        script.map_err(|answer| {
            let why = (!answer.status.is_redirection()).then_some(Refused::Garbage);
            (answer, why)
        })
    }

    /// Counts, and writes the ledger's line.
    fn note(&self, about: &About, done: &Done) {
        let metrics = &self.metrics;
        let vendor = &*about.vendor;
        match done.outcome {
            Ok(status) => {
                let class = match status.as_u16() / 100 {
                    2 => "2xx",
                    3 => "3xx",
                    4 => "4xx",
                    _ => "5xx",
                };
                metrics.forwarded.with_label_values(&[vendor, class]).inc();
            }
            Err(why) if why.is_the_vendors() => {
                metrics.upstream_failures.with_label_values(&[vendor, why.name()]).inc();
            }
            Err(why) => {
                metrics.refused.with_label_values(&[vendor, why.name()]).inc();
                if why == Refused::Malformed {
                    metrics.malformed.with_label_values(&[vendor]).inc();
                }
            }
        }
        for (what, count) in done.report.iter().flat_map(|report| &report.redacted) {
            metrics.redacted.with_label_values(&[what.name()]).inc_by(u64::from(*count));
        }
        metrics.broken_hosts.set(i64::try_from(self.upstream.broken()).unwrap_or(i64::MAX));
        if let Some(ledger) = &self.ledger {
            let line = ledger_line(SystemTime::now(), about, done.outcome, done.report.as_ref());
            ledger.write(line);
        }
    }
}

/// The request's body, if it is within `most`; the error is the visitor's connection.
async fn body_of(
    session: &mut Session,
    forward: &Forward,
    most: usize,
) -> Result<std::result::Result<Vec<u8>, Refused>> {
    if intake::is_too_long(session, most) {
        return Ok(Err(Refused::TooLarge));
    }
    if !forward.has_body() {
        return Ok(Ok(Vec::new()));
    }
    let late = |_| Error::explain(ErrorType::ReadTimedout, "the body came too slowly");
    let read = timeout(PATIENCE, intake::read(session, most)).await.map_err(late);
    let read = read.and_then(|read| read).map_err(|error| error.into_down())?;
    Ok(read.ok_or(Refused::TooLarge))
}

async fn write(session: &mut Session, done: Done) -> Result<()> {
    let Done { answer, coded, .. } = done;
    let Answer { status, headers, body } = answer;
    let mut response = ResponseHeader::build(status, Some(headers.len() + 2))?;
    for (name, value) in &headers {
        response.append_header(name.clone(), value.clone())?;
    }
    let body = match coded {
        Some((coding, coded)) => {
            response.insert_header(CONTENT_ENCODING, coding.name())?;
            coded
        }
        None => body,
    };
    let bodyless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    if !bodyless {
        response.insert_header(CONTENT_LENGTH, body.len())?;
    }
    let bare = bodyless || body.is_empty() || session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(response), bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(body), true).await }
}

/// The client's `Accept-Encoding`, its lines joined (RFC 9110 5.3).
fn joined(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<_> =
        headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}
