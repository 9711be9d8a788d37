//! Turns names and values of a query, or of a path's parameters, into text and back.

use super::body;
use std::borrow::Cow;

/// How names and values are parted and written.
#[derive(Clone, Copy)]
pub(super) enum Syntax {
    /// `a=b&c=d`.
    Query,
    /// `a=b;c=d` in a path.
    Path,
}

impl Syntax {
    pub(super) const fn separator(self) -> char {
        match self {
            Self::Query => '&',
            Self::Path => ';',
        }
    }

    pub(super) fn decode(self, raw: &str) -> Cow<'_, str> {
        match self {
            Self::Query => body::decode_query(raw),
            Self::Path => body::decode_path(raw),
        }
    }

    pub(super) fn push_raw(self, pair: &str, out: &mut String) {
        if !out.is_empty() {
            out.push(self.separator());
        }
        out.push_str(pair);
    }

    pub(super) fn push(self, name: &str, value: &str, out: &mut String) {
        self.push_raw("", out);
        body::encode_query(name, out);
        out.push('=');
        body::encode_query(value, out);
    }
}
