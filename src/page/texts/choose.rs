//! Turns what a page and a browser say of languages into the language of the banner.
//!
//! 1. The page's own language, where the banner has it: it stands in the page's `lang`.
//! 2. What the browser asks for, by weight and then by order (RFC 9110 12.5.4); `q=0` is a refusal, `*` says nothing.
//! 3. What the operator says.
//! 4. English.

use super::Language;

/// How many entries of `Accept-Language` are looked at.
const LOOKED_AT: usize = 32;

/// The language of the banner for a page in `page_lang` and a browser that sends `accept_language`.
#[must_use]
pub fn choose(
    page_lang: Option<&str>,
    accept_language: Option<&str>,
    operator: Option<Language>,
) -> Language {
    let of_page = page_lang.and_then(Language::of_tag);
    of_page.or_else(|| accepted(accept_language?)).or(operator).unwrap_or_default()
}

/// The language that `header` gives the most weight.
fn accepted(header: &str) -> Option<Language> {
    let entries = header.split(',').take(LOOKED_AT).filter_map(entry);
    // The first of those with the same weight.
    let best = entries.reduce(|best, entry| if entry.1 > best.1 { entry } else { best });
    best.map(|(language, _)| language)
}

/// A language and its weight in thousandths.
fn entry(entry: &str) -> Option<(Language, u16)> {
    let (tag, parameter) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = match parameter.trim().split_once('=') {
        Some((name, weight)) if name.trim().eq_ignore_ascii_case("q") => {
            thousandths(weight.trim())?
        }
        _ => 1000,
    };
    Language::of_tag(tag).map(|language| (language, weight)).filter(|_| weight > 0)
}

/// `0.8` as 800 (RFC 9110 12.4.2: at most three digits); none where it is no weight.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let is_part = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let part: u16 = format!("{part:0<3}").parse().ok().filter(|_| is_part)?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_page_comes_first_then_the_browser_then_the_operator() {
        let german = Some(Language::German);
        for (page, accept, operator, chosen) in [
            (Some("fr"), Some("de"), german, Language::French),
            (Some("pt-BR"), None, None, Language::Portuguese),
            (Some("ja"), Some("da"), german, Language::Danish),
            (Some(""), Some("en;q=0.5, uk"), None, Language::Ukrainian),
            (None, Some("nn-NO,nn;q=0.9,en;q=0.8"), None, Language::Norwegian),
            (None, Some("sv;q=0, fi;q=0.001"), german, Language::Finnish),
            (None, Some("sv;q=0.3, fi;q=0.3"), None, Language::Swedish),
            (None, Some("ja, *;q=0.5"), german, Language::German),
            (None, Some("sv;q=2, fi;q=x, mt;q=0.12345"), german, Language::German),
            (None, Some("is ; Q=0.7 , ga;q=0.75"), None, Language::Irish),
            (None, None, german, Language::German),
            (None, None, None, Language::English),
        ] {
            assert_eq!(choose(page, accept, operator), chosen, "{page:?} {accept:?}");
        }
    }

    #[test]
    fn norwegian_has_three_tags_and_regions_change_nothing() {
        for tag in ["no", "nb", "nn", "NO", "nb-NO", "nn_NO", " no "] {
            assert_eq!(Language::of_tag(tag), Some(Language::Norwegian), "{tag}");
        }
        assert_eq!(Language::of_tag("zh-Hant"), None);
        for language in Language::ALL {
            assert_eq!(Language::of_tag(&format!("{}-XX", language.tag())), Some(language));
        }
    }

    proptest! {
        #[test]
        fn any_header_gives_a_language(page in ".{0,20}", header in "[a-z*;=q.,0-9 -]{0,200}") {
            let chosen = choose(Some(&page), Some(&header), Some(Language::Maltese));
            prop_assert!(Language::ALL.contains(&chosen));
        }

        #[test]
        fn the_heaviest_wins(weights in proptest::collection::vec(1_u16..=1000, 1..20)) {
            let entries: Vec<_> = weights.iter().zip(Language::ALL).collect();
            let header = entries.iter().map(|(weight, language)| {
                format!("{};q={}.{:03}", language.tag(), *weight / 1000, *weight % 1000)
            });
            let header = header.collect::<Vec<_>>().join(", ");
            let most = weights.iter().max();
            let first = entries.iter().find(|(weight, _)| Some(*weight) == most).map(|(_, l)| *l);
            prop_assert_eq!(Some(choose(None, Some(&header), None)), first);
        }
    }
}
