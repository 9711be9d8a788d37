//! Turns a byte offset in a file and two phrases into a [`Problem`] that a person can act on.
//!
//! 1. Every problem says where it is, what is wrong, and what to write instead.
//! 2. Lines and columns count from one; columns count characters. Line zero means the file as a whole.

use std::fmt;

/// One thing that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 when it is about the file as a whole.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to write or to do instead.
    pub instead: String,
}

/// Everything that is wrong, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

// === impl Problem ===

impl Problem {
    /// A problem of a whole file.
    pub(super) fn of_file(file: &str, what: String, instead: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, what, instead: instead.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, what, instead } = self;
        match line {
            0 => write!(f, "{file}: {what}; {instead}"),
            _ => write!(f, "{file}:{line}:{column}: {what}; {instead}"),
        }
    }
}

// === impl Problems ===

impl Problems {
    /// `value` when there is no problem, or else all of them: `main`'s first, then by file and place.
    pub(super) fn or<T>(mut self, value: T, main: &str) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by(|a, b| {
            let key = |p: &Problem| (p.file != main, p.file.clone(), p.line, p.column);
            key(a).cmp(&key(b))
        });
        Err(self)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

// === impl Lines ===

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// The line and the column of byte `at`, from one.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let lines = Lines::new("a\nüb\n\nc");
        for (at, place) in
            [(0, (1, 1)), (2, (2, 1)), (4, (2, 2)), (6, (3, 1)), (7, (4, 1)), (8, (4, 2))]
        {
            assert_eq!(lines.place(at), place, "{at}");
        }
        // Inside a character or past the end: some place, no panic.
        assert_eq!(lines.place(3).0, 2);
        assert_eq!(lines.place(99).0, 4);
    }
}
