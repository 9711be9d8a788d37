//! Turns the body of a report into the violations in it.
//!
//! 1. `application/csp-report` holds one violation (CSP 3, 5.3), `application/reports+json` a list of reports of several kinds
//!    (Reporting API, 2.3; CSP 3, 5.4), of which those of other kinds are passed over.
//! 2. At most [`MOST`] of a body are read, and as deep as its own structure is; what is unknown in it is skipped.
//! 3. What was not let through but reaches no host, such as inline code and what extensions add, is no violation that counts.
//! 4. Directives are those that say from where things are loaded; any other is `other`.

use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use url::Url;

/// The longest body; bytes.
pub const LONGEST: usize = 64 << 10;

/// How many violations of one body are read.
pub const MOST: usize = 64;

/// Something that a policy did not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The page.
    pub page: Url,
    /// What was to be loaded; browsers cut it down to its origin for other sites.
    pub blocked: Url,
    /// The directive that decided, by its name; `other` for unknown ones.
    pub directive: &'static str,
    /// Whether the policy held, or only reported.
    pub held: bool,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is of another type.
    #[error("send application/csp-report or application/reports+json")]
    Type,
    /// It is too long.
    #[error("the report is too long")]
    TooLong,
    /// It is not of its type's form.
    #[error("the report is malformed")]
    Malformed,
}

impl Unread {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
        }
    }
}

const DIRECTIVES: [&str; 19] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "connect-src",
    "font-src",
    "frame-src",
    "child-src",
    "worker-src",
    "media-src",
    "object-src",
    "manifest-src",
    "prefetch-src",
    "fenced-frame-src",
    "form-action",
];

#[derive(Deserialize)]
struct Old<'a> {
    #[serde(borrow, rename = "csp-report")]
    report: OldBody<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct OldBody<'a> {
    #[serde(borrow)]
    document_uri: Cow<'a, str>,
    #[serde(borrow, default)]
    blocked_uri: Cow<'a, str>,
    #[serde(borrow, default)]
    effective_directive: Cow<'a, str>,
    #[serde(borrow, default)]
    violated_directive: Cow<'a, str>,
    #[serde(borrow, default)]
    disposition: Cow<'a, str>,
}

#[derive(Deserialize)]
struct New<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewBody<'a> {
    #[serde(borrow, rename = "documentURL")]
    document: Cow<'a, str>,
    #[serde(borrow, rename = "blockedURL", default)]
    blocked: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    effective_directive: Cow<'a, str>,
    #[serde(borrow, default)]
    disposition: Cow<'a, str>,
}

/// The violations in `body`, which is of the media type `content_type`.
///
/// # Errors
/// When it is of another type, too long or malformed.
pub fn read(content_type: &str, body: &[u8]) -> Result<Vec<Violation>, Unread> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| media_type.eq_ignore_ascii_case(name);
    let (old, new) = (is("application/csp-report"), is("application/reports+json"));
    if !old && !new {
        return Err(Unread::Type);
    }
    if body.len() > LONGEST {
        return Err(Unread::TooLong);
    }
    if old {
        let Old { report } = serde_json::from_slice(body).map_err(|_| Unread::Malformed)?;
        return Ok(report.violation().into_iter().collect());
    }
    let reports: Vec<New<'_>> = serde_json::from_slice(body).map_err(|_| Unread::Malformed)?;
    let ours = reports.iter().filter(|report| report.kind == "csp-violation");
    let bodies = ours.filter_map(|report| NewBody::deserialize(&report.body).ok());
    Ok(bodies.filter_map(|body| body.violation()).take(MOST).collect())
}

impl OldBody<'_> {
    fn violation(&self) -> Option<Violation> {
        let directive = match &*self.effective_directive {
            "" => &*self.violated_directive,
            effective => effective,
        };
        violation(&self.document_uri, &self.blocked_uri, directive, &self.disposition)
    }
}

