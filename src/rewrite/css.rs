//! Turns CSS text into the places of the URLs in it that a browser would load.
//!
//! 1. `url(...)`, quoted or not, `src(...)`, `@import "..."` and the strings of `image-set(...)` (CSS Values 4, 4.5; CSS Images 4).
//! 2. Escapes are decoded in names and URLs (CSS Syntax 3, 4.3.7); comments are passed over.
//! 3. `@namespace` and attribute selectors are not loaded: a plain string counts only behind `@import` or in `image-set`.

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
    Scanner { css, at: 0, inside: Inside::Rules, found: Vec::new() }.run()
}

/// A cheap look: without a parenthesis, an at sign or a backslash nothing is loaded.
fn may_load(css: &[u8]) -> bool {
    memchr::memchr3(b'(', b'@', b'\\', css).is_some()
}

struct Scanner<'c> {
    css: &'c [u8],
    at: usize,
    inside: Inside,
    found: Vec<CssUrl>,
}

impl Scanner<'_> {
    fn run(mut self) -> Vec<CssUrl> {
        while let Some(byte) = self.peek() {
            match byte {
                b'/' if self.rest().starts_with(b"/*") => self.comment(),
                b'"' | b'\'' => self.string(byte),
                b'@' => self.at_rule(),
                b';' | b'{' | b'}' => {
                    self.inside = Inside::Rules;
                    self.at += 1;
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
        self.found
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
        let url = self.decode(|b| b == quote || b == b'\n');
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
                (self.at, self.decode(|b| b == quote || b == b'\n'))
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

    /// Text up to where `ends` says, with its escapes decoded; bytes above ASCII become U+FFFD.
    fn decode(&mut self, ends: impl Fn(u8) -> bool) -> String {
        let mut text = String::new();
        while let Some(byte) = self.peek() {
            if byte == b'\\' {
                self.at += 1;
                text.extend(self.escape());
            } else if ends(byte) {
                break;
            } else {
                text.push(if byte.is_ascii() {
                    char::from(byte)
                } else {
                    char::REPLACEMENT_CHARACTER
                });
                self.at += 1;
            }
        }
        text
    }

    fn escape(&mut self) -> Option<char> {
        let digits = self.rest().iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
        if digits == 0 {
            let byte = self.peek()?;
            self.at += 1;
            return (byte != b'\n').then_some(char::from(byte));
        }
        let hex = self.rest().get(..digits).and_then(|h| str::from_utf8(h).ok());
        let code = hex.and_then(|h| u32::from_str_radix(h, 16).ok());
        self.at += digits;
        if self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
        code.and_then(char::from_u32)
    }
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

    proptest::proptest! {
        #[test]
        fn any_bytes_end(css in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            for url in urls(&css) {
                proptest::prop_assert!(url.range.end <= css.len());
            }
        }
    }
}
