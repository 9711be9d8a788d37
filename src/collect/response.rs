//! Turns a vendor's answer into the one that the browser gets under the site's own name.
//!
//! 1. Of the vendor's headers only the media type comes through, and of scripts the lifetime and the date; so none of
//!    `Set-Cookie`, CORS, HSTS, CSP, reporting, `Clear-Site-Data`, `Link`, `Refresh`, `Alt-Svc`, `SourceMap` governs the site.
//! 2. Cookies come back as [`cookies`](super::cookies) makes them; those of scripts do not.
//! 3. A redirect to a place of the catalogue leads to its path on the site; any other is not followed.
//! 4. What a browser could show as a page, or run, has no place under the site's name: HTML, XML, SVG and scripts that answer a
//!    beacon are plain text, and no answer but a script is ever sniffed or has an origin. A frame's page is HTML in a
//!    sandbox: it may run scripts, without the site's origin, cookies and storage, and reaches nobody but the site.
//! 5. What is there instead of an image or a script (a status of failure, a page) is an empty one.
//! 6. Literals in scripts lead to the site's own paths, and source maps are taken out of them:
//!    [`ScriptRewriter`](super::ScriptRewriter).

use super::{Answer, Forward, Refused, ScriptRewriter, cookies, refusal::NO_STORE};
use crate::catalog::Kind;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        AGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, DATE, ETAG, EXPIRES,
        IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER, SET_COOKIE, VARY,
    },
};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};
use url::Url;

/// A vendor's answer, without its content coding.
#[derive(Clone, Debug)]
pub struct Received {
    /// The URL that was asked for.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A vendor's script as the site serves it.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text, which points to the site's own paths.
    pub body: Bytes,
    /// How long it may be used after it came; none when it may not be kept at all.
    pub lifetime: Option<Duration>,
    media_type: HeaderValue,
    modified: Option<HeaderValue>,
    tag: HeaderValue,
}

/// The longest lifetime of a script, and that of one whose vendor gives none.
const LONGEST: Duration = Duration::from_secs(86_400);
const UNSAID: Duration = Duration::from_secs(300);
/// What a frame may do: run its scripts, and ask this site.
const FRAME: HeaderValue = HeaderValue::from_static(
    "sandbox allow-scripts; default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
);
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What a media type can do in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    /// Nothing: data.
    Data,
    /// It can be shown as an image and holds no markup.
    Image,
    /// It can be run.
    Script,
    /// It can be shown as a page, or is not known.
    Page,
    /// Not said.
    Unsaid,
}

impl Forward {
    /// The browser's answer to a request for a beacon, an image or a frame.
    ///
    /// # Errors
    /// [`Refused::Garbage`] for an answer that has no place under the site's name.
    pub fn answer(&self, received: Received, now: SystemTime) -> Result<Answer, Refused> {
        let whose = (&**self.catalog(), &**self.vendor());
        let cookies = cookies::adopted(&received.headers, self.asked(), self.page(), whose, now);
        let mut answer = match self.redirect(&received) {
            Some(answer) => answer?,
            None => shown(self.kind(), received)?,
        };
        for cookie in cookies {
            answer.headers.append(SET_COOKIE, cookie);
        }
        Ok(answer)
    }

    /// The script that the vendor sent.
    ///
    /// # Errors
    /// With an answer in its place: a redirect, or an empty script.
    pub fn script(&self, received: Received, now: SystemTime) -> Result<Script, Box<Answer>> {
        let garbage = || Box::new(Answer::refusal(self.kind(), Refused::Garbage));
        if let Some(answer) = self.redirect(&received) {
            return Err(answer.map_or_else(|_| garbage(), Box::new));
        }
        let Some(media_type) = script_type(&received.headers).filter(|_| received.status == 200)
        else {
            return Err(garbage());
        };
        let lifetime = lifetime(&received.headers, now);
        let modified = received.headers.get(LAST_MODIFIED).filter(|date| is_date(date)).cloned();
        let body = self.pointed_here(&received.body);
        let tag = tag(&body);
        Ok(Script { body: body.into(), lifetime, media_type, modified, tag })
    }

