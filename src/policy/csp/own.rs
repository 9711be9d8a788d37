//! Turns a policy into one under which our own scripts run and speak to the site, and nothing else does that did not.
//!
//! 1. Inline scripts run by the page's nonce, else by their hashes ([`with_hashes`]).
//! 2. Files run by the nonce on their tags where the list has it; else by their own path, unless the list lets the whole site through.
//!    Beside `'strict-dynamic'` paths have no effect (CSP 3, 6.7.2.4): there the hash of their text, which the tag carries as `integrity`,
//!    lets them in. Browsers that do not know hashes of files leave them out, and the page is as without them.
//! 3. What they speak to goes into `connect-src`, by its whole path.
//! 4. Where `default-src` governs, what is added goes into a list of its own that copies it.
//! 5. Where `trusted-types` names the policies that scripts may make, it gets ours; without that directive any may be made.

use super::{
    Directive, directives, ends_policy, lets_the_site_through, nonces, restriction, sources,
    with_hashes,
};

/// What our own scripts need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNeeds {
    /// The hashes of inline scripts, of [`super::sha256_source`].
    pub inline: Vec<String>,
    /// The nonce that our tags carry.
    pub nonce: Option<String>,
    /// The absolute URLs of our files, or of folders of them, which end in a slash.
    pub scripts: Vec<String>,
    /// The hashes of the files, of [`super::sha256_source`], which their tags carry as `integrity`.
    pub files: Vec<String>,
    /// The absolute URLs that they speak to.
    pub connect: Vec<String>,
    /// The policies of Trusted Types that they make.
    pub types: Vec<&'static str>,
}

impl OwnNeeds {
    /// Those of inline scripts with these hashes.
    #[must_use]
    pub fn inline(hashes: Vec<String>) -> Self {
        Self { inline: hashes, ..Self::default() }
    }
}

/// `policy`, changed so that what `own` says works; it is left as it is where it needs no change.
#[must_use]
pub fn for_own(policy: &str, own: &OwnNeeds) -> String {
    let taken = own.nonce.as_deref().is_some_and(|nonce| takes(policy, nonce));
    let mut text =
        if taken { policy.to_owned() } else { with_files(&with_hashes(policy, &own.inline), own) };
    text = connecting(&text, &own.connect);
    typed(&text, &own.types)
}

/// Whether a script element with this nonce runs under `policy`, wherever its file is.
fn takes(policy: &str, nonce: &str) -> bool {
    restriction(policy).is_some_and(|list| nonces(list.value).any(|own| own == nonce))
}

/// Whether files of ours need their hash under `policy`, which then has to be `integrity` of their tags.
#[must_use]
pub fn needs_integrity(policy: &str, nonce: Option<&str>) -> bool {
    let is_strict = |list: Directive<'_>| {
        sources(list.value).any(|source| source.eq_ignore_ascii_case("'strict-dynamic'"))
    };
    !nonce.is_some_and(|nonce| takes(policy, nonce)) && scripts(policy).is_some_and(is_strict)
}

fn with_files(policy: &str, own: &OwnNeeds) -> String {
    let Some(list) = scripts(policy) else { return policy.to_owned() };
    if needs_integrity(policy, None) {
        return extended(policy, &list, "script-src", &own.files);
    }
    if lets_through(&list, &own.scripts) {
        return policy.to_owned();
    }
    extended(policy, &list, "script-src", &own.scripts)
}

/// Whether `list` lets the whole site through, of which `urls` are.
fn lets_through(list: &Directive<'_>, urls: &[String]) -> bool {
    let bare = urls.iter().any(|url| url.starts_with("http:"));
    let is_way = |source: &str| {
        lets_the_site_through(source) && !(bare && source.eq_ignore_ascii_case("https:"))
    };
    sources(list.value).any(is_way)
}

fn connecting(policy: &str, urls: &[String]) -> String {
    match governing(policy, &["connect-src", "default-src"]) {
        Some(list) if !lets_through(&list, urls) => extended(policy, &list, "connect-src", urls),
        Some(_) | None => policy.to_owned(),
    }
}

fn typed(policy: &str, names: &[&'static str]) -> String {
    let Some(list) = governing(policy, &["trusted-types"]) else { return policy.to_owned() };
    if sources(list.value).any(|source| source == "*") {
        return policy.to_owned();
    }
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    extended(policy, &list, "trusted-types", &names)
}

/// The list that governs the files of script elements.
fn scripts(policy: &str) -> Option<Directive<'_>> {
    governing(policy, &["script-src-elem", "script-src", "default-src"])
}

fn governing<'p>(policy: &'p str, names: &[&str]) -> Option<Directive<'p>> {
    names.iter().find_map(|name| directives(policy).find(|d| d.name.eq_ignore_ascii_case(name)))
}

