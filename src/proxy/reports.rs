//! Turns requests with reports into counts, lines of the log and an empty answer.
//!
//! 1. A body is at most [`LONGEST`] bytes; one client may report ten times a second, and all together a thousand times, ten times that
//!    at once. What is more is refused unread.
//! 2. What is nobody's is told of once, with what to write for it; a page whose hosts found no room in its policy once an hour.
//! 3. The line is JSON, and holds no more than [`crate::report`] keeps.

use super::{listen::Visitors, record::label};
use crate::{
    engine::{Client, Reported, Told, Treatment, View},
    metrics::Metrics,
    policy::csp::Fit,
    report::{Contact, LONGEST, Noted, Tally, Unread, Whose, read},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, EXPECT},
    response,
};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// The target of the lines about unknown domains in the `log` crate.
pub const LOG_TARGET: &str = "consentry::report";

/// Requests a second of one client, and of all.
const EACH: u32 = 10;
const ALL: u32 = 1000;
/// Stands for all clients among the buckets; no client has it (RFC 6890).
const EVERYBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a page's hosts are told of that find no room.
const AGAIN: Duration = Duration::from_secs(3600);

/// What all requests with reports share.
pub(super) struct Reports {
    tally: Tally,
    clients: Visitors,
    everybody: Visitors,
    complained: Mutex<Option<Instant>>,
    metrics: Arc<Metrics>,
}

impl Reports {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        let (tally, clients, everybody, complained) = Default::default();
        Self { tally, clients, everybody, complained, metrics }
    }

    pub(super) fn json(&self) -> Value {
        self.tally.json()
    }

    /// Answers one request.
    pub(super) async fn serve(
        &self,
        session: &mut Session,
        reported: &Reported,
        client: Client,
    ) -> Result<()> {
        let (status, outcome) = self.take(session, reported, client).await?;
        self.metrics.csp_reports.with_label_values(&[outcome]).inc();
        if session.is_http2() && !session.as_downstream_mut().is_body_done() {
            // Over HTTP/2 an answer to a request that did not end yet may be lost with its stream.
            let _ = timeout(PATIENCE, body(session)).await;
        }
        let mut response = ResponseHeader::build(status, Some(2))?;
        response.insert_header(CACHE_CONTROL, "no-store")?;
        if status != StatusCode::NO_CONTENT {
            response.insert_header(CONTENT_LENGTH, 0)?;
        }
        session.write_response_header(Box::new(response), true).await
    }

    async fn take(
        &self,
        session: &mut Session,
        reported: &Reported,
        client: Client,
    ) -> Result<(StatusCode, &'static str)> {
        let now = Instant::now();
        let may = client.ip.is_none_or(|ip| self.clients.may_ask(ip, EACH, now));
        if !may || !self.everybody.may_ask(EVERYBODY, ALL, now) {
            return Ok((StatusCode::TOO_MANY_REQUESTS, "too_often"));
        }
        let body = timeout(PATIENCE, body(session)).await;
        let late = |_| Error::explain(ErrorType::ReadTimedout, "a report came too slowly");
        let Some(body) =
            body.map_err(late).and_then(|body| body).map_err(|error| error.into_down())?
        else {
            return Ok((StatusCode::PAYLOAD_TOO_LARGE, "too_long"));
        };
        let kind = session.get_header(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(match read(kind.unwrap_or_default(), &body) {
            Ok(violations) => {
                violations.iter().filter_map(|v| reported.told(v)).for_each(|told| self.note(told));
                (StatusCode::NO_CONTENT, "taken")
            }
            Err(why) => (status(why), why.name()),
        })
    }

    fn note(&self, told: Told) {
        let Told { contact, vendor } = told;
        let name = vendor.as_deref().map_or("unknown", label);
        let verdict = match &contact.whose {
            Whose::Nobody => "unknown",
            Whose::Vendor(_, true) => "allow",
            Whose::Vendor(_, false) => "gate",
        };
        let disposition = if contact.held { "enforce" } else { "report" };
        self.metrics.csp_contacts.with_label_values(&[name, verdict, disposition]).inc();
        let line = line(&contact);
        if self.tally.note(contact) == Noted::New {
            log::warn!(target: LOG_TARGET, "{line}");
            self.metrics.csp_unknown.set(i64::try_from(self.tally.unknown()).unwrap_or(i64::MAX));
        }
    }

    /// Counts how the hosts that a page needs found room in its policy.
    pub(super) fn fitted(&self, view: &View, response: &response::Parts, treatment: &Treatment) {
        let Some(fit) = Some(treatment)
            .filter(|t| !matches!(t, Treatment::Other))
            .and_then(|_| view.fit(response))
        else {
            return;
        };
        self.metrics.csp_pages.with_label_values(&[fit.name()]).inc();
        if fit != Fit::Whole && self.may_complain(Instant::now()) {
            let host = view.page().url().host_str().unwrap_or_default().to_owned();
            let note = match fit {
                Fit::Whole | Fit::Domains => {
                    "a page needs many hosts: its policy names their registrable domains"
                }
                Fit::TooMany => {
                    "a page needs too many hosts: it gets no policy (csp_hosts in [gate])"
                }
            };
            log::warn!(target: LOG_TARGET, "{}", json!({ "site": host, "fit": fit.name(), "note": note }));
        }
    }

    fn may_complain(&self, now: Instant) -> bool {
        let mut last = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| now.saturating_duration_since(last) > AGAIN);
        if may {
            *last = Some(now);
        }
        may
    }
}

/// What is told of a domain of nobody's.
fn line(contact: &Contact) -> Value {
    let Contact { site, path, domain, whose: _, directive, held } = contact;
    json!({
        "site": site, "path": path, "domain": domain, "directive": directive, "held": held,
        "note": "an unknown domain: if pages need it, add it to csp_hosts in [gate]; if it is a tracker, add a [[vendor]]",
    })
}

const fn status(why: Unread) -> StatusCode {
    match why {
        Unread::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Unread::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Unread::Malformed => StatusCode::BAD_REQUEST,
    }
}

/// The request's body; `None` where it is too long.
async fn body(session: &mut Session) -> Result<Option<Vec<u8>>> {
    let length = session.req_header().headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value: &HeaderValue| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LONGEST) {
        return Ok(None);
    }
    let expect = session.req_header().headers.get(EXPECT);
    // RFC 9110 10.1.1: who asked waits for it.
    if expect.is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        session.as_downstream_mut().write_continue_response().await?;
    }
    let mut body = Vec::new();
    while let Some(bytes) = session.as_downstream_mut().read_request_body().await? {
        if body.len() + bytes.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&bytes);
    }
    Ok(Some(body))
}
