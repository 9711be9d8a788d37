//! Turns CSS text into the places of the URLs in it that a browser would load.
//!
//! 1. `url(...)`, quoted or not, `src(...)`, `@import "..."` and the strings of `image-set(...)` (CSS Values 4, 4.5; CSS Images 4).
//! 2. Escapes are decoded in names and URLs (CSS Syntax 3, 4.3.7); comments are passed over.
//! 3. `@namespace` and attribute selectors are not loaded: a plain string counts only behind `@import` or in `image-set`.
//! 4. A style sheet can be cut where a rule or a declaration ends; what is before the cut never needs what is behind it.

use std::ops::Range;

/// A URL in CSS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CssUrl {
    /// The bytes of the URL, without its quotes.
    pub(super) range: Range<usize>,
    /// Decoded.
    pub(super) url: String,
    pub(super) import: bool,
}

/// What a scan is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Rules,
    Import,
    ImageSet(usize),
}

/// Every loadable URL in `css`, in order.
pub(super) fn urls(css: &[u8]) -> Vec<CssUrl> {
    if !may_load(css) {
        return Vec::new();
    }
    let mut scanner = Scanner::new(css);
    scanner.run();
    scanner.found
}

/// Up to where `css`, which goes on, can be decided on by itself: behind the last rule or declaration that ended.
pub(super) fn settled(css: &[u8]) -> usize {
    let mut scanner = Scanner::new(css);
    scanner.run();
    scanner.settled
}

/// A cheap look: without an escape, what loads has one of these names in front of its parenthesis, or is `@import`.
fn may_load(css: &[u8]) -> bool {
    let names = |before: &[u8]| {
        let name = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
        [&b"url"[..], b"src", b"set"].iter().any(|n| n.eq_ignore_ascii_case(name))
    };
    memchr::memchr(b'\\', css).is_some()
        || memchr::memchr2_iter(b'(', b'@', css).any(|at| match css.split_at_checked(at) {
            Some((before, [b'(', ..])) => names(before),
            Some((_, [b'@', b'i' | b'I', ..])) => true,
            Some(_) | None => false,
        })
}

struct Scanner<'c> {
    css: &'c [u8],
    at: usize,
    inside: Inside,
    found: Vec<CssUrl>,
    settled: usize,
}

impl<'c> Scanner<'c> {
    const fn new(css: &'c [u8]) -> Self {
        Self { css, at: 0, inside: Inside::Rules, found: Vec::new(), settled: 0 }
    }

    fn run(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'/' if self.rest().starts_with(b"/*") => self.comment(),
                b'"' | b'\'' => self.string(byte),
                b'@' => self.at_rule(),
                b';' | b'{' | b'}' => {
                    self.inside = Inside::Rules;
                    self.at += 1;
                    self.settled = self.at;
                }
                b'(' => {
                    if let Inside::ImageSet(depth) = &mut self.inside {
                        *depth += 1;
                    }
                    self.at += 1;
                }
                b')' => self.close(),
                b if is_name(b) => self.name(),
                _ => self.at += 1,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.css.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.css.get(self.at..).unwrap_or_default()
    }

    fn comment(&mut self) {
        let inside = self.rest().get(2..).unwrap_or_default();
        self.at += memchr::memmem::find(inside, b"*/").map_or(self.rest().len(), |end| end + 4);
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        let start = self.at;
        let url = self.decode(|b| b == quote || is_newline(b));
        let range = start..self.at;
        self.at = (self.at + 1).min(self.css.len());
        match self.inside {
            Inside::Rules => {}
            Inside::Import => {
                self.found.push(CssUrl { range, url, import: true });
                self.inside = Inside::Rules;
            }
            // The string of `type("image/png")` is one level deeper.
            Inside::ImageSet(depth) => {
                if depth == 1 {
                    self.found.push(CssUrl { range, url, import: false });
                }
            }
        }
    }

    fn at_rule(&mut self) {
        self.at += 1;
        let name = self.decode(|b| !is_name(b));
        self.inside =
            if name.eq_ignore_ascii_case("import") { Inside::Import } else { Inside::Rules };
        if name.eq_ignore_ascii_case("namespace") {
            self.at += memchr::memchr(b';', self.rest()).unwrap_or(0);
        }
    }

    fn close(&mut self) {
        self.inside = match self.inside {
            Inside::ImageSet(1) => Inside::Rules,
            Inside::ImageSet(depth) => Inside::ImageSet(depth.saturating_sub(1)),
            other @ (Inside::Rules | Inside::Import) => other,
        };
        self.at += 1;
    }

    fn name(&mut self) {
        let name = self.decode(|b| !is_name(b));
        if self.peek() != Some(b'(') {
            return;
        }
        let name = name.to_ascii_lowercase();
        if name == "url" || name == "src" {
            self.at += 1;
            self.function();
        } else if name.ends_with("image-set") {
            self.at += 1;
            self.inside = Inside::ImageSet(1);
        }
    }