impl NewBody<'_> {
    fn violation(&self) -> Option<Violation> {
        let blocked = self.blocked.as_deref()?;
        violation(&self.document, blocked, &self.effective_directive, &self.disposition)
    }
}

fn violation(page: &str, blocked: &str, directive: &str, disposition: &str) -> Option<Violation> {
    let web = |text: &str| {
        let url = Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
        (is_web && url.has_host()).then_some(url)
    };
    let name = directive.split_ascii_whitespace().next().unwrap_or_default();
    let known = DIRECTIVES.iter().find(|known| name.eq_ignore_ascii_case(known));
    Some(Violation {
        page: web(page)?,
        blocked: web(blocked)?,
        directive: known.copied().unwrap_or("other"),
        held: disposition == "enforce",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const OLD: &str = "application/csp-report";
    const NEW: &str = "application/reports+json; charset=utf-8";

    fn old(blocked: &str) -> Vec<u8> {
        let report = json!({
            "document-uri": "https://s.test/p?q=1#f", "referrer": "https://r.test/", "blocked-uri": blocked,
            "violated-directive": "script-src-elem 'self'", "original-policy": "default-src 'self'", "disposition": "enforce",
            "status-code": 200, "script-sample": "secret",
        });
        json!({ "csp-report": report }).to_string().into_bytes()
    }

    fn new(kind: &str, blocked: &str) -> Value {
        json!({
            "age": 1, "type": kind, "url": "https://s.test/", "user_agent": "x",
            "body": {
                "documentURL": "https://s.test/p", "blockedURL": blocked, "effectiveDirective": "img-src",
                "disposition": "report", "sample": "secret", "lineNumber": 1,
            },
        })
    }

    #[test]
    fn both_forms_are_read() {
        let read_old = read(OLD, &old("https://x.test/a?b")).unwrap();
        let violation = &read_old[0];
        assert_eq!(
            (read_old.len(), violation.directive, violation.held),
            (1, "script-src-elem", true)
        );
        assert_eq!((violation.page.path(), violation.blocked.host_str()), ("/p", Some("x.test")));
        let many = json!([new("csp-violation", "wss://y.test"), new("deprecation", "https://z.test/"), { "type": "nel" }]);
        let read_new = read(NEW, many.to_string().as_bytes()).unwrap();
        assert_eq!(
            (read_new.len(), read_new[0].directive, read_new[0].held),
            (1, "img-src", false)
        );
    }

    #[test]
    fn what_reaches_no_host_is_no_violation() {
        for blocked in [
            "inline",
            "eval",
            "data",
            "blob",
            "",
            "chrome-extension://a/b",
            "about:blank",
            "https://",
        ] {
            assert_eq!(read(OLD, &old(blocked)), Ok(Vec::new()), "{blocked}");
        }
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let deep = format!("{{\"csp-report\":{{\"x\":{}}}}}", "[".repeat(30_000));
        let deep_new = format!("[{{\"type\":\"csp-violation\",\"body\":{}}}]", "[".repeat(30_000));
        for (kind, body, why) in [
            ("text/plain", "{}".to_owned(), Unread::Type),
            ("", "{}".to_owned(), Unread::Type),
            (OLD, "{}".to_owned(), Unread::Malformed),
            (OLD, "[]".to_owned(), Unread::Malformed),
            (NEW, "{}".to_owned(), Unread::Malformed),
            (OLD, deep, Unread::Malformed),
            (NEW, deep_new, Unread::Malformed),
            (OLD, " ".repeat(LONGEST + 1), Unread::TooLong),
        ] {
            assert_eq!(read(kind, body.as_bytes()), Err(why), "{kind}");
        }
        let many: Vec<_> =
            (0..200).map(|i| new("csp-violation", &format!("https://h{i}.test"))).collect();
        let many = serde_json::to_vec(&many[..150]).unwrap();
        assert_eq!(read(NEW, &many).unwrap().len(), MOST);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(body in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
            let _ = (read(OLD, &body), read(NEW, &body), read(OLD, &old(&text)));
        }
    }
}
