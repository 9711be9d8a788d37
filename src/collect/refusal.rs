//! Turns why a request is not forwarded into the answer that its browser gets: what the kind of endpoint asks for, empty.
//!
//! 1. No permit, and every fault of the vendor's: a beacon gets 204, a script an empty script, an image a transparent GIF,
//!    a frame an empty page. The page goes on as if the vendor had nothing to say.
//! 2. What no browser with the site's own page sends gets a status: 403 from another site or for another
//!    account than the site's own, 413 for a body over the limit,
//!    429 for too many requests.
//! 3. None is stored: the next request may be allowed.

use crate::catalog::Kind;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    },
};

/// An answer of our own to a browser; its length is its body's.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// All headers but the length and the content coding.
    pub headers: HeaderMap,
    /// The body, without a content coding.
    pub body: Bytes,
}

/// Why a request is not forwarded, or came back with nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// The visitor does not allow the vendor.
    #[error("the visitor does not allow it")]
    Consent,
    /// The site shares nothing.
    #[error("the site shares nothing")]
    Share,
    /// The page, or a page that a field names, is one that shares nothing.
    #[error("the page shares nothing")]
    Sensitive,
    /// The site has pages that share nothing, and the request does not say from which page it is.
    #[error("the request names no page, and some of the site's pages share nothing")]
    Unplaced,
    /// Another site asks.
    #[error("another site asks")]
    CrossSite,
    /// It is for another account with the vendor than the site's own.
    #[error("it names no account of the site's with the vendor (accounts in [collect])")]
    Account,
    /// The body cannot be read.
    #[error("the body cannot be read")]
    Malformed,
    /// The body is over the limit.
    #[error("the body is over the limit")]
    TooLarge,
    /// The visitor asks too often.
    #[error("the visitor asks too often")]
    TooOften,
    /// Too many requests are with vendors.
    #[error("too many requests are with vendors")]
    Busy,
    /// The vendor's host failed often, and is left alone for a while.
    #[error("the vendor's host is left alone for a while")]
    Broken,
    /// The vendor's host is at an address within a network.
    #[error("the vendor's host has an address that is not public")]
    Private,
    /// The vendor cannot be reached.
    #[error("the vendor cannot be reached")]
    Unreachable,
    /// The vendor takes too long.
    #[error("the vendor takes too long")]
    Slow,
    /// What the vendor answers cannot be used: no HTTP, too long, a page in the place of a script.
    #[error("the vendor's answer cannot be used")]
    Garbage,
}

impl Refused {
    /// The name in metrics and in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Share => "share",
            Self::Sensitive => "sensitive",
            Self::Unplaced => "unplaced",
            Self::CrossSite => "cross_site",
            Self::Account => "account",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TooOften => "too_often",
            Self::Busy => "busy",
            Self::Broken => "broken",
            Self::Private => "private",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Garbage => "garbage",
        }
    }

    /// Whether the request, or nothing of it, reached the vendor: then it counts as forwarded.
    #[must_use]
    pub const fn is_the_vendors(self) -> bool {
        match self {
            Self::Slow | Self::Garbage | Self::Unreachable => true,
            Self::Consent
            | Self::Share
            | Self::Sensitive
            | Self::Unplaced
            | Self::CrossSite
            | Self::Account
            | Self::Malformed
            | Self::TooLarge
            | Self::TooOften
            | Self::Busy
            | Self::Broken
            | Self::Private => false,
        }
    }
}

impl Answer {
    /// What a browser gets in the place of what `kind` would give it.
    #[must_use]
    pub fn refusal(kind: Kind, why: Refused) -> Self {
        let status = match why {
            Refused::CrossSite | Refused::Account => StatusCode::FORBIDDEN,
            Refused::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Refused::Consent
            | Refused::Share
            | Refused::Sensitive
            | Refused::Unplaced
            | Refused::Malformed
            | Refused::Busy
            | Refused::Broken
            | Refused::Private
            | Refused::Unreachable
            | Refused::Slow
            | Refused::Garbage => return Self::empty(kind),
        };
        let mut answer = Self::new(status);
        if why == Refused::TooOften {
            answer.headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        answer
    }

    /// Nothing, in the form that `kind` asks for.
    #[must_use]
    pub fn empty(kind: Kind) -> Self {
        let (status, media_type, body) = match kind {
            Kind::Beacon => return Self::new(StatusCode::NO_CONTENT),
            Kind::Script => (StatusCode::OK, "text/javascript; charset=utf-8", &b""[..]),
            Kind::Image => (StatusCode::OK, "image/gif", GIF),
            Kind::Frame => (StatusCode::OK, "text/html; charset=utf-8", EMPTY_PAGE),
        };
        let mut answer = Self::new(status);
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        answer.body = Bytes::from_static(body);
        answer
    }

    /// No body, not stored, and nothing that a browser could take for a page of the site.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_SECURITY_POLICY, INERT);
        headers.insert(CORP, HeaderValue::from_static("same-site"));
        Self { status, headers, body: Bytes::new() }
    }
}

/// Not even a browser's own cache keeps it.
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Shown as a document it does nothing, and has no origin (CSP 3, 6.4).
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// Other sites cannot embed it (Fetch, 3.7).
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// A transparent pixel (GIF89a).
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";
const EMPTY_PAGE: &[u8] = b"<!doctype html><title></title>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_gets_its_own_nothing() {
        for (kind, status, media_type, length) in [
            (Kind::Beacon, 204, None, 0),
            (Kind::Script, 200, Some("text/javascript; charset=utf-8"), 0),
            (Kind::Image, 200, Some("image/gif"), 43),
            (Kind::Frame, 200, Some("text/html; charset=utf-8"), EMPTY_PAGE.len()),
        ] {
            let answer = Answer::refusal(kind, Refused::Consent);
            let found = answer.headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap());
            assert_eq!(
                (answer.status.as_u16(), found, answer.body.len()),
                (status, media_type, length)
            );
            assert_eq!(answer.headers.get(CACHE_CONTROL), Some(&NO_STORE));
            assert_eq!(answer.headers.get(CONTENT_SECURITY_POLICY), Some(&INERT));
        }
    }

    #[test]
    fn what_no_page_of_the_site_sends_gets_a_status() {
        for (why, status) in [
            (Refused::CrossSite, 403),
            (Refused::Account, 403),
            (Refused::TooLarge, 413),
            (Refused::TooOften, 429),
        ] {
            let answer = Answer::refusal(Kind::Script, why);
            assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0));
        }
    }
}
