//! Turns a page's bytes into bytes of an ASCII-compatible charset, which the parser can read, and says which that is.
//!
//! 1. A byte order mark wins over the header, the header over a `meta` in the first 1024 bytes (HTML Standard, 13.2.3.2).
//! 2. UTF-16 and ISO-2022-JP are not ASCII-compatible and go out as UTF-8; every other charset leaves byte for byte.
//! 3. A page that says so in a byte order mark gets one in UTF-8, one that says so in a `meta` gets `utf-8` there.
//! 4. Nothing is held back but a byte order mark or a `meta` that is not complete yet.
//! 5. Charsets that browsers refuse to decode (`replacement`) cannot be read here either.

use super::{
    Unreadable,
    tag::{Tag, is_space},
};
use encoding_rs::{
    Decoder, Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

/// How far a `meta` is looked for.
const PRESCAN: usize = 1024;
/// The longest byte order mark.
const MARK: usize = 3;

/// Reads a page's bytes as one charset.
pub(super) struct Charset {
    state: State,
    header: Option<&'static Encoding>,
    held: Vec<u8>,
    seen: usize,
}

enum State {
    /// No byte is known yet.
    Mark,
    /// Looking for a `meta`.
    Prescan,
    Plain,
    Decoding(Box<Decoder>),
}

/// The charset that the header says, if it says one.
pub(super) fn of_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.as_bytes())
}

/// What a page with this charset in its header leaves as, when that is another one.
#[must_use]
pub fn outgoing(label: &str) -> Option<&'static str> {
    of_label(label).is_some_and(needs_decoding).then_some("utf-8")
}

fn needs_decoding(encoding: &'static Encoding) -> bool {
    [UTF_16LE, UTF_16BE, ISO_2022_JP].contains(&encoding)
}

impl Charset {
    pub(super) const fn new(header: Option<&'static Encoding>) -> Self {
        Self { state: State::Mark, header, held: Vec::new(), seen: 0 }
    }

    /// What the page is known to be read as by now.
    pub(super) fn encoding(&self) -> &'static Encoding {
        match self.state {
            State::Decoding(_) => UTF_8,
            State::Mark | State::Prescan | State::Plain => self.header.unwrap_or(WINDOWS_1252),
        }
    }

    /// Takes the next bytes and appends what the parser can read to `out`.
    pub(super) fn feed(
        &mut self,
        input: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        match &mut self.state {
            State::Plain => out.extend_from_slice(input),
            State::Decoding(decoder) => decode(decoder, input, last, out),
            State::Mark => {
                self.held.extend_from_slice(input);
                if self.held.len() >= MARK || last {
                    return self.mark(last, out);
                }
            }
            State::Prescan => {
                self.held.extend_from_slice(input);
                return self.prescan(last, out);
            }
        }
        Ok(())
    }

    /// Reads the byte order mark, or that there is none.
    fn mark(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let held = std::mem::take(&mut self.held);
        if let Some((encoding, _)) = Encoding::for_bom(&held) {
            self.header = Some(encoding);
            if needs_decoding(encoding) {
                out.extend_from_slice("\u{feff}".as_bytes());
            }
        }
        match self.header {
            Some(encoding) if encoding == REPLACEMENT => Err(Unreadable::Charset),
            Some(encoding) if needs_decoding(encoding) => self.decode(encoding, &held, last, out),
            Some(_) => {
                self.state = State::Plain;
                self.feed(&held, last, out)
            }
            None => {
                self.state = State::Prescan;
                self.feed(&held, last, out)
            }
        }
    }

    fn decode(
        &mut self,
        encoding: &'static Encoding,
        input: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.state = State::Decoding(Box::new(encoding.new_decoder_with_bom_removal()));
        self.feed(input, last, out)
    }

    /// Looks for a `meta` in what is held, and lets go of what can be no part of one.
    fn prescan(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        while let Some(at) = find_meta(rest) {
            let Some((before, meta)) = rest.split_at_checked(at) else { break };
            out.extend_from_slice(before);
            self.seen += before.len();
            // A comment that goes on is waited for like a tag.
            let end = if meta.starts_with(b"<!--") { None } else { memchr::memchr(b'>', meta) };
            let Some(end) = end else {
                if self.seen + meta.len() < PRESCAN && !last {
                    self.held = meta.to_vec();
                    return Ok(());
                }
                rest = meta;
                break;
            };
            let Some((meta, after)) = meta.split_at_checked(end + 1) else { break };
            if let Some(encoding) = declared(meta) {
                return self.declared(encoding, meta, after, last, out);
            }
            out.extend_from_slice(meta);
            self.seen += meta.len();
            rest = after;
        }
        out.extend_from_slice(rest);
        self.seen += rest.len();
        if self.seen >= PRESCAN {
            self.state = State::Plain;
        }
        Ok(())
    }

    fn declared(
        &mut self,
        encoding: &'static Encoding,
        meta: &[u8],
        after: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        if encoding == REPLACEMENT {
            return Err(Unreadable::Charset);
        }
        if encoding != ISO_2022_JP {
            // UTF-16 in a meta means UTF-8 (HTML Standard, 13.2.3.2, prescan).
            self.header = Some(if needs_decoding(encoding) { UTF_8 } else { encoding });
            self.state = State::Plain;
            out.extend_from_slice(meta);
            return self.feed(after, last, out);
        }
        let text = String::from_utf8_lossy(meta).to_ascii_lowercase();
        let label =
            ["iso-2022-jp", "csiso2022jp"].into_iter().find_map(|l| Some((text.find(l)?, l.len())));
        let (at, length) = label.unwrap_or((0, 0));
        out.extend_from_slice(meta.get(..at).unwrap_or_default());
        out.extend_from_slice(b"utf-8");
        out.extend_from_slice(meta.get(at + length..).unwrap_or_default());
        self.decode(ISO_2022_JP, after, last, out)
    }
}

