//! Turns the outcome of a request about the visitor's choice into a response.
//!
//! 1. A script gets JSON, a form a redirect to the page that it came from (303: it is read with GET, RFC 9110 15.4.4).
//! 2. A refusal has a sentence that says why: in JSON as `error`, for a form in a small page.
//! 3. A form with a list of vendors that is not known any more leads back to the page that it is on, which then has the present list
//!    and says so.

use super::super::reply;
use crate::choice::{CHANGED, Format, Made, Refused, State};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use url::form_urlencoded;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// No other site's page gets it, as an image or otherwise.
const RESOURCE_POLICY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("same-origin"),
);

/// The state; with the cookie that keeps it where it was changed.
pub(super) async fn state(session: &mut Session, state: &State, made: Option<&Made>) -> Result<()> {
    let mut response = head(StatusCode::OK)?;
    response.insert_header(CONTENT_TYPE, JSON)?;
    for line in made.into_iter().flat_map(Made::cookies) {
        response.append_header(SET_COOKIE, line)?;
    }
    send(session, response, state.json().into()).await
}

/// Back to the page that the form was opened from.
pub(super) async fn redirect(session: &mut Session, made: &Made) -> Result<()> {
    let mut response = head(StatusCode::SEE_OTHER)?;
    response.insert_header(LOCATION, &made.back)?;
    for line in made.cookies() {
        response.append_header(SET_COOKIE, line)?;
    }
    send(session, response, Bytes::new()).await
}

/// Rule 3.
async fn again(session: &mut Session, back: &str) -> Result<()> {
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let mut response = head(StatusCode::SEE_OTHER)?;
    response.insert_header(LOCATION, format!("/_consentry/consent?{CHANGED}=1&back={back}"))?;
    send(session, response, Bytes::new()).await
}

/// Why the choice was not taken; `has_page` says whether the site has the page that asks without JavaScript.
pub(super) async fn refusal(
    session: &mut Session,
    why: &Refused,
    format: Format,
    has_page: bool,
) -> Result<()> {
    if let (Refused::Outdated { back }, Format::Form, true) = (why, format, has_page) {
        return again(session, back).await;
    }
    let mut response = head(why.status())?;
    if *why == Refused::TooOften {
        response.insert_header(RETRY_AFTER, "10")?;
    }
    let text = why.to_string();
    let (content_type, body) = match format {
        Format::Json => (JSON, Bytes::from(serde_json::json!({ "error": text }).to_string())),
        Format::Form => (HTML, reply::page(why.status(), &text)),
    };
    response.insert_header(CONTENT_TYPE, content_type)?;
    send(session, response, body).await
}

fn head(status: StatusCode) -> Result<Box<ResponseHeader>> {
    let mut response = ResponseHeader::build(status, Some(8))?;
    response.insert_header(CACHE_CONTROL, "no-store")?;
    response.insert_header(X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    let (name, value) = RESOURCE_POLICY;
    response.insert_header(name, value)?;
    Ok(Box::new(response))
}

async fn send(session: &mut Session, mut response: Box<ResponseHeader>, body: Bytes) -> Result<()> {
    response.insert_header(CONTENT_LENGTH, body.len())?;
    let bare = body.is_empty() || session.req_header().method == Method::HEAD;
    session.write_response_header(response, bare).await?;
    if bare { Ok(()) } else { session.write_response_body(Some(body), true).await }
}
