//! Turns parsed TOML into typed values, keeping every [`Problem`] on the way.
//!
//! 1. A bad value is reported where it stands, and reading goes on: all problems are found at once.
//! 2. A key that its table does not have is reported, with the key that was probably meant.

use super::{
    meaning::{Wrong, shown},
    nearest::nearest,
    problem::{Lines, Problem},
    schema::{Schema, TABLES},
};
use std::{collections::HashSet, ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

/// A value with its place in the text.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A table of the file and what may be in it.
#[derive(Clone, Debug)]
pub(super) struct Table<'t> {
    schema: &'static Schema,
    entries: &'t DeTable<'t>,
    /// Where problems with the table itself are shown.
    at: usize,
}

/// Reads one file.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    file: &'t str,
    /// What relative paths are relative to.
    base: &'t Path,
    text: &'t str,
    lines: Lines<'t>,
    problems: Vec<Problem>,
    /// Whether parts of the file could not be read, so that what is missing may be in them.
    broken: bool,
}

// === impl Table ===

impl<'t> Table<'t> {
    /// What is written for `key`, which the table's schema must have.
    pub(super) fn get(&self, key: &str) -> Option<&'t Value<'t>> {
        debug_assert!(self.schema.keys.contains(&key), "`{key}` is missing from the schema");
        self.entries.get(key)
    }

    /// Where `key` stands, or else the table.
    pub(super) fn at(&self, key: &str) -> usize {
        let entry = self.entries.iter().find(|(k, _)| k.get_ref() == key);
        entry.map_or(self.at, |(k, _)| k.span().start)
    }

    /// Where the table stands.
    pub(super) const fn start(&self) -> usize {
        self.at
    }
}

