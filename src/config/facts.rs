//! Turns what a `[[vendor]]` table says for the consent banner into the vendor's facts.
//!
//! 1. A fact that is given replaces the one that is known, a list too; what is not known is left out.
//! 2. Countries are those of ISO 3166-1 and `EU`: every one has a name in every language of the banner.
//! 3. A policy is linked over `https`, without user or password in its address.

use super::{
    meaning::{Wrong, one_of, shown, some_text},
    reader::{Reader, Table},
};
use crate::{
    page::texts,
    vendor::{Country, Facts, Period, Received},
};
use std::ops::RangeInclusive;
use toml::de::DeValue;
use url::Url;

/// Puts what `table` says into `facts`.
pub(super) fn facts<'t>(reader: &mut Reader<'t>, table: &Table<'t>, facts: &mut Facts) {
    reader.set(&mut facts.company, table, "company", one_or_more(some_text));
    reader.set(&mut facts.country, table, "country", one_or_more(country));
    reader.set_list(&mut facts.receives, table, "receives", one_of(RECEIVED));
    facts.keeps = reader.value(table, "keeps", period).or(facts.keeps);
    reader.set(&mut facts.policy_url, table, "policy_url", policy_url);
}

const RECEIVED: &[(&str, Received)] = &[
    (Received::Identifiers.name(), Received::Identifiers),
    (Received::Ip.name(), Received::Ip),
    (Received::Device.name(), Received::Device),
    (Received::Pages.name(), Received::Pages),
    (Received::Actions.name(), Received::Actions),
    (Received::Purchases.name(), Received::Purchases),
    (Received::Location.name(), Received::Location),
    (Received::Contact.name(), Received::Contact),
    (Received::FormContents.name(), Received::FormContents),
    (Received::Messages.name(), Received::Messages),
    (Received::Recordings.name(), Received::Recordings),
    (Received::Content.name(), Received::Content),
    (Received::Performance.name(), Received::Performance),
];

/// One value, or an array of them.
fn one_or_more<T>(
    meaning: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
) -> impl Fn(&DeValue<'_>) -> Result<Vec<T>, Wrong> {
    move |value| match value.as_array() {
        Some(array) => array.iter().map(|value| meaning(value.get_ref())).collect(),
        None => meaning(value).map(|one| vec![one]),
    }
}

fn country(value: &DeValue<'_>) -> Result<Country, Wrong> {
    let code = some_text(value)?;
    let known = Country::new(&code).filter(|country| texts::has_country(*country));
    known.ok_or_else(|| {
        let instead = "write the two capital letters of ISO 3166, as \"IE\", or \"EU\"";
        Wrong::text(&code, ", which is no country", instead)
    })
}

/// `session`, or a number and a unit.
fn period(value: &DeValue<'_>) -> Result<Period, Wrong> {
    let text = some_text(value)?;
    let read = || {
        let (number, unit) = text.split_once(' ')?;
        let number: u16 = number.parse().ok().filter(|n| LONGEST.contains(n))?;
        match unit {
            "day" | "days" => Some(Period::Days(number)),
            "month" | "months" => Some(Period::Months(number)),
            "year" | "years" => Some(Period::Years(number)),
            _ => None,
        }
    };
    let period = if text == "session" { Some(Period::Session) } else { read() };
    period.ok_or_else(|| {
        let instead = "write \"session\", or as \"30 days\", \"13 months\" or \"2 years\"";
        Wrong::text(&text, ", which is no period", instead)
    })
}

/// How many days, months or years may be written.
const LONGEST: RangeInclusive<u16> = 1..=9999;

fn policy_url(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = some_text(value)?;
    let url = Url::parse(&text).ok().filter(|url| {
        url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
    });
    url.map(String::from).ok_or_else(|| {
        let instead = "write the address of a page, as \"https://acme.example/privacy\"";
        Wrong::new(format!("is {}", shown(&text)), instead)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalog::VendorEntry,
        config::{built_in, vendors},
        purpose::Purpose,
    };

    fn read(facts: &str) -> Result<VendorEntry, String> {
        let text = format!(
            "[[vendor]]\nid = \"ours\"\npurpose = \"analytics\"\nhosts = [\"a.example\"]\n{facts}"
        );
        let read = vendors(&text, "v.toml").map_err(|problems| problems.to_string());
        read.map(|vendors| vendors.into_iter().next().unwrap_or_default())
    }

    #[test]
    fn every_vendor_that_needs_consent_says_who_it_is() {
        let asked = built_in().into_iter().filter(|v| v.purpose != Some(Purpose::Necessary));
        let (mut seen, mut linked) = (0, 0);
        for VendorEntry { id, facts, .. } in asked {
            assert!(!facts.company.is_empty(), "{id} has no company");
            assert!(!facts.country.is_empty(), "{id} has no country");
            assert!(!facts.receives.is_empty(), "{id} receives nothing");
            let several = facts.company.len() > 2;
            assert!(several || !facts.policy_url.is_empty(), "{id} has no policy");
            (seen, linked) = (seen + 1, linked + usize::from(facts.keeps.is_some()));
        }
        assert!(seen > 100 && linked > 60, "{seen} {linked}");
    }

    #[test]
    fn facts_are_read() {
        let all = "company = \"Acme\"\ncountry = [\"IE\", \"EU\"]\nreceives = [\"ip\", \"form-contents\"]\n\
                   keeps = \"13 months\"\npolicy_url = \"https://acme.example/privacy\"";
        let facts = read(all).unwrap().facts;
        assert_eq!(facts.company, ["Acme"]);
        assert_eq!(facts.country.iter().map(Country::code).collect::<Vec<_>>(), ["IE", "EU"]);
        assert_eq!(facts.receives, [Received::Ip, Received::FormContents]);
        assert_eq!(facts.keeps, Some(Period::Months(13)));
        assert_eq!(facts.policy_url, "https://acme.example/privacy");
        assert_eq!(read("keeps = \"session\"").unwrap().facts.keeps, Some(Period::Session));
        assert_eq!(read("").unwrap().facts, Facts::default());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (wrong, said) in [
            ("country = \"Norway\"", "which is no country; write the two capital letters"),
            ("country = [\"NO\", \"XX\"]", "`XX`, which is no country"),
            ("receives = [\"ipp\"]", "write \"ip\""),
            ("keeps = \"long\"", "which is no period"),
            ("keeps = \"0 days\"", "which is no period"),
            ("keeps = 30", "is a number"),
            ("policy_url = \"http://acme.example\"", "write the address of a page"),
            ("policy_url = \"javascript:alert(1)\"", "write the address of a page"),
            ("company = \" \"", "is empty"),
        ] {
            let problems = read(wrong).unwrap_err();
            assert!(problems.contains(said), "{wrong}: {problems}");
        }
    }

    #[test]
    fn a_known_vendors_facts_are_replaced_one_by_one() {
        let mut known =
            read("company = \"Old\"\ncountry = \"US\"\nkeeps = \"1 year\"").unwrap().facts;
        known.replace(&read("company = [\"New\", \"Newer\"]").unwrap().facts);
        assert_eq!(known.company, ["New", "Newer"]);
        assert_eq!(known.keeps, Some(Period::Years(1)));
        assert_eq!(known.country, [Country::new("US").unwrap()]);
    }
}
