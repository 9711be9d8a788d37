//! Turns zstd frames (RFC 8878) into plain bytes.
//!
//! 1. A body is one frame or more, skippable frames (3.1.2) among them; anything else between frames is corrupt.
//! 2. The magic number is checked here, since the library would also take the formats from before the RFC, whose decoders know no
//!    window limit.
//! 3. The window is bounded (RFC 9659: 8 MiB), the dictionary absent.

use super::{Corrupt, Format, Progress};
use zstd::stream::raw::{DParameter, Decoder, Operation};

const FRAME: u32 = 0xFD2F_B528;
const SKIPPABLE: u32 = 0x184D_2A50;

pub(super) struct Zstd {
    decoder: Decoder<'static>,
    magic: [u8; 4],
    /// How much of the magic number is here; all of it inside a frame.
    have: usize,
}

impl Zstd {
    pub(super) fn new(window_log: u32) -> Option<Self> {
        let mut decoder = Decoder::new().ok()?;
        decoder.set_parameter(DParameter::WindowLogMax(window_log.clamp(10, 27))).ok()?;
        Some(Self { decoder, magic: [0; 4], have: 0 })
    }

    fn magic(&mut self, input: &[u8]) -> Result<usize, Corrupt> {
        let missing = self.magic.iter_mut().skip(self.have);
        let read = missing.zip(input).map(|(slot, byte)| *slot = *byte).count();
        self.have += read;
        if self.have == self.magic.len() {
            let number = u32::from_le_bytes(self.magic);
            if number != FRAME && number & !0xF != SKIPPABLE {
                return Err(Corrupt);
            }
            let status = self.decoder.run_on_buffers(&self.magic, &mut []).map_err(|_| Corrupt)?;
            if status.bytes_read != self.magic.len() {
                return Err(Corrupt);
            }
        }
        Ok(read)
    }
}

impl Format for Zstd {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt> {
        if self.have < self.magic.len() {
            return Ok(Progress { read: self.magic(input)?, written: 0 });
        }
        let status = self.decoder.run_on_buffers(input, output).map_err(|_| Corrupt)?;
        if status.remaining == 0 {
            self.have = 0;
        }
        Ok(Progress { read: status.bytes_read, written: status.bytes_written })
    }

    fn may_end(&self) -> bool {
        self.have == 0
    }
}
