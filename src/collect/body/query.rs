//! Turns the names and values of a query string (WHATWG URL, 5) into text, and text into such a value.
//!
//! 1. `+` is a blank, but for one before a digit at the start: that is a telephone number that nobody escaped.
//! 2. An escape that is none stays as it is; bytes that are not UTF-8 become U+FFFD, which is never written back: what is not
//!    changed leaves as it came.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::borrow::Cow;

/// All but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a name or a value of a query string stands for.
pub(in crate::collect) fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(raw);
    }
    let phone = |rest: &str| rest.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let blanks = match raw.strip_prefix('+').filter(|rest| phone(rest)) {
        Some(rest) => format!("+{}", rest.replace('+', " ")),
        None => raw.replace('+', " "),
    };
    Cow::Owned(percent_decode(blanks.as_bytes()).decode_utf8_lossy().into_owned())
}

/// What a part of a path stands for.
pub(in crate::collect) fn decode_path(raw: &str) -> Cow<'_, str> {
    percent_decode(raw.as_bytes()).decode_utf8_lossy()
}

/// Appends `text` as a name or a value.
pub(in crate::collect) fn encode(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, RESERVED));
}
