//! Turns what of ours a request asks for into the response.
//!
//! 1. A file is coded once and sent to everybody, the script that ends a worker too: it costs no more than to say no, and a browser
//!    that was told no would keep the vendor's (Service Workers, "Update").
//! 2. A page is made and coded for each request: an address gets as many of them a second as it may make choices.

use super::{Consentry, choice, consentry::answer, intake};
use crate::{
    coding::Coding,
    engine::{Client, ENDING_WORKER, Own, Reply, Served},
    page::{File, mirror::MAX_TOLD},
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use std::{sync::LazyLock, time::Duration};
use tokio::time::timeout;

/// How long a visitor may take for a body.
const PATIENCE: Duration = Duration::from_secs(10);
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What ends a vendor's service worker.
static WORKER: LazyLock<Served> =
    LazyLock::new(|| Served::new(File::script(ENDING_WORKER.to_owned())));

/// Sends what is asked for.
pub(super) async fn serve(
    session: &mut Session,
    own: Own,
    client: Client,
    consentry: &Consentry,
) -> Result<()> {
    match own {
        Own::Report(reported) => consentry.report_desk().serve(session, &reported, client).await,
        Own::File { served, caching } => file(session, &served, caching).await,
        Own::Choice(asked) => consentry.desk().serve(session, &asked, client, consentry).await,
        Own::Page(_) if !consentry.desk().may_read(client) => {
            consentry.metrics().limited.with_label_values(&["own"]).inc();
            choice::too_often(session).await
        }
        Own::Page(page) => {
            let page = Served::at(*page, consentry.options().levels);
            file(session, &page, NO_STORE).await
        }
        Own::Mirror(told) => {
            let engine = consentry.engine_of(session);
            let read = timeout(PATIENCE, intake::read(session, MAX_TOLD)).await;
            let reply = match read.map_err(|_| late()).and_then(|read| read) {
                Ok(Some(body)) => told.answer(&body, &engine, client),
                Ok(None) => Reply::new(StatusCode::PAYLOAD_TOO_LARGE, "this is no choice\n"),
                Err(error) => return Err(error.into_down()),
            };
            intake::drain(session, MAX_TOLD, PATIENCE).await;
            answer(session, reply).await
        }
        Own::Worker(vendor) => {
            consentry.metrics().workers.with_label_values(&[&*vendor.id]).inc();
            file(session, &WORKER, NO_STORE).await
        }
    }
}

fn late() -> Box<Error> {
    Error::explain(ErrorType::ReadTimedout, "the body came too slowly")
}

async fn file(session: &mut Session, served: &Served, caching: HeaderValue) -> Result<()> {
    let accepts = session.get_header(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (coding, body) = served.body(accepts);
    let mut response = ResponseHeader::build(StatusCode::OK, Some(7))?;
    response.insert_header(CONTENT_TYPE, served.file().content_type)?;
    response.insert_header(CACHE_CONTROL, caching)?;
    response.insert_header(X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    response.insert_header(VARY, "Accept-Encoding")?;
    response.insert_header(CONTENT_LENGTH, body.len())?;
    if coding != Coding::Identity {
        response.insert_header(CONTENT_ENCODING, coding.name())?;
    }
    if let Some(policy) = &served.file().policy {
        response.insert_header(CONTENT_SECURITY_POLICY, policy)?;
    }
    let bare = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(response), bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(body), true).await }
}
