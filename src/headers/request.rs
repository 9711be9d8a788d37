//! Turns a request head into one that asks for whole pages in the visitor's own consent state.
//!
//! What is taken for a request for a page ([`is_document`]), first match:
//! 1. No method but `GET` and `HEAD`: the others' conditions protect writes.
//! 2. No path that ends like a download, a medium or a script: viewers and download managers fetch those in ranges, and
//!    browsers do so as navigations too.
//! 3. `Sec-Fetch-Dest` of a page or a nested one (Fetch Metadata, 2.1).
//! 4. `Accept` with a page's media type: navigations of browsers without Fetch Metadata, and scripts that load pages.
//! 5. Without both, as of robots and old clients, `Accept` of anything and a path with no extension or a page's.

use super::{State, edit::Edit, edit::text, validators};
use http::{HeaderMap, HeaderName, Method, header::ACCEPT, request::Parts};

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

const PAGES: [&str; 16] = [
    "asp", "aspx", "cfm", "cgi", "do", "fcgi", "htm", "html", "jsf", "jsp", "jspx", "php", "phtml",
    "pl", "shtml", "xhtml",
];

const OTHERS: [&str; 57] = [
    "7z", "aac", "apk", "avi", "avif", "bin", "bmp", "bz2", "css", "csv", "deb", "dmg", "doc",
    "docx", "epub", "exe", "flac", "gif", "gz", "ico", "img", "iso", "jar", "jpeg", "jpg", "js",
    "json", "m4a", "m4v", "map", "mjs", "mkv", "mov", "mp3", "mp4", "mpeg", "msi", "oga", "ogg",
    "ogv", "opus", "otf", "pdf", "pkg", "png", "ppt", "pptx", "rar", "rpm", "tar", "tgz", "ttf",
    "wasm", "wav", "webm", "webp", "zip",
];

/// Edits of the head of any request, before it goes to the origin.
#[must_use]
pub fn request(head: &Parts, state: &State<'_>) -> Vec<Edit> {
    let mut edits = validators::preconditions(&head.headers);
    if is_read(&head.method) {
        edits.extend(validators::request(&head.headers, is_document(head), state));
    }
    edits
}

/// The same for a request for a file that is rewritten: in the same way for every visitor, in the one `state` of it.
#[must_use]
pub fn file_request(head: &Parts, state: &State<'_>) -> Vec<Edit> {
    let mut edits = validators::preconditions(&head.headers);
    if is_read(&head.method) {
        edits.extend(validators::request(&head.headers, true, state));
    }
    edits
}

/// Whether the answer may be a page.
#[must_use]
pub fn is_document(head: &Parts) -> bool {
    let extension = extension(head.uri.path());
    if !is_read(&head.method) || extension.as_deref().is_some_and(|e| OTHERS.contains(&e)) {
        return false;
    }
    let destination = head.headers.get(SEC_FETCH_DEST).map(text);
    if destination.as_deref().is_some_and(is_page) {
        return true;
    }
    match accepted(&head.headers) {
        Accepted::Page => true,
        Accepted::Anything if destination.is_none() => {
            extension.is_none_or(|e| PAGES.contains(&e.as_str()))
        }
        Accepted::Anything | Accepted::Other => false,
    }
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn is_page(destination: &str) -> bool {
    let pages = ["document", "iframe", "frame", "fencedframe", "object", "embed"];
    pages.iter().any(|page| destination.trim_ascii().eq_ignore_ascii_case(page))
}

enum Accepted {
    Page,
    Anything,
    Other,
}

fn accepted(headers: &HeaderMap) -> Accepted {
    let lines: Vec<_> = headers.get_all(ACCEPT).iter().map(text).collect();
    let accept = lines.join(",").to_ascii_lowercase();
    let has = |kind| accept.contains(kind);
    if has("text/html") || has("application/xhtml+xml") {
        Accepted::Page
    } else if accept.trim_ascii().is_empty() || has("*/*") || has("text/*") {
        Accepted::Anything
    } else {
        Accepted::Other
    }
}

/// What follows the last dot of the last segment, in lower case; a matrix parameter is not part of it.
fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?.split(';').next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, header::RANGE};

    fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut builder = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn pages_are_told_from_the_rest() {
        const NAVIGATION: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
        for (method, path, headers, expected) in [
            ("GET", "/", &[][..], true),
            ("HEAD", "/a/b", &[("accept", "*/*")], true),
            ("GET", "/index.PHP?x=a.zip", &[("accept", "*/*")], true),
            ("GET", "/page.html;jsessionid=1.2", &[], true),
            ("GET", "/a.unknown", &[("accept", "*/*")], false),
            ("GET", "/a.unknown", &[("accept", NAVIGATION)], true),
            ("GET", "/a.unknown", &[("sec-fetch-dest", "IFrame")], true),
            ("GET", "/a", &[("sec-fetch-dest", "script"), ("accept", "*/*")], false),
            ("GET", "/a", &[("sec-fetch-dest", "empty"), ("accept", "Text/HTML")], true),
            ("GET", "/a", &[("sec-fetch-dest", "empty"), ("accept", "*/*")], false),
            ("GET", "/a", &[("accept", "application/json")], false),
            ("POST", "/a", &[("sec-fetch-dest", "document")], false),
            ("GET", "/a.zip", &[("accept", "*/*")], false),
            ("GET", "/a.MP4", &[("accept", "*/*"), ("sec-fetch-dest", "video")], false),
            ("GET", "/a.pdf", &[("accept", NAVIGATION), ("sec-fetch-dest", "document")], false),
        ] {
            let head = head(method, path, headers);
            assert_eq!(is_document(&head), expected, "{method} {path} {headers:?}");
        }
    }

    #[test]
    fn only_documents_lose_their_ranges() {
        let state = State { class: "none", fingerprint: "1" };
        let ranged = |path| head("GET", path, &[("accept", "*/*"), ("range", "bytes=5-")]);
        assert_eq!(request(&ranged("/a.mp4"), &state), []);
        assert_eq!(request(&ranged("/a"), &state), [Edit::Remove(RANGE)]);
        let create = head("PUT", "/a", &[("if-none-match", "*"), ("if-modified-since", "x")]);
        assert_eq!(request(&create, &state), []);
    }
}
