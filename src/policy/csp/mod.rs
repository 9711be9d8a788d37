//! Turns the text of a content security policy into what it says of inline scripts, and into one that takes ours too.
//!
//! 1. Directives end at `;`, names compare without case, and the first of a name wins (CSP 3, 2.2.1).
//! 2. `script-src-elem` governs script elements; without it `script-src`, without that `default-src` (CSP 3, 6.8.3).
//! 3. `'unsafe-inline'` has no effect beside a nonce, a hash or `'strict-dynamic'` (CSP 3, 6.7.3.2).
//! 4. Where `'unsafe-inline'` has effect no hash is added: it would forbid the page's own inline scripts.
//! 5. Where `default-src` governs, the hashes go into a `script-src` that copies it: in `default-src` itself they
//!    would speak for styles too, and `script-src-elem` is unknown to older browsers.
//! 6. A list that lets a vendor through gets the one path of the site that stands for it, and nothing wider, unless it lets the site
//!    through already: by `'self'`, `*` or a scheme. A source's path with a slash at its end covers what is below it (CSP 3, 6.7.2.12).

#[cfg(test)]
mod matcher;
mod narrow;
mod own;
mod source;
mod wall;

pub use self::{
    narrow::{Survey, narrowed, survey},
    own::{OwnNeeds, for_own, needs_integrity},
    source::{HostSource, Source},
    wall::{Built, Config, Fit, GROUP, LONGEST, Needed, Place, REPORTS, Wall, build},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, ops::Range};

/// One directive of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive<'p> {
    /// As written; compare without case.
    pub name: &'p str,
    /// What follows the name, trimmed.
    pub value: &'p str,
    /// Where in the policy name and value are, in bytes.
    pub span: Range<usize>,
}

/// What lets an inline script that we insert run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Nothing is needed.
    Free,
    /// This nonce, which every policy that restricts inline scripts names.
    Nonce(String),
    /// Its hash, added with [`with_hashes`] to every policy.
    Hashes,
}

/// The directives of one policy, in order, ineffective duplicates included.
pub fn directives(policy: &str) -> impl Iterator<Item = Directive<'_>> {
    let mut next = 0;
    policy.split(';').filter_map(move |part| {
        let start = next + part.len() - part.trim_ascii_start().len();
        next += part.len() + 1;
        let text = part.trim_ascii();
        let (name, value) =
            text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
        let span = start..start + text.len();
        (!name.is_empty()).then_some(Directive { name, value: value.trim_ascii(), span })
    })
}

/// The hosts that the script lists of `policy` name, without scheme, port, path and a leading `*.`.
pub fn script_hosts(policy: &str) -> impl Iterator<Item = &str> {
    let lists = ["script-src", "script-src-elem", "default-src"];
    let of_scripts =
        directives(policy).filter(move |d| lists.iter().any(|l| d.name.eq_ignore_ascii_case(l)));
    of_scripts.flat_map(|list| list.value.split_ascii_whitespace()).filter_map(|source| {
        let host = source.split_once("://").map_or(source, |(_, rest)| rest);
        let host = host.split(['/', ':']).next()?.trim_start_matches("*.");
        (host.contains('.') && !host.starts_with('\'')).then_some(host)
    })
}

/// What an inline script needs to run under all of `policies`, which are the enforced ones.
#[must_use]
pub fn inline_script(policies: &[&str]) -> Inline {
    let mut restricting = policies.iter().filter_map(|policy| restriction(policy));
    let Some(first) = restricting.next() else { return Inline::Free };
    let mut common: Vec<_> = nonces(first.value).collect();
    for other in restricting {
        let own: HashSet<_> = nonces(other.value).collect();
        common.retain(|nonce| own.contains(nonce));
    }
    common.first().map_or(Inline::Hashes, |nonce| Inline::Nonce((*nonce).to_owned()))
}

/// `policy`, changed so that inline scripts with these `hashes` (of [`sha256_source`]) run; it is left as it is where
/// it does not restrict inline scripts.
#[must_use]
pub fn with_hashes(policy: &str, hashes: &[String]) -> String {
    let Some(governing) = restriction(policy).filter(|_| !hashes.is_empty()) else {
        return policy.to_owned();
    };
    own::extended(policy, &governing, "script-src", hashes)
}

