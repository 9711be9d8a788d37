//! Turns the names that a file may use (modes, purposes, consent managers, cookies) into what they stand for.

use super::meaning::{Wrong, one_of, some_text, whole};
use crate::{
    catalog::{Dialect, Kind, ThirdParty, Verb},
    collect::{ClientIp, Share, Unlisted, UserAgent},
    consent::{
        Cmp, Iab,
        tcf::{Purposes, Use},
    },
    engine::{OnOverload, OnUnreadable},
    page::banner::{After, Corner, Position, Scheme},
    policy::{Mode, Regime, Tcf, csp::Wall},
    purpose::Purpose,
    record::Refusals,
    rewrite::Gated,
};
use toml::de::DeValue;

pub(super) const MODES: &[(&str, Mode)] =
    &[("enforce", Mode::Enforce), ("report", Mode::Report), ("off", Mode::Off)];

pub(super) const ON_UNREADABLE: &[(&str, OnUnreadable)] =
    &[("block", OnUnreadable::Block), ("pass", OnUnreadable::Pass)];

pub(super) const ON_OVERLOAD: &[(&str, OnOverload)] =
    &[("shed", OnOverload::Shed), ("pass", OnOverload::Pass)];

pub(super) const REGIMES: &[(&str, Regime)] =
    &[("opt-in", Regime::OptIn), ("opt-out", Regime::OptOut), ("none", Regime::None)];

pub(super) const GATED: &[(&str, Gated)] = &[("remove", Gated::Remove), ("inert", Gated::Inert)];

pub(super) const WALLS: &[(&str, Wall)] =
    &[("off", Wall::Off), ("report", Wall::Report), ("enforce", Wall::Enforce)];

pub(super) const THIRD_PARTY: &[(&str, ThirdParty)] =
    &[("known", ThirdParty::Known), ("all", ThirdParty::All)];

pub(super) const SHARE: &[(&str, Share)] = &[("consent", Share::Consent), ("none", Share::None)];

pub(super) const UNLISTED: &[(&str, Unlisted)] =
    &[("drop", Unlisted::Drop), ("keep", Unlisted::Keep)];

pub(super) const USER_AGENT: &[(&str, UserAgent)] =
    &[("coarse", UserAgent::Coarse), ("pass", UserAgent::Pass), ("drop", UserAgent::Drop)];

pub(super) const CLIENT_IP: &[(&str, ClientIp)] =
    &[("drop", ClientIp::Drop), ("truncate", ClientIp::Truncate)];

pub(super) const REFUSALS: &[(&str, Refusals)] =
    &[("records", Refusals::Records), ("counts", Refusals::Counts)];

pub(super) const AFTER: &[(&str, After)] = &[("revive", After::Revive), ("reload", After::Reload)];
pub(super) const POSITIONS: &[(&str, Position)] =
    &[("bottom", Position::Bottom), ("start", Position::Start), ("end", Position::End)];

pub(super) const BUTTONS: &[(&str, Option<Corner>)] =
    &[("start", Some(Corner::Start)), ("end", Some(Corner::End)), ("none", None)];

pub(super) const SCHEMES: &[(&str, Scheme)] =
    &[("auto", Scheme::Auto), ("light", Scheme::Light), ("dark", Scheme::Dark)];

pub(super) const KINDS: &[(&str, Kind)] = &[
    ("script", Kind::Script),
    ("beacon", Kind::Beacon),
    ("image", Kind::Image),
    ("frame", Kind::Frame),
];

pub(super) const VERBS: &[(&str, Verb)] = &[("GET", Verb::Get), ("POST", Verb::Post)];

pub(super) const CONSENT_DIALECTS: &[(&str, Dialect)] =
    &[("google", Dialect::Google), ("none", Dialect::None)];

/// The consent managers, by the names that they have in configuration.
pub(super) const CMPS: &[(&str, Cmp)] = Cmp::NAMED;

/// The strings of the IAB's frameworks, by the names that they have in configuration.
pub(super) const IAB: &[(&str, Iab)] = &[
    (Iab::Tcf.name(), Iab::Tcf),
    (Iab::Gpp.name(), Iab::Gpp),
    (Iab::Ac.name(), Iab::Ac),
    (Iab::UsPrivacy.name(), Iab::UsPrivacy),
];

pub(super) const TCF: &[(&str, Tcf)] =
    &[("if-present", Tcf::IfPresent), ("require", Tcf::Require), ("off", Tcf::Off)];

const PURPOSES: &[(&str, Purpose)] = &[
    (Purpose::Functional.name(), Purpose::Functional),
    (Purpose::Analytics.name(), Purpose::Analytics),
    (Purpose::Marketing.name(), Purpose::Marketing),
    (Purpose::Necessary.name(), Purpose::Necessary),
];

const OPTIONAL_PURPOSES: &[(&str, Purpose)] = &[
    (Purpose::Functional.name(), Purpose::Functional),
    (Purpose::Analytics.name(), Purpose::Analytics),
    (Purpose::Marketing.name(), Purpose::Marketing),
];

/// Any purpose.
pub(super) fn purpose(value: &DeValue<'_>) -> Result<Purpose, Wrong> {
    one_of(PURPOSES)(value)
}

/// A purpose that a visitor can be asked about.
pub(super) fn optional_purpose(value: &DeValue<'_>) -> Result<Purpose, Wrong> {
    one_of(OPTIONAL_PURPOSES)(value)
}

/// The purposes of the TCF that a use of data takes: numbers, and at most one list of which one number is enough.
pub(super) fn tcf_use(value: &DeValue<'_>) -> Result<Use, Wrong> {
    let expected = "a list of purposes of the TCF, as [1, 2, [8, 9]]";
    let entries = value.as_array().ok_or_else(|| Wrong::kind(value, expected))?;
    let (mut all, mut one_of) = (Purposes::default(), Purposes::default());
    for entry in entries {
        match entry.get_ref().as_array() {
            None => all = all.with(tcf_purpose(entry.get_ref())?),
            Some(_) if one_of != Purposes::default() => {
                return Err(Wrong::new("has two inner lists", "write at most one"));
            }
            Some(inner) => {
                for entry in inner {
                    one_of = one_of.with(tcf_purpose(entry.get_ref())?);
                }
            }
        }
    }
    if !all.contains(1) {
        let instead = "write 1 too: nothing else allows storage";
        return Err(Wrong::new("is without purpose 1", instead));
    }
    Ok(Use::new(all, one_of))
}

/// The number of a purpose of the TCF.
fn tcf_purpose(value: &DeValue<'_>) -> Result<u8, Wrong> {
    let number = whole(1..=11)(value);
    number.map_err(|wrong| Wrong::new(format!("has an entry that {}", wrong.what), wrong.instead))
}

/// A cookie's name (RFC 6265 4.1.1).
pub(super) fn cookie_name(value: &DeValue<'_>) -> Result<String, Wrong> {
    let name = some_text(value)?;
    if !name.chars().all(is_token) {
        let instead = "write letters, digits, `-`, `_` and `.`";
        return Err(Wrong::text(&name, ", which no cookie can be named", instead));
    }
    Ok(name)
}

/// Whether `c` may be in a token (RFC 9110 5.6.2).
pub(super) fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}
