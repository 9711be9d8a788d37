//! Turns a status into an answer of our own: a small page that needs nothing else and says nothing of the inside.

use crate::engine::Reply;
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};

/// The headers of an answer of our own, but for its length; of a page.
pub(super) const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_TYPE, HTML),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The body of an answer, and its type.
pub(super) fn body(reply: &Reply) -> (HeaderValue, Bytes) {
    match &reply.json {
        Some(json) => (JSON, Bytes::from(json.clone())),
        None => (HTML, error_page(reply.status)),
    }
}

/// A page for people that says that there is none.
pub(super) fn error_page(status: StatusCode) -> Bytes {
    page(status, sentence(status))
}

/// A page for people that says `text`, a sentence of our own.
pub(super) fn page(status: StatusCode, text: &str) -> Bytes {
    let reason = status.canonical_reason().unwrap_or("Error");
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let code = status.as_u16();
    Bytes::from(format!(
        "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{code} {reason}</title>\n<style>body{{font:1.1em/1.5 sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}}</style>\n\
         <h1>{reason}</h1>\n<p>{text}\n"
    ))
}

const fn sentence(status: StatusCode) -> &'static str {
    match status.as_u16() {
        502 => "The website did not send a page that can be shown. Please try again in a while.",
        503 => "The website is too busy at the moment. Please try again in a while.",
        504 => "The website took too long to answer. Please try again in a while.",
        404 => "There is nothing at this address.",
        421 => "This website is not served here.",
        400..500 => "The browser sent a request that cannot be answered.",
        _ => "Something went wrong. Please try again in a while.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_nothing() {
        for code in [400, 404, 421, 431, 500, 502, 503, 504] {
            let page = error_page(StatusCode::from_u16(code).unwrap());
            let page = std::str::from_utf8(&page).unwrap();
            assert!(page.contains(&format!("<title>{code} ")), "{page}");
            assert!(!page.contains("://") && !page.contains("src=") && !page.contains("url("));
        }
    }
}
