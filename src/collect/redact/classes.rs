//! Turns a value into what kinds of bytes are in it, in one pass, so that most detectors need not look at it.

/// What kinds of bytes a value has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Classes {
    seen: u8,
    pub(super) digits: usize,
    /// The most letters, digits, `+`, `/`, `-`, `_` and `=` in a row.
    pub(super) run: usize,
    pub(super) len: usize,
}

const AT: u8 = 1;
const COLON: u8 = 1 << 1;
const DOT: u8 = 1 << 2;
const ESCAPE: u8 = 1 << 3;
const DIGIT: u8 = 1 << 4;
const WORD: u8 = 1 << 5;

static TABLE: [u8; 256] = table();

/// What one byte is.
const fn kind(byte: u8) -> u8 {
    match byte {
        b'@' => AT,
        b':' => COLON,
        b'.' => DOT,
        b'%' | b'\\' => ESCAPE,
        b'0'..=b'9' => DIGIT | WORD,
        b'A'..=b'Z' | b'a'..=b'z' | b'+' | b'/' | b'-' | b'_' | b'=' => WORD,
        _ => 0,
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where iterators are not")]
const fn table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = kind(byte);
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

impl Classes {
    pub(super) fn of(text: &str) -> Self {
        let mut classes = Self { len: text.len(), ..Self::default() };
        let mut run = 0;
        for byte in text.bytes() {
            let kind = TABLE.get(usize::from(byte)).copied().unwrap_or_default();
            classes.seen |= kind;
            classes.digits += usize::from(kind & DIGIT != 0);
            run = if kind & WORD == 0 { 0 } else { run + 1 };
            classes.run = classes.run.max(run);
        }
        classes
    }

    /// Whether any detector has something to look for: the shortest of all is the address `1.1.1.1`, or `a@b.cd`.
    pub(super) const fn anything(&self) -> bool {
        self.len >= 6 && (self.seen & AT != 0 || self.digits >= 4 || self.run >= 16 || self.colon())
    }

    /// Whether something may be hidden: the shortest word of base64 is that of an e-mail address.
    pub(super) const fn may_be_encoded(&self) -> bool {
        self.escape() || self.run >= 8
    }

    pub(super) const fn at(&self) -> bool {
        self.seen & AT != 0
    }

    pub(super) const fn colon(&self) -> bool {
        self.seen & COLON != 0
    }

    pub(super) const fn dot(&self) -> bool {
        self.seen & DOT != 0
    }

    pub(super) const fn escape(&self) -> bool {
        self.seen & ESCAPE != 0
    }
}
