//! Turns the tables of the file, `[origin]` to `[limits]`, into the modules' configurations.
//!
//! 1. What is not written stays as it is: a site begins with the top of the file, and that with the defaults.
//! 2. Arrays replace, tables merge.

use super::{
    cookie_domain::cookie_domain,
    host::{domain, place},
    listen::visitors,
    meaning::{Wrong, boolean, duration, kind, one_of, shown, size, some_text, text, whole},
    names::{
        CMPS, GATED, IAB, TCF, THIRD_PARTY, WALLS, cookie_name, optional_purpose, purpose, tcf_use,
    },
    nearest::nearest,
    reader::{Named, Reader, Table},
    schema::{CONSENT, FIRST_PARTY, LIMITS, LIST, RULE, Schema},
    site::{Limits, SiteConfig},
};
use crate::{
    catalog::{FirstParty, List, ListSource, VendorEntry},
    consent::{self, Cmp, Day, Find, Iab, PolicyVersion, Rule},
    policy::Tcf,
    purpose::{Purpose, PurposeSet},
    rewrite,
};
use regex::RegexBuilder;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use toml::{Spanned, de::DeValue};

/// The seconds in an hour and in a day.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

pub(super) fn limits<'t>(
    reader: &mut Reader<'t>,
    top: &Table<'t>,
    rewrite: &mut rewrite::Config,
) -> Limits {
    let mut limits = Limits::default();
    if let Some(table) = reader.table(top, "limits", &LIMITS) {
        let bytes = |value: &DeValue<'_>| -> Result<usize, Wrong> {
            size(1 << 10..=256 << 20)(value).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
        };
        reader.set(&mut rewrite.max_tag, &table, "max_tag", bytes);
        reader.set(&mut rewrite.max_inline, &table, "max_inline", bytes);
        reader.set(&mut limits.max_burst, &table, "max_burst", bytes);
        reader.set(&mut limits.capacity.rewrites, &table, "rewrites", whole(1..=1_000_000));
        let memory = |value: &DeValue<'_>| -> Result<usize, Wrong> {
            size(16 << 20..=1 << 40)(value).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
        };
        reader.set(&mut limits.capacity.memory, &table, "rewrite_memory", memory);
        visitors(reader, &table, &mut limits.visitors);
        reader.set(&mut limits.max_decoded, &table, "max_decoded", size(1 << 20..=64 << 30));
    }
    limits
}

pub(super) fn consent<'t>(reader: &mut Reader<'t>, parent: &Table<'t>, site: &mut SiteConfig) {
    let Some(table) = reader.table(parent, "consent", &CONSENT) else { return };
    let config = &mut site.consent;
    reader.set(&mut config.cookie, &table, "cookie", cookie_name);
    reader.set(&mut config.cookie_domain, &table, "cookie_domain", cookie_domain);
    reader.set(&mut config.policy, &table, "policy", policy);
    reader.set(&mut config.max_age_days, &table, "max_age_days", whole(1..=3650));
    reader.set_list(&mut config.cmps, &table, "cmp", one_of(CMPS));
    reader.set_list(&mut config.mirrors, &table, "mirror", mirrored);
    reader.set_list(&mut config.iab, &table, "iab", one_of(IAB));
    reader.set(&mut site.policy.tcf, &table, "tcf", one_of(TCF));
    if site.policy.tcf == Tcf::Require
        && ![Iab::Tcf, Iab::Gpp].iter().any(|s| config.iab.contains(s))
    {
        let what = "`tcf` is \"require\", and `iab` has neither \"tcf\" nor \"gpp\", so no TC string is read".to_owned();
        let key = if table.get("iab").is_some() { "iab" } else { "tcf" };
        reader.report(table.at(key), what, "add \"tcf\" to `iab`");
    }
    tcf_purposes(reader, &table, config);
    for (key, refused) in [("gpc", &mut config.gpc), ("dnt", &mut config.dnt)] {
        if let Some(purposes) = reader.list(&table, key, optional_purpose) {
            *refused = purposes.into_iter().map(|(purpose, _)| purpose).collect::<PurposeSet>();
        }
    }
    reader.set(&mut config.gpc_json, &table, "gpc_json", optional_day);
    if config.gpc_json.is_some() && config.gpc == PurposeSet::EMPTY {
        let what = "`gpc_json` says that GPC is respected, and `gpc` refuses nothing".to_owned();
        let key = if table.get("gpc_json").is_some() { "gpc_json" } else { "gpc" };
        reader.report(table.at(key), what, "write `gpc = [\"marketing\"]`");
    }
    reader.set(&mut site.policy.allow_implied, &table, "allow_implied", boolean);
    maps(reader, &table, config);
    if let Some(rules) = reader.tables(&table, "rule", &RULE) {
        config.rules = rules.iter().filter_map(|table| rule(reader, table)).collect();
    }
}

