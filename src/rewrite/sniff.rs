//! Turns the first bytes of a response without a content type into "a browser will take it for HTML", or not.
//!
//! 1. The patterns of the MIME Sniffing Standard, 7.1: white space, then the opening of one of sixteen tags and a space or `>`.
//! 2. At most [`BOUND`] bytes are looked at (MIME Sniffing Standard, 5.2).

/// How many bytes are enough to tell.
pub const BOUND: usize = 1445;

const OPENINGS: &[&[u8]] = &[
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<script",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<body",
    b"<br",
    b"<p",
];

/// Whether a response that begins with `start` is HTML; `None` while more bytes are needed.
#[must_use]
pub fn is_html(start: &[u8]) -> Option<bool> {
    let whole = start.len() >= BOUND;
    let text = start.trim_ascii_start();
    if text.is_empty() {
        return if whole { Some(false) } else { None };
    }
    if text.starts_with(b"<!--") {
        return Some(true);
    }
    let opens = |opening: &&&[u8]| {
        let head = text.get(..opening.len());
        head.is_some_and(|h| h.eq_ignore_ascii_case(opening))
            && text.get(opening.len()).is_none_or(|b| matches!(b, b' ' | b'>'))
    };
    match OPENINGS.iter().filter(opens).map(|o| text.len() > o.len()).max() {
        Some(true) => Some(true),
        None if !begins_opening(text) => Some(false),
        Some(false) | None => (whole).then_some(false),
    }
}

/// Whether more bytes could still make an opening of `text`.
fn begins_opening(text: &[u8]) -> bool {
    let mut openings = OPENINGS.iter().copied().chain([&b"<!--"[..]]);
    openings.any(|o| o.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_told_as_browsers_do() {
        for (start, html) in [
            (" \n<!DOCTYPE html>", Some(true)),
            ("<HTML lang=en>", Some(true)),
            ("<!-- x", Some(true)),
            ("<p>", Some(true)),
            ("<pre>", Some(false)),
            ("<!DOCTYPE svg", Some(false)),
            ("{\"a\":1}", Some(false)),
            ("GIF89a", Some(false)),
            ("\u{feff}<html>", Some(false)),
            ("", None),
            ("<!doc", None),
            ("<p", None),
            ("<!-", None),
        ] {
            assert_eq!(is_html(start.as_bytes()), html, "{start}");
        }
    }
}
