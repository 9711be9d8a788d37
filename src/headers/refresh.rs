//! Turns `Refresh` lines into none, where they send the visitor to a held vendor.
//!
//! 1. The value is read as the HTML Standard reads it ([`refresh_url`]).
//! 2. Browsers are laxer than that, each in its own way: what cannot be read goes when it mentions a held vendor.

use super::{
    edit::{Edit, Line, lines},
    review::{Judge, Review},
};
use crate::catalog::{Destination, refresh::refresh_url};
use http::{HeaderMap, header::REFRESH};

pub(super) fn edits<J: Judge + ?Sized>(
    headers: &HeaderMap,
    review: &mut Review<'_, J>,
) -> Vec<Edit> {
    lines(headers, &REFRESH, |line| if is_held(line, review) { Line::Drop } else { Line::Keep })
}

fn is_held<J: Judge + ?Sized>(line: &str, review: &mut Review<'_, J>) -> bool {
    match refresh_url(line).and_then(|range| line.get(range)) {
        Some(url) => review.url("refresh", url, Destination::Document),
        None => review.mentions("refresh", line, Destination::Document),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};

    #[test]
    fn only_refreshes_to_a_held_vendor_go() {
        for (line, held) in [
            ("0;url=https://held.test/", true),
            ("0; URL = '//held.test/'", true),
            ("0, HTTPS:\\\\Held.Test", true),
            ("0x;url=https://held.test/", true),
            ("https://held.test/", true),
            ("0;url=/go?to=https://held.test/", false),
            ("0;url=https://granted.test/", false),
            ("30", false),
            ("\u{ff};url=x", false),
        ] {
            assert_eq!(is_held(line, &mut Review::new(&Fake)), held, "{line}");
        }
    }
}