/// The purposes of the TCF that each of ours takes.
fn tcf_purposes<'t>(reader: &mut Reader<'t>, table: &Table<'t>, config: &mut consent::Config) {
    let Some(value) = table.get("tcf_purposes") else { return };
    let uses = &mut config.tcf_purposes;
    for entry in reader.names(value, "tcf_purposes") {
        let field = match entry.name {
            "functional" => &mut uses.functional,
            "analytics" => &mut uses.analytics,
            "marketing" => &mut uses.marketing,
            name => {
                let what = format!("unknown purpose {} in `tcf_purposes`", shown(name));
                reader.report(entry.at, what, "write `functional`, `analytics` or `marketing`");
                continue;
            }
        };
        if let Some(written) = reader.entry(&entry, tcf_use) {
            *field = written;
        }
    }
}

fn maps<'t>(reader: &mut Reader<'t>, table: &Table<'t>, config: &mut consent::Config) {
    for (cmp, entry) in by_cmp(reader, table, "map") {
        let map = config.maps.entry(cmp).or_default();
        for name in reader.names(entry.value, entry.name) {
            let purpose = reader.entry(&name, purpose);
            map.extend(purpose.map(|purpose| (name.name.to_owned(), purpose)));
        }
    }
    for (cmp, entry) in by_cmp(reader, table, "cookies") {
        config.cookies.extend(reader.entry(&entry, cookie_name).map(|name| (cmp, name)));
    }
    for (cmp, entry) in by_cmp(reader, table, "revisions") {
        if !cmp.has_revision() {
            let what = format!("`{cmp}` in `revisions` has no revision in its cookie");
            reader.report(entry.at, what, "take it away");
        }
        config.revisions.extend(reader.entry(&entry, some_text).map(|text| (cmp, text)));
    }
}

/// A consent manager that can be read in the browser.
fn mirrored(value: &DeValue<'_>) -> Result<Cmp, Wrong> {
    let cmp = one_of(CMPS)(value)?;
    let can: Vec<_> = Cmp::all().filter(|cmp| cmp.can_be_mirrored()).map(Cmp::name).collect();
    if can.contains(&cmp.name()) {
        return Ok(cmp);
    }
    let what = ", whose choice is in its cookie and needs no mirror";
    Err(Wrong::text(cmp.name(), what, format!("write one of {}", can.join(", "))))
}

/// The entries of the table under `key`, whose keys are consent managers.
fn by_cmp<'t>(reader: &mut Reader<'t>, table: &Table<'t>, key: &str) -> Vec<(Cmp, Named<'t>)> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in reader.names(value, key) {
        if let Some((_, cmp)) = CMPS.iter().find(|(name, _)| *name == entry.name) {
            found.push((*cmp, entry));
            continue;
        }
        let known: Vec<_> = CMPS.iter().map(|(name, _)| *name).collect();
        let instead = match nearest(entry.name, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("write one of {}", known.join(", ")),
        };
        let what = format!("unknown consent manager {} in `{key}`", shown(entry.name));
        reader.report(entry.at, what, instead);
    }
    found
}

/// The version of the policy; empty for any.
fn policy(value: &DeValue<'_>) -> Result<Option<PolicyVersion>, Wrong> {
    let text = text(value)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Wrong::text(&text, "", "write 1 to 16 lower case letters and digits");
    text.parse().map(Some).map_err(wrong)
}

