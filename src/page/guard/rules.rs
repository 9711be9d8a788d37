//! Turns the catalogue and the settings of a site into the rules by which the browser decides as [`Gate::url`](crate::policy::Gate::url)
//! does.
//!
//! 1. A rule says no more than a purpose's letter: `n`, `f`, `a` or `m`. What the visitor allows is told beside the rules, so one file
//!    serves every visitor of a site.
//! 2. What is known stands in tables that give a text's letter ([`super::table`]): hosts and closed paths with hosts in one, and there
//!    behind a `/` the hosts that have paths; names of cookies behind a `k`, starts of names behind a `K` in another; and in one of the
//!    second file what is served (`e`), the hosts on which something of a purpose is (`C` and its letter), and keys of storages (`s`, `S`).
//!    `h` is an innocent host of the long tail, and `z` one that says nothing.
//! 3. Open paths, the operator's own words and patterns of cookies stand as they are.
//! 4. Filter lists are not in the rules: they are patterns over whole URLs, and the policy and the server go by them.
//! 5. A vendor's rule goes before the long tail, whose hosts are so few below one that what is said of its paths is said again for them.
//! 6. Where every other site is gated, what would be marketing needs no rule.

use super::table::Table;
use crate::{
    catalog::{Catalog, HostRule, Prefix, Scope, TailRule, telling_words},
    purpose::Purpose,
    site::Site,
    vendor::Vendor,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of storages that vendors' scripts use beside the names of their cookies.
const STORED: &[(&str, &[&str])] = &[
    ("google_ads", &["_gcl_ls"]),
    ("meta", &["lastExternalReferrer", "lastExternalReferrerTime", "_fb*"]),
    ("tiktok", &["tt_appInfo", "tt_sessionId", "tt_pixel_session_index"]),
    ("uet", &["_uetsid*", "_uetvid*"]),
    ("hotjar", &["_hj*", "hjViewportId", "hjActiveViewportIds"]),
    ("clarity", &["_cltk"]),
    ("amplitude", &["amplitude_*", "AMP_*"]),
    ("segment", &["ajs_*"]),
    ("mixpanel", &["__mpq_*", "mp_*"]),
    ("datadog", &["_dd_*"]),
    ("klaviyo", &["klaviyo*"]),
    ("snowplow", &["snowplowOutQueue_*"]),
];

/// Bits of a row for hosts: of hosts that are nobody's one in 43,000 is taken for a vendor's, each time one is looked for.
const HOST_BITS: u32 = 17;
/// The same for names, where more texts are looked for, and fewer are known.
const NAME_BITS: u32 = 20;
/// And for the second file's texts.
const SECOND_BITS: u32 = 22;

/// Suffixes under which many sites have their names: what is said of one by mistake would be said of them all.
const SUFFIXES: &[&str] = &[
    "ac.uk",
    "azureedge.net",
    "blogspot.com",
    "cloudfront.net",
    "co.id",
    "co.il",
    "co.in",
    "co.jp",
    "co.kr",
    "co.nz",
    "co.th",
    "co.uk",
    "co.za",
    "com.ar",
    "com.au",
    "com.br",
    "com.cn",
    "com.co",
    "com.hk",
    "com.mx",
    "com.my",
    "com.ph",
    "com.pl",
    "com.sg",
    "com.tr",
    "com.tw",
    "com.ua",
    "com.vn",
    "firebaseapp.com",
    "fastly.net",
    "github.io",
    "githubusercontent.com",
    "gov.uk",
    "herokuapp.com",
    "myshopify.com",
    "ne.jp",
    "net.au",
    "netlify.app",
    "or.jp",
    "org.au",
    "org.uk",
    "pages.dev",
    "r2.dev",
    "vercel.app",
    "web.app",
    "windows.net",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
];

/// Open paths by host.
type Open = FxHashMap<String, Vec<(String, char)>>;

/// Rules as the guard reads them.
pub(super) struct Rules<'r> {
    pub(super) catalog: &'r Catalog,
    pub(super) scope: &'r Scope,
    /// Where vendors are served, if they are.
    pub(super) prefix: Option<&'r Prefix>,
    /// Those that are; none stands for all.
    pub(super) offered: &'r BTreeSet<String>,
    /// Whether what was noted in stubs is kept.
    pub(super) keeps_queues: bool,
}

