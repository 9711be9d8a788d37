//! Turns a [`File`] of ours into what is sent of it: coded once, and kept by browsers for as long as its name says.
//!
//! 1. It is coded when it is asked for in that coding the first time, as small as can be: it is made once and sent often.
//! 2. What is made for one visitor is sent once, and coded as quickly as his pages are.
//! 3. A file that is asked for by its hash may be kept for ever (RFC 8246); by another name it is the current one and nobody keeps it.

use crate::{
    coding::{self, Coding, Encoder, Levels},
    page::File,
};
use bytes::Bytes;
use http::HeaderValue;
use std::sync::OnceLock;

/// How small a file is coded.
const SMALL: Levels = Levels { gzip: 9, brotli: 11, zstd: 19 };
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A file that is sent, with its codings.
#[derive(Debug)]
pub struct Served {
    file: File,
    levels: Levels,
    gzip: OnceLock<Option<Bytes>>,
    brotli: OnceLock<Option<Bytes>>,
}

impl Served {
    /// Takes a file that is sent often.
    #[must_use]
    pub const fn new(file: File) -> Self {
        Self::at(file, SMALL)
    }

    /// Takes a file that is sent once, and coded with these levels.
    #[must_use]
    pub const fn at(file: File, levels: Levels) -> Self {
        Self { file, levels, gzip: OnceLock::new(), brotli: OnceLock::new() }
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// The body for a client with this `Accept-Encoding`, and its coding.
    #[must_use]
    pub fn body(&self, accept_encoding: Option<&str>) -> (Coding, Bytes) {
        let coding = coding::smallest(accept_encoding);
        let kept = match coding {
            Coding::Gzip => self.gzip.get_or_init(|| self.coded(coding)),
            Coding::Brotli => self.brotli.get_or_init(|| self.coded(coding)),
            Coding::Identity | Coding::Zstd | Coding::Deflate => &None,
        };
        match kept {
            Some(body) => (coding, body.clone()),
            None => (Coding::Identity, self.file.body.clone()),
        }
    }

    /// `Cache-Control`, where it was asked for under `name`.
    #[must_use]
    pub fn caching(&self, name: &str) -> HeaderValue {
        if name == self.file.hash { FOR_EVER } else { NO_CACHE }
    }

    fn coded(&self, coding: Coding) -> Option<Bytes> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(coding, &self.levels);
        let whole =
            encoder.write(&self.file.body, &mut out).and_then(|()| encoder.finish(&mut out));
        whole.is_ok().then(|| out.into())
    }
}
