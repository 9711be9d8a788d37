//! Turns a response head into its [`Treatment`]: what becomes of the body.
//!
//! 1. A page is what a browser shows as HTML: `text/html` or `application/xhtml+xml` (MIME Sniffing 4.6). Several
//!    types in one response count as a page if one of them is, because browsers do not agree on which one holds.
//! 2. A download (`Content-Disposition: attachment`, RFC 6266 4.2) is not shown, so it is no page.
//! 3. A part of a page (206) cannot be read, because its markup begins and ends anywhere.
//! 4. What has no type may be a page: that is decided by its first bytes.

use crate::{
    coding::{self, Coding},
    collect::ScriptRewriter,
    consent::Watch,
    rewrite::{self, Rewriter, StyleRewriter, Syntax},
};
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response,
};

/// What becomes of a response body.
pub enum Treatment {
    /// It is no page and passes as it is.
    Other,
    /// It is a page, and nothing in it is gated.
    Bypass,
    /// It is a page that is read and edited.
    Rewrite(Box<Body>),
    /// It has no type; it is read and edited if a browser takes its first bytes for HTML.
    Perhaps(Box<Body>),
    /// It is a page that cannot be read.
    Unreadable(Cause),
    /// It is a script or a style sheet of the site's that is rewritten.
    File(Box<OwnFile>),
    /// It is such a file, which cannot be read and passes as it is.
    Passing(Cause),
}

/// The way of a file of the site's: it leaves in the coding in which it comes.
pub struct OwnFile {
    /// How it comes and leaves.
    pub coding: Coding,
    /// Bounds on decoding.
    pub limits: coding::Limits,
    /// What rewrites it.
    pub editor: FileEditor,
}

/// What rewrites a file of the site's.
pub enum FileEditor {
    /// A script.
    Script(ScriptRewriter),
    /// A style sheet.
    Style(StyleRewriter),
}

impl FileEditor {
    /// Takes the next bytes of the file and appends what can leave now to `out`.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Script(script) => script.feed(input, out),
            Self::Style(style) => style.feed(input, out),
        }
    }

    /// Ends the file and appends what was held back to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Script(script) => script.finish(out),
            Self::Style(style) => style.finish(out),
        }
    }
}

/// The way of a page's body through the gate.
pub struct Body {
    /// How it comes from the origin.
    pub coding: Coding,
    /// How it leaves.
    pub leaves: Coding,
    /// Bounds on decoding.
    pub limits: coding::Limits,
    /// What edits it.
    pub rewriter: Rewriter,
    /// What looks for a consent manager in it.
    pub watch: Option<Watch>,
}

/// Why a page cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its content coding, or its end under that coding.
    Coding(coding::Unreadable),
    /// Its markup or its charset.
    Markup(rewrite::Unreadable),
    /// It is a part of a page.
    Range,
}

impl Cause {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coding(why) => why.name(),
            Self::Markup(rewrite::Unreadable::Tag) => "tag",
            Self::Markup(rewrite::Unreadable::Markup) => "markup",
            Self::Markup(rewrite::Unreadable::Charset) => "charset",
            Self::Range => "range",
        }
    }
}

impl From<coding::Unreadable> for Cause {
    fn from(why: coding::Unreadable) -> Self {
        Self::Coding(why)
    }
}

impl From<rewrite::Unreadable> for Cause {
    fn from(why: rewrite::Unreadable) -> Self {
        Self::Markup(why)
    }
}

/// Whether a browser shows the response as a page.
#[must_use]
pub fn is_page(response: &response::Parts) -> bool {
    !response.status.is_informational()
        && items(&response.headers, &CONTENT_TYPE).any(|media_type| {
            media_type.eq_ignore_ascii_case("text/html")
                || media_type.eq_ignore_ascii_case("application/xhtml+xml")
        })
        && !items(&response.headers, &CONTENT_DISPOSITION)
            .any(|disposition| disposition.eq_ignore_ascii_case("attachment"))
}

/// Whether a browser looks at the first bytes to know what it is (MIME Sniffing 5.1, 7).
pub(super) fn is_sniffed(response: &response::Parts) -> bool {
    let bodyless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::PARTIAL_CONTENT];
    items(&response.headers, &CONTENT_TYPE).all(|media_type| says_nothing(&media_type))
        && !response.status.is_informational()
        && !bodyless.contains(&response.status)
        && !items(&response.headers, &X_CONTENT_TYPE_OPTIONS)
            .any(|option| option.eq_ignore_ascii_case("nosniff"))
}

/// Whether browsers look at the body in spite of this type: it is none (RFC 9110 8.3.1), or one that servers send
/// when they do not know (MIME Sniffing 5.1, 7).
fn says_nothing(media_type: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let unknown = ["unknown/unknown", "application/unknown", "*/*"];
    !media_type.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
        || unknown.iter().any(|name| media_type.eq_ignore_ascii_case(name))
}

