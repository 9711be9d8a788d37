//! Turns coded bytes into plain bytes, one piece of bounded size after the other.

mod brotli;
mod deflate;
mod gzip;
mod zstd;

use self::{brotli::Brotli, deflate::Deflate, gzip::Gzip, zstd::Zstd};
use super::{Coding, Unreadable};

/// What one response may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that may come out, or `None` for any number. Default 1 GiB: beyond what a browser can show, and a few seconds of
    /// one core. Does not hold for identity, which costs what the origin pays for it.
    pub max_decoded: Option<u64>,
    /// The largest zstd window, as a power of two. Default 23, 8 MiB, which RFC 9659 sets for HTTP; 10 to 27.
    pub zstd_window_log: u32,
    /// The most bytes in one emitted piece. Default 32 KiB; 1 to 64 KiB.
    pub step: usize,
    /// The most bytes that may leave at once for one piece of input, which is the caller's to hold to. Default 8 MiB.
    pub max_burst: usize,
}

/// Why a call to a [`Decoder`] failed: the body, or the receiver of the plain bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error<E> {
    /// The body cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The receiver failed.
    #[error("decoded bytes were not taken")]
    Emit(E),
}

/// A body being decoded. After an error it refuses everything.
#[derive(Debug)]
pub struct Decoder {
    coding: Coding,
    stream: Stream,
    piece: Vec<u8>,
    left: u64,
    started: bool,
}

enum Stream {
    Identity,
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Box<Brotli>),
    Zstd(Zstd),
    Unusable,
}

/// How far one step went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    read: usize,
    written: usize,
}

/// The bytes are not of the coding.
#[derive(Clone, Copy, Debug)]
struct Corrupt;

/// A format that takes some input and fills some output; it takes nothing only if it has no input or no room.
trait Format {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt>;

    /// Whether the input may end here.
    fn may_end(&self) -> bool;
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_decoded: Some(1 << 30),
            zstd_window_log: 23,
            step: 32 * 1024,
            max_burst: 8 << 20,
        }
    }
}

// === impl Decoder ===

impl Decoder {
    /// A decoder of one body.
    #[must_use]
    pub fn new(coding: Coding, limits: &Limits) -> Self {
        let stream = match coding {
            Coding::Identity => Stream::Identity,
            Coding::Gzip => Stream::Gzip(Gzip::default()),
            Coding::Deflate => Stream::Deflate(Deflate::default()),
            Coding::Brotli => Stream::Brotli(Box::default()),
            Coding::Zstd => {
                Zstd::new(limits.zstd_window_log).map_or(Stream::Unusable, Stream::Zstd)
            }
        };
        let step = if coding == Coding::Identity { 0 } else { limits.step.clamp(1, 64 * 1024) };
        let left = limits.max_decoded.unwrap_or(u64::MAX);
        Self { coding, stream, piece: vec![0; step], left, started: false }
    }

    /// Decodes `input`, handing each piece to `emit`; plain bytes are handed on as they are.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the body cannot be read, [`Error::Emit`] with what `emit` failed with.
    pub fn feed<E>(
        &mut self,
        input: &[u8],
        emit: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), Error<E>> {
        if input.is_empty() {
            return Ok(());
        }
        self.started = true;
        let result = if matches!(self.stream, Stream::Identity) {
            emit(input).map_err(Error::Emit)
        } else {
            self.decode(input, emit)
        };
        if result.is_err() {
            self.stream = Stream::Unusable;
        }
        result
    }

    /// Ends the body. No bytes come out: each [`feed`](Self::feed) emits all that its input holds.
    ///
    /// # Errors
    /// [`Unreadable::Truncated`] if the coding asks for more bytes, [`Unreadable::Unusable`] after an earlier error.
    pub fn finish(&mut self) -> Result<(), Unreadable> {
        if matches!(self.stream, Stream::Unusable) {
            return Err(Unreadable::Unusable);
        }
        let may_end = self.stream.format().is_none_or(|format| format.may_end());
        if self.started && !may_end { Err(Unreadable::Truncated(self.coding)) } else { Ok(()) }
    }

    fn decode<E>(
        &mut self,
        mut input: &[u8],
        emit: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), Error<E>> {
        let format = self.stream.format().ok_or(Unreadable::Unusable)?;
        loop {
            let Progress { read, written } = format
                .step(input, &mut self.piece)
                .map_err(|Corrupt| Unreadable::Corrupt(self.coding))?;
            input = input.get(read..).unwrap_or_default();
            self.left = self.left.checked_sub(written as u64).ok_or(Unreadable::TooLarge)?;
            if let Some(piece @ [_, ..]) = self.piece.get(..written) {
                emit(piece).map_err(Error::Emit)?;
            }
            if input.is_empty() && written < self.piece.len() {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Err(Unreadable::Corrupt(self.coding).into());
            }
        }
    }
}

impl Stream {
    fn format(&mut self) -> Option<&mut dyn Format> {
        match self {
            Self::Identity | Self::Unusable => None,
            Self::Gzip(gzip) => Some(gzip),
            Self::Deflate(deflate) => Some(deflate),
            Self::Brotli(brotli) => Some(brotli.as_mut()),
            Self::Zstd(zstd) => Some(zstd),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity => "Identity",
            Self::Gzip(_) => "Gzip",
            Self::Deflate(_) => "Deflate",
            Self::Brotli(_) => "Brotli",
            Self::Zstd(_) => "Zstd",
            Self::Unusable => "Unusable",
        })
    }
}
