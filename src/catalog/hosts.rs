//! Turns a host and a path into what a rule says of them, at a cost that does not grow with the number of rules.
//!
//! 1. A rule `host` covers the host and its subdomains, on label boundaries only.
//! 2. A rule `host/path` covers, on those hosts, the path itself and what continues it after a `/`;
//!    with `*` at its end, whatever begins with it.
//! 3. The longest host wins, then the longest path; a rule without a path comes last on its host.

use rustc_hash::FxHashMap;
use std::{collections::BTreeSet, ops::Bound};

/// Rules by host, each with a value.
#[derive(Debug, Clone)]
pub(super) struct Hosts<V> {
    by_host: FxHashMap<Box<str>, Paths<V>>,
    /// The hosts written backwards, so that those below a domain stand together.
    backwards: BTreeSet<Box<str>>,
}

#[derive(Debug, Clone)]
struct Paths<V> {
    /// Longest first.
    paths: Vec<(PathRule, V)>,
    any: Option<V>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PathRule {
    path: Box<str>,
    open: bool,
}

impl<V> Default for Hosts<V> {
    fn default() -> Self {
        Self { by_host: FxHashMap::default(), backwards: BTreeSet::new() }
    }
}

impl<V: Copy> Hosts<V> {
    /// Adds `rule`, a `host` or `host/path`; a later rule replaces an equal earlier one.
    pub(super) fn insert(&mut self, rule: &str, value: V) {
        let (host, path) = match rule.split_once('/') {
            Some((host, path)) if !path.is_empty() => (host, Some(path)),
            Some((host, _)) => (host, None),
            None => (rule, None),
        };
        let host = host.to_ascii_lowercase();
        self.backwards.insert(reversed(&host).into());
        let entry =
            self.by_host.entry(host.into()).or_insert(Paths { paths: Vec::new(), any: None });
        match path {
            None => entry.any = Some(value),
            Some(path) => entry.insert(PathRule::new(path), value),
        }
    }

    /// Whether there is no rule.
    pub(super) fn is_empty(&self) -> bool {
        self.by_host.is_empty()
    }

    /// Every rule: host, path (empty for all of the host), whether anything may follow the path, value.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&str, &str, bool, V)> {
        self.by_host.iter().flat_map(|(host, Paths { paths, any })| {
            let by_path =
                paths.iter().map(|(rule, value)| (&**host, &*rule.path, rule.open, *value));
            by_path.chain(any.map(|value| (&**host, "", false, value)))
        })
    }

    /// The value of the most specific rule that covers `host` (lower case) and `path` (with its leading `/`).
    pub(super) fn find(&self, host: &str, path: &str) -> Option<V> {
        if self.by_host.is_empty() {
            return None;
        }
        suffixes(host).find_map(|domain| self.by_host.get(domain)?.find(path))
    }
}

impl<V: Copy> Hosts<V> {
    /// The values of all rules that cover a URL on `host` (lower case), or with `below` on any host under it, whose path is `path` or goes
    /// on from it; an empty path is any.
    pub(super) fn within(&self, host: &str, below: bool, path: &str) -> Vec<V> {
        let mut found = Vec::new();
        if below {
            let start = format!("{}.", reversed(host));
            let under =
                self.backwards.range::<str, _>((Bound::Included(&*start), Bound::Unbounded));
            let domains = under.take_while(|name| name.starts_with(&start));
            for paths in domains.filter_map(|name| self.by_host.get(&*reversed(name))) {
                paths.within(path, &mut found);
            }
        }
        for domain in suffixes(host) {
            let Some(paths) = self.by_host.get(domain) else { continue };
            paths.within(path, &mut found);
            if paths.any.is_some() {
                break;
            }
        }
        found
    }
}

impl<V: Copy> Paths<V> {
    fn within(&self, path: &str, found: &mut Vec<V>) {
        let rules = self.paths.iter().filter(|(rule, _)| rule.meets(path));
        found.extend(rules.map(|(_, value)| *value).chain(self.any));
    }

    fn insert(&mut self, rule: PathRule, value: V) {
        self.paths.retain(|(old, _)| *old != rule);
        self.paths.push((rule, value));
        self.paths.sort_by_key(|(rule, _)| std::cmp::Reverse(rule.path.len()));
    }

    fn find(&self, path: &str) -> Option<V> {
        let by_path = self.paths.iter().find(|(rule, _)| rule.covers(path));
        by_path.map(|(_, value)| *value).or(self.any)
    }
}

impl PathRule {
    fn new(path: &str) -> Self {
        let closed = path.trim_end_matches('*').trim_end_matches('/');
        match path.strip_suffix('*') {
            Some(start) => Self { path: format!("/{start}").into(), open: true },
            None => Self { path: format!("/{closed}").into(), open: false },
        }
    }

    /// Whether the rule covers `path` or something that goes on from it.
    fn meets(&self, path: &str) -> bool {
        self.covers(path) || self.path.starts_with(path)
    }

    fn covers(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path)
            .is_some_and(|rest| self.open || rest.is_empty() || rest.starts_with('/'))
    }
}

fn reversed(host: &str) -> String {
    host.chars().rev().collect()
}

/// `host` and its parents, longest first.
fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(host);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.split_once('.').map(|(_, parent)| parent);
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts<u8> {
        let mut hosts = Hosts::default();
        for (rule, value) in [
            ("googletagmanager.com", 1),
            ("www.googletagmanager.com/gtag/js", 2),
            ("ad.test/activity*", 3),
            ("www.shared.test/tr", 4),
        ] {
            hosts.insert(rule, value);
        }
        hosts
    }

    #[test]
    fn the_most_specific_rule_wins() {
        for (host, path, value) in [
            ("www.googletagmanager.com", "/gtm.js", Some(1)),
            ("www.googletagmanager.com", "/gtag/js", Some(2)),
            ("www.googletagmanager.com", "/gtag/js/x", Some(2)),
            ("a.b.googletagmanager.com", "/", Some(1)),
            ("ad.test", "/activity;src=1", Some(3)),
            ("www.shared.test", "/tr", Some(4)),
            ("www.shared.test", "/tr/", Some(4)),
        ] {
            assert_eq!(hosts().find(host, path), value, "{host}{path}");
        }
    }

    #[test]
    fn what_lies_within_a_source_is_found() {
        for (host, below, path, values) in [
            ("www.googletagmanager.com", false, "", &[1, 2][..]),
            ("www.googletagmanager.com", false, "/gtag/", &[1, 2]),
            ("www.googletagmanager.com", false, "/gtm.js", &[1]),
            ("googletagmanager.com", false, "", &[1]),
            ("googletagmanager.com", true, "", &[1, 2]),
            ("test", true, "", &[3, 4]),
            ("test", false, "", &[]),
            ("x.www.shared.test", false, "/tr/x", &[4]),
            ("www.shared.test", false, "/other", &[]),
            ("gtagmanager.com", true, "", &[]),
        ] {
            let mut found = hosts().within(host, below, path);
            found.sort_unstable();
            assert_eq!(found, values, "{host}{path} {below}");
        }
    }

    #[test]
    fn labels_and_paths_match_whole() {
        for (host, path) in [
            ("www.googletagmanager.com.evil.test", "/gtm.js"),
            ("evilgoogletagmanager.com", "/"),
            ("www.shared.test", "/tracker"),
            ("www.shared.test", "/"),
            ("shared.test", "/tr"),
        ] {
            assert_eq!(hosts().find(host, path), None, "{host}{path}");
        }
        assert_eq!(hosts().find("www.googletagmanager.com", "/gtag/json"), Some(1));
    }
}
