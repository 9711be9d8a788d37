//! Turns the top of the file and its `[[site]]` tables into the whole [`Config`], and checks what only the whole shows.
//!
//! 1. The top and every site are read by the same rules, a site over the top.
//! 2. A host belongs to one site; a site that is served has an origin, and one that is only looked at needs none.

use super::{
    Config, Overrides, PathMode,
    asking::asking,
    collect::{collect, collection, path},
    cookie_domain::check_cookie_domain,
    host::{HostPattern, pattern},
    listen::listen,
    meaning::{boolean, one_of, text},
    names::{MODES, ON_OVERLOAD, ON_UNREADABLE, REGIMES},
    origin::origin,
    problem::Problem,
    reader::{Reader, Table},
    records::records,
    region::region,
    schema::{COLLECT, GATE, PATH, SITE, SITE_COLLECT, SITE_GATE, Schema, TOP},
    sections::{check_cmps, consent, dns, gate, limits, list_cache},
    shutdown::shutdown,
    site::{Server, SiteConfig},
    syntax,
    vendors::{built_in, catalogue, extend},
};
use crate::catalog::VendorEntry;
use std::collections::BTreeMap;
use toml::de::DeTable;

/// What the file says.
pub(super) fn config<'t>(
    reader: &mut Reader<'t>,
    entries: &'t DeTable<'t>,
    overrides: &Overrides,
) -> Config {
    let top = reader.root(entries, &TOP);
    let catalogue = base_catalogue(reader, &top);
    let vendors = extend(reader, &top, catalogue);
    let mut default = SiteConfig::default();
    let gate = settings(reader, &top, &GATE, &mut default, &vendors);
    let dns = gate.as_ref().and_then(|gate| dns(reader, gate));
    let list_cache = gate.and_then(|gate| list_cache(reader, &gate));
    let limits = limits(reader, &top, &mut default.rewrite);
    let locator = region(reader, &top);
    let table = collect(reader, &top, &COLLECT, &mut default.collect, &vendors);
    let collection = table.map(|table| collection(reader, &table)).unwrap_or_default();
    let (records, secret) = records(reader, &top);
    let shutdown = shutdown(reader, &top);
    let listen = listen(reader, &top, overrides.address);
    if let Some(url) = overrides.origin.clone() {
        default.origin.servers = vec![Server { url, weight: 1 }];
    }
    let mut sites = sites(reader, &top, &default, &vendors, overrides.offline);
    if sites.is_empty() {
        check_cmps(reader, &top, &default.consent);
        check_cookie_domain(reader, &top, &default);
    }
    for site in sites.iter_mut().chain([&mut default]) {
        site.mode = overrides.mode.unwrap_or(site.mode);
    }
    Config {
        listen,
        default,
        sites,
        vendors,
        list_cache,
        dns,
        limits,
        locator,
        collection,
        records,
        secret,
        shutdown,
    }
}

/// The operator's catalogue, or else the built-in one.
fn base_catalogue<'t>(reader: &mut Reader<'t>, top: &Table<'t>) -> Vec<VendorEntry> {
    let Some(name) = reader.value(top, "vendors", text).filter(|name| !name.is_empty()) else {
        return built_in();
    };
    let path = reader.base().join(&name);
    let shown = path.display().to_string();
    match syntax::file(&path, &shown) {
        Ok(text) => {
            let (vendors, problems) = catalogue(&text, &shown);
            reader.adopt(problems.0);
            vendors
        }
        Err(Problem { what, instead, line: 0, .. }) => {
            reader.report(top.at("vendors"), format!("`vendors` is `{shown}`: {what}"), instead);
            built_in()
        }
        Err(problem) => {
            reader.adopt([problem]);
            built_in()
        }
    }
}