/// A day as `2026-11-01`; empty for none.
fn optional_day(value: &DeValue<'_>) -> Result<Option<Day>, Wrong> {
    let instead = "write a date in quotes, as \"2026-11-01\"";
    let written =
        value.as_str().ok_or_else(|| Wrong::new(format!("is {}", kind(value)), instead))?;
    if written.is_empty() {
        return Ok(None);
    }
    let day = written.replace('-', "").parse().ok().filter(|day: &Day| day.iso() == written);
    day.map(Some).ok_or_else(|| Wrong::text(written, ", which is no date", instead))
}

/// Finds what is wrong with the consent managers of a site that is served; its own table is `parent`.
pub(super) fn check_cmps<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    config: &consent::Config,
) {
    let written = parent.get("consent").and_then(|value| value.get_ref().as_table());
    let place = |key: &str| {
        let entry = written.and_then(|t| t.iter().find(|(k, _)| k.get_ref() == key));
        entry.map(|(key, _)| key.span().start)
    };
    let names = written.and_then(|t| t.get("cmp")).and_then(|v| v.get_ref().as_array());
    if names.is_some_and(|names| names.len() != config.cmps.len()) {
        return; // Some of them were wrong, which has been reported.
    }
    let maps = written.and_then(|t| t.get("map")).map(Spanned::get_ref);
    for cmp in &config.cmps {
        let name = cmp.name();
        let map = maps.and_then(|maps| maps.get(name)).and_then(|map| map.get_ref().as_table());
        let mapped = config.maps.get(cmp).is_some_and(|map| !map.is_empty())
            || map.is_some_and(|map| !map.is_empty());
        if cmp.needs_map() && !mapped {
            let what = format!("`{name}` is in `cmp`, and `map` does not say what its names mean");
            let instead = format!("write `map.{name} = {{ googleAnalytics = \"analytics\" }}`");
            reader.missing(place("cmp").unwrap_or(parent.start()), what, instead);
        }
    }
    let Some(at) = place("map") else { return };
    for cmp in config.maps.keys().filter(|cmp| !config.cmps.contains(cmp)) {
        let name = cmp.name();
        let what = format!("`map` has `{name}`, which is not in `cmp` and so is not read");
        reader.report(at, what, format!("add \"{name}\" to `cmp`"));
    }
}

fn rule<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Rule> {
    let cookie = reader.required(table, "cookie", "\"my_consent\"", cookie_name);
    let find = find(reader, table);
    let equals = reader.required(table, "equals", "\"true\"", text);
    let purpose = reader.required(table, "purpose", "\"analytics\"", optional_purpose);
    Some(Rule { cookie: cookie?, find: find?, equals: equals?, purpose: purpose? })
}

/// Where in the cookie a rule looks: one of the four ways to say it.
fn find<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<Find> {
    let key = reader.value(table, "key", some_text);
    let path = reader.value(table, "path", text).map(Find::Path);
    let regex = reader.value(table, "regex", pattern).map(Find::Regex);
    let list = reader.value(table, "list", some_text).map(Find::List);
    let pairs = reader.value(table, "pairs", some_text);
    let written: Vec<_> = WAYS.iter().filter(|way| table.get(way).is_some()).collect();
    match written.as_slice() {
        [] => reader.report(
            table.start(),
            "a rule says not where in the cookie to look".to_owned(),
            "write `path = \"consents.analytics\"`, `path = \"\"` for the whole value, `regex = \"...\"`, `list = \",\"`, or \
             `pairs = \"&\"` and `key = \"ads\"`",
        ),
        [_] => {}
        [one, more @ ..] => {
            let more: Vec<_> = more.iter().map(|way| format!("`{way}`")).collect();
            let what = format!("a rule has both `{one}` and {}", more.join(" and "));
            reader.report(table.start(), what, "keep one of the two");
        }
    }
    match (table.get("pairs").is_some(), table.get("key").is_some()) {
        (true, false) => {
            let what = "`key` is missing in a rule with `pairs`".to_owned();
            reader.missing(table.at("pairs"), what, "write `key = \"ads\"`");
        }
        (false, true) => {
            let what = "a rule has a `key`, and no `pairs` in which it is looked for".to_owned();
            reader.report(table.at("key"), what, "add `pairs = \"&\"`, or take it away");
        }
        (true, true) | (false, false) => {}
    }
    let pairs = pairs.zip(key).map(|(separator, key)| Find::Pairs { separator, key });
    path.or(regex).or(list).or(pairs)
}

