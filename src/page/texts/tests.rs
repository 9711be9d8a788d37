use super::*;
use crate::vendor::{Country, Facts, Period, Received, Source, Vendor};
use std::collections::BTreeSet;

const PLACES: [&str; 7] =
    ["{n}", "{companies}", "{count}", "{purposes}", "{receipt}", "{signal}", "{host}"];

/// Whose word for `marketing_name` is the English one.
const MARKETING: [Language; 11] = [
    Language::Croatian,
    Language::Czech,
    Language::Dutch,
    Language::French,
    Language::German,
    Language::Hungarian,
    Language::Italian,
    Language::Polish,
    Language::Portuguese,
    Language::Romanian,
    Language::Slovak,
];

fn places(text: &str) -> Vec<&str> {
    PLACES.into_iter().filter(|place| text.contains(place)).collect()
}

fn flat(phrases: &Phrases) -> BTreeMap<String, String> {
    let Phrases { comma, session, unknown, several, unnamed, receives, groups, .. } = phrases;
    let single = [("comma", comma), ("session", session), ("unknown", unknown)];
    let single = single.into_iter().chain([("several", several), ("unnamed", unnamed)]);
    let single = single.map(|(key, text)| (key.to_owned(), text.clone()));
    let named = |part: &'static str| {
        move |(key, text): (&String, &String)| (format!("{part}.{key}"), text.clone())
    };
    single
        .chain(receives.iter().map(named("receives")))
        .chain(groups.iter().map(named("groups")))
        .collect()
}

#[test]
fn every_language_has_the_keys_and_places_of_english() {
    let english = Language::English;
    let written: BTreeSet<&str> = crate::page::banner::text_keys().collect();
    assert_eq!(written, english.texts().keys().map(String::as_str).collect());
    for language in Language::ALL {
        let both = [
            (english.texts().clone(), language.texts().clone()),
            (flat(english.phrases()), flat(language.phrases())),
        ];
        for (expected, texts) in both {
            let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&expected), keys(&texts), "{language:?}");
            for (key, text) in &texts {
                assert!(!text.trim().is_empty(), "{language:?} {key} is empty");
                assert_eq!(places(&expected[key]), places(text), "{language:?} {key}");
                let braces = text.matches(['{', '}']).count();
                assert_eq!(braces, places(text).len() * 2, "{language:?} {key}: {text}");
                assert!(!text.contains(['<', '>', '\n', '"']), "{language:?} {key}: {text}");
                assert!(key == "comma" || text.trim() == text, "{language:?} {key}: `{text}`");
            }
        }
    }
}

#[test]
fn no_text_was_left_in_english() {
    let english = Language::English;
    for language in Language::ALL.into_iter().filter(|l| *l != english) {
        for (expected, texts) in [
            (english.texts().clone(), language.texts().clone()),
            (flat(english.phrases()), flat(language.phrases())),
        ] {
            let same = texts.iter().filter(|(key, text)| expected[*key] == **text);
            for (key, text) in same.filter(|(key, _)| *key != "comma") {
                let is_known = key == "marketing_name" && MARKETING.contains(&language);
                assert!(is_known, "{language:?} {key} = {text}");
            }
        }
    }
}

#[test]
fn sentences_end_and_answers_do_not() {
    for language in Language::ALL {
        for (key, text) in language.texts() {
            let is_sentence =
                ["intro", "nothing_yet", "changed", "saved", "failed", "state_refused"]
                    .contains(&key.as_str())
                    || key.ends_with("_text");
            assert!(!is_sentence || text.ends_with('.'), "{language:?} {key}: {text}");
        }
        let [accept, refuse] = ["accept_all", "refuse_all"].map(|key| &language.texts()[key]);
        // Buttons of about the same size.
        let (long, short) = (accept.chars().count(), refuse.chars().count());
        assert!(long.abs_diff(short) <= 6, "{language:?}: {accept}, {refuse}");
        assert!(!accept.ends_with('.') && !refuse.ends_with('.'));
    }
}

#[test]
fn every_number_has_a_form() {
    for language in Language::ALL {
        let Phrases { day, month, year, .. } = language.phrases();
        for n in 1..=9999 {
            for forms in [day, month, year] {
                let text = forms.with(language, n).unwrap_or_default();
                let spelled = n <= 2 && matches!(language, Language::Arabic);
                assert!(spelled || text.contains(&n.to_string()), "{language:?} {n}: `{text}`");
                assert!(!text.contains(['{', '}']) && text.len() > 2, "{language:?} {n}: {text}");
            }
        }
    }
}

