//! Turns a `srcset` value into its candidates (HTML Standard, 4.8.4.3.10, parsing a srcset attribute).
//!
//! 1. A URL runs to the next whitespace; commas at its end separate candidates and are not part of it.
//! 2. Descriptors run to the next comma that is not in parentheses.

use super::tag::is_space;
use std::ops::Range;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageCandidate {
    pub(super) url: Range<usize>,
    /// From the URL to the end of its descriptors, without the comma.
    pub(super) whole: Range<usize>,
}

/// The candidates of `value`, in order.
pub(super) fn candidates(value: &str) -> Vec<ImageCandidate> {
    let bytes = value.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += run(bytes, at, |b| is_space(b) || b == b',');
        let length = run(bytes, at, |b| !is_space(b));
        if length == 0 {
            return found;
        }
        let text = bytes.get(at..at + length).unwrap_or_default();
        let commas = text.iter().rev().take_while(|b| **b == b',').count();
        let url = at..at + length - commas;
        at += length;
        if commas == 0 {
            at += descriptors(bytes, at);
        }
        let end = if commas == 0 { at } else { url.end };
        let trimmed = bytes.get(url.start..end).unwrap_or_default().trim_ascii_end().len();
        found.push(ImageCandidate { whole: url.start..url.start + trimmed, url });
    }
}

fn run(bytes: &[u8], at: usize, mut while_: impl FnMut(u8) -> bool) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|b| while_(**b)).count()
}

fn descriptors(bytes: &[u8], at: usize) -> usize {
    // Parentheses do not nest here.
    let mut inside = false;
    run(bytes, at, |b| {
        inside = match b {
            b'(' => true,
            b')' => false,
            _ => inside,
        };
        b != b',' || inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(value: &str) -> Vec<&str> {
        candidates(value).into_iter().map(|c| &value[c.url]).collect()
    }

    #[test]
    fn candidates_are_cut_as_browsers_do() {
        assert_eq!(urls("a.png 1x, b.png 2x"), ["a.png", "b.png"]);
        assert_eq!(urls(" a,b,, c 10w ,d"), ["a,b", "c", "d"]);
        assert_eq!(
            urls("data:image/png;base64,xx 1x, //t.test/b 2x"),
            ["data:image/png;base64,xx", "//t.test/b"]
        );
        assert_eq!(urls("a (1,2) 2x, b"), ["a", "b"]);
        assert_eq!(urls("a ((1,2) 2x, b"), ["a", "b"]);
        assert_eq!(urls(""), Vec::<&str>::new());
        let wholes: Vec<_> = candidates("a 1x , b").into_iter().map(|c| c.whole).collect();
        assert_eq!(wholes, [0..4, 7..8]);
    }
}
