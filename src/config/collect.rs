//! Turns `[collect]`, of the file or of a site, into what leaves for vendors and how.
//!
//! 1. Bounds, the ledger and the servers that stand for vendors are the same for all sites, so only the top of the file has them.
//! 2. A header that an operator lists as a client hint is one: no other header of a visitor can be made to leave.

use super::{
    address::origin_url,
    host::domain,
    meaning::{Wrong, boolean, duration, one_of, size, some_text, text, whole},
    names::{CLIENT_IP, SHARE, UNLISTED, USER_AGENT},
    reader::{Reader, Table},
    schema::{COLLECT_LEDGER, COLLECT_LIMITS, Schema},
    sections::{known_vendor, pattern},
};
use crate::{
    catalog::{Prefix, VendorEntry},
    collect::{Config, LedgerFile, Limits, Secret, is_client_hint},
    engine::{Collection, Origin},
};
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

/// `[collect]`; gives the table, where it is written.
pub(super) fn collect<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    schema: &'static Schema,
    config: &mut Config,
    vendors: &[VendorEntry],
) -> Option<Table<'t>> {
    let table = reader.table(parent, "collect", schema)?;
    reader.set(&mut config.enabled, &table, "enabled", boolean);
    reader.set(&mut config.prefix, &table, "prefix", prefix);
    if let Some(list) = reader.list(&table, "vendors", |value| served(&some_text(value)?, vendors))
    {
        config.vendors = list.into_iter().map(|(id, _)| id).collect();
    }
    accounts(reader, &table, &mut config.accounts, vendors);
    reader.set(&mut config.share, &table, "share", one_of(SHARE));
    reader.set_list(&mut config.sensitive, &table, "sensitive", path);
    reader.set(&mut config.unlisted, &table, "unlisted", one_of(UNLISTED));
    reader.set_list(&mut config.url_query, &table, "url_query", some_text);
    reader.set_list(&mut config.url_paths, &table, "url_paths", path);
    reader.set_list(&mut config.patterns, &table, "patterns", pattern);
    reader.set(&mut config.user_agent, &table, "user_agent", one_of(USER_AGENT));
    reader.set_list(&mut config.client_hints, &table, "client_hints", client_hint);
    reader.set(&mut config.client_ip, &table, "client_ip", one_of(CLIENT_IP));
    reader.set(&mut config.rotate, &table, "rotate", duration(60..=400 * 86_400));
    reader.set(&mut config.secret, &table, "secret", secret);
    Some(table)
}

/// The site's own accounts with vendors.
fn accounts<'t>(
    reader: &mut Reader<'t>,
    collect: &Table<'t>,
    accounts: &mut BTreeMap<String, BTreeSet<String>>,
    vendors: &[VendorEntry],
) {
    let Some(value) = collect.get("accounts") else { return };
    for entry in reader.names(value, "accounts") {
        if let Err(wrong) = accountable(entry.name, vendors) {
            reader.wrong(entry.at..entry.at, "a vendor of `accounts`", wrong);
            continue;
        }
        let own = reader.entry(&entry, account_list);
        accounts.extend(own.map(|own| (entry.name.to_owned(), own)));
    }
}

/// The id of a vendor that can be served.
fn served(id: &str, vendors: &[VendorEntry]) -> Result<String, Wrong> {
    if known_vendor(id, vendors)?.endpoints.is_empty() {
        let why = ", which is not served on the site's own paths";
        return Err(Wrong::text(id, why, "take it out, or add a [[vendor.endpoint]] to it"));
    }
    Ok(id.to_owned())
}

/// That requests for a vendor say whose they are.
fn accountable(id: &str, vendors: &[VendorEntry]) -> Result<(), Wrong> {
    let endpoints = &known_vendor(id, vendors)?.endpoints;
    if endpoints.iter().all(|endpoint| endpoint.account.is_empty()) {
        let why = ", of whose endpoints none says where the account is";
        let instead = "take it out, or write `account` in a [[vendor.endpoint]] of it";
        return Err(Wrong::text(id, why, instead));
    }
    Ok(())
}

fn account_list(value: &DeValue<'_>) -> Result<BTreeSet<String>, Wrong> {
    let Some(list) = value.as_array() else {
        return Err(Wrong::kind(value, "an array: `[ ... ]`"));
    };
    list.iter().map(|account| some_text(account.get_ref())).collect()
}