impl Rules<'_> {
    /// The rules that the guard starts with, as JSON.
    pub(super) fn first(&self) -> Value {
        let mut hosts = Table::default();
        let mut open = self.hosts(&mut hosts);
        self.tail(&mut hosts, &mut open);
        let mut names = Table::default();
        let cookies = self.cookies(&mut names);
        let (words, stems) =
            if self.scope.guesses() { telling_words() } else { (&[][..], &[][..]) };
        json!({
            "t": hosts.write(HOST_BITS),
            "k": names.write(NAME_BITS),
            "p": sorted(open),
            "c": cookies,
            "h": [words.join(" "), stems.join(" ")],
            "w": self.words(),
            "o": self.own(),
            "a": u8::from(self.scope.gates_all()),
        })
    }

    /// Those that it needs when something is allowed.
    pub(super) fn second(&self) -> Value {
        let mut table = Table::default();
        let served = self.served(&mut table);
        self.stored(&mut table);
        json!({
            "t": table.write(SECOND_BITS),
            "q": sorted(served),
            "f": self.prefix.map(Prefix::as_str),
            "u": sorted(self.stubs()),
            "v": self.told(),
            "r": u8::from(self.keeps_queues),
        })
    }

    /// The vendors' hosts; open paths aside, by host.
    fn hosts(&self, table: &mut Table) -> Open {
        let rules: Vec<_> = self.catalog.host_rules().collect();
        let nobody = Site::of_host("invalid");
        let of_tail = self.catalog.tail_rules(&nobody);
        let of_tail =
            of_tail.filter(|(_, rule)| matches!(rule, TailRule::Tracker(v) if letter(v) != 'm'));
        let telling: FxHashSet<&str> = rules
            .iter()
            .filter(|rule| letter(rule.value) != 'm' || !rule.path.is_empty())
            .map(|rule| rule.host)
            .chain(of_tail.map(|(host, _)| host))
            .collect();
        let needless = |rule: &HostRule<'_, _>| {
            self.scope.gates_all() && !ancestors(rule.host).any(|host| telling.contains(host))
        };
        add(table, "", rules.into_iter().filter(|rule| !needless(rule)), letter)
    }

    /// The long tail, as far as no vendor's host is before it.
    fn tail(&self, table: &mut Table, open: &mut Open) {
        let named: FxHashSet<&str> = self
            .catalog
            .host_rules()
            .filter(|rule| rule.path.is_empty())
            .map(|rule| rule.host)
            .collect();
        // Of no site: what belongs to a site's own company is told beside the rules.
        let rules: Vec<_> = self.catalog.tail_rules(&Site::of_host("invalid")).collect();
        let hosts: FxHashSet<&str> = rules.iter().map(|(host, _)| *host).collect();
        for (host, rule) in &rules {
            let is_below = ancestors(host).skip(1).any(|parent| hosts.contains(parent));
            let value = match rule {
                TailRule::Tracker(vendor) => letter(vendor),
                TailRule::Innocent => 'h',
                TailRule::Mixed if is_below => 'z',
                TailRule::Mixed => continue,
            };
            let is_named = ancestors(host).any(|host| named.contains(host));
            let needless = self.scope.gates_all() && matches!(value, 'm' | 'h' | 'z') && !is_below;
            if !is_named && !needless {
                table.insert((*host).to_owned(), value);
                // Rule 5. Behind an innocent one the guard looks for them by itself.
                if !matches!(value, 'h' | 'z') {
                    self.repeat(table, open, host);
                }
            }
        }
        let nobodys = rules.iter().filter(|(_, rule)| matches!(rule, TailRule::Mixed));
        let nobodys = nobodys.map(|(host, _)| *host).chain(SUFFIXES.iter().copied());
        nobodys.for_each(|host| table.avoid(host.to_owned()));
    }

    /// What is said of the paths of the hosts above `host`, for it.
    fn repeat(&self, table: &mut Table, open: &mut Open, host: &str) {
        for above in ancestors(host).skip(1) {
            for rule in self.catalog.host_rules().filter(|rule| rule.host == above) {
                if rule.open {
                    let own = open.entry(host.to_owned()).or_default();
                    own.push((rule.path.to_owned(), letter(rule.value)));
                } else if !rule.path.is_empty() {
                    table.insert(format!("{host}{}", rule.path), letter(rule.value));
                    table.insert(format!("/{host}"), '/');
                }
            }
        }
    }

    /// What is served; open paths aside, by host.
    fn served(&self, table: &mut Table) -> Open {
        let offers =
            |vendor: &Vendor| self.offered.is_empty() || self.offered.contains(&*vendor.id);
        let rules = || self.catalog.served_rules().filter(|_| self.prefix.is_some());
        let connects: BTreeSet<_> = rules()
            .filter(|rule| offers(rule.value))
            .map(|rule| format!("C{}{}", letter(rule.value), rule.host))
            .collect();
        connects.into_iter().for_each(|text| table.insert(text, '/'));
        // One that is not offered is held for ever: no longer rule may take its place.
        add(table, "e", rules(), |vendor| if offers(vendor) { letter(vendor) } else { '/' })
    }

    /// Keys of storages.
    fn stored(&self, table: &mut Table) {
        for (id, rules) in STORED {
            let Some(vendor) = self.catalog.vendor(id) else { continue };
            for rule in *rules {
                let (kind, text) =
                    rule.strip_suffix('*').map_or(('s', *rule), |start| ('S', start));
                table.insert(format!("{kind}{text}"), letter(vendor));
            }
        }
    }

    /// Cookies; patterns that are more than a start aside, the longest start first.
    fn cookies(&self, table: &mut Table) -> Vec<(usize, String, char)> {
        let (mut patterns, mut seen) = (Vec::new(), FxHashSet::default());
        for (rule, vendor) in self.catalog.cookie_rules() {
            if !seen.insert(rule.clone()) {
                continue;
            }
            match rule.split_once('*') {
                None => table.insert(format!("k{rule}"), letter(vendor)),
                Some((start, "")) => table.insert(format!("K{start}"), letter(vendor)),
                Some((start, _)) => {
                    let parts: Vec<_> = rule.split('*').map(regex::escape).collect();
                    patterns.push((
                        start.len(),
                        format!("^{}$", parts.join("[^]*")),
                        letter(vendor),
                    ));
                }
            }
        }
        patterns.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        patterns
    }

    /// The operator's words on hosts, the longest first: nobody's, or marketing.
    fn words(&self) -> Vec<(String, String, &'static str)> {
        let words = self.scope.words();
        longest_first(
            words.map(|(host, allowed)| {
                (host.into(), String::new(), if allowed { "" } else { "m" })
            }),
        )
    }

    /// The operator's words on the site's own hosts and paths.
    fn own(&self) -> Vec<(String, String, String)> {
        let rules = self.catalog.own_rules(self.scope);
        longest_first(rules.map(|rule| (rule.host.into(), text(&rule), letter(rule.value).into())))
    }

    /// The globals that each vendor's stub defines, by its id.
    fn stubs(&self) -> FxHashMap<&str, String> {
        let stubs = self.catalog.surrogates();
        stubs.map(|(id, text)| (id, globals(text))).filter(|(_, names)| !names.is_empty()).collect()
    }

    /// Hosts and paths of the vendors that are told something before their first script, with their ids.
    fn told(&self) -> Vec<(String, String, String)> {
        let told = |vendor: &Vendor| {
            self.catalog.setup(&vendor.id).is_some() || super::GOOGLE.contains(&&*vendor.id)
        };
        let rules =
            self.catalog.host_rules().filter(|rule| self.prefix.is_some() && told(rule.value));
        let is_script =
            |path: &str| path.is_empty() || path.contains("js") || path.contains("gtag");
        let rules =
            rules.filter(|rule| is_script(rule.path) && !rule.host.starts_with("adservice."));
        longest_first(rules.map(|rule| (rule.host.into(), text(&rule), rule.value.id.to_string())))
    }
}

