//! Content codings, by the crates that define them.

use std::io::{Read as _, Write as _};

pub(crate) const NAMES: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];

pub(crate) fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    match coding {
        "identity" => plain.to_vec(),
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            brotli::BrotliCompress(&mut &plain[..], &mut out, &Default::default()).unwrap();
            out
        }
        "zstd" => zstd::encode_all(plain, 3).unwrap(),
        other => panic!("{other}"),
    }
}

/// `None` when the bytes are not whole.
pub(crate) fn decode(coding: Option<&str>, coded: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match coding.unwrap_or("identity") {
        "identity" => return Some(coded.to_vec()),
        "gzip" => flate2::read::MultiGzDecoder::new(coded).read_to_end(&mut out).ok()?,
        "deflate" => flate2::read::ZlibDecoder::new(coded).read_to_end(&mut out).ok()?,
        "br" => brotli::Decompressor::new(coded, 4096).read_to_end(&mut out).ok()?,
        "zstd" => return zstd::decode_all(coded).ok(),
        other => panic!("{other}"),
    };
    Some(out)
}
