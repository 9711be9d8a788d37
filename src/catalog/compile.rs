//! Turns entries into a [`Catalog`]: tables in which hosts, paths, texts and names are looked up.

use super::{
    Catalog, Endpoint, HitKind, VendorEntry, cookies::Cookies, hosts::Hosts, inline::Builder,
    long_tail, merge::merged, served, unnamed::Unnamed,
};
use crate::{
    purpose::Purpose,
    vendor::{Source, Vendor},
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The long tail that comes with the program.
const LONG_TAIL: &str = include_str!("../../conf/third-parties.tsv");

impl Catalog {
    /// Compiles the built-in entries with the operator's over them: of one id, what the operator's gives replaces, lists are added.
    ///
    /// # Errors
    /// When the inline texts together are too large to be compiled.
    pub fn new(
        built_in: &[VendorEntry],
        own: &[VendorEntry],
    ) -> Result<Self, aho_corasick::BuildError> {
        let entries = merged(built_in, own);
        let mut vendors: Vec<Vendor> = entries.iter().map(vendor).collect();
        let by_id = vendors.iter().enumerate().map(|(i, v)| (v.id.clone(), i)).collect();
        let (mut hosts, mut own_hosts) = (Hosts::default(), Hosts::default());
        let (mut inline, mut cookies) = (Builder::default(), Cookies::default());
        for (index, entry) in entries.iter().enumerate() {
            entry.hosts.iter().for_each(|rule| hosts.insert(rule, index));
            entry.cookies.iter().for_each(|rule| cookies.insert(rule, index));
            add_inline(&mut inline, index, entry);
            let own_entry = own.iter().filter(|o| o.id == entry.id);
            own_entry.flat_map(|o| &o.hosts).for_each(|rule| own_hosts.insert(rule, index));
        }
        let (endpoints, served) = endpoints(&entries);
        let mut tail = Hosts::default();
        long_tail::read(LONG_TAIL, &mut vendors, &mut tail);
        Ok(Self {
            vendors: vendors.into_iter().map(Arc::new).collect(),
            surrogates: texts(&entries, |entry| &entry.surrogate),
            setups: texts(&entries, |entry| &entry.setup),
            endpoints,
            served: served.build()?,
            by_id,
            rules: entries
                .iter()
                .map(|e| e.hosts.iter().map(|h| h.as_str().into()).collect())
                .collect(),
            entries: entries.len(),
            hosts,
            own_hosts,
            tail,
            inline: inline.build()?,
            cookies,
            own_cookies: entries.iter().map(own_cookies).collect(),
            workers: workers(&entries),
            unnamed: Unnamed::new(),
        })
    }
}

fn vendor(entry: &VendorEntry) -> Vendor {
    let name = if entry.name.is_empty() { &entry.id } else { &entry.name };
    Vendor {
        id: entry.id.as_str().into(),
        name: name.as_str().into(),
        purpose: entry.purpose.unwrap_or(Purpose::Marketing),
        gvl: entry.gvl,
        atp: entry.atp,
        source: Source::Catalog,
        facts: entry.facts.clone(),
    }
}

/// The cookies that one entry names.
fn own_cookies(entry: &VendorEntry) -> (Box<str>, Cookies<()>) {
    let mut cookies = Cookies::default();
    entry.cookies.iter().for_each(|rule| cookies.insert(rule, ()));
    (entry.id.as_str().into(), cookies)
}

/// The file names of the entries' service workers.
fn workers(entries: &[VendorEntry]) -> FxHashMap<Box<str>, usize> {
    let named = |(index, entry): (usize, &VendorEntry)| {
        let names = entry.workers.iter().map(|name| name.to_ascii_lowercase().into());
        names.map(|name: Box<str>| (name, index)).collect::<Vec<_>>()
    };
    entries.iter().enumerate().flat_map(named).collect()
}

fn add_inline(inline: &mut Builder, index: usize, entry: &VendorEntry) {
    entry.inline.iter().for_each(|text| inline.text(index, HitKind::Snippet, text));
    entry.hides.iter().for_each(|text| inline.text(index, HitKind::Hides, text));
    let literals = if entry.literals.is_empty() { &entry.hosts } else { &entry.literals };
    literals.iter().for_each(|rule| inline.host(index, rule));
}

/// The entries' texts that are not empty, by id.
fn texts(
    entries: &[VendorEntry],
    text: impl Fn(&VendorEntry) -> &String,
) -> FxHashMap<Box<str>, Box<str>> {
    let given = entries.iter().map(|entry| (entry.id.as_str(), text(entry).as_str()));
    given.filter(|(_, text)| !text.is_empty()).map(|(id, text)| (id.into(), text.into())).collect()
}

/// The entries' endpoints, each with its entry's index, and which hosts and paths they serve.
fn endpoints(entries: &[VendorEntry]) -> (Vec<(usize, Arc<Endpoint>)>, served::Builder) {
    let (mut all, mut served) = (Vec::new(), served::Builder::default());
    for (vendor, entry) in entries.iter().enumerate() {
        for endpoint in &entry.endpoints {
            let paths: Vec<String> =
                endpoint.paths.iter().flat_map(|rule| on_hosts(rule, &entry.hosts)).collect();
            paths.iter().for_each(|rule| served.insert(rule, all.len()));
            all.push((vendor, Arc::new(Endpoint { paths, ..endpoint.clone() })));
        }
    }
    (all, served)
}

/// The rules that `rule`, one of an endpoint's paths, stands for: `*/path` is that path on each of the vendor's hosts.
fn on_hosts(rule: &str, hosts: &[String]) -> Vec<String> {
    match rule.strip_prefix("*/") {
        Some(path) => hosts
            .iter()
            .filter(|host| !host.ends_with('*'))
            .map(|host| format!("{}/{path}", host.trim_end_matches('/')))
            .collect(),
        None => vec![rule.to_owned()],
    }
}
