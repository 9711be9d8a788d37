//! Turns a text into TOML tables and hands them on, keeping what is wrong with its syntax.
//!
//! 1. A syntax error does not hide the problems in the rest of the file.
//! 2. What is read on a line with a syntax error is a guess, and problems with guesses are not shown.

use super::{
    problem::{Problem, Problems},
    reader::Reader,
};
use std::path::Path;
use toml::de::DeTable;

/// What `meaning` makes of `text`, the text of `file`, and everything that is wrong in it.
pub(super) fn read<T: Default>(
    text: &str,
    file: &str,
    base: &Path,
    meaning: impl for<'t> FnOnce(&mut Reader<'t>, &'t DeTable<'t>) -> T,
) -> (T, Problems) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    if body.len() > LONGEST {
        let what = format!("the file has more than {} MiB", LONGEST >> 20);
        let problem = Problem::of_file(file, what, "split it or make it shorter");
        return (T::default(), Problems(vec![problem]));
    }
    let (table, mut errors) = DeTable::parse_recoverable(body);
    // Of errors at one place the last is the most particular.
    errors.reverse();
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut reader = Reader::new(body, file, base);
    for error in &errors {
        reader.syntax(error);
    }
    let syntax = reader.found();
    let read = meaning(&mut reader, table.get_ref());
    reader.drop_guesses(syntax);
    (read, Problems(reader.into_problems()))
}

/// A generous bound for what a person writes; bytes.
const LONGEST: usize = 16 << 20;

/// The text of the file at `path`, which is called `name` in messages.
pub(super) fn file(path: &Path, name: &str) -> Result<String, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        let what = format!("the file cannot be read ({error})");
        Problem::of_file(name, what, "give the path of a file that is there and readable")
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|b| **b == b'\n').count() + 1;
        let what = "the text is not UTF-8".to_owned();
        Problem { line, column: 1, ..Problem::of_file(name, what, "save the file as UTF-8") }
    })
}
