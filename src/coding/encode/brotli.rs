//! Turns plain bytes into a brotli stream (RFC 7932).
//!
//! The crate's own writer panics when it is dropped after an error, and its stream is not ended by a flush
//! (<https://github.com/cloudflare/pingora/issues/1013>); so the three operations are called here.

use brotli::enc::{
    StandardAlloc,
    encode::{
        BrotliEncoderCompressStream, BrotliEncoderCreateInstance, BrotliEncoderDestroyInstance,
        BrotliEncoderHasMoreOutput, BrotliEncoderIsFinished, BrotliEncoderOperation,
        BrotliEncoderParameter, BrotliEncoderSetParameter, BrotliEncoderStateStruct,
    },
};
use std::io;

const PIECE: usize = 16 * 1024;

pub(super) struct Brotli {
    state: BrotliEncoderStateStruct<StandardAlloc>,
    piece: Vec<u8>,
}

impl Brotli {
    pub(super) fn new(quality: u32, window_log: u32) -> Self {
        let mut state = BrotliEncoderCreateInstance(StandardAlloc::default());
        let parameters = [
            (BrotliEncoderParameter::BROTLI_PARAM_QUALITY, quality.min(11)),
            (BrotliEncoderParameter::BROTLI_PARAM_LGWIN, window_log),
        ];
        for (parameter, value) in parameters {
            BrotliEncoderSetParameter(&mut state, parameter, value);
        }
        Self { state, piece: vec![0; PIECE] }
    }

    pub(super) fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        while !plain.is_empty() {
            let read = self.step(BrotliEncoderOperation::BROTLI_OPERATION_PROCESS, plain, out)?;
            plain = plain.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        loop {
            self.step(BrotliEncoderOperation::BROTLI_OPERATION_FLUSH, &[], out)?;
            if BrotliEncoderHasMoreOutput(&self.state) == 0 {
                return Ok(());
            }
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        while BrotliEncoderIsFinished(&self.state) == 0 {
            self.step(BrotliEncoderOperation::BROTLI_OPERATION_FINISH, &[], out)?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        operation: BrotliEncoderOperation,
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> io::Result<usize> {
        let (mut read, mut written) = (0, 0);
        let (mut available_in, mut available_out) = (plain.len(), self.piece.len());
        let done = BrotliEncoderCompressStream(
            &mut self.state,
            operation,
            &mut available_in,
            plain,
            &mut read,
            &mut available_out,
            &mut self.piece,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        out.extend_from_slice(self.piece.get(..written).unwrap_or_default());
        if done <= 0 { Err(io::ErrorKind::Other.into()) } else { Ok(read) }
    }
}

impl Drop for Brotli {
    fn drop(&mut self) {
        BrotliEncoderDestroyInstance(&mut self.state);
    }
}
