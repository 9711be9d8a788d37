//! Turns a request or a response head into whether it is a script or a style sheet of the site's, which can be rewritten.
//!
//! 1. A response is one when its only media type is JavaScript's (MIME Sniffing 4.6, "JavaScript MIME type") or `text/css`:
//!    browsers run modules and apply sheets under no other.
//! 2. A request asks for one when its destination says so (Fetch Metadata, 2.1), or else its path ends like one.
//! 3. A part of a file (206) is not rewritten, so a request for one is made to ask for the whole.

use super::treatment::items;
use http::{HeaderName, Method, header::CONTENT_TYPE, request, response};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Script,
    Style,
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

const DESTINATIONS: [&str; 8] = [
    "audioworklet",
    "paintworklet",
    "script",
    "serviceworker",
    "sharedworker",
    "style",
    "worker",
    "xslt",
];

const SCRIPTS: [&str; 16] = [
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// What the body of a response is, if it can be rewritten as a file.
pub(super) fn kind(response: &response::Parts) -> Option<Kind> {
    let mut types = items(&response.headers, &CONTENT_TYPE);
    let (Some(one), None) = (types.next(), types.next()) else { return None };
    let one = one.to_ascii_lowercase();
    if one == "text/css" {
        return Some(Kind::Style);
    }
    SCRIPTS.contains(&&*one).then_some(Kind::Script)
}

/// Whether a request is for the script of a worker; it says so where the connection is secure (Fetch Metadata, 2.1).
pub(super) fn is_worker(request: &request::Parts) -> bool {
    let told = request.headers.get(SEC_FETCH_DEST).and_then(|value| value.to_str().ok());
    told.is_some_and(|told| ["serviceworker", "sharedworker", "worker"].contains(&told))
}

/// Whether a request is for a script or a style sheet.
pub(super) fn is_asked_for(request: &request::Parts) -> bool {
    if ![Method::GET, Method::HEAD].contains(&request.method) {
        return false;
    }
    let told = request.headers.get(SEC_FETCH_DEST).and_then(|value| value.to_str().ok());
    if told.is_some_and(|told| DESTINATIONS.contains(&told)) {
        return true;
    }
    let name = request.uri.path().rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    // A script that is fetched, or preloaded, is the same file.
    extension.is_some_and(|extension| ["css", "js", "mjs"].contains(&&*extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_only_type() {
        for (types, kind) in [
            (&["text/javascript; charset=utf-8"][..], Some(Kind::Script)),
            (&["Application/JavaScript"], Some(Kind::Script)),
            (&["text/css"], Some(Kind::Style)),
            (&["text/css, text/javascript"], None),
            (&["text/css", "text/html"], None),
            (&["application/json"], None),
            (&[], None),
        ] {
            let mut response = http::Response::builder();
            for value in types {
                response = response.header(CONTENT_TYPE, *value);
            }
            assert_eq!(super::kind(&response.body(()).unwrap().into_parts().0), kind, "{types:?}");
        }
    }

    #[test]
    fn requests_are_told_by_destination_or_path() {
        for (method, path, destination, asked) in [
            ("GET", "/bundle", Some("script"), true),
            ("GET", "/bundle", Some("style"), true),
            ("GET", "/app.JS?v=1", Some("empty"), true),
            ("HEAD", "/a/b.mjs", None, true),
            ("GET", "/", Some("document"), false),
            ("GET", "/js", None, false),
            ("GET", "/a.json", None, false),
            ("POST", "/a.js", None, false),
        ] {
            let request = http::Request::builder().method(method).uri(path);
            let request = match destination {
                Some(to) => request.header(SEC_FETCH_DEST, to),
                None => request,
            };
            let head = request.body(()).unwrap().into_parts().0;
            assert_eq!(is_asked_for(&head), asked, "{method} {path} {destination:?}");
        }
    }
}
