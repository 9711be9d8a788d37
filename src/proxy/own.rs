//! Turns what of ours a request asks for into the response.

use super::{Shared, collect::body_within, consentry::answer};
use crate::{
    coding::Coding,
    engine::{Client, ENDING_WORKER, Engine, Own, Reply, Served},
    page::{File, mirror},
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

/// Sends what is asked for.
pub(super) async fn serve(
    session: &mut Session,
    own: Own,
    (engine, client): (&Engine, Client),
    shared: &Shared,
) -> Result<()> {
    match own {
        Own::Report(reported) => shared.reports.serve(session, &reported, client).await,
        Own::File { served, caching } => file(session, &served, caching).await,
        Own::Mirror(told) => {
            let reply = match body_within(session, mirror::MAX_TOLD).await? {
                Some(body) => told.answer(&body, engine, client),
                None => Reply::new(StatusCode::PAYLOAD_TOO_LARGE, "this is no choice\n"),
            };
            answer(session, reply).await
        }
        Own::Worker(vendor) => {
            shared.metrics.workers.with_label_values(&[&*vendor.id]).inc();
            let file = Served::new(File::script(ENDING_WORKER.to_owned()));
            self::file(session, &file, HeaderValue::from_static("no-store")).await
        }
    }
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