#[test]
fn periods_are_said_as_people_say_them() {
    let kept = |keeps| Facts { keeps: Some(keeps), company: vec!["A".into()], ..Facts::default() };
    for (language, period, said) in [
        (Language::English, Period::Months(13), "13 months"),
        (Language::English, Period::Years(1), "1 year"),
        (Language::Norwegian, Period::Days(90), "90 dager"),
        (Language::Polish, Period::Years(2), "2 lata"),
        (Language::Polish, Period::Months(13), "13 miesięcy"),
        (Language::Czech, Period::Years(10), "10 let"),
        (Language::Slovenian, Period::Years(2), "2 leti"),
        (Language::Ukrainian, Period::Days(21), "21 день"),
        (Language::Lithuanian, Period::Months(13), "13 mėnesių"),
        (Language::Latvian, Period::Days(21), "21 diena"),
        (Language::Arabic, Period::Years(2), "سنتان"),
        (Language::Arabic, Period::Months(13), "13 شهرًا"),
        (Language::Maltese, Period::Months(13), "13-il xahar"),
        (Language::Irish, Period::Years(10), "10 mbliana"),
        (Language::German, Period::Session, "bis Sie den Browser schließen"),
    ] {
        assert_eq!(language.keeps(&kept(period)), said);
    }
    let unknown = Facts { keeps: None, ..kept(Period::Session) };
    assert_eq!(
        Language::French.keeps(&unknown),
        "selon la politique de confidentialité de l’entreprise"
    );
    assert_eq!(Language::French.keeps(&Facts::default()), "");
}

#[test]
fn facts_are_said_in_words() {
    let facts = Facts {
        company: vec!["A Ltd".into(), "B SA".into()],
        country: ["IE", "US", "EU"].into_iter().filter_map(Country::new).collect(),
        receives: vec![Received::Pages, Received::Ip, Received::Pages],
        ..Facts::default()
    };
    assert_eq!(Language::English.company(&facts), "one or more of: A Ltd, B SA");
    assert_eq!(Language::Norwegian.countries(&facts), "Irland, USA, Den europeiske union");
    assert_eq!(Language::Danish.receives(&facts), "IP-adresse, besøgte sider");
    assert_eq!(Language::Arabic.countries(&facts), "أيرلندا، الولايات المتحدة، الاتحاد الأوروبي");
    assert_eq!(Language::Arabic.receives(&Facts::default()), "");
}

#[test]
fn every_country_has_a_name_in_every_language() {
    let codes = ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}")));
    let known: Vec<_> =
        codes.filter_map(|code| Country::new(&code)).filter(|c| has_country(*c)).collect();
    assert_eq!(known.len(), 250);
    for language in Language::ALL {
        for country in &known {
            let name = countries::name(*country, language.tag()).unwrap_or_default();
            assert!(!name.is_empty(), "{language:?} {country:?}");
        }
    }
}

#[test]
fn everything_that_is_received_has_a_word() {
    let english = Language::English.phrases();
    let received: BTreeSet<_> = Received::ALL.iter().map(|one| one.name().to_owned()).collect();
    assert_eq!(received, english.receives.keys().cloned().collect());
}

#[test]
fn a_groups_name_is_translated_unless_the_operator_gave_another() {
    let vendor = |name: &str| Vendor {
        id: "chat".into(),
        name: name.into(),
        purpose: crate::purpose::Purpose::Functional,
        gvl: None,
        atp: None,
        source: Source::Catalog,
        facts: Facts::default(),
    };
    let language = Language::German;
    assert_eq!(
        language.name_of(&vendor("Further chat and help services")),
        "Weitere Chat- und Hilfedienste"
    );
    assert_eq!(language.name_of(&vendor("Our chat")), "Our chat");
}

#[test]
fn only_arabic_runs_from_right_to_left() {
    let rtl: Vec<_> = Language::ALL.into_iter().filter(|language| language.is_rtl()).collect();
    assert_eq!(rtl, [Language::Arabic]);
    assert_eq!(Language::ALL.len(), 29);
    let tags: Vec<_> = Language::ALL.iter().map(|language| language.tag()).collect();
    assert!(tags.is_sorted(), "{tags:?}");
}
