//! Turns a page's body as the origin sends it into the body that leaves: decoded, rewritten, encoded anew.
//!
//! 1. What was fed leaves at once, as far as the rewriter lets it: the encoder is flushed at the end of each feed.
//! 2. A body that turns out to be unreadable is given back as it came while nothing has left yet, where that is
//!    asked for and the coding is the same; otherwise the message must not end as whole.
//! 3. Held at a time: a decoder's and an encoder's window, what the rewriter holds back, and what one feed makes.

use crate::{
    coding::{self, Broken, Decoder, Encoder, Error, Levels},
    engine::{Body, Cause},
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
    end: End,
    /// What came in while nothing has left; `None` when it cannot be given back.
    kept: Option<Vec<u8>>,
    spent: Spent,
}

/// The stages after the decoder.
struct End {
    rewriter: Rewriter,
    encoder: Encoder,
    rewritten: Vec<u8>,
    rewrite: Duration,
    encode: Duration,
}

// === impl Pipeline ===

impl Pipeline {
    /// A pipeline for `body`, which can give the body back if `keeps`.
    pub(super) fn new(body: Body, levels: &Levels, keeps: bool) -> Self {
        let Body { coding, leaves, limits, rewriter } = body;
        Self {
            decoder: Decoder::new(coding, &limits),
            end: End {
                rewriter,
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
        let decoded = self.decoder.feed(input, &mut |plain| self.end.feed(plain, out));
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
        self.end.rewriter.take_findings()
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
        let result = self.rewriter.feed(plain, &mut self.rewritten);
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
        let result = self.rewriter.finish(&mut self.rewritten);
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
