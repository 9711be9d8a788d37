//! Turns the code of a country into its name in one language.

use crate::vendor::Country;

/// Names by code and language, with a line of languages before them.
const TABLE: &str = include_str!("countries.tsv");

/// Whether there is such a country.
#[must_use]
pub fn has_country(country: Country) -> bool {
    line(country.code()).is_some()
}

/// The name of `country` in the language `tag`.
pub(super) fn name(country: Country, tag: &str) -> Option<&'static str> {
    let column = line("code")?.position(|language| language == tag)?;
    line(country.code())?.nth(column)
}

/// The fields of the line that begins with `code`, without it.
fn line(code: &str) -> Option<impl Iterator<Item = &'static str>> {
    TABLE.lines().find_map(|line| {
        let mut fields = line.split('\t');
        (fields.next() == Some(code)).then_some(fields)
    })
}
