//! Finds e-mail addresses: a local part (RFC 5321, 4.1.2, unquoted, without the characters that part names and values in URLs), `@`, and
//! a domain of at least two labels whose last one is of letters.
//!
//! Not: `user@localhost`, `react@18.2.0`, `logo@2x.png`.

use super::{Classes, Detector, Hit};
use memchr::memchr_iter;

/// Ends of file names that are no top-level domains, as in names of images for dense screens.
const FILES: [&str; 9] = ["png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "css", "js"];

pub(super) fn find(text: &str, classes: &Classes, hits: &mut Vec<Hit>) {
    if !classes.at() || !classes.dot() {
        return;
    }
    for at in memchr_iter(b'@', text.as_bytes()) {
        let (Some(local), Some(domain)) = (text.get(..at), text.get(at + 1..)) else { continue };
        let (local, domain) = (local_len(local), domain_len(domain));
        if local > 0 && domain > 0 {
            hits.push(Hit { at: at - local..at + 1 + domain, what: Detector::Email });
        }
    }
}

/// The length of the local part at the end of `text`.
fn local_len(text: &str) -> usize {
    let fits = |c: &char| c.is_alphanumeric() || "._%+-'~$".contains(*c);
    let len = text.chars().rev().take(64).take_while(fits).map(char::len_utf8).sum::<usize>();
    let local = text.get(text.len() - len..).unwrap_or_default();
    local.trim_start_matches(['.', '\'']).len()
}

/// The length of the domain at the start of `text`; 0 if there is none.
fn domain_len(text: &str) -> usize {
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let len = text.chars().take(253).take_while(fits).map(char::len_utf8).sum();
    let domain = text.get(..len).unwrap_or_default().trim_end_matches(['.', '-']);
    let Some((name, top)) = domain.rsplit_once('.') else { return 0 };
    let lettered = top.chars().all(char::is_alphabetic) && top.chars().nth(1).is_some();
    let top_level = lettered || top.starts_with("xn--");
    let file = FILES.iter().any(|file| top.eq_ignore_ascii_case(file));
    if name.is_empty() || !top_level || file { 0 } else { domain.len() }
}
