//! A small matcher of CSP 3, section 6.7.2, by which no policy that leaves lets more through than the one that came.

use super::*;
use proptest::{collection::vec, prelude::*, sample::select};
use url::Url;

const PAGE: &str = "https://s.test/page";
const OURS: &str = "https://s.test/_consentry/";

/// What is asked of a policy.
#[derive(Clone, Debug)]
enum Ask {
    /// A URL, for this kind of thing.
    Load(&'static str, &'static str),
    /// A script element with this nonce, or hash, and URL.
    Nonce(&'static str),
    Hash(&'static str),
    Inline(&'static str),
}

/// The lists that may govern a kind, nearest first (CSP 3, 6.8.3).
fn chain(kind: &str) -> &'static [&'static str] {
    match kind {
        "script" => &["script-src-elem", "script-src", "default-src"],
        "style" => &["style-src-elem", "style-src", "default-src"],
        "img" => &["img-src", "default-src"],
        "connect" => &["connect-src", "default-src"],
        "frame" => &["frame-src", "child-src", "default-src"],
        "worker" => &["worker-src", "child-src", "script-src", "default-src"],
        _ => &["form-action"],
    }
}

fn lists(policy: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for part in policy.split(';') {
        let mut words = part.split_ascii_whitespace();
        let Some(name) = words.next().map(str::to_ascii_lowercase) else { continue };
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, words.map(str::to_owned).collect()));
        }
    }
    found
}

fn governing(policy: &str, kind: &str) -> Option<Vec<String>> {
    let lists = lists(policy);
    chain(kind).iter().find_map(|name| {
        lists.iter().find(|(known, _)| known == name).map(|(_, list)| list.clone())
    })
}

fn admits(policy: &str, ask: &Ask) -> bool {
    let kind = match ask {
        Ask::Load(kind, _) | Ask::Inline(kind) => kind,
        Ask::Nonce(_) | Ask::Hash(_) => "script",
    };
    let Some(list) = governing(policy, kind) else { return true };
    let has = |word: &str| list.iter().any(|source| source.eq_ignore_ascii_case(word));
    let strict = has("'strict-dynamic'") && matches!(kind, "script" | "worker");
    let known = list.iter().any(|s| s.starts_with("'nonce-") || s.starts_with("'sha256-"));
    match ask {
        Ask::Load(_, url) => !strict && list.iter().any(|source| matches(source, url)),
        Ask::Nonce(nonce) => list.contains(&format!("'nonce-{nonce}'")),
        Ask::Hash(hash) => list.contains(&format!("'sha256-{hash}'")),
        Ask::Inline(_) => has("'unsafe-inline'") && !known && !has("'strict-dynamic'"),
    }
}

fn matches(source: &str, url: &str) -> bool {
    let (url, page) = (Url::parse(url).unwrap(), Url::parse(PAGE).unwrap());
    let source = source.to_ascii_lowercase();
    if source == "'self'" {
        return url.origin() == page.origin();
    }
    if source == "*" {
        return matches!(url.scheme(), "http" | "https" | "wss");
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return url.scheme() == scheme || scheme == "http" && url.scheme() == "https";
    }
    let (scheme, rest) = source.split_once("://").unwrap_or(("https", &source));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let own = url.host_str().unwrap_or_default();
    let named = match host.strip_prefix('*') {
        Some(suffix) => own.ends_with(suffix) && own.len() > suffix.len(),
        None => own == host,
    };
    let held = url.port_or_known_default().map(|p| p.to_string()).unwrap_or_default();
    let at_port = port == "*" || port == held || port.is_empty() && url.port().is_none();
    let below = if path.ends_with('/') { url.path().starts_with(path) } else { url.path() == path };
    let by_scheme = url.scheme() == scheme || scheme == "http" && url.scheme() == "https";
    !source.starts_with('\'') && by_scheme && named && at_port && (path.is_empty() || below)
}

fn held(source: HostSource<'_>) -> bool {
    source.host.eq_ignore_ascii_case("held.test")
}

fn needs() -> OwnNeeds {
    OwnNeeds {
        inline: vec!["'sha256-b3Vycw=='".to_owned()],
        nonce: Some("a".to_owned()),
        scripts: vec![format!("{OURS}guard/")],
        files: vec!["'sha256-b3VyZmlsZQ=='".to_owned()],
        connect: vec![format!("{OURS}choice")],
        types: vec!["consentry"],
    }
}

