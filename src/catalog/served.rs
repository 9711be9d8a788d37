//! Turns the endpoints' rules into what is served at a host and path, and into where a text names a host that is served.
//!
//! 1. A rule covers what a rule of a vendor's hosts covers: subdomains, and what continues its path after a `/`.
//! 2. A text may name the beginning of an endpoint alone, for scripts put paths together: that is served where an endpoint lies below it.
//! 3. A text is searched for hosts as inline scripts are ([`super::inline`], 2 to 4).

use super::{
    hosts::Hosts,
    inline::{self, HitKind, Inline},
};
use std::ops::Range;

/// The endpoints' rules, compiled.
#[derive(Debug)]
pub(super) struct Served {
    hosts: Hosts<usize>,
    rules: Vec<Rule>,
    names: Inline,
}

/// One `host/path` of an endpoint.
#[derive(Debug)]
struct Rule {
    host: Box<str>,
    /// Begins with `/`.
    path: Box<str>,
    endpoint: usize,
}

/// Collects the endpoints' rules.
#[derive(Default)]
pub(super) struct Builder {
    hosts: Hosts<usize>,
    rules: Vec<Rule>,
}

impl Builder {
    pub(super) fn insert(&mut self, rule: &str, endpoint: usize) {
        self.hosts.insert(rule, endpoint);
        let (host, path) = rule.split_once('/').unwrap_or((rule, ""));
        let host = host.to_ascii_lowercase().into();
        let path = format!("/{}", path.trim_end_matches('*')).into();
        self.rules.push(Rule { host, path, endpoint });
    }

    /// # Errors
    /// When the hosts together are too large for an automaton.
    pub(super) fn build(self) -> Result<Served, aho_corasick::BuildError> {
        let Self { hosts, rules } = self;
        let mut names: Vec<&str> = rules.iter().map(|rule| &*rule.host).collect();
        names.sort_unstable();
        names.dedup();
        let mut inline = inline::Builder::default();
        names.into_iter().for_each(|name| inline.host(0, name));
        let names = inline.build()?;
        Ok(Served { hosts, rules, names })
    }
}

impl Served {
    /// The endpoint at `host` (lower case) and `path`.
    pub(super) fn find(&self, host: &str, path: &str) -> Option<usize> {
        self.hosts.find(host, path)
    }

    /// Every rule: host, path, whether anything may follow the path, endpoint.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&str, &str, bool, usize)> {
        self.hosts.rules()
    }

    /// The endpoints on `host` (lower case) whose path is `start` or goes on from it with a segment.
    pub(super) fn below<'s>(
        &'s self,
        host: &'s str,
        start: &'s str,
    ) -> impl Iterator<Item = usize> + 's {
        let covers = move |rule: &&Rule| is_below(host, &rule.host) && goes_on(&rule.path, start);
        self.rules.iter().filter(covers).map(|rule| rule.endpoint)
    }

    /// The endpoints that a source expression of a policy lets through (CSP 3, 2.3.1): a host, or all below it with `*.`, and a path.
    pub(super) fn let_through<'s>(
        &'s self,
        host: &'s str,
        path: &'s str,
    ) -> impl Iterator<Item = usize> + 's {
        let named = move |rule: &Rule| match host.strip_prefix("*.") {
            Some(parent) => is_below(&rule.host, parent) || is_below(parent, &rule.host),
            None => is_below(host, &rule.host),
        };
        let covers = move |rule: &Rule| {
            path.is_empty() || goes_on(&rule.path, path) || goes_on(path, &rule.path)
        };
        let rules = self.rules.iter().filter(move |rule| named(rule) && covers(rule));
        rules.map(|rule| rule.endpoint)
    }

    /// Where `text` names a host that is served: the whole host names, in the order of their ends.
    pub(super) fn mentions<'t>(
        &'t self,
        text: &'t [u8],
    ) -> impl Iterator<Item = Range<usize>> + 't {
        let mut last = 0..0;
        self.names.hits(text).filter_map(move |hit| {
            let is_new = hit.kind == HitKind::Host && hit.range != last;
            last = hit.range.clone();
            is_new.then_some(hit.range)
        })
    }
}

/// Whether `host` is `domain` or a subdomain of it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether `path` is `start`, or `start` with more segments.
fn goes_on(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || start.ends_with('/'))
}