/// `policy`, changed so that each list that has a source for which `own` knows one of the site's own has that too; `None` when that
/// is no change.
#[must_use]
pub fn with_sources(policy: &str, own: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut text, mut from, mut changed) = (String::new(), 0, false);
    for directive in directives(policy).filter(|d| is_fetch(d.name)) {
        let through = sources(directive.value).any(lets_the_site_through);
        let Some(source) = sources(directive.value).filter(|_| !through).find_map(&own) else {
            continue;
        };
        if sources(directive.value).any(|s| s == source) {
            continue;
        }
        changed = true;
        text.push_str(policy.get(from..directive.span.end)?);
        text.push_str(&format!(" {source}"));
        from = directive.span.end;
    }
    text.push_str(policy.get(from..)?);
    changed.then_some(text)
}

/// Whether a directive says from where things are loaded (CSP 3, 6.1).
fn is_fetch(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("-src") || name.ends_with("-src-elem")
}

fn lets_the_site_through(source: &str) -> bool {
    ["'self'", "*", "https:", "http:"].iter().any(|wide| source.eq_ignore_ascii_case(wide))
}

/// The source expression for an inline script with exactly this text: `'sha256-…'`.
#[must_use]
pub fn sha256_source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// The directive that restricts inline script elements, if one does.
fn restriction(policy: &str) -> Option<Directive<'_>> {
    ["script-src-elem", "script-src", "default-src"]
        .into_iter()
        .find_map(|name| directives(policy).find(|d| d.name.eq_ignore_ascii_case(name)))
        .filter(|governing| !allows_all_inline(governing.value))
}

/// CSP 3, 6.7.3.2, for script elements.
fn allows_all_inline(list: &str) -> bool {
    let cancels = |source: &str| {
        source.eq_ignore_ascii_case("'strict-dynamic'")
            || nonce(source).is_some()
            || is_hash(source)
    };
    sources(list).any(|s| s.eq_ignore_ascii_case("'unsafe-inline'")) && !sources(list).any(cancels)
}

fn sources(list: &str) -> impl Iterator<Item = &str> {
    list.split_ascii_whitespace()
}

fn nonces(list: &str) -> impl Iterator<Item = &str> {
    sources(list).filter_map(nonce)
}

fn nonce(source: &str) -> Option<&str> {
    base64_after(source, "nonce-")
}

fn is_hash(source: &str) -> bool {
    ["sha256-", "sha384-", "sha512-"].iter().any(|prefix| base64_after(source, prefix).is_some())
}

/// The value of a quoted source expression, if it has this prefix and is a `base64-value` (CSP 3, 2.3.1).
fn base64_after<'s>(source: &'s str, prefix: &str) -> Option<&'s str> {
    let inner = source.strip_prefix('\'')?.strip_suffix('\'')?;
    let (head, value) = inner.split_at_checked(prefix.len())?;
    let digits = value.trim_end_matches('=');
    let digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let is_base64 =
        !digits.is_empty() && digits.bytes().all(digit) && value.len() - digits.len() < 3;
    (head.eq_ignore_ascii_case(prefix) && is_base64).then_some(value)
}

