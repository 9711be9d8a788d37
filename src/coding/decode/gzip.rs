//! Turns gzip members (RFC 1952) into plain bytes.
//!
//! 1. A member is a header (2.3), deflate blocks, and the CRC-32 and length of what they hold; all three checks count.
//! 2. After a member comes the end, another member, or bytes that are dropped: zero padding and garbage, as in `gunzip`.

use super::{Corrupt, Format, Progress, deflate::inflate};
use flate2::{Crc, Decompress, Status};

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

pub(super) struct Gzip {
    part: Part,
    inflater: Decompress,
    crc: Crc,
}

enum Part {
    Header(Header),
    Blocks,
    /// The CRC-32 and the length, of which this many bytes are here.
    Trailer([u8; 8], usize),
    Boundary,
    /// What may be the first byte of another member.
    Magic,
    Dropped,
}

struct Header {
    field: Field,
    flags: u8,
    extra: u16,
    crc: Crc,
}

#[derive(Clone, Copy)]
enum Field {
    Fixed(u8),
    ExtraLength(bool),
    Extra,
    Name,
    Comment,
    Check(Option<u8>),
    Done,
}

// === impl Gzip ===

impl Default for Gzip {
    fn default() -> Self {
        let part = Part::Header(Header::default());
        Self { part, inflater: Decompress::new(false), crc: Crc::new() }
    }
}

impl Gzip {
    fn header(&mut self, input: &[u8]) -> Result<usize, Corrupt> {
        let Part::Header(header) = &mut self.part else { return Ok(0) };
        let mut read = 0;
        for byte in input {
            header.push(*byte)?;
            read += 1;
            if matches!(header.field, Field::Done) {
                self.inflater.reset(false);
                self.crc.reset();
                self.part = Part::Blocks;
                break;
            }
        }
        Ok(read)
    }

    fn blocks(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt> {
        let (progress, status) = inflate(&mut self.inflater, input, output)?;
        self.crc.update(output.get(..progress.written).unwrap_or_default());
        if status == Status::StreamEnd {
            self.part = Part::Trailer([0; 8], 0);
            // The end may have been in bytes that were taken before: then the input is the trailer's.
            if progress == Progress::default() {
                return self.step(input, output);
            }
        }
        Ok(progress)
    }

    fn trailer(&mut self, input: &[u8]) -> Result<usize, Corrupt> {
        let Part::Trailer(bytes, have) = &mut self.part else { return Ok(0) };
        let missing = bytes.iter_mut().skip(*have);
        let read = missing.zip(input).map(|(slot, byte)| *slot = *byte).count();
        *have += read;
        if *have == bytes.len() {
            let [a, b, c, d, e, f, g, h] = *bytes;
            let check = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            if check != (self.crc.sum(), self.crc.amount()) {
                return Err(Corrupt);
            }
            self.part = Part::Boundary;
        }
        Ok(read)
    }

    /// Decides by the two magic bytes (2.3.1) whether another member begins.
    fn after(&mut self, input: &[u8]) -> Result<usize, Corrupt> {
        self.part = match (&self.part, input) {
            (Part::Boundary, []) => Part::Boundary,
            (Part::Boundary, [0x1f, ..]) => Part::Magic,
            (Part::Magic, []) => Part::Magic,
            (Part::Magic, [0x8b, ..]) => Part::Header(Header::after_magic()?),
            _ => Part::Dropped,
        };
        Ok(input.len().min(1))
    }
}

impl Format for Gzip {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Corrupt> {
        let read = match self.part {
            Part::Header(_) => self.header(input)?,
            Part::Blocks => return self.blocks(input, output),
            Part::Trailer(..) => self.trailer(input)?,
            Part::Boundary | Part::Magic => self.after(input)?,
            Part::Dropped => input.len(),
        };
        Ok(Progress { read, written: 0 })
    }

    fn may_end(&self) -> bool {
        matches!(self.part, Part::Boundary | Part::Dropped)
    }
}

// === impl Header ===

impl Default for Header {
    fn default() -> Self {
        Self { field: Field::Fixed(0), flags: 0, extra: 0, crc: Crc::new() }
    }
}

impl Header {
    fn after_magic() -> Result<Self, Corrupt> {
        let mut header = Self::default();
        header.push(0x1f)?;
        header.push(0x8b)?;
        Ok(header)
    }

    fn push(&mut self, byte: u8) -> Result<(), Corrupt> {
        let sum = self.crc.sum();
        self.crc.update(&[byte]);
        self.field = match self.field {
            Field::Fixed(at) => self.fixed(at, byte)?,
            Field::ExtraLength(false) => {
                self.extra = byte.into();
                Field::ExtraLength(true)
            }
            Field::ExtraLength(true) => {
                self.extra |= u16::from(byte) << 8;
                if self.extra == 0 { self.name() } else { Field::Extra }
            }
            Field::Extra => {
                self.extra = self.extra.saturating_sub(1);
                if self.extra == 0 { self.name() } else { Field::Extra }
            }
            Field::Name if byte == 0 => self.comment(),
            Field::Comment if byte == 0 => self.check(),
            // The sum of the header without the check, whose first byte is in the running sum already.
            Field::Check(None) if byte == sum.to_le_bytes()[0] => {
                Field::Check(Some(sum.to_le_bytes()[1]))
            }
            Field::Check(Some(second)) if byte == second => Field::Done,
            Field::Check(_) => return Err(Corrupt),
            field @ (Field::Name | Field::Comment | Field::Done) => field,
        };
        Ok(())
    }

    fn fixed(&mut self, at: u8, byte: u8) -> Result<Field, Corrupt> {
        match (at, byte) {
            (0, 0x1f) | (1, 0x8b) | (2, 8) | (4..=8, _) => Ok(Field::Fixed(at + 1)),
            (3, flags) if flags & RESERVED == 0 => {
                self.flags = flags;
                Ok(Field::Fixed(4))
            }
            (9, _) if self.flags & FEXTRA != 0 => Ok(Field::ExtraLength(false)),
            (9, _) => Ok(self.name()),
            _ => Err(Corrupt),
        }
    }

    const fn name(&self) -> Field {
        if self.flags & FNAME != 0 { Field::Name } else { self.comment() }
    }

    const fn comment(&self) -> Field {
        if self.flags & FCOMMENT != 0 { Field::Comment } else { self.check() }
    }

    const fn check(&self) -> Field {
        if self.flags & FHCRC != 0 { Field::Check(None) } else { Field::Done }
    }
}