/// How the page is parsed: as XML only if it can be nothing else.
pub(super) fn syntax(response: &response::Parts) -> Syntax {
    let is_xml = |media_type: String| media_type.eq_ignore_ascii_case("application/xhtml+xml");
    let mut types = items(&response.headers, &CONTENT_TYPE).peekable();
    if types.peek().is_some() && types.all(is_xml) { Syntax::Xml } else { Syntax::Html }
}

/// The charset that the page's header says.
pub(super) fn charset(response: &response::Parts) -> Option<String> {
    let value = response.headers.get_all(CONTENT_TYPE).into_iter().next_back()?;
    let value = String::from_utf8_lossy(value.as_bytes());
    value.split(';').skip(1).find_map(|parameter| {
        let (name, label) = parameter.split_once('=')?;
        let label = label.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("charset") && !label.is_empty()).then(|| label.to_owned())
    })
}

/// The coding of a page whose body can be read.
pub(super) fn readable(response: &response::Parts) -> Result<Coding, Cause> {
    if response.status == StatusCode::PARTIAL_CONTENT {
        return Err(Cause::Range);
    }
    Ok(Coding::of_response(response.headers.get_all(CONTENT_ENCODING))?)
}

/// The members of a list header, without their parameters.
///
/// A byte beyond ASCII, as in a file's name, makes no difference to browsers, so it makes none here.
pub(super) fn items(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    headers.get_all(name).into_iter().flat_map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let first = |member: &str| member.split(';').next().unwrap_or_default().trim().to_owned();
        value.split(',').map(first).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, headers: &[(&str, &str)]) -> response::Parts {
        let response = http::Response::builder().status(status);
        let add = |response: response::Builder, (name, value): &(&str, &str)| {
            response.header(*name, *value)
        };
        headers.iter().fold(response, add).body(()).unwrap().into_parts().0
    }

    #[test]
    fn pages_are_told_from_the_rest() {
        for (headers, page) in [
            (&[("content-type", "text/html")][..], true),
            (&[("content-type", "Text/HTML ; charset=gbk")], true),
            (&[("content-type", "application/xhtml+xml")], true),
            (&[("content-type", "text/plain, text/html")], true),
            (&[("content-type", "text/plain"), ("content-type", "text/html")], true),
            (&[("content-type", "text/htmlx")], false),
            (&[("content-type", "application/json")], false),
            (&[], false),
            (
                &[("content-type", "text/html"), ("content-disposition", "Attachment; filename=a")],
                false,
            ),
            (
                &[
                    ("content-type", "text/html"),
                    ("content-disposition", "inline; filename=attachment"),
                ],
                true,
            ),
        ] {
            assert_eq!(is_page(&head(200, headers)), page, "{headers:?}");
        }
        assert!(!is_page(&head(103, &[("content-type", "text/html")])));
    }

    #[test]
    fn bytes_beyond_ascii_hide_no_page() {
        let mut response = head(200, &[]);
        let value = http::HeaderValue::from_bytes(b"text/html; charset=\xff").unwrap();
        response.headers.insert(CONTENT_TYPE, value);
        assert!(is_page(&response));
    }

    #[test]
    fn types_that_say_nothing_are_sniffed() {
        for value in
            ["", " ", "text", "garbage", "*/*", "Unknown/Unknown", "application/unknown", "\"a/b\""]
        {
            assert!(is_sniffed(&head(200, &[("content-type", value)])), "{value}");
        }
        for value in ["text/plain", "application/json; a=b", "garbage, image/png"] {
            assert!(!is_sniffed(&head(200, &[("content-type", value)])), "{value}");
        }
        assert!(is_sniffed(&head(200, &[])));
        let kept = [("content-type", "*/*"), ("x-content-type-options", "nosniff")];
        assert!(!is_sniffed(&head(200, &kept)));
    }

    #[test]
    fn charsets_are_found() {
        for (value, found) in [
            ("text/html; charset=UTF-16LE", Some("UTF-16LE")),
            ("text/html; a=b; Charset = \"gbk\" ", Some("gbk")),
            ("text/html; charset=", None),
            ("text/html", None),
        ] {
            let response = head(200, &[("content-type", value)]);
            assert_eq!(charset(&response).as_deref(), found, "{value}");
        }
    }

    #[test]
    fn xml_is_what_can_be_nothing_else() {
        let of = |value| syntax(&head(200, &[("content-type", value)]));
        assert_eq!(of("application/xhtml+xml; charset=utf-8"), Syntax::Xml);
        assert_eq!(of("application/xhtml+xml, text/html"), Syntax::Html);
        assert_eq!(syntax(&head(200, &[])), Syntax::Html);
    }

    #[test]
    fn parts_and_unknown_codings_are_unreadable() {
        assert_eq!(readable(&head(206, &[])), Err(Cause::Range));
        assert_eq!(readable(&head(200, &[])), Ok(Coding::Identity));
        assert!(readable(&head(200, &[("content-encoding", "dcb")])).is_err());
        assert!(
            readable(&head(200, &[("content-encoding", "gzip"), ("content-encoding", "br")]))
                .is_err()
        );
    }
}
