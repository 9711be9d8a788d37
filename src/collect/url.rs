//! Turns the URL of a page into what of it may leave.
//!
//! 1. Absolute (`http`, `https`), without a scheme, or relative from `/`, `?` or `#`; anything else is no page's URL and goes as a whole.
//! 2. User, password and fragment go; so do parameters of the path (`;jsessionid=..`).
//! 3. Of the query, what the operator lists stays. What identifies a click stays only while marketing is granted, and if it is listed
//!    there or among the endpoint's fields for marketing.
//! 4. A path that the operator marks leaves as `/redacted`.
//! 5. What is left passes the detectors, part by part: a parameter that is listed by its name as a field that is, all else as a field that is not.

use super::{
    Config,
    body::{decode_path, decode_query, encode_query},
    glob::Glob,
    google,
    redact::{Care, REDACTED, Redactor},
};
use url::{Host, Url};

/// What the operator says of URLs.
#[derive(Clone, Debug)]
pub(super) struct Urls {
    query: Vec<(Glob, Care)>,
    paths: Vec<Glob>,
    base: Option<Url>,
}

/// What holds for the URLs of one request.
#[derive(Clone, Copy)]
pub(super) struct Leave<'a> {
    /// Whether marketing is granted.
    pub(super) marketing: bool,
    /// Whether a parameter is listed among the endpoint's fields for marketing.
    pub(super) listed: &'a dyn Fn(&str) -> bool,
}

/// What relative URLs are resolved against, and taken off again.
const NOWHERE: &str = "relative.invalid";

impl Urls {
    pub(super) fn new(config: &Config) -> Self {
        let care = |name: &str| if name.contains('*') { Care::All } else { Care::Named };
        Self {
            query: config.url_query.iter().map(|name| (Glob::new(name), care(name))).collect(),
            paths: config.url_paths.iter().map(|path| Glob::new(path)).collect(),
            base: Url::parse(&format!("https://{NOWHERE}/")).ok(),
        }
    }

    /// What of `text` may leave.
    pub(super) fn clean(
        &self,
        text: &str,
        leave: Leave<'_>,
        redactor: &mut Redactor<'_>,
    ) -> String {
        let text = text.trim_ascii();
        if text.is_empty() {
            return String::new();
        }
        self.parse(text)
            .and_then(|url| self.write(&url, text, leave, redactor))
            .unwrap_or_else(|| REDACTED.to_owned())
    }

    fn parse(&self, text: &str) -> Option<Url> {
        let url = if text.starts_with(['/', '?', '#']) {
            self.base.as_ref()?.join(text)
        } else {
            Url::parse(text)
        };
        url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    fn write(
        &self,
        url: &Url,
        text: &str,
        leave: Leave<'_>,
        redactor: &mut Redactor<'_>,
    ) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let relative = matches!(url.host(), Some(Host::Domain(NOWHERE)));
        if !relative {
            let host = url.host_str()?;
            if redactor.redact(host, Care::Named) != host {
                return None;
            }
            if !text.starts_with('/') {
                out.push_str(url.scheme());
                out.push(':');
            }
            out.push_str("//");
            out.push_str(host);
            if let Some(port) = url.port() {
                out.push_str(&format!(":{port}"));
            }
        }
        if !relative || text.starts_with('/') {
            self.write_path(url.path(), redactor, &mut out);
        }
        if let Some(query) = url.query() {
            self.write_query(query, leave, redactor, &mut out);
        }
        Some(out)
    }

    fn write_path(&self, path: &str, redactor: &mut Redactor<'_>, out: &mut String) {
        let plain = decode_path(path);
        if self.paths.iter().any(|marked| marked.matches(path) || marked.matches(&plain)) {
            out.push_str("/redacted");
            return;
        }
        for (at, segment) in path.split('/').enumerate() {
            if at > 0 {
                out.push('/');
            }
            let segment = segment.split(';').next().unwrap_or_default();
            let plain = decode_path(segment);
            let clean = redactor.redact(&plain, Care::All);
            if clean == plain { out.push_str(segment) } else { encode_query(&clean, out) }
        }
    }

    fn write_query(
        &self,
        query: &str,
        leave: Leave<'_>,
        redactor: &mut Redactor<'_>,
        out: &mut String,
    ) {
        let mut separator = '?';
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (raw, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode_query(raw);
            let Some(care) = self.care(&name, leave) else { continue };
            out.push(separator);
            separator = '&';
            let value = decode_query(value);
            let clean = redactor.redact(&value, care);
            let clean_name = redactor.redact(&name, Care::Named);
            if clean == value && clean_name == name {
                out.push_str(pair);
                continue;
            }
            encode_query(&clean_name, out);
            out.push('=');
            encode_query(&clean, out);
        }
    }

    /// How a parameter's value is looked at; `None` for one that does not leave.
    fn care(&self, name: &str, leave: Leave<'_>) -> Option<Care> {
        if leave.marketing && (leave.listed)(name) {
            return Some(Care::Named);
        }
        if !leave.marketing && google::is_click(name) {
            return None;
        }
        self.query.iter().find(|(glob, _)| glob.matches(name)).map(|(_, care)| *care)
    }
}