fn ends_policy(c: char) -> bool {
    c == ';' || c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nonce_of(n: &str) -> Inline {
        Inline::Nonce(n.to_owned())
    }

    #[test]
    fn hosts_of_scripts_are_found() {
        let policy = "img-src a.test; Script-Src 'self' 'sha256-a.b=' https://cdn.b.test:443/x *.c.test data: https:; \
                      default-src d.test";
        assert_eq!(script_hosts(policy).collect::<Vec<_>>(), ["cdn.b.test", "c.test", "d.test"]);
    }

    #[test]
    fn a_policy_says_what_an_inline_script_needs() {
        for (policies, expected) in [
            (&[][..], Inline::Free),
            (&["img-src 'self'"], Inline::Free),
            (&["script-src 'self' 'UNSAFE-inline'"], Inline::Free),
            (&["default-src 'self'; script-src-elem 'unsafe-inline'"], Inline::Free),
            (&["SCRIPT-SRC 'self'"], Inline::Hashes),
            (&["script-src"], Inline::Hashes),
            (&["script-src 'none'; script-src 'unsafe-inline'"], Inline::Hashes),
            (&["script-src 'unsafe-inline' 'strict-dynamic'"], Inline::Hashes),
            (&["script-src 'unsafe-inline' 'sha256-YQ=='"], Inline::Hashes),
            (&["script-src 'unsafe-inline' 'nonce-'"], Inline::Free),
            (&["script-src 'unsafe-inline' 'Nonce-aB+/1='"], nonce_of("aB+/1=")),
            (&["script-src 'nonce-a'; script-src-elem 'self'"], Inline::Hashes),
            (
                &["default-src 'nonce-a'", "img-src *", "script-src 'nonce-b' 'nonce-a'"],
                nonce_of("a"),
            ),
            (&["script-src 'nonce-a'", "script-src 'nonce-A'"], Inline::Hashes),
            (&["script-src 'nonce-a'", "script-src 'unsafe-inline'"], nonce_of("a")),
        ] {
            assert_eq!(inline_script(policies), expected, "{policies:?}");
        }
    }

    #[test]
    fn hashes_go_where_they_are_needed_and_nowhere_else() {
        for (policy, expected) in [
            ("script-src 'self' ; img-src *", "script-src 'self' 'sha256-YQ==' ; img-src *"),
            ("script-src-elem a; script-src b", "script-src-elem a 'sha256-YQ=='; script-src b"),
            ("script-src 'none'", "script-src 'sha256-YQ=='"),
            ("Script-Src", "Script-Src 'sha256-YQ=='"),
            ("default-src 'self' ; ", "default-src 'self'; script-src 'self' 'sha256-YQ=='"),
            ("default-src 'NONE'", "default-src 'NONE'; script-src 'sha256-YQ=='"),
            ("script-src 'self' 'sha256-YQ=='", "script-src 'self' 'sha256-YQ=='"),
            ("script-src 'unsafe-inline' *", "script-src 'unsafe-inline' *"),
            ("img-src 'none'", "img-src 'none'"),
            ("", ""),
        ] {
            assert_eq!(with_hashes(policy, &["'sha256-YQ=='".to_owned()]), expected);
        }
        assert_eq!(with_hashes("script-src  a", &[]), "script-src  a");
    }

    #[test]
    fn a_list_that_names_a_vendor_gets_the_path_that_stands_for_it() {
        let own = |source: &str| (source == "v.test").then(|| "https://a.test/v/".to_owned());
        for (policy, expected) in [
            (
                "script-src v.test ;img-src b",
                Some("script-src v.test https://a.test/v/ ;img-src b"),
            ),
            ("Default-Src b v.test", Some("Default-Src b v.test https://a.test/v/")),
            (
                "script-src-elem v.test; connect-src 'self' v.test",
                Some("script-src-elem v.test https://a.test/v/; connect-src 'self' v.test"),
            ),
            ("img-src https: v.test; script-src * v.test", None),
            ("img-src v.test https://a.test/v/", None),
            ("form-action v.test; report-uri v.test; frame-ancestors v.test", None),
            ("", None),
        ] {
            assert_eq!(with_sources(policy, own).as_deref(), expected, "{policy}");
        }
    }

    #[test]
    fn the_hash_is_the_one_browsers_compute() {
        // From `openssl dgst -sha256 -binary | base64`.
        let hash = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert_eq!(sha256_source("alert('Hello, world.');"), hash);
    }

    proptest! {
        #[test]
        fn with_hashes_a_policy_takes_the_script_and_keeps_its_directives(
            policy in "((script-src|script-src-elem|default-src|img-src|x)( ('self'|'none'|'unsafe-inline'|'nonce-a'|b\\.test)){0,3} ?; ?){0,4}"
        ) {
            let hash = sha256_source("x");
            let changed = with_hashes(&policy, std::slice::from_ref(&hash));
            let taken = restriction(&changed).is_none_or(|d| sources(d.value).any(|s| s == hash));
            prop_assert!(taken, "{changed}");
            prop_assert_eq!(restriction(&changed).is_none(), restriction(&policy).is_none());
            for directive in directives(&policy).filter(|d| !d.name.starts_with("script-src")) {
                let value = |d: Directive<'_>| (d.name.to_owned(), d.value.to_owned());
                prop_assert!(directives(&changed).map(value).any(|d| d == value(directive.clone())));
            }
            prop_assert_eq!(with_hashes(&changed, &[hash]), changed);
        }

        #[test]
        fn any_text_is_read(policy in "\\PC*") {
            let _ = inline_script(&[&policy]);
            let _ = with_hashes(&policy, &[sha256_source("x")]);
        }
    }
}
