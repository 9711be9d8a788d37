//! Turns requests to the admin listener into health and figures.
//!
//! 1. `/healthz` says `ok`, `/metrics` every counter, `/reports` as JSON whom pages contacted; there is nothing else.

use super::Consentry;
use crate::metrics::Metrics;
use async_trait::async_trait;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use pingora_core::{apps::http_app::ServeHttp, protocols::http::ServerSession};

const PLAIN: &str = "text/plain; charset=utf-8";

/// The admin listener's only app.
pub(super) struct Admin(pub(super) Consentry);

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        let reads = [Method::GET, Method::HEAD].contains(&request.method);
        match request.uri.path() {
            _ if !reads => answer(StatusCode::METHOD_NOT_ALLOWED, PLAIN, b"read only\n".to_vec()),
            "/healthz" => answer(StatusCode::OK, PLAIN, b"ok\n".to_vec()),
            "/metrics" => answer(StatusCode::OK, Metrics::MEDIA_TYPE, self.0.metrics().render()),
            "/reports" => answer(
                StatusCode::OK,
                "application/json",
                self.0.reports().to_string().into_bytes(),
            ),
            _ => answer(StatusCode::NOT_FOUND, PLAIN, b"not found\n".to_vec()),
        }
    }
}

fn answer(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}
