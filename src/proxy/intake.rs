//! Turns the body of a visitor's request into bytes, as many as are wanted and no more.
//!
//! 1. Who asked whether to send it is told to (RFC 9110 10.1.1).
//! 2. A body that is announced or turns out to be longer than wanted is not read further.
//! 3. Over HTTP/2 an answer to a request that did not end yet may be lost with its stream: what is not wanted is read for nothing,
//!    within the same bound.

use http::{
    HeaderValue,
    header::{CONTENT_LENGTH, EXPECT},
};
use pingora_core::Result;
use pingora_proxy::Session;
use std::time::Duration;
use tokio::time::timeout;

/// Whether the request announces a body that is longer than `most`.
pub(super) fn is_too_long(session: &Session, most: usize) -> bool {
    let length = session.req_header().headers.get(CONTENT_LENGTH);
    let length =
        length.and_then(|length: &HeaderValue| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length > most)
}

/// The request's body, if it is within `most` bytes; the error is the visitor's connection.
pub(super) async fn read(session: &mut Session, most: usize) -> Result<Option<Vec<u8>>> {
    let expect = session.req_header().headers.get(EXPECT);
    if expect.is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        session.as_downstream_mut().write_continue_response().await?;
    }
    let mut body = Vec::new();
    while let Some(bytes) = session.as_downstream_mut().read_request_body().await? {
        if body.len() + bytes.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&bytes);
    }
    Ok(Some(body))
}

/// Rule 3; what does not come within `patience` is lost.
pub(super) async fn drain(session: &mut Session, most: usize, patience: Duration) {
    if session.is_http2() && !session.as_downstream_mut().is_body_done() {
        let _ = timeout(patience, read_on(session, most)).await;
    }
}

async fn read_on(session: &mut Session, most: usize) {
    let mut left = most;
    while let Ok(Some(bytes)) = session.as_downstream_mut().read_request_body().await {
        let Some(rest) = left.checked_sub(bytes.len()) else { return };
        left = rest;
    }
}