// === impl Reader ===

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, file: &'t str, base: &'t Path) -> Self {
        Self { file, base, text, lines: Lines::new(text), problems: Vec::new(), broken: false }
    }

    /// How much was found wrong so far.
    pub(super) const fn found(&self) -> usize {
        self.problems.len()
    }

    /// What was found wrong.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// What relative paths are relative to.
    pub(super) const fn base(&self) -> &'t Path {
        self.base
    }

    /// The line of byte `at`.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.place(at).0
    }

    /// Keeps a problem at byte `at`.
    pub(super) fn report(&mut self, at: usize, what: String, instead: impl Into<String>) {
        let (line, column) = self.lines.place(at);
        let file = self.file.to_owned();
        self.problems.push(Problem { file, line, column, what, instead: instead.into() });
    }

    /// Keeps the problem that something is missing at byte `at`.
    pub(super) fn missing(&mut self, at: usize, what: String, instead: impl Into<String>) {
        if !self.broken {
            self.report(at, what, instead);
        }
    }

    /// Keeps the problems of another file.
    pub(super) fn adopt(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.problems.extend(problems);
    }

    /// Keeps a syntax error, unless it only follows from the last one, on the same line.
    pub(super) fn syntax(&mut self, error: &Error) {
        self.broken = true;
        let span = error.span().unwrap_or_default();
        if self.problems.last().is_some_and(|last| last.line == self.line(span.start)) {
            return;
        }
        let written = self.text.get(span.clone()).unwrap_or_default();
        let (what, expected) = match error.message().split_once(", expected ") {
            Some((what, expected)) => (what, Some(expected)),
            None => (error.message(), None),
        };
        let instead = match (what, expected) {
            ("string values must be quoted", _) => {
                format!("write {}", shown(&format!("\"{written}\"")))
            }
            ("duplicate key", _) => "keep only one of the two".to_owned(),
            (_, Some(expected)) => format!("write {expected} here"),
            (_, None) => "see https://toml.io for how TOML is written".to_owned(),
        };
        self.report(span.start, what.to_owned(), instead);
    }

    /// Drops what was found on the lines of syntax errors, the first `syntax` problems: those values are guesses.
    pub(super) fn drop_guesses(&mut self, syntax: usize) {
        let (errors, others) = self.problems.split_at_checked(syntax).unwrap_or_default();
        let lines: HashSet<usize> = errors.iter().map(|error| error.line).collect();
        let is_guess = |p: &Problem| p.file == self.file && lines.contains(&p.line);
        let others: Vec<_> = others.iter().filter(|p| !is_guess(p)).cloned().collect();
        self.problems.truncate(syntax);
        self.problems.extend(others);
    }

    /// The whole file as a table.
    pub(super) fn root(&mut self, entries: &'t DeTable<'t>, schema: &'static Schema) -> Table<'t> {
        self.open(entries, schema, 0)
    }

    fn open(&mut self, entries: &'t DeTable<'t>, schema: &'static Schema, at: usize) -> Table<'t> {
        for (key, _) in entries.iter().filter(|(k, _)| !schema.keys.contains(&&**k.get_ref())) {
            let (what, instead) = unknown_key(key.get_ref(), schema);
            // The heading of the table that has the key may be what could not be read.
            match TABLES.iter().any(|table| table.keys.contains(&&**key.get_ref())) {
                true => self.missing(key.span().start, what, instead),
                false => self.report(key.span().start, what, instead),
            }
        }
        Table { schema, entries, at }
    }

    /// The table under `key`.
    pub(super) fn table(
        &mut self,
        parent: &Table<'t>,
        key: &str,
        schema: &'static Schema,
    ) -> Option<Table<'t>> {
        let value = parent.get(key)?;
        let at = parent.at(key);
        match value.get_ref().as_table() {
            Some(entries) => Some(self.open(entries, schema, at)),
            None => {
                self.wrong(value.span(), &named(key), Wrong::kind(value.get_ref(), "a table"));
                None
            }
        }
    }

    /// The tables under `key`: `[[key]]`, or an array of inline tables.
    pub(super) fn tables(
        &mut self,
        parent: &Table<'t>,
        key: &str,
        schema: &'static Schema,
    ) -> Option<Vec<Table<'t>>> {
        let mut tables = Vec::new();
        for value in self.array(parent, key)? {
            match value.get_ref().as_table() {
                Some(entries) => tables.push(self.open(entries, schema, value.span().start)),
                None => {
                    let wrong = Wrong::kind(value.get_ref(), "a table");
                    self.wrong(value.span(), &entry_of(key), wrong);
                }
            }
        }
        Some(tables)
    }

    /// What `key` means; `None` when it is not written, or wrong.
    pub(super) fn value<T>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        meaning: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = table.get(key)?;
        let read = meaning(value.get_ref());
        read.map_err(|wrong| self.wrong(value.span(), &named(key), wrong)).ok()
    }

    /// Puts what `key` means into `field`, which stays as it is when the key is not written.
    pub(super) fn set<T>(
        &mut self,
        field: &mut T,
        table: &Table<'t>,
        key: &str,
        meaning: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) {
        if let Some(value) = self.value(table, key, meaning) {
            *field = value;
        }
    }

    /// As [`Reader::value`], for a key that must be written; `example` shows how.
    pub(super) fn required<T>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        example: &str,
        meaning: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        if table.get(key).is_none() {
            let what = format!("`{key}` is missing {}", table.schema.place());
            self.missing(table.at, what, format!("write `{key} = {example}`"));
        }
        self.value(table, key, meaning)
    }

    /// What the entries of the array under `key` mean, with where each stands.
    pub(super) fn list<T>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        meaning: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<(T, usize)>> {
        let mut list = Vec::new();
        for value in self.array(table, key)? {
            match meaning(value.get_ref()) {
                Ok(read) => list.push((read, value.span().start)),
                Err(wrong) => self.wrong(value.span(), &entry_of(key), wrong),
            }
        }
        Some(list)
    }

    /// Puts the entries of the array under `key` in the place of `field`.
    pub(super) fn set_list<T>(
        &mut self,
        field: &mut Vec<T>,
        table: &Table<'t>,
        key: &str,
        meaning: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) {
        if let Some(list) = self.list(table, key, meaning) {
            *field = list.into_iter().map(|(read, _)| read).collect();
        }
    }

    /// Adds the entries of the array under `key` to `field`.
    pub(super) fn add<T>(
        &mut self,
        field: &mut Vec<T>,
        table: &Table<'t>,
        key: &str,
        meaning: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) {
        field.extend(self.list(table, key, meaning).into_iter().flatten().map(|(read, _)| read));
    }

    /// The entries of a table whose keys the operator chooses.
    pub(super) fn names(&mut self, value: &'t Value<'t>, key: &str) -> Vec<Named<'t>> {
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(value.span(), &named(key), Wrong::kind(value.get_ref(), "a table"));
            return Vec::new();
        };
        entries
            .iter()
            .map(|(key, value)| Named { name: key.get_ref(), at: key.span().start, value })
            .collect()
    }

    /// What an entry of such a table means.
    pub(super) fn entry<T>(
        &mut self,
        entry: &Named<'t>,
        meaning: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let read = meaning(entry.value.get_ref());
        read.map_err(|wrong| self.wrong(entry.value.span(), &shown(entry.name), wrong)).ok()
    }

    fn array(&mut self, table: &Table<'t>, key: &str) -> Option<&'t [Value<'t>]> {
        let value = table.get(key)?;
        if value.get_ref().as_array().is_none() {
            let wrong = Wrong::kind(value.get_ref(), "an array: `[ ... ]`");
            self.wrong(value.span(), &named(key), wrong);
        }
        value.get_ref().as_array().map(|array| &**array)
    }

    /// Keeps what is wrong with the value at `span`.
    pub(super) fn wrong(&mut self, span: Range<usize>, subject: &str, wrong: Wrong) {
        self.report(span.start, format!("{subject} {}", wrong.what), wrong.instead);
    }
}

/// An entry whose key the operator chose.
#[derive(Debug)]
pub(super) struct Named<'t> {
    pub(super) name: &'t str,
    pub(super) at: usize,
    pub(super) value: &'t Value<'t>,
}

fn named(key: &str) -> String {
    format!("`{key}`")
}

fn entry_of(key: &str) -> String {
    format!("an entry of `{key}`")
}

/// What is wrong with a key that `schema` does not have, and what to write: a key of another table belongs there.
fn unknown_key(key: &str, schema: &Schema) -> (String, String) {
    let what = match schema.table {
        "" => format!("unknown key {}", shown(key)),
        _ => format!("unknown key {} {}", shown(key), schema.place()),
    };
    let elsewhere: Vec<_> =
        TABLES.iter().filter(|t| t.keys.contains(&key)).map(|t| t.place()).collect();
    let instead = match nearest(key, schema.keys.iter().copied()) {
        Some(near) => format!("write `{near}`"),
        None if elsewhere.is_empty() => format!("write one of {}", schema.keys.join(", ")),
        None => format!("write it {}", elsewhere.join(" or ")),
    };
    (what, instead)
}