/// The keys that say where in a cookie to look.
const WAYS: [&str; 4] = ["path", "regex", "list", "pairs"];

/// A regular expression of a bounded size.
pub(super) fn pattern(value: &DeValue<'_>) -> Result<regex::Regex, Wrong> {
    let pattern = some_text(value)?;
    RegexBuilder::new(&pattern).size_limit(1 << 20).build().map_err(|error| {
        // The error draws the pattern over several lines; its last line says what is wrong.
        let error = error.to_string();
        let last =
            error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Wrong::text(
            &pattern,
            &format!(", which is no regular expression ({last})"),
            "mend it, in single quotes so that backslashes stay",
        )
    })
}

/// `[gate]`; gives the folder for fetched lists, where the table can say it.
pub(super) fn gate<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    schema: &'static Schema,
    site: &mut SiteConfig,
    vendors: &[VendorEntry],
) -> Option<Table<'t>> {
    let table = reader.table(parent, "gate", schema)?;
    reader.set(&mut site.guard.enabled, &table, "guard", boolean);
    if table.get("guard").is_some() {
        site.rewrite.gated =
            if site.guard.enabled { rewrite::Gated::Inert } else { rewrite::Gated::Remove };
    }
    reader.set(&mut site.rewrite.gated, &table, "gated", one_of(GATED));
    reader.set(&mut site.guard.keep_queues, &table, "keep_queues", boolean);
    reader.set(&mut site.rewrite.surrogates, &table, "surrogates", boolean);
    reader.set(&mut site.rewrite.assets, &table, "rewrite_assets", boolean);
    let config = &mut site.gate;
    reader.set(&mut config.heuristics, &table, "heuristics", boolean);
    reader.set(&mut config.third_party, &table, "third_party", one_of(THIRD_PARTY));
    reader.set(&mut config.cname, &table, "cname", boolean);
    reader.set_list(&mut config.allow, &table, "allow", domain);
    reader.set_list(&mut config.deny, &table, "deny", domain);
    if let Some(host) = config.deny.iter().find(|host| config.allow.contains(host)) {
        let what = format!("`{host}` is both in `allow` and in `deny`");
        let key = if table.get("deny").is_some() { "deny" } else { "allow" };
        reader.report(table.at(key), what, "keep it in one of them");
    }
    reader.set(&mut site.csp.wall, &table, "csp", one_of(WALLS));
    let needed = |value: &DeValue<'_>| needed(value, vendors);
    reader.set_list(&mut site.csp.hosts, &table, "csp_hosts", needed);
    let config = &mut site.gate;
    if let Some(copies) = reader.tables(&table, "first_party", &FIRST_PARTY) {
        config.first_party =
            copies.iter().filter_map(|table| first_party(reader, table, vendors)).collect();
    }
    if let Some(lists) = reader.tables(&table, "lists", &LIST) {
        config.lists = lists.iter().filter_map(|table| list(reader, table)).collect();
    }
    Some(table)
}

/// What pages need: `host`, `host/path`, or the id of a vendor.
fn needed(value: &DeValue<'_>, vendors: &[VendorEntry]) -> Result<String, Wrong> {
    let text = some_text(value)?;
    if let Some(rest) = text.strip_prefix("*.") {
        let instead = format!("write \"{rest}\": its subdomains are included");
        return Err(Wrong::text(&text, "", instead));
    }
    if text.contains(['.', '/', ':', '*']) {
        return place(value);
    }
    known_vendor(&text, vendors).map(|vendor| vendor.id.clone())
}