/// What of `[collect]` holds for all sites.
pub(super) fn collection<'t>(reader: &mut Reader<'t>, collect: &Table<'t>) -> Collection {
    let mut collection = Collection::default();
    if let Some(table) = reader.table(collect, "limits", &COLLECT_LIMITS) {
        limits(reader, &table, &mut collection.limits);
    }
    if let Some(table) = reader.table(collect, "ledger", &COLLECT_LEDGER) {
        collection.ledger = ledger(reader, &table);
    }
    if let Some(value) = collect.get("targets") {
        for entry in reader.names(value, "targets") {
            let host = DeValue::String(entry.name.into());
            if let Err(wrong) = domain(&host) {
                reader.wrong(entry.at..entry.at, "a host of `targets`", wrong);
                continue;
            }
            let target = reader.entry(&entry, target);
            let host = crate::site::canonical(entry.name);
            collection.targets.extend(target.map(|target| (host, target)));
        }
    }
    collection
}

fn limits<'t>(reader: &mut Reader<'t>, table: &Table<'t>, limits: &mut Limits) {
    let bytes = |range| {
        move |value: &DeValue<'_>| -> Result<usize, Wrong> {
            size(range)(value).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
        }
    };
    reader.set(&mut limits.max_body, table, "max_body", bytes(1 << 10..=16 << 20));
    reader.set(&mut limits.timeout, table, "timeout", duration(0..=60));
    reader.set(&mut limits.concurrency, table, "concurrency", whole_size(4..=65_536));
    reader.set(&mut limits.per_client, table, "per_client", whole(1..=100_000));
    reader.set(&mut limits.script_cache, table, "script_cache", bytes(1 << 20..=4 << 30));
}

fn whole_size(
    range: std::ops::RangeInclusive<u32>,
) -> impl Fn(&DeValue<'_>) -> Result<usize, Wrong> {
    move |value| whole(range.clone())(value).map(|number| usize::try_from(number).unwrap_or(0))
}

/// Where the ledger is written; nowhere without a path.
fn ledger<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<LedgerFile> {
    let path = reader.value(table, "path", text);
    let is_nowhere = path.as_ref().is_none_or(String::is_empty);
    let path = reader.base().join(path.unwrap_or_default());
    if !is_nowhere && path.is_dir() {
        let what = format!("`path` is {}, which is a folder", path.display());
        reader.report(table.at("path"), what, "write the path of a file");
    }
    let mut file = LedgerFile::at(path);
    reader.set(&mut file.max_size, table, "max_size", size(1 << 10..=64 << 30));
    reader.set(&mut file.keep, table, "keep", whole(0..=1000));
    (!is_nowhere).then_some(file)
}

fn prefix(value: &DeValue<'_>) -> Result<Prefix, Wrong> {
    let path = some_text(value)?;
    let instead = "write a path like \"/_consentry/v/\", with a slash at both ends";
    Prefix::new(&path).map_err(|_| Wrong::text(&path, "", instead))
}

/// A pattern of paths of pages.
pub(super) fn path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let path = some_text(value)?;
    if !path.starts_with(['/', '*']) {
        let why = ", which does not begin with a slash or a star";
        return Err(Wrong::text(&path, why, format!("write \"/{path}\"")));
    }
    if path.contains(['?', '#', ' ']) {
        return Err(Wrong::text(&path, "", "write a path without a query, as \"/health/*\""));
    }
    Ok(path)
}

fn client_hint(value: &DeValue<'_>) -> Result<String, Wrong> {
    let name = some_text(value)?.to_ascii_lowercase();
    if !is_client_hint(&name) {
        let instead = "write the name of one, such as \"sec-ch-ua\"";
        return Err(Wrong::text(&name, ", which is no client hint", instead));
    }
    Ok(name)
}

/// The secret; empty for one that this process makes up.
fn secret(value: &DeValue<'_>) -> Result<Option<Secret>, Wrong> {
    match text(value)?.as_str() {
        "" => Ok(None),
        short if short.len() < 16 => {
            Err(Wrong::new("has fewer than 16 characters", "write a longer one, made by a machine"))
        }
        secret => Ok(Some(Secret::new(secret.as_bytes()))),
    }
}