fn policy() -> impl Strategy<Value = String> {
    let names = select(vec![
        "default-src",
        "script-src",
        "Script-Src-Elem",
        "style-src",
        "img-src",
        "connect-src",
        "frame-src",
        "child-src",
        "worker-src",
        "form-action",
        "trusted-types",
        "sandbox",
        "report-uri",
        "upgrade-insecure-requests",
    ]);
    let words = select(vec![
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "'strict-dynamic'",
        "'nonce-a'",
        "'nonce-b'",
        "'sha256-YQ=='",
        "*",
        "https:",
        "http:",
        "data:",
        "a.test",
        "https://a.test:8443/x/",
        "*.held.test",
        "held.test",
        "https://held.test/p",
        "s.test/js/",
        "*:*",
        "'x",
        "",
    ]);
    let list = (names, vec(words, 0..5));
    vec(list, 0..6).prop_map(|lists| {
        let lists = lists.into_iter().map(|(name, words)| format!("{name} {}", words.join(" ")));
        lists.collect::<Vec<_>>().join("; ")
    })
}

fn asks() -> Vec<Ask> {
    let urls = [
        "https://a.test/",
        "https://a.test:8443/x/y",
        "http://a.test/",
        "https://held.test/p",
        "https://x.held.test/",
        "https://b.test/",
        "https://s.test/js/a.js",
        "https://s.test/b.js",
        "https://s.test/_consentry/v/held.test/x",
        "data:,x",
        "wss://s.test/",
        "https://s.test:8443/",
        "https://evil.test/_consentry/guard/a.js",
    ];
    let kinds = ["script", "style", "img", "connect", "frame", "worker", "form"];
    let loads = kinds.into_iter().flat_map(|k| urls.into_iter().map(move |u| Ask::Load(k, u)));
    let more = [
        Ask::Nonce("a"),
        Ask::Nonce("b"),
        Ask::Hash("YQ=="),
        Ask::Hash("Yg=="),
        Ask::Inline("script"),
        Ask::Inline("style"),
    ];
    loads.chain(more).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_policy_is_loosened(old in policy()) {
        let narrow = narrowed(&old, held).unwrap_or_else(|| old.clone());
        let new = for_own(&narrow, &needs());
        for ask in asks() {
            prop_assert!(!admits(&new, &ask) || admits(&old, &ask), "{ask:?}\nold {old}\nnew {new}");
        }
        // What the vendors do not have is not lost.
        for ask in asks() {
            let vendors = matches!(ask, Ask::Load(_, url) if url.contains("held.test"));
            prop_assert!(vendors || admits(&new, &ask) || !admits(&old, &ask), "{ask:?}\nold {old}\nnew {new}");
        }
        let other = |text: &str| {
            let mut lists = lists(text);
            lists.retain(|(name, _)| !name.ends_with("-src") && !name.ends_with("-elem") && name != "trusted-types");
            lists
        };
        prop_assert_eq!(other(&new), other(&old));
    }

    #[test]
    fn our_files_are_let_in(old in policy()) {
        let new = for_own(&old, &needs());
        let guard = Ask::Load("script", "https://s.test/_consentry/guard/x.js");
        let ways = [guard, Ask::Nonce("a"), Ask::Hash("b3VyZmlsZQ==")];
        prop_assert!(ways.iter().any(|way| admits(&new, way)), "{new}");
        let choice = Ask::Load("connect", "https://s.test/_consentry/choice");
        prop_assert!(admits(&new, &choice), "{new}");
        let types = lists(&new).into_iter().find(|(name, _)| name == "trusted-types");
        let made = |(_, names): (String, Vec<String>)| names.iter().any(|n| n == "*" || n == "consentry");
        prop_assert!(types.is_none_or(made), "{new}");
    }
}

#[test]
fn the_matcher_can_say_no() {
    let load = |url| Ask::Load("script", url);
    assert!(admits("", &load("https://x.test/")));
    assert!(!admits("default-src 'self'", &load("https://x.test/")));
    assert!(!admits("script-src 'strict-dynamic' https:", &load("https://x.test/")));
    assert!(admits("script-src *.x.test:*", &load("https://a.x.test:9/")));
    assert!(!admits("script-src *.x.test", &load("https://x.test/")));
    assert!(!admits("script-src 'unsafe-inline' 'nonce-a'", &Ask::Inline("script")));
}