/// The folder in which fetched lists are kept; empty for none.
pub(super) fn list_cache<'t>(reader: &mut Reader<'t>, gate: &Table<'t>) -> Option<PathBuf> {
    let folder = reader.value(gate, "list_cache", text).filter(|folder| !folder.is_empty())?;
    let path = reader.base().join(&folder);
    if path.is_file() {
        let what = format!("`list_cache` is {}, which is a file", shown(&folder));
        reader.report(gate.at("list_cache"), what, "write the path of a folder");
    }
    Some(path)
}

/// The server that resolves names; empty for the system's.
pub(super) fn dns<'t>(reader: &mut Reader<'t>, gate: &Table<'t>) -> Option<SocketAddr> {
    reader.value(gate, "dns", |value| {
        let text = text(value)?;
        let bare = || Some(SocketAddr::new(text.parse().ok()?, 53));
        let instead = "write an IP address, with a port unless it is 53: \"127.0.0.1:5353\"";
        match text.is_empty() {
            true => Ok(None),
            false => text
                .parse()
                .ok()
                .or_else(bare)
                .map(Some)
                .ok_or_else(|| Wrong::text(&text, ", which is no address", instead)),
        }
    })?
}

fn first_party<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    vendors: &[VendorEntry],
) -> Option<FirstParty> {
    let path = reader.required(table, "path", "\"/matomo.js\"", site_path);
    let known = |value: &DeValue<'_>| Ok(known_vendor(&some_text(value)?, vendors)?.id.clone());
    let vendor = reader.required(table, "vendor", "\"matomo\"", known);
    Some(FirstParty { path: path?, vendor: vendor? })
}

/// The vendor with this id.
pub(super) fn known_vendor<'v>(
    id: &str,
    vendors: &'v [VendorEntry],
) -> Result<&'v VendorEntry, Wrong> {
    vendors.iter().find(|vendor| vendor.id == id).ok_or_else(|| {
        let near = nearest(id, vendors.iter().map(|vendor| vendor.id.as_str()));
        let instead = near.map_or_else(
            || "write the id of a vendor of the catalogue, or add a [[vendor]]".to_owned(),
            |near| format!("write \"{near}\""),
        );
        Wrong::text(id, ", which no vendor is called", instead)
    })
}

/// A path on the site; `*` may end it.
fn site_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let path = some_text(value)?;
    let body = path.strip_suffix('*').unwrap_or(&path);
    if !path.starts_with('/') {
        let instead = format!("write \"/{}\"", path.trim_start_matches('/'));
        return Err(Wrong::text(&path, ", which does not begin with a slash", instead));
    }
    if body.contains(['*', '?', '#', ' ']) {
        let instead = "write a path without a query; `*` may only end it";
        return Err(Wrong::text(&path, "", instead));
    }
    Ok(path)
}

fn list<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<List> {
    let source = match (table.get("path").is_some(), table.get("url").is_some()) {
        (true, false) => list_file(reader, table).map(ListSource::File),
        (false, true) => reader.value(table, "url", list_url).map(ListSource::Url),
        (both, _) => {
            let what = if both { "both `path` and `url`" } else { "neither `path` nor `url`" };
            let instead = "write one of them: `url = \"https://lists.example/list.txt\"`";
            reader.report(table.start(), format!("a list has {what}"), instead);
            None
        }
    };
    let purpose = reader.value(table, "purpose", optional_purpose).unwrap_or(Purpose::Marketing);
    let refresh = reader.value(table, "refresh", duration(1..=365 * DAY));
    let refresh = refresh.unwrap_or(Duration::from_secs(DAY));
    Some(List { source: source?, purpose, refresh })
}

fn list_file<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<PathBuf> {
    let written = reader.value(table, "path", some_text)?;
    let path = reader.base().join(&written);
    if !path.is_file() {
        let what =
            format!("`path` is {}, and there is no file {}", shown(&written), path.display());
        reader.report(table.at("path"), what, "write a path relative to this file, or a whole one");
    }
    Some(path)
}

fn list_url(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = some_text(value)?;
    let url = url::Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let example = "write a URL such as \"https://lists.example/list.txt\"";
    url.map(String::from)
        .ok_or_else(|| Wrong::text(&text, ", which is no http or https URL", example))
}
