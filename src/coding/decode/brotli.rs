//! Turns a brotli stream (RFC 7932) into plain bytes.
//!
//! 1. The window is at most 16 MiB (9.1): the large-window extension, up to 1 GiB, is not part of the coding and is corrupt here.
//! 2. What follows the end is dropped, as in browsers.
//! 3. The coding has no checksum, and whether the crate notices a corruption may depend on how the input is cut: a body that it takes
//!    can still be wrong. What leaves is what was inspected all the same.

use super::{Corrupt, Format, Progress};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, enc::StandardAlloc};

pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    ended: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        let alloc = StandardAlloc::default;
        Self { state: BrotliState::new_strict(alloc(), alloc(), alloc()), ended: false }
    }
}

impl Format for Brotli {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt> {
        if self.ended {
            return Ok(Progress { read: input.len(), written: 0 });
        }
        let mut progress = Progress::default();
        let (mut available_in, mut available_out, mut total) = (input.len(), output.len(), 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut progress.read,
            input,
            &mut available_out,
            &mut progress.written,
            output,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(progress),
            BrotliResult::ResultFailure => Err(Corrupt),
            BrotliResult::ResultSuccess => {
                self.ended = true;
                if progress == Progress::default() {
                    return self.step(input, output);
                }
                Ok(progress)
            }
        }
    }

    fn may_end(&self) -> bool {
        self.ended
    }
}
