//! Turns the text of an inline script into hits: which vendors' snippets it holds, and where their hosts are named.
//!
//! 1. All texts are searched for at once, without case, in one pass (Aho-Corasick).
//! 2. A host counts where a label begins and ends: `.google-analytics.com/ga.js` does, `google-analytics.com.evil` does not.
//!    A segment of a path is no host: `s3.example/google-analytics.com/`.
//! 3. In a script a slash may be written `/`, `\/` or `%2F`; a host is found behind each of them.
//! 4. A hit on a host spans the whole host name, subdomains included, so that it can be replaced by another.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use std::ops::Range;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitKind {
    /// A text that only the vendor's loader snippet holds.
    Snippet,
    /// A text that hides the page until the vendor's script arrives.
    Hides,
    /// The name of the vendor's host.
    Host,
}

/// Something of a vendor's in an inline script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// The vendor, by its index.
    pub(super) vendor: usize,
    pub(super) kind: HitKind,
    /// Bytes of the text; for a host the whole host name.
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone)]
struct Pattern {
    vendor: usize,
    kind: HitKind,
    /// What must follow a host, without its leading slash.
    path: Box<str>,
    /// Whether anything may continue the path.
    open: bool,
}

/// The texts of all vendors, compiled.
#[derive(Debug, Clone)]
pub(super) struct Inline {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
    /// Only the texts that hide a page, which styles are searched for: a small automaton that stays in the cache.
    hides: AhoCorasick,
    hiding: Vec<usize>,
}

/// Collects the texts of vendors for [`Inline`].
#[derive(Debug, Default)]
pub(super) struct Builder {
    texts: Vec<String>,
    patterns: Vec<Pattern>,
}

impl Builder {
    pub(super) fn text(&mut self, vendor: usize, kind: HitKind, text: &str) {
        self.push(text, Pattern { vendor, kind, path: "".into(), open: true });
    }

    /// `rule` is a `host` or `host/path`, as in the host rules.
    pub(super) fn host(&mut self, vendor: usize, rule: &str) {
        let (host, path) = rule.split_once('/').unwrap_or((rule, ""));
        let open = path.ends_with('*');
        let path = path.trim_end_matches('*').into();
        self.push(host, Pattern { vendor, kind: HitKind::Host, path, open });
    }

    fn push(&mut self, text: &str, pattern: Pattern) {
        if !text.is_empty() {
            self.texts.push(text.to_ascii_lowercase());
            self.patterns.push(pattern);
        }
    }

    /// # Errors
    /// When the texts together are too large for an automaton.
    pub(super) fn build(self) -> Result<Inline, aho_corasick::BuildError> {
        let hiding = self.texts.iter().zip(&self.patterns);
        let hiding = hiding.filter(|(_, pattern)| pattern.kind == HitKind::Hides);
        let (hides, hiding): (Vec<&String>, Vec<usize>) =
            hiding.map(|(text, pattern)| (text, pattern.vendor)).unzip();
        let hides = automaton(hides)?;
        Ok(Inline { automaton: automaton(&self.texts)?, patterns: self.patterns, hides, hiding })
    }
}

fn automaton<T: AsRef<[u8]>>(
    texts: impl IntoIterator<Item = T>,
) -> Result<AhoCorasick, aho_corasick::BuildError> {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(texts)
}

impl Inline {
    /// Every text in `text` that hides a page.
    pub(super) fn hides<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Hit> + 't {
        self.hides.find_overlapping_iter(text).filter_map(|found| {
            let vendor = *self.hiding.get(found.pattern().as_usize())?;
            Some(Hit { vendor, kind: HitKind::Hides, range: found.range() })
        })
    }

    /// Every hit in `text`, in the order of their ends.
    pub(super) fn hits<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Hit> + 't {
        self.automaton.find_overlapping_iter(text).filter_map(move |found| {
            let pattern = self.patterns.get(found.pattern().as_usize())?;
            let range = match pattern.kind {
                HitKind::Snippet | HitKind::Hides => found.range(),
                HitKind::Host => host_at(text, found.range(), pattern)?,
            };
            Some(Hit { vendor: pattern.vendor, kind: pattern.kind, range })
        })
    }
}

/// The whole host name around `found`, when it ends there and its path is the pattern's.
fn host_at(text: &[u8], found: Range<usize>, pattern: &Pattern) -> Option<Range<usize>> {
    let start = host_start(text, found.start)?;
    let after = text.get(found.end..).unwrap_or_default();
    (ends_host(after) && continues(after, pattern)).then_some(start..found.end)
}

