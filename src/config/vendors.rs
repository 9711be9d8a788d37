//! Turns the `[[vendor]]` tables of a catalogue file, and of the operator's own file over it, into vendor entries.
//!
//! 1. An entry with a new id adds a vendor; it needs a purpose and something to be recognised by.
//! 2. An entry with a known id changes that vendor: a value that is given replaces, as do the facts that visitors are told; any other
//!    list adds to the list.
//! 3. A vendor is served on the site's own paths, or is said to be gated only and why; never both.

use super::{
    endpoints::endpoints,
    facts::facts,
    host::place,
    meaning::{Wrong, some_text, text, whole},
    names::purpose,
    problem::Problems,
    reader::{Reader, Table},
    schema::{CATALOG, VENDOR},
    syntax,
};
use crate::catalog::{Endpoint, VendorEntry};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};
use toml::de::DeValue;

/// The vendors of the built-in catalogue.
#[must_use]
pub fn built_in() -> Vec<VendorEntry> {
    catalogue(BUILT_IN, "conf/vendors.toml").0
}

const BUILT_IN: &str = include_str!("../../conf/vendors.toml");

/// The vendors that `text`, the text of the catalogue file `file`, lists.
///
/// # Errors
/// Everything that is wrong in it.
pub fn vendors(text: &str, file: &str) -> Result<Vec<VendorEntry>, Problems> {
    let (vendors, problems) = catalogue(text, file);
    problems.or(vendors, file)
}

/// The vendors of a catalogue file, and what is wrong in it.
pub(super) fn catalogue(text: &str, file: &str) -> (Vec<VendorEntry>, Problems) {
    syntax::read(text, file, Path::new(""), |reader, entries| {
        let root = reader.root(entries, &CATALOG);
        extend(reader, &root, Vec::new())
    })
}

/// `known` with what the `[[vendor]]` tables in `root` say.
pub(super) fn extend<'t>(
    reader: &mut Reader<'t>,
    root: &Table<'t>,
    known: Vec<VendorEntry>,
) -> Vec<VendorEntry> {
    let mut index: HashMap<String, usize> =
        known.iter().enumerate().map(|(at, v)| (v.id.clone(), at)).collect();
    let mut vendors = known;
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for table in reader.tables(root, "vendor", &VENDOR).unwrap_or_default() {
        let Some(id) = reader.required(&table, "id", "\"my-tracker\"", vendor_id) else {
            let _ = entry(reader, &table, VendorEntry::default());
            continue;
        };
        if let Some(first) = written.insert(id.clone(), table.start()) {
            let line = reader.line(first);
            let what = format!("the vendor `{id}` is already given on line {line}");
            reader.report(table.at("id"), what, "make one table of the two");
        }
        match index.get(&id).and_then(|at| vendors.get_mut(*at)) {
            Some(vendor) => *vendor = entry(reader, &table, vendor.clone()),
            None => {
                index.insert(id.clone(), vendors.len());
                vendors.push(new_entry(reader, &table, id));
            }
        }
    }
    vendors
}

/// A vendor that no catalogue has.
fn new_entry<'t>(reader: &mut Reader<'t>, table: &Table<'t>, id: String) -> VendorEntry {
    if table.get("purpose").is_none() {
        let what = format!("the new vendor `{id}` has no purpose");
        reader.missing(table.start(), what, "write `purpose = \"marketing\"`");
    }
    let signs = ["hosts", "literals", "inline", "cookies"];
    if signs.iter().all(|key| table.get(key).is_none()) {
        let what = format!("nothing says how the new vendor `{id}` is recognised");
        reader.missing(table.start(), what, "write `hosts = [\"tracker.example\"]`");
    }
    let base = VendorEntry { name: id.clone(), id, ..VendorEntry::default() };
    entry(reader, table, base)
}

/// `base` with what `table` says.
fn entry<'t>(reader: &mut Reader<'t>, table: &Table<'t>, base: VendorEntry) -> VendorEntry {
    let mut new = base;
    reader.set(&mut new.name, table, "name", some_text);
    new.purpose = reader.value(table, "purpose", purpose).or(new.purpose);
    new.gvl = reader.value(table, "gvl", whole(1..=u16::MAX)).or(new.gvl);
    new.atp = reader.value(table, "atp", whole(1..=u32::MAX)).or(new.atp);
    facts(reader, table, &mut new.facts);
    reader.add(&mut new.hosts, table, "hosts", place);
    reader.add(&mut new.literals, table, "literals", place);
    reader.add(&mut new.inline, table, "inline", some_text);
    reader.add(&mut new.hides, table, "hides", some_text);
    reader.add(&mut new.cookies, table, "cookies", cookie_pattern);
    reader.add(&mut new.workers, table, "workers", file_name);
    reader.set(&mut new.surrogate, table, "surrogate", script);
    reader.set(&mut new.setup, table, "setup", script);
    served(reader, table, &mut new);
    new
}

/// Reads what of a vendor is served on the site's own paths.
fn served<'t>(reader: &mut Reader<'t>, table: &Table<'t>, new: &mut VendorEntry) {
    let known = std::mem::take(&mut new.endpoints);
    let endpoints: Vec<Endpoint> = endpoints(reader, table, &new.hosts, known);
    let why = reader.value(table, "gated_only", text);
    let has_tables = table.get("endpoint").is_some();
    match why {
        Some(why) if !why.is_empty() && has_tables => {
            let what = "the vendor is `gated_only` and has endpoints too".to_owned();
            reader.report(table.at("gated_only"), what, "keep one of the two");
        }
        Some(why) if !why.is_empty() => new.gated_only = why,
        Some(_) => (new.gated_only, new.endpoints) = (String::new(), endpoints),
        None if has_tables => (new.gated_only, new.endpoints) = (String::new(), endpoints),
        None => new.endpoints = endpoints,
    }
}

/// The text of a script that can stand in a page; empty for none.
fn script(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let lower = text.to_ascii_lowercase();
    if let Some(end) = ["</script", "<script", "<!--"].into_iter().find(|end| lower.contains(end)) {
        let instead =
            format!("take `{end}` out: it would end the script's element, or not let it end");
        return Err(Wrong::new(format!("has `{end}` in it"), instead));
    }
    Ok(text)
}

/// A vendor's id: it names metrics, markers and configuration.
fn vendor_id(value: &DeValue<'_>) -> Result<String, Wrong> {
    let id = some_text(value)?;
    let fits =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if id.len() > 64 || !id.chars().all(fits) {
        let instead = "write up to 64 lower case letters, digits, `-`, `_` and `.`";
        return Err(Wrong::text(&id, "", instead));
    }
    Ok(id)
}

/// The name of a script's file, without folders.
fn file_name(value: &DeValue<'_>) -> Result<String, Wrong> {
    let name = some_text(value)?;
    if name.contains(['/', '?', '#', '*', ' ']) {
        let instead = "write the last part of its path, as \"AcmeWorker.js\"";
        return Err(Wrong::text(&name, ", which is no name of a file", instead));
    }
    Ok(name)
}

/// A cookie's name, in which `*` stands for any characters; `*` alone would be every cookie.
fn cookie_pattern(value: &DeValue<'_>) -> Result<String, Wrong> {
    let name = some_text(value)?;
    if name.chars().all(|c| c == '*') {
        return Err(Wrong::text(&name, ", which is every cookie", "write a part of the name"));
    }
    if !name.chars().all(super::names::is_token) {
        return Err(Wrong::text(
            &name,
            ", which no cookie can be named",
            "write the cookie's name",
        ));
    }
    Ok(name)
}
