//! Turns requests in clear text into answers that send them to HTTPS.
//!
//! 1. The status is 308 (RFC 9110 15.4.9): method and body stay what they are.
//! 2. Host, path and query are kept; the port is that of HTTPS, which is not written where it is 443.
//! 3. A request without a host, or with one that is none, is refused (RFC 9112 3.2).

use crate::{engine::authority, metrics::Metrics};
use async_trait::async_trait;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, LOCATION},
    uri::Authority,
};
use pingora_core::{apps::http_app::ServeHttp, protocols::http::ServerSession};
use pingora_http::RequestHeader;
use std::sync::Arc;

/// The app of a listener that redirects.
pub(in crate::proxy) struct Redirect {
    /// The port of HTTPS.
    pub(in crate::proxy) port: u16,
    pub(in crate::proxy) metrics: Arc<Metrics>,
}

#[async_trait]
impl ServeHttp for Redirect {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let mut response = Response::new(Vec::new());
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let location = location(session.req_header(), self.port);
        let (status, class) = match location {
            Some(location) => {
                response.headers_mut().insert(LOCATION, location);
                (StatusCode::PERMANENT_REDIRECT, "3xx")
            }
            None => (StatusCode::BAD_REQUEST, "4xx"),
        };
        *response.status_mut() = status;
        self.metrics.requests.with_label_values(&[class]).inc();
        response
    }
}

/// Where the request is sent.
fn location(head: &RequestHeader, port: u16) -> Option<HeaderValue> {
    let authority: Authority = authority(head.as_ref()).parse().ok()?;
    let host = Some(authority.host()).filter(|host| !host.is_empty())?;
    // An absolute target has its path in the URI, and the whole of it on the wire.
    let raw = Some(head.raw_path()).filter(|path| path.starts_with(b"/"));
    let parsed = head.uri.path_and_query().map(|path| path.as_str().as_bytes());
    let path = raw.or(parsed).filter(|path| path.starts_with(b"/")).unwrap_or(b"/");
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let location = [b"https://", host.as_bytes(), port.as_bytes(), path].concat();
    HeaderValue::from_bytes(&location).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(target: &str, host: &str, port: u16) -> Option<String> {
        let mut head = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
        head.insert_header("host", host).unwrap();
        location(&head, port).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn all_but_scheme_and_port_is_kept() {
        for (target, host, port, location) in [
            ("/a?b=c", "shop.test", 443, Some("https://shop.test/a?b=c")),
            ("/a?b=c", "shop.test:8080", 8443, Some("https://shop.test:8443/a?b=c")),
            ("/", "[::1]:80", 443, Some("https://[::1]/")),
            ("//evil.test/%0d", "shop.test", 443, Some("https://shop.test//evil.test/%0d")),
            ("/", "", 443, None),
            ("/", "a b", 443, None),
            ("/", "user@shop.test", 443, Some("https://shop.test/")),
        ] {
            assert_eq!(sent(target, host, port).as_deref(), location, "{target} {host}");
        }
    }
}
