//! Turns the bytes of a style sheet of the site itself into those whose URLs of vendors name the site's own paths, while they stream.
//!
//! 1. A URL of a vendor that needs consent becomes the path that stands for it ([`Gate::stand_in`]), whatever the visitor
//!    allows: the path asks for consent each time, so one text is right for everybody. Every other byte stays.
//! 2. URLs are found as in the styles of pages, relative ones seen from the sheet itself (CSS Values 4, 4.5.2).
//! 3. Any way of cutting the sheet into pieces gives the same output: it is looked at when 16 KiB are there, or twice as
//!    many where they hold no end of a rule, and at no other time but its end.
//! 4. Held in memory at most: about 2 MiB, and from 1 MiB on what is there is decided on as if the sheet ended.

use super::{css, document::in_css};
use crate::policy::Gate;

/// How much comes together before it is looked at.
const STEP: usize = 16 << 10;
/// How much comes together at most.
const MOST: usize = 1 << 20;

/// The rewriting of one style sheet.
pub struct StyleRewriter {
    gate: Gate,
    held: Vec<u8>,
    /// When `held` is looked at.
    due: usize,
}

impl StyleRewriter {
    /// A rewriter for the sheet at the URL of the gate's page.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate, held: Vec::new(), due: STEP }
    }

    /// Takes the next bytes of the sheet and appends what can leave now to `out`.
    pub fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let room = self.due.saturating_sub(self.held.len()).max(1);
            let (piece, rest) = input.split_at_checked(room).unwrap_or((input, &[]));
            self.held.extend_from_slice(piece);
            input = rest;
            if self.held.len() >= self.due {
                self.look(out);
            }
        }
    }

    /// Ends the sheet and appends what was held back to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.write(self.held.len(), out);
    }

    fn look(&mut self, out: &mut Vec<u8>) {
        let settled = css::settled(&self.held);
        match settled {
            0 if self.held.len() < MOST => self.due = 2 * self.held.len(),
            0 => self.write(self.held.len(), out),
            _ => self.write(settled, out),
        }
    }

    /// Lets go of the first `to` bytes.
    fn write(&mut self, to: usize, out: &mut Vec<u8>) {
        let text = self.held.get(..to).unwrap_or_default();
        let mut at = 0;
        for url in css::urls(text) {
            let Some(path) = self.stand_in(&url.url) else { continue };
            out.extend_from_slice(text.get(at..url.range.start).unwrap_or_default());
            out.extend_from_slice(in_css(path).as_bytes());
            at = url.range.end;
        }
        out.extend_from_slice(text.get(at..).unwrap_or_default());
        self.held.drain(..to);
        self.due = self.held.len() + STEP;
    }

    fn stand_in(&self, url: &str) -> Option<String> {
        let url = self.gate.page().url().join(url).ok()?;
        let fragment = url.fragment().map(|f| format!("#{f}")).unwrap_or_default();
        Some(self.gate.stand_in(&url)? + &fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::{self, Catalog, Endpoint, Page, Prefix, VendorEntry},
        consent::Consent,
        policy::{Policy, Regime},
        purpose::Purpose,
    };
    use proptest::prelude::*;
    use std::sync::{Arc, LazyLock};

    static GATE: LazyLock<Gate> = LazyLock::new(|| {
        let entry = VendorEntry {
            id: "v".into(),
            purpose: Some(Purpose::Functional),
            hosts: vec!["fonts.test".into()],
            endpoints: vec![Endpoint { paths: vec!["fonts.test/e".into()], ..Endpoint::default() }],
            ..VendorEntry::default()
        };
        let catalog = Arc::new(Catalog::new(&[entry], &[]).unwrap());
        let scope = Arc::new(catalog.scope(&catalog::Config::default()));
        let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
        let page = Arc::new(Page::new("https://shop.test/css/a.css".parse().unwrap()));
        Gate::new(catalog, scope, ruling, page).serving(&Prefix::default())
    });

    fn rewritten(css: &[u8], size: usize) -> Vec<u8> {
        let (mut rewriter, mut out) = (StyleRewriter::new(GATE.clone()), Vec::new());
        css.chunks(size.max(1)).for_each(|piece| rewriter.feed(piece, &mut out));
        rewriter.finish(&mut out);
        out
    }

    fn whole(css: &str) -> String {
        String::from_utf8(rewritten(css.as_bytes(), usize::MAX)).unwrap()
    }

    #[test]
    fn vendors_urls_become_paths_and_the_rest_stays() {
        for (css, expected) in [
            ("@import 'https://fonts.test/a?b#c';", "@import '/_consentry/v/fonts.test/a?b#c';"),
            ("a{b:url( //fonts.test/x.woff2 )}", "a{b:url( /_consentry/v/fonts.test/x.woff2 )}"),
            (r"a{b:url(\68ttps://fonts.test/x)}", "a{b:url(/_consentry/v/fonts.test/x)}"),
        ] {
            assert_eq!(whole(css), expected);
        }
        for css in [
            "a{b:url(../x.png)}",
            "a{b:url(https://cdn.test/x)}",
            "a::after{content:'//fonts.test'}",
        ] {
            assert_eq!(whole(css), css);
        }
    }

    #[test]
    fn a_rule_that_does_not_end_is_not_held_for_ever() {
        let css = format!("a{{b:url(data:x,{})}}c{{d:url(//fonts.test/x)}}", "A".repeat(3 << 20));
        let (mut rewriter, mut out) = (StyleRewriter::new(GATE.clone()), Vec::new());
        for piece in css.as_bytes().chunks(4096) {
            rewriter.feed(piece, &mut out);
            assert!(rewriter.held.len() <= 2 * MOST, "{}", rewriter.held.len());
        }
        rewriter.finish(&mut out);
        assert!(String::from_utf8(out).unwrap().ends_with("c{d:url(/_consentry/v/fonts.test/x)}"));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(pads in proptest::collection::vec(0..20_000_usize, 1..5), size in 1..5000_usize, open: bool) {
            let mut css = Vec::new();
            for pad in pads {
                css.extend_from_slice(b"a{b:url(https://fonts.test/x);c:'");
                css.resize(css.len() + pad, if open { b'(' } else { b'y' });
                css.extend_from_slice(b"'}@import url(//fonts.test/i.css);");
            }
            prop_assert_eq!(rewritten(&css, size), rewritten(&css, usize::MAX));
        }
    }
}
