//! Turns a page's body, or that of a file of the site's, as the origin sends it into the body that leaves: decoded, rewritten, encoded anew.
//!
//! 1. What was fed leaves at once, as far as the rewriter lets it: the encoder is flushed at the end of each feed.
//! 2. A body that turns out to be unreadable is given back as it came while nothing has left yet, where that is
//!    asked for and the coding is the same; otherwise the message must not end as whole.
//! 3. Held at a time: a decoder's and an encoder's window, what the rewriter holds back, and what one feed makes. A Pingora
//!    module gives back one buffer for each piece that comes in, and is not asked again before the next: what a piece makes
//!    cannot leave in parts. [`Limits::max_burst`](crate::coding::Limits) bounds it, as a bomb that leaves for a client without
//!    codings would be held whole otherwise; such a page counts as too large, however honest.

use crate::{
    coding::{self, Broken, Coding, Decoder, Encoder, Error, Levels, Limits},
    consent::Watch,
    engine::{Body, Cause, FileEditor, OwnFile},
    policy::Finding,
    rewrite::{self, Rewriter},
};
use std::time::{Duration, Instant};

/// The most of a body that is kept for giving it back.
const MAX_KEPT: usize = 256 << 10;

/// Why a body cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The page cannot be read.
    Unreadable(Cause),
    /// The encoder failed.
    Encoder,
}

/// Seconds of one core by stage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) decode: Duration,
    pub(super) rewrite: Duration,
    pub(super) encode: Duration,
}

/// A body on its way.
pub(super) struct Pipeline {
    decoder: Decoder,
    max_burst: usize,
    end: End,
    /// What came in while nothing has left; `None` when it cannot be given back.
    kept: Option<Vec<u8>>,
    spent: Spent,
}

/// What edits a body.
enum Editor {
    Page(Box<Rewriter>),
    File(FileEditor),
}

/// The stages after the decoder.
struct End {
    watch: Option<Watch>,
    editor: Editor,
    encoder: Encoder,
    rewritten: Vec<u8>,
    rewrite: Duration,
    encode: Duration,
}

// === impl Pipeline ===

impl Pipeline {
    /// A pipeline for `body`, which can give the body back if `keeps`.
    pub(super) fn new(body: Body, levels: &Levels, keeps: bool) -> Self {
        let Body { coding, leaves, limits, rewriter, watch } = body;
        let editor = Editor::Page(Box::new(rewriter));
        let mut pipeline = Self::of(editor, (coding, leaves), &limits, levels, keeps);
        pipeline.end.watch = watch;
        pipeline
    }

    /// A pipeline for a file of the site's, which gives it back as it came where it cannot be read.
    pub(super) fn of_file(file: OwnFile, levels: &Levels) -> Self {
        let OwnFile { coding, limits, editor } = file;
        Self::of(Editor::File(editor), (coding, coding), &limits, levels, true)
    }

    fn of(
        editor: Editor,
        (coding, leaves): (Coding, Coding),
        limits: &Limits,
        levels: &Levels,
        keeps: bool,
    ) -> Self {
        Self {
            decoder: Decoder::new(coding, limits),
            max_burst: limits.max_burst,
            end: End {
                watch: None,
                editor,
                encoder: Encoder::new(leaves, levels),
                rewritten: Vec::new(),
                rewrite: Duration::ZERO,
                encode: Duration::ZERO,
            },
            kept: (keeps && coding == leaves).then(Vec::new),
            spent: Spent::default(),
        }
    }