    /// `url(` or `src(` has been read.
    fn function(&mut self) {
        self.spaces();
        let (start, url) = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                (self.at, self.decode(|b| b == quote || is_newline(b)))
            }
            _ => (self.at, self.decode(|b| b == b')' || b.is_ascii_whitespace())),
        };
        let range = start..self.at;
        let import = self.inside == Inside::Import;
        if import {
            self.inside = Inside::Rules;
        }
        self.found.push(CssUrl { range, url, import });
        let to_close = memchr::memchr(b')', self.rest());
        self.at += to_close.map_or(self.rest().len(), |end| end + 1);
    }

    fn spaces(&mut self) {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    /// Text up to where `ends` says, with its escapes decoded.
    fn decode(&mut self, ends: impl Fn(u8) -> bool) -> String {
        let mut text = Vec::new();
        while let Some(byte) = self.peek() {
            if byte == b'\\' {
                self.at += 1;
                let mut buffer = [0; 4];
                let escaped = self.escape();
                text.extend_from_slice(
                    escaped.map_or("", |c| c.encode_utf8(&mut buffer)).as_bytes(),
                );
            } else if ends(byte) {
                break;
            } else {
                text.push(byte);
                self.at += 1;
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Behind a backslash (CSS Syntax 3, 4.3.7); a newline there goes on with the string (4.3.5).
    fn escape(&mut self) -> Option<char> {
        let digits = self.rest().iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
        if digits == 0 {
            let byte = self.peek()?;
            self.at += if self.rest().starts_with(b"\r\n") { 2 } else { 1 };
            return (!is_newline(byte)).then_some(char::from(byte));
        }
        let hex = self.rest().get(..digits).and_then(|h| str::from_utf8(h).ok());
        let code = hex.and_then(|h| u32::from_str_radix(h, 16).ok());
        self.at += digits;
        if self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += if self.rest().starts_with(b"\r\n") { 2 } else { 1 };
        }
        code.and_then(char::from_u32)
    }
}

const fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\x0C')
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'\\') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(css: &str) -> Vec<String> {
        urls(css.as_bytes()).into_iter().map(|u| u.url).collect()
    }

    #[test]
    fn urls_are_found_however_they_are_written() {
        for (css, url) in [
            ("a{background:url(//t.test/a)}", "//t.test/a"),
            ("a{background:URL( '//t.test/a' )}", "//t.test/a"),
            ("@import \"//t.test/a.css\" screen;", "//t.test/a.css"),
            ("@import url(//t.test/a.css);", "//t.test/a.css"),
            (r"a{background:\75 rl(\68ttps://t.test/a)}", "https://t.test/a"),
            (r"@\69mport '//t.test/a';", "//t.test/a"),
            ("a{background:-webkit-image-set('//t.test/a' 1x)}", "//t.test/a"),
            ("a{background:image-set(\"//t.test/a\" type(\"image/png\"))}", "//t.test/a"),
            ("a{content:'x\\\r\ny';b:url(//t.test/a)}", "//t.test/a"),
            ("a{content:'x\r;b:url(//t.test/a)}", "//t.test/a"),
            ("a{b:url(//t.test/\\29 x)}", "//t.test/)x"),
            ("a{b:url(//\u{442}.test/a)}", "//\u{442}.test/a"),
            ("@font-face{src:local(x),url(//t.test/f.woff)}", "//t.test/f.woff"),
        ] {
            assert_eq!(found(css), [url], "{css}");
        }
    }

    #[test]
    fn what_is_not_loaded_is_not_found() {
        for css in [
            "/* url(//t.test/a) */",
            "a[href=\"//t.test\"]{color:red}",
            "a::before{content:\"url(//t.test/a)\"}",
            "@charset \"utf-8\";",
            "@namespace svg url(http://www.w3.org/2000/svg);",
        ] {
            assert!(found(css).is_empty(), "{css}");
        }
    }

    #[test]
    fn a_cut_is_never_inside_something() {
        for (css, expected) in [
            ("a{b:c;d:url(x;y)", "a{b:c;"),
            ("a{b:c}d{e:'f;g", "a{b:c}d{"),
            ("a{b:c}/* ; ", "a{b:c}"),
            ("@import 'a", ""),
        ] {
            assert_eq!(settled(css.as_bytes()), expected.len(), "{css}");
        }
    }

    proptest::proptest! {
        #[test]
        fn cut_where_it_is_settled_nothing_changes(css in "[a-c\"'/*(){};@\\\\ \nurl]{0,80}") {
            let (head, tail) = css.split_at(settled(css.as_bytes()));
            let urls_of = |text: &str| found(text);
            proptest::prop_assert_eq!(found(&css), [urls_of(head), urls_of(tail)].concat());
        }

        #[test]
        fn any_bytes_end(css in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            for url in urls(&css) {
                proptest::prop_assert!(url.range.end <= css.len());
            }
        }
    }
}