/// Reads what the top of the file and a site have in common; gives the `gate` table.
fn settings<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    gate_schema: &'static Schema,
    site: &mut SiteConfig,
    vendors: &[VendorEntry],
) -> Option<Table<'t>> {
    reader.set(&mut site.mode, table, "mode", one_of(MODES));
    reader.set(&mut site.on_unreadable, table, "on_unreadable", one_of(ON_UNREADABLE));
    reader.set(&mut site.on_overload, table, "on_overload", one_of(ON_OVERLOAD));
    if let Some(rules) = reader.tables(table, "paths", &PATH) {
        site.paths = rules.iter().filter_map(|table| path_mode(reader, table)).collect();
    }
    reader.set(&mut site.regime, table, "regime", one_of(REGIMES));
    reader.set(&mut site.header, table, "header", boolean);
    origin(reader, table, &mut site.origin);
    consent(reader, table, site);
    asking(reader, table, &mut site.banner, vendors);
    gate(reader, table, gate_schema, site, vendors)
}

/// What the gate does on some paths.
fn path_mode<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Option<PathMode> {
    let path = reader.required(table, "path", "\"/api/*\"", path);
    let mode = reader.required(table, "mode", "\"off\"", one_of(MODES));
    Some(PathMode { path: path?, mode: mode? })
}

fn sites<'t>(
    reader: &mut Reader<'t>,
    top: &Table<'t>,
    default: &SiteConfig,
    vendors: &[VendorEntry],
    offline: bool,
) -> Vec<SiteConfig> {
    let mut taken = BTreeMap::new();
    let mut sites = Vec::new();
    for table in reader.tables(top, "site", &SITE).unwrap_or_default() {
        let mut site = SiteConfig { hosts: hosts(reader, &table, &mut taken), ..default.clone() };
        settings(reader, &table, &SITE_GATE, &mut site, vendors);
        let _ = collect(reader, &table, &SITE_COLLECT, &mut site.collect, vendors);
        check_cmps(reader, &table, &site.consent);
        check_cookie_domain(reader, &table, &site);
        // An origin that is written but wrong has been reported already.
        let lacks = !offline && site.origin.servers.is_empty();
        if lacks && !writes_origin(&table) && !writes_origin(top) {
            let what = "this site has no origin, and [origin] gives none for all".to_owned();
            reader.missing(table.start(), what, "write `origin.url = \"http://127.0.0.1:3000\"`");
        }
        sites.push(site);
    }
    sites
}

fn writes_origin(table: &Table<'_>) -> bool {
    let Some(origin) = table.get("origin").map(|origin| origin.get_ref()) else { return false };
    let url = origin.get("url").is_some_and(|url| url.get_ref().as_str() != Some(""));
    let is_some = |key| {
        let list = origin.get(key).and_then(|list| list.get_ref().as_array());
        list.is_some_and(|list| !list.is_empty())
    };
    url || is_some("urls") || is_some("server")
}

/// The hosts of one site; `taken` has the places of all hosts so far.
fn hosts<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    taken: &mut BTreeMap<HostPattern, usize>,
) -> Vec<HostPattern> {
    let Some(hosts) = reader.list(table, "hosts", pattern) else {
        if table.get("hosts").is_none() {
            let what = "`hosts` is missing in [[site]]".to_owned();
            reader.missing(table.start(), what, "write `hosts = [\"shop.example\"]`");
        }
        return Vec::new();
    };
    for (host, at) in &hosts {
        if let Some(first) = taken.insert(host.clone(), *at) {
            let line = reader.line(first);
            let what = format!("`{host}` is already a host of the site on line {line}");
            reader.report(*at, what, "take it out of one of the two");
        }
    }
    if table.get("hosts").and_then(|v| v.get_ref().as_array()).is_some_and(|a| a.is_empty()) {
        let what = "`hosts` is empty".to_owned();
        reader.report(table.at("hosts"), what, "write `hosts = [\"shop.example\"]`");
    }
    hosts.into_iter().map(|(host, _)| host).collect()
}
