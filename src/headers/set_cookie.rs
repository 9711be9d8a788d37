//! Turns `Set-Cookie` lines into those that set no cookie of a held vendor.
//!
//! 1. The name is what stands before the first `=` of the part before the first `;`, trimmed (RFC 6265bis, 5.7).
//! 2. A line that deletes its cookie stays: withdrawal wants it.
//! 3. `Max-Age` goes before `Expires`, and the last of each counts (RFC 6265bis, 5.7).

use super::{
    edit::{Edit, Line, lines},
    review::{Judge, Review},
};
use http::{HeaderMap, header::SET_COOKIE};

pub(super) fn edits<J: Judge + ?Sized>(
    headers: &HeaderMap,
    review: &mut Review<'_, J>,
) -> Vec<Edit> {
    let mut held = |line: &str| !deletes(line) && review.cookie(name(line));
    lines(headers, &SET_COOKIE, |line| if held(line) { Line::Drop } else { Line::Keep })
}

fn name(line: &str) -> &str {
    let pair = line.split(';').next().unwrap_or_default();
    pair.split_once('=').map_or("", |(name, _)| name.trim_ascii())
}

fn deletes(line: &str) -> bool {
    match attribute(line, "max-age").map(str::parse::<i64>) {
        Some(Ok(seconds)) => seconds <= 0,
        // Servers delete with the epoch; no clock is needed to know it.
        Some(Err(_)) | None => attribute(line, "expires")
            .is_some_and(|date| date.contains(" 1970") || date.contains("-1970")),
    }
}

fn attribute<'l>(line: &'l str, wanted: &str) -> Option<&'l str> {
    line.split(';')
        .skip(1)
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case(wanted))
        .last()
        .map(|(_, value)| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};
    use crate::{headers::apply, policy::Place};
    use http::HeaderValue;

    #[test]
    fn held_cookies_go_and_the_others_stay_in_order() {
        let mut headers = HeaderMap::new();
        for line in [
            "a=1; Path=/",
            "held_id=x; Max-Age=60",
            " held=\"a; b\"",
            "Held=case counts",
            "held=; Max-Age=0",
            "held=; expires=Thu, 01-Jan-1970 00:00:01 GMT",
            "held=1; max-age=0; Max-Age=9; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "b=held; Secure",
            "held",
        ] {
            headers.append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
        }
        let mut review = Review::new(&Fake);
        apply(&edits(&headers, &mut review), &mut headers);
        let left: Vec<_> =
            headers.get_all(SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(left[..2], ["a=1; Path=/", "Held=case counts"]);
        assert_eq!(
            left[2..4],
            ["held=; Max-Age=0", "held=; expires=Thu, 01-Jan-1970 00:00:01 GMT"]
        );
        assert_eq!(left[4..], ["b=held; Secure", "held"]);
        let findings = review.into_findings();
        assert_eq!(findings[0].place, Place::Cookie("held_id".to_owned()));
        assert_eq!(findings.len(), 3);
    }
}