    /// Our own answer to a redirect, if `received` is one.
    fn redirect(&self, received: &Received) -> Option<Result<Answer, Refused>> {
        if ![301, 302, 303, 307, 308].contains(&received.status.as_u16()) {
            return None;
        }
        let path = || {
            let location = received.headers.get(LOCATION)?.to_str().ok()?;
            let mut url = received.url.join(location).ok()?;
            let path = self.prefix().path_of(&url)?;
            url.set_fragment(None);
            self.rules().served(self.catalog(), &url)?;
            HeaderValue::try_from(path).ok()
        };
        let Some(path) = path() else { return Some(Err(Refused::Garbage)) };
        // A lasting redirect would be kept by browsers over a withdrawal.
        let status = match received.status {
            StatusCode::MOVED_PERMANENTLY => StatusCode::FOUND,
            StatusCode::PERMANENT_REDIRECT => StatusCode::TEMPORARY_REDIRECT,
            other => other,
        };
        let mut answer = Answer::new(status);
        answer.headers.insert(LOCATION, path);
        Some(Ok(answer))
    }

    /// `body` with the catalogue's hosts in its literals on the site's own paths, and no source map.
    fn pointed_here(&self, body: &[u8]) -> Vec<u8> {
        let rewriter = ScriptRewriter::new(self.catalog().clone(), &self.base());
        let mut rewriter = rewriter.offering(self.rules().offered().clone());
        let mut out = Vec::with_capacity(body.len() + body.len() / 64);
        rewriter.feed(body, &mut out);
        rewriter.finish(&mut out);
        out
    }
}

impl Script {
    /// The answer to a browser that asked with `asked`, the script being `age` old.
    #[must_use]
    pub fn answer(&self, asked: &HeaderMap, age: Duration) -> Answer {
        let mut answer = Answer::new(StatusCode::OK);
        let left = self.lifetime.map(|lifetime| lifetime.saturating_sub(age).as_secs());
        let headers = &mut answer.headers;
        // A script may do what it wants with workers of its own text.
        headers.remove(CONTENT_SECURITY_POLICY);
        let lifetime = left.map(|left| HeaderValue::try_from(format!("private, max-age={left}")));
        headers.insert(CACHE_CONTROL, lifetime.and_then(Result::ok).unwrap_or(NO_STORE));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(ETAG, self.tag.clone());
        if let Some(date) = &self.modified {
            headers.insert(LAST_MODIFIED, date.clone());
        }
        if self.is_known_to(asked) {
            answer.status = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(CONTENT_TYPE, self.media_type.clone());
            answer.body = self.body.clone();
        }
        answer
    }

    /// Whether the browser has this text already (RFC 9110 13.1.2).
    fn is_known_to(&self, asked: &HeaderMap) -> bool {
        let lines = asked.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim_ascii);
        tags.any(|tag| self.tag == tag)
    }
}

/// What a browser gets of an answer that is no redirect.
fn shown(kind: Kind, received: Received) -> Result<Answer, Refused> {
    let Received { url: _, status, headers, body } = received;
    let fine = status.is_success();
    if status.is_informational() || status.is_redirection() {
        return Err(Refused::Garbage);
    }
    let nature = nature(&headers);
    match kind {
        Kind::Image if fine && nature == Nature::Image => {
            Ok(with_body(status, media_type(&headers), body))
        }
        Kind::Frame if fine && essence(&headers) == "text/html" => {
            let mut answer = with_body(status, media_type(&headers), body);
            answer.headers.insert(CONTENT_SECURITY_POLICY, FRAME);
            Ok(answer)
        }
        Kind::Image | Kind::Frame | Kind::Script => Ok(Answer::empty(kind)),
        Kind::Beacon => {
            let media_type = match nature {
                Nature::Data | Nature::Image => media_type(&headers),
                Nature::Script | Nature::Page | Nature::Unsaid => Some(PLAIN),
            };
            let mut answer = with_body(status, media_type.filter(|_| !body.is_empty()), body);
            if let Some(wait) = headers.get(RETRY_AFTER).filter(|_| !fine) {
                answer.headers.insert(RETRY_AFTER, wait.clone());
            }
            Ok(answer)
        }
    }
}

fn with_body(status: StatusCode, media_type: Option<HeaderValue>, body: Vec<u8>) -> Answer {
    let bodyless = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT];
    if bodyless.contains(&status) {
        return Answer::new(StatusCode::NO_CONTENT);
    }
    let mut answer = Answer::new(status);
    if let Some(media_type) = media_type {
        answer.headers.insert(CONTENT_TYPE, media_type);
    }
    answer.body = body.into();
    answer
}

