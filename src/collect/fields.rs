//! Turns what the catalogue says of an endpoint's fields into a lookup by path, compiled once.
//!
//! 1. A path is the names from the outside to the inside, parted by `/`; elements of lists have no names; a `/` in a name counts as
//!    `%2F`, so that no name can pass for a path.
//! 2. `*` stands for any characters within one name, `**` as the last name for one or more names; `**` alone for everything.
//! 3. The first rule that matches decides. A rule that drops takes everything below with it; any other rule speaks of the value at
//!    its path only, and what lies below has rules of its own.
//! 4. A rule without `*` names its field: the operator knows what is in it. How that counts is said in [`Care`].
//! 5. A field that only marketing may have needs no other rule: where marketing is granted it leaves, unless another rule says how.

use super::{glob::Glob, google, redact::Care};
use crate::catalog::{Action, Dialect, Endpoint};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// What becomes of the fields of one endpoint.
#[derive(Clone, Debug)]
pub struct Fields {
    rules: Rules<Action>,
    marketing: Rules<()>,
    /// Where the vendor reads the client's address from.
    pub(super) ip: Option<Box<str>>,
    pub(super) dialect: Dialect,
    /// The fields that say for which of the vendor's customers a request is.
    accounts: Vec<Box<str>>,
    /// The segments of the path that do, from 1.
    account_segments: Vec<usize>,
}

/// What the rules say of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// It does not leave, nor does what is below.
    Drop,
    /// Nothing.
    Unlisted,
    /// It leaves so.
    Leave(Action, Care),
}

/// Values by path; the first that matches wins.
#[derive(Clone, Debug)]
struct Rules<V> {
    exact: FxHashMap<Box<str>, (usize, V)>,
    patterns: Vec<(usize, Pattern, V)>,
    /// Those of the patterns that speak of something below a field.
    deep: Vec<Pattern>,
    /// All paths above those in `exact`.
    above: FxHashSet<Box<str>>,
}

#[derive(Clone, Debug)]
struct Pattern {
    names: Vec<Glob>,
    /// Whether `**` follows.
    open: bool,
}

// === impl Fields ===

impl Fields {
    /// The lookup for `endpoint`.
    #[must_use]
    pub fn new(endpoint: &Endpoint) -> Self {
        let rules = endpoint.fields.iter().map(|field| (&*field.path, field.action));
        let marketing = endpoint.marketing.iter().map(|path| (&**path, ()));
        let (segments, paths): (Vec<_>, Vec<_>) =
            endpoint.account.iter().partition(|place| segment(place).is_some());
        Self {
            rules: Rules::new(rules),
            marketing: Rules::new(marketing),
            ip: endpoint.ip.as_deref().map(Into::into),
            dialect: endpoint.dialect,
            accounts: paths.into_iter().map(|path| path.as_str().into()).collect(),
            account_segments: segments.iter().filter_map(|place| segment(place)).collect(),
        }
    }

    /// What the field at `path` becomes, where it leaves; for who explains what was sent.
    #[must_use]
    pub fn action(&self, path: &str) -> Option<Action> {
        match self.rule(path, true) {
            Rule::Leave(action, _) => Some(action),
            Rule::Drop | Rule::Unlisted => None,
        }
    }

    /// What the rules say of the value at `path`, where marketing is granted or is not.
    pub(super) fn rule(&self, path: &str, marketing: bool) -> Rule {
        let only_marketing = self.marketing.find(path);
        let advertising = || self.dialect == Dialect::Google && google::is_advertising(path);
        if self.ip.as_deref() == Some(path)
            || (!marketing && (only_marketing.is_some() || advertising()))
        {
            return Rule::Drop;
        }
        match (self.rules.find(path), only_marketing) {
            (Some((Action::Drop, _)), _) => Rule::Drop,
            (Some((action, care)), _) => Rule::Leave(action, care),
            (None, Some(((), care))) => Rule::Leave(Action::Keep, care),
            (None, None) => Rule::Unlisted,
        }
    }

    /// Whether requests say for which of the vendor's customers they are.
    pub(super) const fn name_account(&self) -> bool {
        !self.accounts.is_empty() || !self.account_segments.is_empty()
    }

