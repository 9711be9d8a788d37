//! Turns `deflate` bodies into plain bytes.
//!
//! 1. RFC 9110, 8.4.1.2: they are zlib streams (RFC 1950). Some servers send bare deflate blocks (RFC 1951); browsers take both.
//! 2. The first two bytes tell them apart: a zlib header has method 8, a window of at most 32 KiB, and is a multiple of 31 (2.2).
//! 3. What follows the end is dropped, as in browsers.

use super::{Corrupt, Format, Progress};
use flate2::{Decompress, FlushDecompress, Status};

#[derive(Default)]
pub(super) enum Deflate {
    #[default]
    Empty,
    First(u8),
    Blocks(Decompress),
    Dropped,
}

impl Deflate {
    /// Starts the stream of `first` and `second`, of which it takes only `first`.
    fn start(first: u8, second: u8) -> Result<Self, Corrupt> {
        let mut inflater = Decompress::new(is_zlib(first, second));
        // No stream ends in one byte, and none has output in it.
        let (progress, _) = inflate(&mut inflater, &[first], &mut [0; 1])?;
        if progress != (Progress { read: 1, written: 0 }) {
            return Err(Corrupt);
        }
        Ok(Self::Blocks(inflater))
    }
}

impl Format for Deflate {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt> {
        match (&mut *self, input) {
            (Self::Empty | Self::First(_), []) => Ok(Progress::default()),
            (Self::Empty, [first, ..]) => {
                *self = Self::First(*first);
                Ok(Progress { read: 1, written: 0 })
            }
            (Self::First(first), [second, ..]) => {
                *self = Self::start(*first, *second)?;
                self.step(input, output)
            }
            (Self::Blocks(inflater), _) => {
                let (progress, status) = inflate(inflater, input, output)?;
                if status == Status::StreamEnd {
                    *self = Self::Dropped;
                    if progress == Progress::default() {
                        return self.step(input, output);
                    }
                }
                Ok(progress)
            }
            (Self::Dropped, _) => Ok(Progress { read: input.len(), written: 0 }),
        }
    }

    fn may_end(&self) -> bool {
        matches!(self, Self::Dropped)
    }
}

fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

pub(super) fn inflate(
    inflater: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Progress, Status), Corrupt> {
    let before = (inflater.total_in(), inflater.total_out());
    let status = inflater.decompress(input, output, FlushDecompress::None).map_err(|_| Corrupt)?;
    // Both differences are at most the lengths of the slices.
    let since = |now: u64, then: u64| usize::try_from(now.wrapping_sub(then)).map_err(|_| Corrupt);
    let read = since(inflater.total_in(), before.0)?;
    let written = since(inflater.total_out(), before.1)?;
    Ok((Progress { read, written }, status))
}