/// A server that stands for a vendor's host.
fn target(value: &DeValue<'_>) -> Result<Origin, Wrong> {
    let written = some_text(value)?;
    let url = origin_url(&written)?;
    let wrong = |_| Wrong::text(&written, "", "write a URL such as \"http://127.0.0.1:9000\"");
    Origin::of(&url).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use crate::{
        collect::{ClientIp, Share},
        config::{Config, Overrides},
    };
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, String> {
        let parsed = Config::parse(text, "t.toml", Path::new("/base"), &Overrides::default());
        parsed.map_err(|problems| problems.to_string())
    }

    #[test]
    fn sites_begin_with_the_top_and_bounds_hold_for_all() {
        let config = parse(
            "[collect]\nprefix = \"/m/\"\nclient_ip = \"truncate\"\nclient_hints = [\"Sec-CH-UA\"]\n\
             targets = { \"a.test\" = \"http://127.0.0.1:9\" }\n\
             [collect.limits]\nmax_body = \"2KiB\"\n[collect.ledger]\npath = \"l.jsonl\"\nkeep = 0\n\
             [[site]]\nhosts = [\"s.test\"]\norigin.url = \"http://127.0.0.1:1\"\ncollect.share = \"none\"\n",
        )
        .unwrap();
        let site = &config.sites[0].collect;
        assert_eq!((site.share, site.client_ip), (Share::None, ClientIp::Truncate));
        assert_eq!(
            (site.prefix.as_str(), &*site.client_hints),
            ("/m/", &["sec-ch-ua".to_owned()][..])
        );
        let collection = &config.collection;
        assert_eq!(collection.limits.max_body, 2048);
        assert_eq!(collection.targets["a.test"].to_string(), "http://127.0.0.1:9");
        let ledger = collection.ledger.as_ref().unwrap();
        assert_eq!((ledger.path.as_path(), ledger.keep), (Path::new("/base/l.jsonl"), 0));
        assert_eq!(parse("[collect.ledger]\nkeep = 3\n").unwrap().collection.ledger, None);
    }

    #[test]
    fn a_site_adds_accounts_to_those_of_the_top() {
        let config = parse(
            "[collect]\nvendors = [\"ga4\"]\naccounts = { ga4 = [\"G-1\"], gtm = [\"GTM-1\"] }\n\
             [[site]]\nhosts = [\"s.test\"]\norigin.url = \"http://127.0.0.1:1\"\n\
             collect.vendors = [\"gtm\"]\ncollect.accounts = { gtm = [\"GTM-2\"] }\n",
        )
        .unwrap();
        let site = &config.sites[0].collect;
        assert!(site.vendors.iter().eq(["gtm"]));
        assert!(
            site.accounts["ga4"].iter().eq(["G-1"]) && site.accounts["gtm"].iter().eq(["GTM-2"])
        );
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_place() {
        for (line, message) in [
            (
                "prefix = \"/m\"",
                "`prefix` is `/m`; write a path like \"/_consentry/v/\", with a slash at both ends",
            ),
            ("share = \"some\"", "`share` is `some`; write one of \"consent\", \"none\""),
            (
                "sensitive = [\"health\"]",
                "an entry of `sensitive` is `health`, which does not begin with a slash or a star; write \"/health\"",
            ),
            (
                "url_paths = [\"/a?b\"]",
                "an entry of `url_paths` is `/a?b`; write a path without a query, as \"/health/*\"",
            ),
            (
                "client_hints = [\"cookie\"]",
                "an entry of `client_hints` is `cookie`, which is no client hint; write the name of one, such as \"sec-ch-ua\"",
            ),
            (
                "secret = \"short\"",
                "`secret` has fewer than 16 characters; write a longer one, made by a machine",
            ),
            (
                "targets = { \"a.test\" = \"ftp://b\" }",
                "`a.test` is `ftp://b`, which is neither http nor https; write a URL such as \"http://127.0.0.1:3000\"",
            ),
            (
                "targets = { \"a.test:1\" = \"http://b\" }",
                "a host of `targets` is `a.test:1`, with a port; write \"a.test\"",
            ),
            (
                "vendors = [\"ga5\"]",
                "an entry of `vendors` is `ga5`, which no vendor is called; write \"ga4\"",
            ),
            (
                "vendors = [\"hotjar\"]",
                "an entry of `vendors` is `hotjar`, which is not served on the site's own paths; take it out, or add a [[vendor.endpoint]] to it",
            ),
            (
                "accounts = { plausible = [\"a\"] }",
                "a vendor of `accounts` is `plausible`, of whose endpoints none says where the account is; take it out, or write `account` in a [[vendor.endpoint]] of it",
            ),
            ("accounts = { ga4 = \"G-1\" }", "`ga4` is a string; write an array: `[ ... ]`"),
            (
                "limits.concurrency = 1",
                "`concurrency` is `1`; write a whole number from 4 to 65536",
            ),
        ] {
            let problem = parse(&format!("[collect]\n{line}\n")).unwrap_err();
            assert!(problem.starts_with("t.toml:2:") && problem.ends_with(message), "{problem}");
        }
        let site = "[[site]]\nhosts = [\"s.test\"]\norigin.url = \"http://127.0.0.1:1\"\n";
        let problem = parse(&format!("{site}collect.targets = {{}}\n")).unwrap_err();
        assert!(problem.contains("unknown key `targets` in [site.collect]"), "{problem}");
    }
}
