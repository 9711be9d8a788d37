//! Turns a request that was written down into the request: raw HTTP, a `curl` command line as browsers copy it, or flags like curl's.
//!
//! 1. What begins with the word `curl` is a command line, anything else a request line, headers, an empty line and the body.
//! 2. The body ends where `Content-Length` says, or with the file.
//! 3. A command line that is read from a file names no other files: what they hold is given on our own command line.

use super::shell;
use crate::cli::Usage;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, REFERER, USER_AGENT},
};
use url::Url;

/// A request as a browser made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Captured {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A request as far as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) method: Option<String>,
    pub(super) url: Option<String>,
    pub(super) headers: Vec<String>,
    pub(super) body: Option<Vec<u8>>,
}

/// The request in the text of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, Usage> {
    let start = bytes.trim_ascii_start();
    let is_curl = start.strip_prefix(b"curl").is_some_and(|rest| rest.starts_with(b" "));
    if is_curl { curl(start)?.finish() } else { raw(start) }
}

/// A request as it is on the wire.
fn raw(bytes: &[u8]) -> Result<Captured, Usage> {
    let (head, body) = parted(bytes);
    let head =
        std::str::from_utf8(head).map_err(|_| wrong("the head of the request is not UTF-8"))?;
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
        return Err(wrong(
            "the file begins with no request line, as \"POST /path HTTP/1.1\", and with no curl command",
        ));
    };
    let mut draft = Draft { method: Some(method.to_owned()), ..Draft::default() };
    draft.headers = lines.map(str::to_owned).collect();
    let headers = draft.header_map()?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    draft.url = Some(match host {
        Some(host) if target.starts_with('/') => format!("https://{host}{target}"),
        Some(_) | None => target.to_owned(),
    });
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    draft.body = Some(body.get(..length.unwrap_or(body.len())).unwrap_or(body).to_vec());
    draft.finish()
}

/// The head and the body around the first empty line.
fn parted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = [&b"\r\n\r\n"[..], b"\n\n"]
        .map(|end| memchr::memmem::find(bytes, end).map(|at| (at, at + end.len())));
    match ends.into_iter().flatten().min() {
        Some((head, body)) => {
            (bytes.get(..head).unwrap_or_default(), bytes.get(body..).unwrap_or_default())
        }
        None => (bytes, b""),
    }
}

/// A `curl` command line.
fn curl(bytes: &[u8]) -> Result<Draft, Usage> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("the command is not UTF-8"))?;
    let words = shell::words(text).ok_or_else(|| wrong("a quote of the command is not closed"))?;
    let mut draft = Draft::default();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (flag, given) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => {
                (flag.to_owned(), Some(value.to_owned()))
            }
            Some(_) | None => (word, None),
        };
        let mut value = || given.clone().or_else(|| words.next()).unwrap_or_default();
        match flag.as_str() {
            "-X" | "--request" => draft.method = Some(value()),
            "-H" | "--header" => draft.headers.push(value()),
            "-b" | "--cookie" => draft.headers.push(format!("{COOKIE}: {}", value())),
            "-A" | "--user-agent" => draft.headers.push(format!("{USER_AGENT}: {}", value())),
            "-e" | "--referer" => draft.headers.push(format!("{REFERER}: {}", value())),
            "--url" => draft.url = Some(value()),
            "--data-raw" => draft.add_data(value().into_bytes()),
            "-d" | "--data" | "--data-ascii" | "--data-binary" | "--data-urlencode" => {
                let data = value();
                if data.starts_with('@') {
                    let instead = "give the file with --data-binary @FILE";
                    return Err(wrong(&format!("the command names the file `{data}`; {instead}")));
                }
                draft.add_data(data.into_bytes());
            }
            flag if flag.starts_with('-') => {}
            url => draft.url = Some(url.to_owned()),
        }
    }
    draft.say_form();
    Ok(draft)
}

impl Draft {
    /// Says that the data is a form, as curl does where nothing else is said.
    pub(super) fn say_form(&mut self) {
        let is_type =
            |line: &String| line.split(':').next().is_some_and(|name| CONTENT_TYPE == name.trim());
        if self.body.is_some() && !self.headers.iter().any(is_type) {
            self.headers.push(format!("{CONTENT_TYPE}: application/x-www-form-urlencoded"));
        }
    }

    /// Adds data as curl does: with `&` between.
    pub(super) fn add_data(&mut self, data: Vec<u8>) {
        match &mut self.body {
            Some(body) => {
                body.push(b'&');
                body.extend(data);
            }
            None => self.body = Some(data),
        }
    }

    fn header_map(&self) -> Result<HeaderMap, Usage> {
        let mut headers = HeaderMap::new();
        for line in self.headers.iter().filter(|line| !line.trim().is_empty()) {
            let parts = line.split_once(':').and_then(|(name, value)| {
                let name: HeaderName = name.trim().parse().ok()?;
                Some((name, HeaderValue::try_from(value.trim()).ok()?))
            });
            let (name, value) = parts.ok_or_else(|| {
                Usage(format!("`{line}` is no header; write one like \"Content-Type: text/plain\""))
            })?;
            headers.append(name, value);
        }
        Ok(headers)
    }

    /// The request, if all of it is there.
    pub(super) fn finish(self) -> Result<Captured, Usage> {
        let headers = self.header_map()?;
        let url = self.url.unwrap_or_default();
        let parsed = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = parsed.ok_or_else(|| {
            Usage(format!(
                "`{url}` is no URL of a request; write https://host/path, or a `Host` header"
            ))
        })?;
        let usual =
            if self.body.as_ref().is_some_and(|body| !body.is_empty()) { "POST" } else { "GET" };
        let method = self.method.as_deref().unwrap_or(usual);
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Usage(format!("`{method}` is no method; write one like POST")))?;
        Ok(Captured { method, url, headers, body: self.body.unwrap_or_default() })
    }
}

fn wrong(what: &str) -> Usage {
    Usage(format!("the captured request cannot be read: {what}"))
}
