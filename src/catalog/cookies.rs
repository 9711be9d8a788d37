//! Turns a cookie name into the vendor whose it is.
//!
//! 1. `*` in a rule stands for any characters; names compare with their case (RFC 6265 4.1.1).
//! 2. A rule without `*` wins over one with it; of those, the one with the longest start.

use rustc_hash::FxHashMap;

/// Cookie name rules, each with a value.
#[derive(Debug, Clone)]
pub(super) struct Cookies<V> {
    exact: FxHashMap<Box<str>, V>,
    /// Longest start first.
    patterns: Vec<(Vec<Box<str>>, V)>,
}

impl<V> Default for Cookies<V> {
    fn default() -> Self {
        Self { exact: FxHashMap::default(), patterns: Vec::new() }
    }
}

impl<V: Copy> Cookies<V> {
    pub(super) fn insert(&mut self, rule: &str, value: V) {
        if !rule.contains('*') {
            self.exact.insert(rule.into(), value);
            return;
        }
        self.patterns.push((rule.split('*').map(Into::into).collect(), value));
        self.patterns.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.first().map(|p| p.len())));
    }

    /// Every rule as it was written.
    pub(super) fn rules(&self) -> impl Iterator<Item = (String, V)> {
        let exact = self.exact.iter().map(|(name, value)| (name.to_string(), *value));
        exact.chain(self.patterns.iter().map(|(parts, value)| (parts.join("*"), *value)))
    }

    pub(super) fn find(&self, name: &str) -> Option<V> {
        self.exact.get(name).copied().or_else(|| {
            self.patterns.iter().find(|(parts, _)| matches(parts, name)).map(|(_, value)| *value)
        })
    }
}

fn matches(parts: &[Box<str>], name: &str) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let Some(mut rest) = name.strip_prefix(&**first).and_then(|r| r.strip_suffix(&**last)) else {
        return false;
    };
    middle.iter().all(|part| match rest.split_once(&**part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let mut cookies = Cookies::default();
        for (rule, value) in [("_ga", 1), ("_ga_*", 2), ("_pk_id.*.*", 3), ("*_mixpanel", 4)] {
            cookies.insert(rule, value);
        }
        assert_eq!(cookies.find("_ga"), Some(1));
        assert_eq!(cookies.find("_ga_X1"), Some(2));
        assert_eq!(cookies.find("_pk_id.1.af3c"), Some(3));
        assert_eq!(cookies.find("mp_token_mixpanel"), Some(4));
        assert_eq!(cookies.find("_GA"), None);
        assert_eq!(cookies.find("_pk_id."), None);
        assert_eq!(cookies.find("my_ga"), None);
    }
}