    /// Takes the next bytes from the origin and appends what leaves to `out`.
    pub(super) fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.keep(input);
        let before = out.len();
        let started = Instant::now();
        let decoded = self.decoder.feed(input, &mut |plain| {
            self.end.feed(plain, out)?;
            if out.len() - before > self.max_burst {
                return Err(Failure::Unreadable(coding::Unreadable::TooLarge.into()));
            }
            Ok(())
        });
        let result = decoded.map_err(Failure::from).and_then(|()| self.end.flush(out));
        self.clock(started);
        if out.len() > before {
            self.kept = None;
        }
        result
    }

    /// Ends the body and appends the rest to `out`.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let started = Instant::now();
        let decoded = self.decoder.finish().map_err(Failure::from);
        let result = decoded.and_then(|()| self.end.finish(out));
        self.clock(started);
        result
    }

    /// The body so far as it came, if nothing of it has left.
    pub(super) fn give_back(&mut self) -> Option<Vec<u8>> {
        self.kept.take()
    }

    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        match &mut self.end.editor {
            Editor::Page(page) => page.take_findings(),
            Editor::File(_) => Vec::new(),
        }
    }

    pub(super) const fn spent(&self) -> Spent {
        self.spent
    }

    fn keep(&mut self, input: &[u8]) {
        match &mut self.kept {
            Some(kept) if kept.len() + input.len() <= MAX_KEPT => kept.extend_from_slice(input),
            kept => *kept = None,
        }
    }

    fn clock(&mut self, started: Instant) {
        let End { rewrite, encode, .. } = &mut self.end;
        let (rewrite, encode) = (std::mem::take(rewrite), std::mem::take(encode));
        self.spent.decode += started.elapsed().saturating_sub(rewrite + encode);
        self.spent.rewrite += rewrite;
        self.spent.encode += encode;
    }
}

// === impl End ===

impl End {
    fn feed(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let started = Instant::now();
        if let Some(watch) = &mut self.watch {
            watch.feed(plain);
        }
        let result = match &mut self.editor {
            Editor::Page(page) => page.feed(plain, &mut self.rewritten),
            Editor::File(file) => {
                file.feed(plain, &mut self.rewritten);
                Ok(())
            }
        };
        self.rewrite += started.elapsed();
        self.write(out)?;
        Ok(result?)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let started = Instant::now();
        let result = self.encoder.flush(out);
        self.encode += started.elapsed();
        Ok(result?)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let started = Instant::now();
        let result = match &mut self.editor {
            Editor::Page(page) => page.finish(&mut self.rewritten),
            Editor::File(file) => {
                file.finish(&mut self.rewritten);
                Ok(())
            }
        };
        self.rewrite += started.elapsed();
        self.write(out)?;
        result?;
        Ok(self.encoder.finish(out)?)
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let started = Instant::now();
        let result = self.encoder.write(&self.rewritten, out);
        self.rewritten.clear();
        self.encode += started.elapsed();
        Ok(result?)
    }
}

// === impl Failure ===

impl From<coding::Unreadable> for Failure {
    fn from(why: coding::Unreadable) -> Self {
        Self::Unreadable(why.into())
    }
}

impl From<rewrite::Unreadable> for Failure {
    fn from(why: rewrite::Unreadable) -> Self {
        Self::Unreadable(why.into())
    }
}

impl From<Broken> for Failure {
    fn from(Broken: Broken) -> Self {
        Self::Encoder
    }
}

impl From<Error<Self>> for Failure {
    fn from(why: Error<Self>) -> Self {
        match why {
            Error::Unreadable(why) => Self::Unreadable(why.into()),
            Error::Emit(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::{Catalog, Config, Page, VendorEntry},
        coding::Unreadable,
        consent::Consent,
        policy::{Gate, Policy, Regime},
        purpose::Purpose,
        rewrite::Syntax,
    };
    use proptest::prelude::*;
    use std::sync::{Arc, LazyLock};

    const PAGE: &str =
        "<p>a</p><script src=https://t.test/x.js></script><img src=/own.png><p>b</p>";
    const LEFT: &str = "<p>a</p><img src=/own.png><p>b</p>";

    static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
        let vendor = VendorEntry {
            id: "t".into(),
            purpose: Some(Purpose::Marketing),
            hosts: vec!["t.test".into()],
            ..VendorEntry::default()
        };
        Arc::new(Catalog::new(&[vendor], &[]).unwrap())
    });

    fn pipeline(coding: Coding, leaves: Coding, keeps: bool) -> Pipeline {
        within(Limits::default(), coding, leaves, keeps)
    }

    fn within(limits: Limits, coding: Coding, leaves: Coding, keeps: bool) -> Pipeline {
        let page = Arc::new(Page::new("https://shop.example/".parse().unwrap()));
        let ruling = Arc::new(Policy::default().rule(&Consent::default(), Regime::OptIn));
        let scope = Arc::new(CATALOG.scope(&Config::default()));
        let gate = Gate::new(CATALOG.clone(), scope, ruling, page);
        let rewriter = Rewriter::new(gate, &Default::default(), Syntax::Html, Some("utf-8"), None);
        let body = Body { coding, leaves, limits, rewriter, watch: None };
        Pipeline::new(body, &Levels::default(), keeps)
    }

