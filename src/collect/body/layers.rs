//! Takes the codings off a body that hide what it says, and puts the same ones back on.
//!
//! 1. `Content-Encoding` first (RFC 9110, 8.4), then gzip (`1f 8b`) and zlib (`78`, RFC 1950, 2.2) that no header names, then base64 of
//!    gzip or of JSON: told by bytes, because clients name none of these.
//! 2. What is decoded counts against the [`Budget`] of the request.

use super::{Budget, Malformed};
use crate::coding::{Coding, Decoder, Encoder, Levels, Limits};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderValue;
use std::{borrow::Cow, convert::Infallible};

/// One coding around a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) enum Layer {
    Coded(Coding),
    Base64(Base64),
}

/// One spelling of base64 (RFC 4648, 4 and 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Base64 {
    url_safe: bool,
    padded: bool,
}

/// The codings around a body, outermost first, and what they hold.
#[derive(Debug)]
pub(in crate::collect) struct Bare<'a> {
    pub(in crate::collect) layers: Vec<Layer>,
    pub(in crate::collect) bytes: Cow<'a, [u8]>,
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// More would be nested for the sake of nesting.
const MAX_LAYERS: usize = 4;

/// The coding that `Content-Encoding` names.
pub(in crate::collect) fn declared(content_encoding: Option<&str>) -> Result<Coding, Malformed> {
    let Some(value) = content_encoding else { return Ok(Coding::Identity) };
    let value = HeaderValue::from_str(value).map_err(|_| Malformed::Coding)?;
    Coding::of_response([&value]).map_err(|_| Malformed::Coding)
}

/// Takes `coding` off `body`.
pub(in crate::collect) fn decode(
    coding: Coding,
    body: &[u8],
    budget: &mut Budget,
) -> Option<Vec<u8>> {
    let limits = Limits { max_decoded: Some(budget.bytes as u64), ..Limits::default() };
    let mut decoder = Decoder::new(coding, &limits);
    let mut plain = Vec::new();
    let fed = decoder.feed::<Infallible>(body, &mut |piece| {
        plain.extend_from_slice(piece);
        Ok(())
    });
    fed.ok()?;
    decoder.finish().ok()?;
    budget.take_bytes(plain.len())?;
    Some(plain)
}

/// Takes off what no header names.
pub(in crate::collect) fn strip<'a>(body: Cow<'a, [u8]>, budget: &mut Budget) -> Bare<'a> {
    let mut bare = Bare { layers: Vec::new(), bytes: body };
    while bare.layers.len() < MAX_LAYERS {
        let Some((layer, bytes)) = outermost(&bare.bytes, budget) else { break };
        bare.layers.push(layer);
        bare.bytes = Cow::Owned(bytes);
    }
    bare
}

fn outermost(body: &[u8], budget: &mut Budget) -> Option<(Layer, Vec<u8>)> {
    match body {
        [0x1f, 0x8b, ..] => {
            let coding = Coding::Gzip;
            Some((Layer::Coded(coding), decode(coding, body, budget)?))
        }
        [first @ 0x78, second, ..] if u16::from_be_bytes([*first, *second]).is_multiple_of(31) => {
            let coding = Coding::Deflate;
            Some((Layer::Coded(coding), decode(coding, body, budget)?))
        }
        [b'e' | b'W' | b'H', ..] => {
            let (base64, bytes) = Base64::read(std::str::from_utf8(body).ok()?.trim_ascii_end())?;
            let opens = matches!(bytes.as_slice(), [b'{' | b'[', ..] | [0x1f, 0x8b, ..]);
            budget.take_bytes(bytes.len()).filter(|()| opens)?;
            Some((Layer::Base64(base64), bytes))
        }
        _ => None,
    }
}

/// Puts `layers` back around `bytes`.
pub(in crate::collect) fn wrap(layers: &[Layer], bytes: Vec<u8>) -> Result<Vec<u8>, Malformed> {
    layers.iter().rev().try_fold(bytes, |bytes, layer| match layer {
        Layer::Coded(coding) => encode(*coding, &bytes),
        Layer::Base64(base64) => Ok(base64.write(&bytes).into_bytes()),
    })
}

/// Puts `coding` around `bytes`.
pub(in crate::collect) fn encode(coding: Coding, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut encoder = Encoder::new(coding, &Levels::default());
    let mut coded = Vec::new();
    encoder.write(bytes, &mut coded).map_err(|_| Malformed::Coding)?;
    encoder.finish(&mut coded).map_err(|_| Malformed::Coding)?;
    Ok(coded)
}

// === impl Base64 ===

impl Base64 {
    /// What `text` is base64 of, and in which spelling.
    pub(in crate::collect) fn read(text: &str) -> Option<(Self, Vec<u8>)> {
        let url_safe = text.bytes().any(|b| b == b'-' || b == b'_');
        // A form turns a `+` that nobody escaped into a blank.
        let text =
            if text.contains(' ') { text.replace(' ', "+").into() } else { Cow::Borrowed(text) };
        let padded = text.ends_with('=') || !url_safe && text.len().is_multiple_of(4);
        let spelling = Self { url_safe, padded };
        Some((spelling, spelling.engine().decode(&*text).ok()?))
    }

    fn write(self, bytes: &[u8]) -> String {
        let text = self.engine().encode(bytes);
        if self.padded { text } else { text.trim_end_matches('=').to_owned() }
    }

    const fn engine(self) -> &'static GeneralPurpose {
        if self.url_safe { &URL_SAFE } else { &STANDARD }
    }
}