    /// Whether the field at `path` says for which of the vendor's customers a request is.
    pub(super) fn is_account(&self, path: &str) -> bool {
        self.accounts.iter().any(|account| **account == *path)
    }

    /// The accounts that a URL's path names.
    pub(super) fn accounts_in<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        let named = |at: &usize| path.split('/').nth(*at)?.split(['.', ';']).next();
        let named: Vec<&str> = self.account_segments.iter().filter_map(named).collect();
        named.into_iter().filter(|account| !account.is_empty())
    }

    /// Whether a rule speaks of something below `path`.
    pub(super) fn reach_below(&self, path: &str) -> bool {
        self.rules.reach_below(path) || self.marketing.reach_below(path)
    }

    /// Whether `name` is listed as a parameter that leaves where marketing is granted.
    pub(super) fn is_marketing(&self, name: &str) -> bool {
        self.marketing.find(name).is_some()
    }
}

// === impl Rules ===

impl<V: Copy> Rules<V> {
    fn new<'a>(rules: impl Iterator<Item = (&'a str, V)>) -> Self {
        let mut new = Self {
            exact: FxHashMap::default(),
            patterns: Vec::new(),
            deep: Vec::new(),
            above: FxHashSet::default(),
        };
        for (at, (path, value)) in rules.enumerate() {
            if path.contains('*') {
                let pattern = Pattern::new(path);
                new.deep.extend(pattern.is_deep().then(|| pattern.clone()));
                new.patterns.push((at, pattern, value));
                continue;
            }
            new.exact.entry(path.into()).or_insert((at, value));
            let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
            new.above.extend(above.map(Into::into));
        }
        new
    }

    fn find(&self, path: &str) -> Option<(V, Care)> {
        let exact = self.exact.get(path).copied();
        let first = exact.map_or(usize::MAX, |(at, _)| at);
        let mut earlier = self.patterns.iter().take_while(|(at, ..)| *at < first);
        let pattern = earlier.find(|(_, pattern, _)| pattern.matches(path));
        match (pattern, exact) {
            (Some((_, _, value)), _) => Some((*value, Care::All)),
            (None, Some((_, value))) => Some((value, Care::Named)),
            (None, None) => None,
        }
    }

    fn reach_below(&self, path: &str) -> bool {
        if path.is_empty() {
            return !self.patterns.is_empty();
        }
        self.above.contains(path) || self.deep.iter().any(|pattern| pattern.reaches_below(path))
    }
}

// === impl Pattern ===

impl Pattern {
    fn new(path: &str) -> Self {
        let (names, open) = match path.strip_suffix("**") {
            Some("") => (None, true),
            Some(names) if names.ends_with('/') => (names.strip_suffix('/'), true),
            Some(_) | None => (Some(path), false),
        };
        let names = names.into_iter().flat_map(|names| names.split('/')).map(Glob::new);
        Self { names: names.collect(), open }
    }

    fn matches(&self, path: &str) -> bool {
        let mut names = path.split('/');
        let fits = self.names.iter().all(|glob| names.next().is_some_and(|n| glob.matches(n)));
        // `**` alone also stands for the items of a list that is the whole body, whose path is empty.
        fits && names.next().is_some() == self.open
    }

    /// Whether it speaks of something below a field.
    const fn is_deep(&self) -> bool {
        self.open || self.names.len() > 1
    }

    fn reaches_below(&self, path: &str) -> bool {
        let mut globs = self.names.iter();
        let mut names = path.split('/').filter(|_| !path.is_empty());
        names.all(|name| globs.next().map_or(self.open, |glob| glob.matches(name)))
            && (self.open || globs.next().is_some())
    }
}

/// Which segment of a URL's path `place`, as `/2`, is.
fn segment(place: &str) -> Option<usize> {
    place.strip_prefix('/')?.parse().ok().filter(|at| *at > 0)
}

/// `name` as a part of a path.
pub(super) fn escape(name: &str) -> Cow<'_, str> {
    if name.contains('/') { Cow::Owned(name.replace('/', "%2F")) } else { Cow::Borrowed(name) }
}
