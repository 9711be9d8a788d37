//! Turns a policy into one that lets no source through that serves gated vendors alone.
//!
//! 1. Only lists of what is loaded are looked at; `form-action`, `frame-ancestors`, `sandbox`, `report-uri` and all else stay. Where a
//!    form goes is the visitor's doing, and payments depend on it.
//! 2. A source that lets anything else through too stays, and so does a broad one: what they let through another policy stops.
//! 3. A list that loses its last source becomes `'none'`: without the list another would hold in its place (CSP 3, 6.8.3), and
//!    it may be wider.
//! 4. Nonces, hashes and keywords stay.

use super::{HostSource, Source, directives, is_fetch, sources};

/// `policy` without the sources of which `only_gated` says so; `None` when there are none.
#[must_use]
pub fn narrowed(policy: &str, only_gated: impl Fn(HostSource<'_>) -> bool) -> Option<String> {
    let goes = |source: &&str| match Source::new(source) {
        Source::Host(host) => only_gated(host),
        Source::Quoted(_) | Source::Scheme(_) | Source::Broad | Source::Nothing => false,
    };
    let (mut text, mut from) = (String::new(), 0);
    for directive in directives(policy).filter(|d| is_fetch(d.name)) {
        let (gone, kept): (Vec<&str>, Vec<&str>) = sources(directive.value).partition(goes);
        if gone.is_empty() {
            continue;
        }
        let kept = if kept.is_empty() { "'none'".to_owned() } else { kept.join(" ") };
        text.push_str(policy.get(from..directive.span.start)?);
        text.push_str(&format!("{} {kept}", directive.name));
        from = directive.span.end;
    }
    text.push_str(policy.get(from..)?);
    (from > 0).then_some(text)
}

/// What a policy says of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey<'p> {
    /// Whether it says for everything that is loaded from which hosts it may come, by their names.
    pub is_closed: bool,
    /// The sources with hosts, as written.
    pub hosts: Vec<&'p str>,
}

/// Reads what `policy` says of hosts; `mixed` says whether a source lets a gated vendor through.
#[must_use]
pub fn survey<'p>(policy: &'p str, mixed: impl Fn(HostSource<'_>) -> bool) -> Survey<'p> {
    let mut hosts = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut is_closed = true;
    for directive in directives(policy).filter(|d| is_fetch(d.name)) {
        let name = directive.name.to_ascii_lowercase();
        if names.contains(&name) {
            continue;
        }
        names.push(name);
        for text in sources(directive.value) {
            match Source::new(text) {
                Source::Host(host) if mixed(host) => is_closed = false,
                Source::Host(_) => hosts.push(text),
                // Scripts that a trusted one inserts, and those with the nonce, may come from any host.
                Source::Quoted(word) => is_closed &= !is_of_any_host(word),
                Source::Broad => is_closed = false,
                Source::Scheme(_) | Source::Nothing => {}
            }
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    is_closed &= names.iter().any(|name| name == "default-src");
    Survey { is_closed, hosts }
}

fn is_of_any_host(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == "strict-dynamic" || word.starts_with("nonce-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gated(host: HostSource<'_>) -> bool {
        host.host.ends_with("held.test")
    }

    #[test]
    fn sources_of_gated_vendors_go() {
        for (policy, expected) in [
            ("script-src 'self' https://held.test a.test", Some("script-src 'self' a.test")),
            ("img-src held.test; x", Some("img-src 'none'; x")),
            (
                "Default-Src 'nonce-a' *.held.test ;font-src b",
                Some("Default-Src 'nonce-a' ;font-src b"),
            ),
            (
                "script-src-elem 'strict-dynamic' 'sha256-YQ==' held.test",
                Some("script-src-elem 'strict-dynamic' 'sha256-YQ=='"),
            ),
            ("form-action held.test; report-uri //held.test; frame-ancestors held.test", None),
            ("img-src * https: data: a.test 'self'", None),
            ("", None),
        ] {
            assert_eq!(narrowed(policy, gated).as_deref(), expected, "{policy}");
        }
    }

    #[test]
    fn a_policy_is_closed_when_it_names_every_host() {
        for (policy, closed) in [
            (
                "default-src 'self' a.test data:; script-src 'unsafe-inline' b.test 'sha256-YQ=='",
                true,
            ),
            ("default-src 'none'", true),
            ("script-src 'self'", false),
            ("default-src 'self'; img-src *", false),
            ("default-src 'self'; img-src HTTPS:", false),
            ("default-src 'self'; script-src 'nonce-a'", false),
            ("default-src 'self'; script-src 'Strict-Dynamic' 'sha256-YQ=='", false),
            ("default-src 'self' x.held.test", false),
            ("default-src 'self'; default-src *", true),
            ("upgrade-insecure-requests", false),
        ] {
            assert_eq!(survey(policy, gated).is_closed, closed, "{policy}");
        }
        let policy = "img-src https://b.test/x held.test a.test data:; font-src a.test";
        assert_eq!(survey(policy, gated).hosts, ["a.test", "https://b.test/x"]);
    }
}
