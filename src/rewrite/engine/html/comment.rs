//! Turns the bytes behind `<!--` into the place where the comment ends.
//!
//! 1. The states of the HTML Standard, 13.2.5.43 to 13.2.5.45 and 13.2.5.50 to 13.2.5.52; those between only report errors.
//! 2. `<!-->` and `<!--->` are whole comments; `-->` and `--!>` end one.

/// How far the end of a comment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    Start,
    StartDash,
    Text,
    Dash,
    End,
    Bang,
}

impl Comment {
    pub(super) const fn new() -> Self {
        Self::Start
    }

    /// Reads on at `at`; whether the comment ends in `text`.
    pub(super) fn run(&mut self, text: &[u8], at: &mut usize) -> bool {
        while let Some(rest) = text.get(*at..) {
            if *self == Self::Text {
                *at += memchr::memchr(b'-', rest).unwrap_or(rest.len());
            }
            let Some(byte) = text.get(*at) else { return false };
            *at += 1;
            *self = match (*self, byte) {
                (Self::Start | Self::StartDash | Self::End | Self::Bang, b'>') => return true,
                (Self::Start, b'-') => Self::StartDash,
                (Self::StartDash | Self::Dash | Self::End, b'-') => Self::End,
                (Self::Text | Self::Bang, b'-') => Self::Dash,
                (Self::End, b'!') => Self::Bang,
                (_, _) => Self::Text,
            };
        }
        false
    }
}
