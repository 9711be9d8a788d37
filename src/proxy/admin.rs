//! Turns requests to the admin listener into health, figures, and a configuration that is read again.
//!
//! 1. `/healthz` says `ok` as long as it answers, `/readyz` while visitors should be sent here, `/metrics` every counter,
//!    `/reports` as JSON whom pages contacted; there is nothing else to read.
//! 2. `POST /reload` has the configuration be read again: 200 with what has changed, 422 with what is wrong. A page in a browser
//!    cannot have it done (Fetch 3.2: it says where it is from).

use super::{Consentry, life::Life};
use crate::metrics::Metrics;
use async_trait::async_trait;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN},
};
use pingora_core::{apps::http_app::ServeHttp, protocols::http::ServerSession};

const PLAIN: &str = "text/plain; charset=utf-8";

/// The admin listener's only app.
pub(super) struct Admin {
    pub(super) consentry: Consentry,
    pub(super) life: Life,
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        let reads = [Method::GET, Method::HEAD].contains(&request.method);
        let from_a_page =
            request.headers.contains_key(ORIGIN) || request.headers.contains_key("sec-fetch-site");
        match request.uri.path() {
            "/reload" if request.method != Method::POST => not_allowed("POST"),
            "/reload" if from_a_page => plain(StatusCode::FORBIDDEN, "not for pages\n"),
            "/reload" => self.reload().await,
            _ if !reads => not_allowed("GET, HEAD"),
            "/healthz" => plain(StatusCode::OK, "ok\n"),
            "/readyz" if self.life.is_ready() => plain(StatusCode::OK, "ready\n"),
            "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            "/metrics" => {
                let figures = self.consentry.metrics().render();
                answer(StatusCode::OK, Metrics::MEDIA_TYPE, figures)
            }
            "/reports" => answer(
                StatusCode::OK,
                "application/json",
                self.consentry.reports().to_string().into_bytes(),
            ),
            _ => plain(StatusCode::NOT_FOUND, "not found\n"),
        }
    }
}

impl Admin {
    async fn reload(&self) -> Response<Vec<u8>> {
        let (status, lines) = match self.life.reload().await {
            None => return plain(StatusCode::NOT_IMPLEMENTED, "there is nothing to read again\n"),
            Some(Ok(lines)) => (StatusCode::OK, lines),
            Some(Err(lines)) => (StatusCode::UNPROCESSABLE_ENTITY, lines),
        };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        plain(status, &text)
    }
}

fn not_allowed(methods: &'static str) -> Response<Vec<u8>> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    answer(status, PLAIN, text.as_bytes().to_vec())
}

fn answer(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}
