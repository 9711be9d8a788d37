//! Turns the cookie of a choice into whether it was given here, and into what it says other than the record of its receipt.
//!
//! 1. It is checked with the key that `serve` signs with: `secret` in [records], else the one in the spool's folder. None is made here.
//! 2. The site is signed too, and is the record's; without a record any that the configuration or the store knows.
//! 3. A refusal's cookie is the same for all who refuse on a day: it has no receipt, no signature, and no record of its own.

use super::{Opened, Usage, time};
use crate::{
    choice::Key,
    config::Config,
    consent::OwnCookie,
    proxy::choice::kept_key,
    purpose::{Purpose, PurposeSet},
    record::ConsentRecord,
};
use std::collections::BTreeSet;

/// A cookie that a visitor shows.
pub(super) struct Cookie {
    value: OwnCookie,
    /// Its receipt.
    pub(super) receipt: String,
    /// What it is checked with, or why with nothing.
    key: Result<Key, String>,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) seal: Seal,
    /// What it says other than its record: what of, its word, and the record's.
    pub(super) differences: Vec<(&'static str, String, String)>,
}

/// What its signature is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// It was given on this site.
    Right(String),
    /// It was not, or was changed since, or the key was another one.
    Wrong,
    /// It has none.
    None,
    /// It cannot be checked.
    Unknown(String),
}

impl Cookie {
    /// The cookie in `text`: its value, with or without its name, or a whole `Cookie` header.
    pub(super) fn read(text: &str, config: &Config) -> Result<Self, Usage> {
        let values = text.split(';').map(|pair| pair.rsplit('=').next().unwrap_or(pair).trim());
        let value = values.into_iter().find_map(|value| value.parse::<OwnCookie>().ok());
        let example = "write its value, as v1.a1b2c3d4.20261123.f0a1m0.RECEIPT.SIGNATURE";
        let value = value.ok_or_else(|| Usage(format!("`--cookie` has no choice; {example}")))?;
        let Some(receipt) = value.receipt.as_ref().map(ToString::to_string) else {
            let what = "`--cookie` has no receipt: a refusal is the same for all who refuse on a day, and no record is one visitor's";
            let instead =
                format!("see all with `consentry records list --day {}`", value.choice.day.iso());
            return Err(Usage(format!("{what}; {instead}")));
        };
        let key = match &config.secret {
            Some(key) => Ok(key.clone()),
            None => kept_key(&config.records.spool).map_err(|error| error.to_string()),
        };
        Ok(Self { value, receipt, key })
    }

    /// What is known of it beside `record`, which has its receipt.
    pub(super) fn beside(&self, record: &ConsentRecord) -> Finding {
        let choice = &self.value.choice;
        let pairs = [
            ("choice", allowed(choice.purposes), allowed(record.purposes)),
            ("policy", choice.policy.to_string(), record.policy.clone()),
            ("day", choice.day.iso(), time::day(record.at)),
        ];
        Finding {
            seal: self.seal([&*record.site]),
            differences: pairs.into_iter().filter(|(_, cookie, record)| cookie != record).collect(),
        }
    }

    /// What is known of it without a record.
    pub(super) async fn alone(&self, opened: &Opened) -> anyhow::Result<Finding> {
        let hosts = opened.config.sites.iter().filter_map(|site| site.hosts.first());
        let hosts = hosts.map(|host| host.to_string().trim_start_matches("*.").to_owned());
        let sites: BTreeSet<String> = hosts.chain(opened.store.sites().await?).collect();
        let seal = self.seal(sites.iter().map(String::as_str));
        Ok(Finding { seal, differences: Vec::new() })
    }

    fn seal<'s>(&self, sites: impl IntoIterator<Item = &'s str>) -> Seal {
        match &self.key {
            _ if self.value.signature.is_none() => Seal::None,
            Err(why) => Seal::Unknown(why.clone()),
            Ok(key) => {
                let given = sites.into_iter().find(|site| key.verifies(&self.value, site));
                given.map_or(Seal::Wrong, |site| Seal::Right(site.to_owned()))
            }
        }
    }
}

impl Finding {
    /// Whether the cookie is the one that was given.
    pub(super) fn is_right(&self) -> bool {
        matches!(self.seal, Seal::Right(_)) && self.differences.is_empty()
    }

    /// The words for people, a sentence each.
    pub(super) fn words(&self) -> Vec<String> {
        let seal = match &self.seal {
            Seal::Right(site) => {
                format!("The signature is right: it was given on {site}, and not changed since.")
            }
            Seal::Wrong => "The signature is wrong: it was not given here, was changed since, or was signed with another key \
                 (`secret` in [records])."
                .to_owned(),
            Seal::None => "It has no signature: it was not given here, or was cut off.".to_owned(),
            Seal::Unknown(why) => format!("The signature cannot be checked: {why}."),
        };
        let differs = |(what, cookie, record): &(&str, String, String)| {
            format!("It differs from the record: its {what} is {cookie}; the record’s is {record}.")
        };
        std::iter::once(seal).chain(self.differences.iter().map(differs)).collect()
    }
}

fn allowed(purposes: PurposeSet) -> String {
    let optional = Purpose::OPTIONAL.into_iter().filter(|purpose| purposes.contains(*purpose));
    let names: Vec<_> = optional.map(Purpose::name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
