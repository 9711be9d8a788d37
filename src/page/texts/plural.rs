//! Turns a number into the form that a noun has beside it in one language.
//!
//! 1. The categories and their conditions are those of CLDR's cardinals, for whole numbers below ten thousand.

use super::Language;
use serde::Deserialize;

/// A form of nouns (CLDR plural category).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Category {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

/// A phrase with `{n}` in it, in the forms that a language has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forms {
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: Option<String>,
}

impl Forms {
    /// The phrase for `n`; none where the form is missing.
    pub(super) fn with(&self, language: Language, n: u16) -> Option<String> {
        let form = self.form(category(language, n))?;
        Some(form.replace("{n}", &n.to_string()))
    }

    pub(super) fn form(&self, category: Category) -> Option<&str> {
        let form = match category {
            Category::Zero => &self.zero,
            Category::One => &self.one,
            Category::Two => &self.two,
            Category::Few => &self.few,
            Category::Many => &self.many,
            Category::Other => &self.other,
        };
        form.as_deref()
    }
}

/// The form of a noun beside `n`.
pub(super) fn category(language: Language, n: u16) -> Category {
    use Category::{Few, Many, One, Other, Two, Zero};
    use Language as L;
    let (ones, tens) = (n % 10, n % 100);
    let is_teen = (11..=19).contains(&tens);
    let is_few = (2..=4).contains(&ones) && !(12..=14).contains(&tens);
    match language {
        L::Bulgarian
        | L::Danish
        | L::German
        | L::Greek
        | L::English
        | L::Spanish
        | L::Estonian
        | L::Finnish
        | L::Hungarian
        | L::Italian
        | L::Norwegian
        | L::Dutch
        | L::Portuguese
        | L::Swedish
        | L::Turkish => match n {
            1 => One,
            _ => Other,
        },
        L::French => match n {
            0 | 1 => One,
            _ => Other,
        },
        L::Icelandic if ones == 1 && tens != 11 => One,
        L::Icelandic => Other,
        L::Czech | L::Slovak => match n {
            1 => One,
            2..=4 => Few,
            _ => Other,
        },
        L::Croatian | L::Ukrainian if ones == 1 && tens != 11 => One,
        L::Croatian | L::Ukrainian if is_few => Few,
        L::Croatian => Other,
        L::Ukrainian => Many,
        L::Polish if n == 1 => One,
        L::Polish if is_few => Few,
        L::Polish => Many,
        L::Slovenian => match tens {
            1 => One,
            2 => Two,
            3 | 4 => Few,
            _ => Other,
        },
        L::Irish => match n {
            1 => One,
            2 => Two,
            3..=6 => Few,
            7..=10 => Many,
            _ => Other,
        },
        L::Latvian if ones == 0 || is_teen => Zero,
        L::Latvian if ones == 1 => One,
        L::Latvian => Other,
        L::Lithuanian if is_teen || ones == 0 => Other,
        L::Lithuanian if ones == 1 => One,
        L::Lithuanian => Few,
        L::Maltese => match (n, tens) {
            (1, _) => One,
            (2, _) => Two,
            (0, _) | (_, 3..=10) => Few,
            (_, 11..=19) => Many,
            _ => Other,
        },
        L::Romanian => match (n, tens) {
            (1, _) => One,
            (0, _) | (_, 1..=19) => Few,
            _ => Other,
        },
        L::Arabic => match (n, tens) {
            (0, _) => Zero,
            (1, _) => One,
            (2, _) => Two,
            (_, 3..=10) => Few,
            (_, 11..=99) => Many,
            _ => Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [u16; 33] = [
        0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 19, 20, 21, 22, 24, 30, 31, 90, 100, 101, 102,
        103, 105, 111, 112, 119, 121, 380, 400, 1000,
    ];

    /// What ICU 78 (CLDR 48) says of [`NUMBERS`]: a letter or digit for each category.
    const EXPECTED: &[(Language, &str)] = &[
        (Language::Arabic, "z12ffffffmmmmmmmmmmmmoooffmmmmmoo"),
        (Language::Bulgarian, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Czech, "o1fffoooooooooooooooooooooooooooo"),
        (Language::Danish, "o1ooooooooooooooooooooooooooooooo"),
        (Language::German, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Greek, "o1ooooooooooooooooooooooooooooooo"),
        (Language::English, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Spanish, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Estonian, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Finnish, "o1ooooooooooooooooooooooooooooooo"),
        (Language::French, "11ooooooooooooooooooooooooooooooo"),
        (Language::Irish, "o12ffffmmoooooooooooooooooooooooo"),
        (Language::Croatian, "o1fffoooooooooo1ffo1oo1ffoooo1ooo"),
        (Language::Hungarian, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Icelandic, "o1ooooooooooooo1ooo1oo1oooooo1ooo"),
        (Language::Italian, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Lithuanian, "o1ffffffooooooo1ffo1oo1fffooo1ooo"),
        (Language::Latvian, "z1oooooozzzzzzz1ooz1zz1ooozzz1zzz"),
        (Language::Maltese, "f12ffffffmmmmmooooooooooffmmmoooo"),
        (Language::Norwegian, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Dutch, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Polish, "m1fffmmmmmmmmmmmffmmmmmffmmmmmmmm"),
        (Language::Portuguese, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Romanian, "f1ffffffffffffoooooooofffffffoooo"),
        (Language::Slovak, "o1fffoooooooooooooooooooooooooooo"),
        (Language::Slovenian, "o12ffooooooooooooooooo12foooooooo"),
        (Language::Swedish, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Turkish, "o1ooooooooooooooooooooooooooooooo"),
        (Language::Ukrainian, "m1fffmmmmmmmmmm1ffm1mm1ffmmmm1mmm"),
    ];

    #[test]
    fn the_categories_are_those_of_cldr() {
        assert_eq!(EXPECTED.len(), Language::ALL.len());
        for (language, expected) in EXPECTED {
            let letter = |n| match category(*language, n) {
                Category::Zero => 'z',
                Category::One => '1',
                Category::Two => '2',
                Category::Few => 'f',
                Category::Many => 'm',
                Category::Other => 'o',
            };
            assert_eq!(NUMBERS.map(letter).iter().collect::<String>(), *expected, "{language:?}");
        }
    }
}