/// Where the next `<meta` begins, or what could still become one or a comment, whose content is passed over.
fn find_meta(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', text.get(at..)?)?;
        let rest = text.get(at..)?;
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            // Its end may share the hyphens of its start (HTML Standard, 13.2.3.2, prescan).
            let Some(end) = memchr::memmem::find(rest.get(2..)?, b"-->") else {
                return Some(at);
            };
            at += (end + 5).max(rest.len() - comment.len());
            continue;
        }
        let is_start = |of: &[u8]| {
            let length = rest.len().min(of.len());
            rest.get(..length).zip(of.get(..length)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        let ends = rest.get(5).is_none_or(|b| is_space(*b) || *b == b'/');
        if (is_start(b"<meta") && ends) || is_start(b"<!--") {
            return Some(at);
        }
        at += 1;
    }
}

/// The charset that a `meta` declares.
fn declared(meta: &[u8]) -> Option<&'static Encoding> {
    let tag = Tag::new(meta);
    if let Some(label) = tag.value("charset") {
        return Encoding::for_label(label);
    }
    let content = String::from_utf8_lossy(tag.value("content")?).to_ascii_lowercase();
    let is_type = tag.value("http-equiv")?.eq_ignore_ascii_case(b"content-type");
    let label = content.split_once("charset")?.1.trim_start().strip_prefix('=')?.trim_start();
    let label = label.trim_start_matches(['"', '\'']);
    let end = label.find(['"', '\'', ';', ' ']).unwrap_or(label.len());
    is_type.then(|| Encoding::for_label(label.get(..end)?.as_bytes()))?
}

fn decode(decoder: &mut Decoder, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut text = String::with_capacity(4096);
    loop {
        let (result, read, _) = decoder.decode_to_string(input, &mut text, last);
        out.extend_from_slice(text.as_bytes());
        text.clear();
        input = input.get(read..).unwrap_or_default();
        if result == encoding_rs::CoderResult::InputEmpty {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &[u8], header: Option<&str>, size: usize) -> Result<Vec<u8>, Unreadable> {
        let mut charset = Charset::new(header.and_then(of_label));
        let mut out = Vec::new();
        for chunk in page.chunks(size) {
            charset.feed(chunk, false, &mut out)?;
        }
        charset.feed(b"", true, &mut out)?;
        Ok(out)
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_is_not_ascii_compatible_goes_out_as_utf8() {
        let japanese = b"<meta charset=iso-2022-jp><p>\x1b$B$3$s\x1b(B</p>";
        let cases: [(&[u8], Option<&str>, &str); 4] = [
            (&utf16("\u{feff}<p>\u{e9}</p>"), None, "\u{feff}<p>\u{e9}</p>"),
            (&utf16("<p>\u{e9}</p>"), Some("utf-16"), "<p>\u{e9}</p>"),
            (japanese, None, "<meta charset=utf-8><p>こん</p>"),
            (&japanese[26..], Some("ISO-2022-JP"), "<p>こん</p>"),
        ];
        for (page, header, expected) in cases {
            for size in [1, 2, 5, 1000] {
                let out = read(page, header, size).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{header:?} {size}");
            }
        }
    }

    #[test]
    fn every_other_charset_stays() {
        for header in [None, Some("shift_jis"), Some("windows-1252"), Some("gbk"), Some("nonsense")]
        {
            let page = b"\x83\x5c<!-- <meta charset=iso-2022-jp> --><meta name=x><meta charset=euc-kr>\xff\xfe<met";
            assert_eq!(read(page, header, 3).unwrap(), page);
        }
        assert_eq!(read(b"x", Some("hz-gb-2312"), 3), Err(Unreadable::Charset));
        assert_eq!(read(b"<", None, 3).unwrap(), b"<");
    }
}
