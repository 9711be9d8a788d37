//! Turns tags of languages (BCP 47) into the languages that the banner is written in.
//!
//! 1. They are the 24 official languages of the European Union, Norwegian, Icelandic, Ukrainian, Turkish and Arabic.
//! 2. The first subtag counts: a region or a script changes nothing (RFC 4647 3.4). `no` and `nn` are read as Bokmål.

/// A language that the banner is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Arabic.
    Arabic,
    /// Bulgarian.
    Bulgarian,
    /// Czech.
    Czech,
    /// Danish.
    Danish,
    /// German.
    German,
    /// Greek.
    Greek,
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
    /// Estonian.
    Estonian,
    /// Finnish.
    Finnish,
    /// French.
    French,
    /// Irish.
    Irish,
    /// Croatian.
    Croatian,
    /// Hungarian.
    Hungarian,
    /// Icelandic.
    Icelandic,
    /// Italian.
    Italian,
    /// Lithuanian.
    Lithuanian,
    /// Latvian.
    Latvian,
    /// Maltese.
    Maltese,
    /// Norwegian (Bokmål).
    Norwegian,
    /// Dutch.
    Dutch,
    /// Polish.
    Polish,
    /// Portuguese.
    Portuguese,
    /// Romanian.
    Romanian,
    /// Slovak.
    Slovak,
    /// Slovenian.
    Slovenian,
    /// Swedish.
    Swedish,
    /// Turkish.
    Turkish,
    /// Ukrainian.
    Ukrainian,
}

impl Language {
    /// All of them, by their tags.
    pub const ALL: [Self; 29] = [
        Self::Arabic,
        Self::Bulgarian,
        Self::Czech,
        Self::Danish,
        Self::German,
        Self::Greek,
        Self::English,
        Self::Spanish,
        Self::Estonian,
        Self::Finnish,
        Self::French,
        Self::Irish,
        Self::Croatian,
        Self::Hungarian,
        Self::Icelandic,
        Self::Italian,
        Self::Lithuanian,
        Self::Latvian,
        Self::Maltese,
        Self::Norwegian,
        Self::Dutch,
        Self::Polish,
        Self::Portuguese,
        Self::Romanian,
        Self::Slovak,
        Self::Slovenian,
        Self::Swedish,
        Self::Turkish,
        Self::Ukrainian,
    ];

    /// Its tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::Bulgarian => "bg",
            Self::Czech => "cs",
            Self::Danish => "da",
            Self::German => "de",
            Self::Greek => "el",
            Self::English => "en",
            Self::Spanish => "es",
            Self::Estonian => "et",
            Self::Finnish => "fi",
            Self::French => "fr",
            Self::Irish => "ga",
            Self::Croatian => "hr",
            Self::Hungarian => "hu",
            Self::Icelandic => "is",
            Self::Italian => "it",
            Self::Lithuanian => "lt",
            Self::Latvian => "lv",
            Self::Maltese => "mt",
            Self::Norwegian => "nb",
            Self::Dutch => "nl",
            Self::Polish => "pl",
            Self::Portuguese => "pt",
            Self::Romanian => "ro",
            Self::Slovak => "sk",
            Self::Slovenian => "sl",
            Self::Swedish => "sv",
            Self::Turkish => "tr",
            Self::Ukrainian => "uk",
        }
    }

    /// The language of `tag`, as `de-AT` or `nn`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
        let first = match first.as_str() {
            "no" | "nn" => "nb",
            // Withdrawn for Romanian (ISO 639-1, 2008).
            "mo" => "ro",
            first => first,
        };
        Self::ALL.into_iter().find(|language| language.tag() == first)
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub const fn is_rtl(self) -> bool {
        matches!(self, Self::Arabic)
    }

    /// Its texts and its words for facts, as they are written.
    pub(super) const fn files(self) -> [&'static str; 2] {
        match self {
            Self::Arabic => [include_str!("ar.toml"), include_str!("facts/ar.toml")],
            Self::Bulgarian => [include_str!("bg.toml"), include_str!("facts/bg.toml")],
            Self::Czech => [include_str!("cs.toml"), include_str!("facts/cs.toml")],
            Self::Danish => [include_str!("da.toml"), include_str!("facts/da.toml")],
            Self::German => [include_str!("de.toml"), include_str!("facts/de.toml")],
            Self::Greek => [include_str!("el.toml"), include_str!("facts/el.toml")],
            Self::English => [include_str!("en.toml"), include_str!("facts/en.toml")],
            Self::Spanish => [include_str!("es.toml"), include_str!("facts/es.toml")],
            Self::Estonian => [include_str!("et.toml"), include_str!("facts/et.toml")],
            Self::Finnish => [include_str!("fi.toml"), include_str!("facts/fi.toml")],
            Self::French => [include_str!("fr.toml"), include_str!("facts/fr.toml")],
            Self::Irish => [include_str!("ga.toml"), include_str!("facts/ga.toml")],
            Self::Croatian => [include_str!("hr.toml"), include_str!("facts/hr.toml")],
            Self::Hungarian => [include_str!("hu.toml"), include_str!("facts/hu.toml")],
            Self::Icelandic => [include_str!("is.toml"), include_str!("facts/is.toml")],
            Self::Italian => [include_str!("it.toml"), include_str!("facts/it.toml")],
            Self::Lithuanian => [include_str!("lt.toml"), include_str!("facts/lt.toml")],
            Self::Latvian => [include_str!("lv.toml"), include_str!("facts/lv.toml")],
            Self::Maltese => [include_str!("mt.toml"), include_str!("facts/mt.toml")],
            Self::Norwegian => [include_str!("nb.toml"), include_str!("facts/nb.toml")],
            Self::Dutch => [include_str!("nl.toml"), include_str!("facts/nl.toml")],
            Self::Polish => [include_str!("pl.toml"), include_str!("facts/pl.toml")],
            Self::Portuguese => [include_str!("pt.toml"), include_str!("facts/pt.toml")],
            Self::Romanian => [include_str!("ro.toml"), include_str!("facts/ro.toml")],
            Self::Slovak => [include_str!("sk.toml"), include_str!("facts/sk.toml")],
            Self::Slovenian => [include_str!("sl.toml"), include_str!("facts/sl.toml")],
            Self::Swedish => [include_str!("sv.toml"), include_str!("facts/sv.toml")],
            Self::Turkish => [include_str!("tr.toml"), include_str!("facts/tr.toml")],
            Self::Ukrainian => [include_str!("uk.toml"), include_str!("facts/uk.toml")],
        }
    }
}
