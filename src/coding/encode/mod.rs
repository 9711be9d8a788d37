//! Turns plain bytes into coded bytes that can be read up to the last flush.
//!
//! Coded bytes are appended to the caller's buffer as they come; inside stays at most what the window table in the module above says.

mod brotli;

use self::brotli::Brotli;
use super::Coding;
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use std::{io, io::Write, mem};
use zstd::stream::write::Encoder as ZstdEncoder;

/// 512 KiB: holds most pages whole, and bounds the memory of a long one.
const WINDOW_LOG: u32 = 19;

/// How hard to compress.
///
/// Measured on one core over 400 saved pages (54 MB): gzip 1, 2, 3, 5 at 340, 227, 173, 120 MB/s and 0.279, 0.224, 0.211, 0.201
/// of the size; br 1, 3, 4, 5 at 225, 101, 70, 44 MB/s and 0.215, 0.195, 0.187, 0.175; zstd 1, 3 at 350, 303 MB/s and 0.210, 0.198.
/// The defaults are where the next level costs more time than it saves bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// gzip and deflate: 1 to 9. Default 3.
    pub gzip: u32,
    /// br: 0 to 11. Default 3.
    pub brotli: u32,
    /// zstd: 1 to 19. Default 3.
    pub zstd: i32,
}

/// The encoder failed or was finished before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("encoder failed or already finished")]
pub struct Broken;

/// A body being encoded.
#[derive(Debug)]
pub struct Encoder {
    stream: Stream,
    /// Whether there are bytes that no flush has put out.
    pending: bool,
}

enum Stream {
    Identity,
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
    Brotli(Box<Brotli>),
    Zstd(ZstdEncoder<'static, Vec<u8>>),
    Over,
}

// === impl Levels ===

impl Default for Levels {
    fn default() -> Self {
        Self { gzip: 3, brotli: 3, zstd: 3 }
    }
}

// === impl Encoder ===

impl Encoder {
    /// An encoder of one body; levels out of range are taken to the nearest.
    #[must_use]
    pub fn new(coding: Coding, levels: &Levels) -> Self {
        let gzip = Compression::new(levels.gzip.clamp(1, 9));
        let stream = match coding {
            Coding::Identity => Stream::Identity,
            Coding::Gzip => Stream::Gzip(GzEncoder::new(Vec::new(), gzip)),
            Coding::Deflate => Stream::Deflate(ZlibEncoder::new(Vec::new(), gzip)),
            Coding::Brotli => Stream::Brotli(Box::new(Brotli::new(levels.brotli, WINDOW_LOG))),
            Coding::Zstd => zstd(levels.zstd).map_or(Stream::Over, Stream::Zstd),
        };
        Self { stream, pending: false }
    }

    /// Takes `plain` and appends what is ready to `out`.
    ///
    /// # Errors
    /// [`Broken`] after a finish or an earlier error.
    pub fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.pending |= !plain.is_empty();
        let result = match &mut self.stream {
            Stream::Identity => out.write_all(plain),
            Stream::Gzip(gzip) => with(gzip, GzEncoder::get_mut, out, |w| w.write_all(plain)),
            Stream::Deflate(zlib) => with(zlib, ZlibEncoder::get_mut, out, |w| w.write_all(plain)),
            Stream::Zstd(zstd) => with(zstd, ZstdEncoder::get_mut, out, |w| w.write_all(plain)),
            Stream::Brotli(brotli) => brotli.write(plain, out),
            Stream::Over => Err(over()),
        };
        self.check(result)
    }

    /// Appends to `out` all that makes what was written so far decodable; nothing if that was done before.
    ///
    /// # Errors
    /// [`Broken`] after a finish or an earlier error.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        if !mem::take(&mut self.pending) {
            return self.check(Ok(()));
        }
        let result = match &mut self.stream {
            Stream::Identity => Ok(()),
            Stream::Gzip(gzip) => with(gzip, GzEncoder::get_mut, out, Write::flush),
            Stream::Deflate(zlib) => with(zlib, ZlibEncoder::get_mut, out, Write::flush),
            Stream::Zstd(zstd) => with(zstd, ZstdEncoder::get_mut, out, Write::flush),
            Stream::Brotli(brotli) => brotli.flush(out),
            Stream::Over => Err(over()),
        };
        self.check(result)
    }

    /// Appends the end of the stream to `out`.
    ///
    /// # Errors
    /// [`Broken`] after a finish or an earlier error.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        let result = match &mut self.stream {
            Stream::Identity => Ok(()),
            Stream::Gzip(gzip) => with(gzip, GzEncoder::get_mut, out, GzEncoder::try_finish),
            Stream::Deflate(zlib) => with(zlib, ZlibEncoder::get_mut, out, ZlibEncoder::try_finish),
            Stream::Zstd(zstd) => with(zstd, ZstdEncoder::get_mut, out, ZstdEncoder::do_finish),
            Stream::Brotli(brotli) => brotli.finish(out),
            Stream::Over => Err(over()),
        };
        self.check(result)?;
        self.stream = Stream::Over;
        Ok(())
    }

    fn check(&mut self, result: io::Result<()>) -> Result<(), Broken> {
        if result.is_err() {
            self.stream = Stream::Over;
        }
        if matches!(self.stream, Stream::Over) { Err(Broken) } else { Ok(()) }
    }
}

/// Lends `out` to `writer` for the time of `act`, so that nothing is copied from one buffer to another.
fn with<W>(
    writer: &mut W,
    inner: fn(&mut W) -> &mut Vec<u8>,
    out: &mut Vec<u8>,
    act: impl FnOnce(&mut W) -> io::Result<()>,
) -> io::Result<()> {
    mem::swap(inner(writer), out);
    let result = act(writer);
    mem::swap(inner(writer), out);
    result
}

fn zstd(level: i32) -> Option<ZstdEncoder<'static, Vec<u8>>> {
    let mut encoder = ZstdEncoder::new(Vec::new(), level.clamp(1, 19)).ok()?;
    encoder.window_log(WINDOW_LOG).ok()?;
    Some(encoder)
}

fn over() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity => "Identity",
            Self::Gzip(_) => "Gzip",
            Self::Deflate(_) => "Deflate",
            Self::Brotli(_) => "Brotli",
            Self::Zstd(_) => "Zstd",
            Self::Over => "Over",
        })
    }
}
