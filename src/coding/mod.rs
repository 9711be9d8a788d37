//! Turns coded response bodies into plain bytes and back, in steps of bounded size.
//!
//! 1. One coding can be read: gzip (RFC 1952), deflate (RFC 1950, and RFC 1951 as browsers take it), br (RFC 7932),
//!    zstd (RFC 8878, window as in RFC 9659). No `Content-Encoding`, an empty one and `identity` mean plain bytes;
//!    `x-gzip` means gzip (RFC 9110, 8.4.1.3). Plain are also bytes under what old servers write there and is no coding at
//!    all (`none`, `utf-8`, `8bit` and the like), as browsers take a body as it is under a name that they do not know; not
//!    so beside a coding. Any other name, or two codings, is [`Unreadable`].
//! 2. Decoded bytes leave in pieces of at most [`Limits::step`], so memory does not depend on the ratio, and their sum
//!    ends at [`Limits::max_decoded`].
//! 3. An empty body is valid in any coding (responses to HEAD, and origins that code nothing).
//! 4. A body that ends before its coding does is [`Unreadable::Truncated`]; a wrong checksum or length is
//!    [`Unreadable::Corrupt`]. What came out before is not taken back: the caller must not end its message as whole.
//! 5. Bytes after the end: gzip goes on with the next member, and drops padding and garbage as `gunzip` does; after the end of deflate
//!    and br they are dropped as browsers do; zstd takes further and skippable frames, and anything else is corrupt. Nothing
//!    dropped is passed on, since what leaves is coded anew.
//! 6. A flush makes all that was written decodable; a finish ends the stream as its format asks.
//!
//! Memory of one response with the defaults, measured as resident memory on pages of 3 MB (encoders) and 20 MB (decoders, with the
//! largest window that the coding allows), step included:
//!
//! | coding | decoder, at most | encoder |
//! |---|---|---|
//! | identity | none | none |
//! | gzip, deflate | 64 KiB (window 32 KiB) | 0.4 MiB |
//! | br | 17 MiB: the window that the origin declares, up to 16 MiB; hostile code tables add up to 4 MiB (not measured) | 1.6 MiB (window 512 KiB) |
//! | zstd | 8.5 MiB: the window that the origin declares, up to 8 MiB | 1.7 MiB (window 512 KiB) |
//!
//! Servers declare 4 MiB or less at their usual levels, and the memory is that much less.

mod accept;
mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use self::accept::{cheapest, readable, smallest};
pub use self::decode::{Decoder, Error, Limits};
pub use self::encode::{Broken, Encoder, Levels};

use http::HeaderValue;

/// What stands in `Content-Encoding` without being a coding: a charset, or how the bytes are carried (RFC 2045, 6.1).
const NO_CODINGS: [&str; 9] =
    ["none", "utf-8", "utf8", "iso-8859-1", "text", "text/html", "binary", "8bit", "7bit"];

/// A content coding that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Plain bytes.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1950.
    Deflate,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Identity, Self::Gzip, Self::Brotli, Self::Zstd, Self::Deflate];

    /// The name in the IANA registry of content codings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        }
    }

    /// The coding called `name`, whatever its case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }

    /// The coding of a response with these `Content-Encoding` lines.
    ///
    /// # Errors
    /// [`Unreadable::Unknown`] if a name is not known, [`Unreadable::Several`] if there are two codings besides identity.
    pub fn of_response<'a>(
        content_encoding: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Self, Unreadable> {
        let (mut found, mut no_coding) = (Self::Identity, false);
        for value in content_encoding {
            let value = value.to_str().map_err(|_| Unreadable::Unknown)?;
            for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                if NO_CODINGS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    no_coding = true;
                    continue;
                }
                found = match (found, Self::named(name).ok_or(Unreadable::Unknown)?) {
                    (coding, Self::Identity) | (Self::Identity, coding) => coding,
                    _ => return Err(Unreadable::Several),
                };
            }
        }
        if no_coding && found != Self::Identity { Err(Unreadable::Unknown) } else { Ok(found) }
    }
}

/// Why a body cannot be read. Holds nothing of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// `Content-Encoding` names a coding that is none of ours.
    #[error("unknown content coding")]
    Unknown,
    /// `Content-Encoding` names more than one coding.
    #[error("more than one content coding")]
    Several,
    /// The bytes are not of the coding, their checksum is wrong, or they ask for a larger window than allowed.
    #[error("corrupt {} body", .0.name())]
    Corrupt(Coding),
    /// The body ends before the coding does.
    #[error("truncated {} body", .0.name())]
    Truncated(Coding),
    /// More than [`Limits::max_decoded`] bytes would come out.
    #[error("decoded body over the limit")]
    TooLarge,
    /// An earlier call failed or the decoder could not be set up.
    #[error("decoder not usable")]
    Unusable,
}

impl Unreadable {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_coding",
            Self::Several => "several_codings",
            Self::Corrupt(_) => "corrupt",
            Self::Truncated(_) => "truncated",
            Self::TooLarge => "too_large",
            Self::Unusable => "unusable",
        }
    }
}