/// `policy` with `more` in `list`, one of its directives, or in a `name` that copies it where it is `default-src`.
pub(super) fn extended(policy: &str, list: &Directive<'_>, name: &str, more: &[String]) -> String {
    let has = |new: &&str| sources(list.value).any(|source| source == *new);
    let new: Vec<&str> = more.iter().map(String::as_str).filter(|new| !has(new)).collect();
    if new.is_empty() {
        return policy.to_owned();
    }
    let own = sources(list.value).filter(|source| !source.eq_ignore_ascii_case("'none'"));
    let all = own.chain(new).collect::<Vec<_>>().join(" ");
    if list.name.eq_ignore_ascii_case("default-src") {
        return format!("{}; {name} {all}", policy.trim_end_matches(ends_policy));
    }
    let (before, after) = (policy.get(..list.span.start), policy.get(list.span.end..));
    let (Some(before), Some(after)) = (before, after) else { return policy.to_owned() };
    format!("{before}{} {all}{after}", list.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn needs() -> OwnNeeds {
        OwnNeeds {
            inline: vec!["'sha256-YQ=='".to_owned()],
            nonce: Some("n".to_owned()),
            scripts: vec!["https://s.test/_consentry/guard/".to_owned()],
            files: vec!["'sha256-Yg=='".to_owned()],
            connect: vec!["https://s.test/_consentry/choice".to_owned()],
            types: vec!["consentry"],
        }
    }

    #[test]
    fn our_scripts_are_let_in_and_nothing_else() {
        let (guard, choice) =
            ("https://s.test/_consentry/guard/", "https://s.test/_consentry/choice");
        for (policy, expected) in [
            ("img-src 'self'", "img-src 'self'".to_owned()),
            ("script-src 'self' 'nonce-n'", "script-src 'self' 'nonce-n'".to_owned()),
            (
                "script-src 'nonce-n' 'strict-dynamic'",
                "script-src 'nonce-n' 'strict-dynamic'".to_owned(),
            ),
            ("script-src 'nonce-other'", format!("script-src 'nonce-other' 'sha256-YQ==' {guard}")),
            ("script-src 'self'", "script-src 'self' 'sha256-YQ=='".to_owned()),
            (
                "script-src 'unsafe-inline' a.test",
                format!("script-src 'unsafe-inline' a.test {guard}"),
            ),
            ("script-src 'none'", format!("script-src 'sha256-YQ==' {guard}")),
            (
                "script-src 'strict-dynamic' 'sha256-eA=='",
                "script-src 'strict-dynamic' 'sha256-eA==' 'sha256-YQ==' 'sha256-Yg=='".to_owned(),
            ),
            (
                "default-src 'none'; img-src *",
                format!(
                    "default-src 'none'; img-src *; script-src 'sha256-YQ==' {guard}; connect-src {choice}"
                ),
            ),
            (
                "default-src 'self'; script-src 'unsafe-inline' *",
                "default-src 'self'; script-src 'unsafe-inline' *".to_owned(),
            ),
            ("connect-src a.test ; x", format!("connect-src a.test {choice} ; x")),
            ("require-trusted-types-for 'script'", "require-trusted-types-for 'script'".to_owned()),
            ("trusted-types 'none'", "trusted-types consentry".to_owned()),
            ("Trusted-Types a;x", "Trusted-Types a consentry;x".to_owned()),
            ("trusted-types *", "trusted-types *".to_owned()),
            ("", String::new()),
        ] {
            assert_eq!(for_own(policy, &needs()), expected, "{policy}");
        }
    }

    #[test]
    fn integrity_is_needed_beside_strict_dynamic_alone() {
        assert!(needs_integrity("script-src 'strict-dynamic' 'sha256-YQ=='", None));
        assert!(needs_integrity("script-src 'strict-dynamic' 'nonce-a'", Some("b")));
        assert!(!needs_integrity("script-src 'strict-dynamic' 'nonce-a'", Some("a")));
        assert!(!needs_integrity("script-src 'sha256-YQ=='", None));
        assert!(!needs_integrity("img-src *", None));
    }

    proptest! {
        #[test]
        fn what_was_changed_needs_no_change(
            policy in "((script-src|default-src|connect-src|trusted-types|x)( ('self'|'none'|'unsafe-inline'|'strict-dynamic'|'nonce-[an]'|b\\.test)){0,3} ?; ?){0,4}"
        ) {
            let once = for_own(&policy, &needs());
            prop_assert_eq!(&for_own(&once, &needs()), &once);
            for directive in directives(&policy).filter(|d| d.name == "x") {
                prop_assert!(directives(&once).any(|d| d.value == directive.value));
            }
        }

        #[test]
        fn any_text_is_read(policy in "\\PC*") {
            let _ = (for_own(&policy, &needs()), super::super::narrowed(&policy, |_| true));
        }
    }
}