/// The media type without parameters, in lower case; empty where there is not exactly one.
fn essence(headers: &HeaderMap) -> String {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else { return String::new() };
    let one = one.to_str().unwrap_or("?").split(';').next().unwrap_or_default();
    // Several types in one line are no type that browsers agree on.
    if one.contains(',') { "?".to_owned() } else { one.trim_ascii().to_ascii_lowercase() }
}

fn nature(headers: &HeaderMap) -> Nature {
    let count = headers.get_all(CONTENT_TYPE).iter().count();
    let essence = essence(headers);
    let (kind, sub) = essence.split_once('/').unwrap_or_default();
    match (kind, sub) {
        _ if count == 0 => Nature::Unsaid,
        ("image", "gif" | "png" | "jpeg" | "webp" | "avif" | "x-icon" | "bmp") => Nature::Image,
        (_, "javascript" | "x-javascript" | "ecmascript") => Nature::Script,
        ("application", "json" | "octet-stream" | "x-protobuf" | "x-ndjson" | "wasm")
        | ("text", "plain" | "css") => Nature::Data,
        ("application", sub) if sub.ends_with("+json") => Nature::Data,
        _ => Nature::Page,
    }
}

/// The type under which a script is served; none for what is no script and no data for one. What browsers run of a vendor's
/// although its type says nothing, they would not run of ours, which is never sniffed.
fn script_type(headers: &HeaderMap) -> Option<HeaderValue> {
    let unclear = ["text/plain", "application/octet-stream"].contains(&&*essence(headers));
    match nature(headers) {
        Nature::Script | Nature::Data if unclear => typed("text/javascript", headers),
        Nature::Script | Nature::Data | Nature::Image => media_type(headers),
        Nature::Unsaid => Some(HeaderValue::from_static("text/javascript; charset=utf-8")),
        Nature::Page => None,
    }
}

/// The media type written anew: of a list, and of what is wrong in it, browsers make another type than we read (Fetch,
/// "extract a MIME type").
fn media_type(headers: &HeaderMap) -> Option<HeaderValue> {
    typed(&essence(headers), headers)
}

/// The media type `essence` with the charset that the headers say, where it is a plain name.
fn typed(essence: &str, headers: &HeaderMap) -> Option<HeaderValue> {
    let plain = |name: &&str| {
        (1..=20).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let line = headers.get(CONTENT_TYPE).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let pairs = line.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = pairs.filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case("charset"));
    let charset = charsets.next().map(|(_, charset)| charset.trim_ascii().trim_matches('"'));
    let written = charset
        .filter(plain)
        .map_or_else(|| essence.to_owned(), |charset| format!("{essence}; charset={charset}"));
    HeaderValue::try_from(written).ok()
}

/// How long a script stays fresh for everybody (RFC 9111 4.2); none for `no-store`. `private` does not matter: it was
/// asked for as nobody.
fn lifetime(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let directives: Vec<String> = lines
        .flat_map(|line| line.split(','))
        .map(|d| d.trim_ascii().to_ascii_lowercase())
        .collect();
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    if has("no-store") {
        return None;
    }
    if has("no-cache") {
        return Some(Duration::ZERO);
    }
    let age =
        text(AGE).and_then(|age| age.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    let max_age =
        directives.iter().find_map(|d| d.strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    let lifetime = max_age.map(Duration::from_secs).or_else(|| {
        let date = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
        let end = text(EXPIRES)?;
        let end = httpdate::parse_http_date(end).unwrap_or(SystemTime::UNIX_EPOCH);
        Some(end.duration_since(date).unwrap_or_default())
    });
    Some(lifetime.unwrap_or(UNSAID).saturating_sub(age).min(LONGEST))
}

fn is_date(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|date| httpdate::parse_http_date(date).is_ok())
}

/// A weak validator: the bytes differ by content coding.
fn tag(body: &[u8]) -> HeaderValue {
    let mut tag = "W/\"".to_owned();
    for byte in Sha256::digest(body).iter().take(8) {
        // Writing to a `String` cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    HeaderValue::try_from(tag + "\"").unwrap_or(NO_STORE)
}
