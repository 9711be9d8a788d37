//! Turns a body as it is sent into the text that people read in it.

use super::body::{self, Budget};
use crate::coding::Coding;
use std::borrow::Cow;

/// The text of `body`, with its content coding and whatever else it is wrapped in undone; `None` where it is no text. What is decoded
/// is bounded as in [`Shaper::shape`](super::Shaper::shape).
#[must_use]
pub fn plain_text(body: &[u8], content_encoding: Option<&str>) -> Option<String> {
    let mut budget = Budget::default();
    let bytes = match body::declared(content_encoding).ok()? {
        Coding::Identity => Cow::Borrowed(body),
        coding @ (Coding::Gzip | Coding::Brotli | Coding::Zstd | Coding::Deflate) => {
            Cow::Owned(body::decode(coding, body, &mut budget)?)
        }
    };
    String::from_utf8(body::strip(bytes, &mut budget).bytes.into_owned()).ok()
}