    fn coded(coding: Coding, plain: &[u8]) -> Vec<u8> {
        let (mut encoder, mut out) = (Encoder::new(coding, &Levels::default()), Vec::new());
        encoder.write(plain, &mut out).unwrap();
        encoder.finish(&mut out).unwrap();
        out
    }

    fn plain(coding: Coding, coded: &[u8]) -> Vec<u8> {
        let (mut decoder, mut out) = (Decoder::new(coding, &Limits::default()), Vec::new());
        let mut emit = |piece: &[u8]| -> Result<(), ()> {
            out.extend_from_slice(piece);
            Ok(())
        };
        decoder.feed(coded, &mut emit).unwrap();
        out
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_page(
            coding in proptest::sample::select(&Coding::ALL[..]),
            leaves in proptest::sample::select(&Coding::ALL[..]),
            cut in 1..90_usize,
        ) {
            let (mut pipeline, mut out) = (pipeline(coding, leaves, false), Vec::new());
            for piece in coded(coding, PAGE.as_bytes()).chunks(cut) {
                pipeline.feed(piece, &mut out).unwrap();
            }
            pipeline.finish(&mut out).unwrap();
            prop_assert_eq!(String::from_utf8(plain(leaves, &out)).unwrap(), LEFT);
            prop_assert_eq!(pipeline.take_findings().len(), 1);
        }
    }

    #[test]
    fn a_cut_body_is_a_failure() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
            let (mut pipeline, mut out) = (pipeline(coding, Coding::Identity, false), Vec::new());
            let whole = coded(coding, PAGE.as_bytes());
            pipeline.feed(&whole[..whole.len() - 3], &mut out).unwrap();
            let failure = Failure::Unreadable(Cause::Coding(Unreadable::Truncated(coding)));
            assert_eq!(pipeline.finish(&mut out), Err(failure));
        }
    }

    #[test]
    fn a_bomb_is_not_held_whole() {
        let zeros = vec![0; 1 << 20];
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
            let (mut encoder, mut bomb) = (Encoder::new(coding, &Levels::default()), Vec::new());
            (0..64).for_each(|_| encoder.write(&zeros, &mut bomb).unwrap());
            encoder.finish(&mut bomb).unwrap();
            let (mut pipeline, mut out) = (pipeline(coding, Coding::Identity, false), Vec::new());
            let failure = Failure::Unreadable(Cause::Coding(Unreadable::TooLarge));
            assert_eq!(pipeline.feed(&bomb, &mut out), Err(failure));
            assert!(out.len() <= (8 << 20) + (1 << 20), "{}", out.len());
        }
    }

    #[test]
    fn an_honest_page_that_repeats_itself_fits_a_higher_bound() {
        let page = b"<tr><td>0</td></tr>\n".repeat(1 << 20);
        let coded = coded(Coding::Zstd, &page);
        assert!(coded.len() < 64 << 10, "one piece of {} bytes", coded.len());
        let limits = Limits { max_burst: 32 << 20, ..Limits::default() };
        let mut out = Vec::new();
        let mut small = pipeline(Coding::Zstd, Coding::Identity, false);
        assert!(small.feed(&coded, &mut out).is_err());
        // Coded anew it is small, whatever it was in between.
        let mut anew = pipeline(Coding::Zstd, Coding::Gzip, false);
        assert_eq!(anew.feed(&coded, &mut Vec::new()), Ok(()));
        out.clear();
        let mut large = within(limits, Coding::Zstd, Coding::Identity, false);
        large.feed(&coded, &mut out).unwrap();
        large.finish(&mut out).unwrap();
        assert!(out == page);
    }

    #[test]
    fn only_what_has_not_left_is_given_back() {
        let mut out = Vec::new();
        let mut early = pipeline(Coding::Gzip, Coding::Gzip, true);
        assert!(early.feed(b"no gzip at all", &mut out).is_err());
        assert_eq!(early.give_back().as_deref(), Some(&b"no gzip at all"[..]));
        let mut late = pipeline(Coding::Identity, Coding::Identity, true);
        late.feed(b"<p>left</p>", &mut out).unwrap();
        assert_eq!(late.give_back(), None);
        let mut other = pipeline(Coding::Gzip, Coding::Zstd, true);
        assert!(other.feed(b"no gzip at all", &mut out).is_err());
        assert_eq!(other.give_back(), None);
    }
}