/// Where the host name that reaches to `at` begins; `None` when a label goes on across `at`.
fn host_start(text: &[u8], at: usize) -> Option<usize> {
    let before = text.get(..at).unwrap_or_default();
    let name = before.iter().rev().take(253).take_while(|b| is_host_byte(**b)).count();
    let mut start = at.saturating_sub(name);
    // An escaped slash before the host (`%2F`, `\x2F`, `\u002F`) ends in bytes that look like a label's.
    for (mark, escape) in [(&b"%"[..], &b"2f"[..]), (b"\\", b"x2f"), (b"\\", b"u002f")] {
        let marked = before.get(..start).is_some_and(|b| b.ends_with(mark));
        let host = before.get(start..).unwrap_or_default();
        if marked && host.get(..escape.len()).is_some_and(|e| e.eq_ignore_ascii_case(escape)) {
            start = start.saturating_add(escape.len());
        }
    }
    let whole_label = start == at || before.last() == Some(&b'.');
    (whole_label && !is_path(before.get(..start).unwrap_or_default())).then_some(start)
}

/// Whether what follows `before` is a segment of a path: behind one slash that is itself behind a name.
fn is_path(before: &[u8]) -> bool {
    let rest = before.strip_suffix(b"\\/").or_else(|| before.strip_suffix(b"/"));
    rest.and_then(|rest| rest.last()).is_some_and(|b| b.is_ascii_alphanumeric())
}

fn ends_host(after: &[u8]) -> bool {
    match after {
        [b'.', next, ..] => !next.is_ascii_alphanumeric(),
        [next, ..] => !is_host_byte(*next),
        [] => true,
    }
}

fn continues(after: &[u8], pattern: &Pattern) -> bool {
    if pattern.path.is_empty() && !pattern.open {
        return true;
    }
    let mut rest = after;
    for segment in pattern.path.split_inclusive('/') {
        let name = segment.trim_end_matches('/');
        let Some(behind) = after_slash(rest).and_then(|r| starts_with(r, name.as_bytes())) else {
            return false;
        };
        rest = behind;
    }
    pattern.open
        || pattern.path.ends_with('/')
        || !rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn starts_with<'t>(text: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// What follows a slash, however a script may write it.
#[must_use]
pub fn after_slash(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'/', rest @ ..] | [b'\\', b'/', rest @ ..] => Some(rest),
        [b'%', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        [b'\\', b'x', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        [b'\\', b'u', b'0', b'0', b'2', b'f' | b'F', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether a byte can be part of a host name as scripts write it.
#[must_use]
pub const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut builder = Builder::default();
        builder.host(0, "google-analytics.com");
        builder.host(1, "youtube.com/iframe_api");
        builder.text(2, HitKind::Snippet, "gtm.start");
        builder.host(3, "www.facebook.com/tr");
        let inline = builder.build().unwrap();
        inline
            .hits(text.as_bytes())
            .map(|hit| format!("{}:{}", hit.vendor, &text[hit.range]))
            .collect()
    }

    #[test]
    fn hosts_are_found_however_they_are_written() {
        for (text, hit) in [
            ("'//www.google-analytics.com/ga.js'", "0:www.google-analytics.com"),
            ("+ '.google-analytics.com/ga.js'", "0:.google-analytics.com"),
            (r"https:\/\/www.Google-Analytics.com\/x", "0:www.Google-Analytics.com"),
            ("%2F%2Fwww.google-analytics.com%2Fga", "0:www.google-analytics.com"),
            (r"\u002F\u002Fgoogle-analytics.com\u002F", "0:google-analytics.com"),
            ("gaJsHost + \"google-analytics.com/ga.js'", "0:google-analytics.com"),
            (r"https:\/\/www.youtube.com\/iframe_api", "1:www.youtube.com"),
            ("{'gtm.start':new Date}", "2:gtm.start"),
            ("'https://www.facebook.com/tr?id=1'", "3:www.facebook.com"),
        ] {
            assert_eq!(found(text), [hit], "{text}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for text in [
            "//google-analytics.com.evil.test/",
            "//mygoogle-analytics.com/",
            "//google-analytics.community/",
            "//s3.example.test/www.google-analytics.com/x.js",
            "//www.youtube.com/watch?v=1",
            "//www.youtube.com/iframe_apis",
            "//www.facebook.com/tracks",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