/// Puts rules of one kind into the table, and gives back the open ones.
fn add<'c>(
    table: &mut Table,
    kind: &str,
    rules: impl Iterator<Item = HostRule<'c, &'c std::sync::Arc<Vendor>>>,
    value: impl Fn(&Vendor) -> char,
) -> Open {
    let mut open = Open::default();
    let mut with_paths = BTreeSet::new();
    for HostRule { host, path, open: is_open, value: vendor } in rules {
        let value = value(vendor);
        if is_open {
            open.entry(host.to_owned()).or_default().push((path.to_owned(), value));
            continue;
        }
        table.insert(format!("{kind}{host}{path}"), value);
        if !path.is_empty() {
            with_paths.insert(host);
        }
    }
    with_paths.into_iter().for_each(|host| table.insert(format!("{kind}/{host}"), '/'));
    open
}

/// In the order of the keys, for the same rules are to be the same text.
fn sorted<K: Ord, V>(map: FxHashMap<K, V>) -> BTreeMap<K, V> {
    map.into_iter().collect()
}

fn text<V>(rule: &HostRule<'_, V>) -> String {
    format!("{}{}", rule.path, if rule.open { "*" } else { "" })
}

fn longest_first<V>(rules: impl Iterator<Item = (String, String, V)>) -> Vec<(String, String, V)> {
    let mut rules: Vec<_> = rules.collect();
    let length = |(host, path, _): &(String, String, V)| (host.len(), path.len());
    rules.sort_by(|a, b| length(b).cmp(&length(a)).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    rules
}

const fn letter(vendor: &Vendor) -> char {
    match vendor.purpose {
        Purpose::Necessary => 'n',
        Purpose::Functional => 'f',
        Purpose::Analytics => 'a',
        Purpose::Marketing => 'm',
    }
}

/// A host and its parents, longest first.
fn ancestors(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| Some(host.split_once('.')?.1))
}

/// The properties of `window` that a stub assigns, of which `w` is another name there.
fn globals(stub: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (at, _) in stub.match_indices('.') {
        let (before, after) = stub.split_at_checked(at).unwrap_or_default();
        let after = after.get(1..).unwrap_or_default();
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$')));
        let (name, rest) = after.split_at_checked(end.unwrap_or(after.len())).unwrap_or_default();
        let of_window = before.ends_with("window")
            || before
                .strip_suffix('w')
                .is_some_and(|b| !b.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        if of_window && rest.starts_with('=') && !rest.starts_with("==") && !names.contains(&name) {
            names.push(name);
        }
    }
    names.retain(|name| *name != "gtag");
    names.join(" ")
}
