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
    let fits = |c: &char| c.is_alphanumeric() || "._%+-'~$!*".contains(*c);
    let len = text.chars().rev().take(64).take_while(fits).map(char::len_utf8).sum::<usize>();
    let local = text.get(text.len() - len..).unwrap_or_default();
    local.trim_start_matches(['.', '\'']).len()
}

/// The length of the domain at the start of `text`; 0 if there is none. What is written right behind a domain, as a number or
/// more of a slug, may look like more of it.
fn domain_len(text: &str) -> usize {
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let len = text.chars().take(253).take_while(fits).map(char::len_utf8).sum();
    let mut domain = text.get(..len).unwrap_or_default();
    loop {
        domain = domain.trim_end_matches(['.', '-']);
        let Some((name, top)) = domain.rsplit_once('.') else { return 0 };
        if top.starts_with("xn--") {
            return if name.is_empty() { 0 } else { domain.len() };
        }
        let word = top.split('-').next().unwrap_or_default();
        if word.chars().all(char::is_alphabetic) && word.chars().nth(1).is_some() {
            let file = FILES.iter().any(|file| word.eq_ignore_ascii_case(file));
            return if name.is_empty() || file { 0 } else { name.len() + 1 + word.len() };
        }
        domain = name;
    }
}
