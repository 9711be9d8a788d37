//! Turns a page's text and cookies into the consent managers that it uses.
//!
//! 1. A manager is recognised by the host or file of its script, by the call that starts it, or by its cookie.
//! 2. Those whose choice cannot be read on the server are named too, and said to be so: what leaves nothing in the request
//!    belongs into the configuration all the same, so that nothing is assumed.

use super::page::Scanned;
use crate::consent::{
    Cmp,
    managers::{OTHERS, texts},
};
use http::{HeaderMap, header::SET_COOKIE};
use serde_json::{Value, json};

/// A consent manager that a page uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detected {
    /// One that configuration has a name for.
    Known(Cmp),
    /// Its choice is not read.
    Other(&'static str),
}

impl Detected {
    /// The name: in configuration where it has one, else its maker's.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Known(cmp) => cmp.name(),
            Self::Other(name) => name,
        }
    }

    /// What is to be known before it is relied on, for people.
    pub(super) fn warning(&self) -> Option<String> {
        match self {
            Self::Known(cmp) if cmp.is_in_browser() => Some(format!(
                "{cmp} keeps the choice in the browser: no request holds it, and a\nscript of Consentry's reads it there where `cmp` names it."
            )),
            Self::Known(_) => None,
            Self::Other(name) => {
                Some(format!("{name} manages consent here; its choice cannot be read."))
            }
        }
    }

    pub(super) fn json(self) -> Value {
        let is = |what: fn(Cmp) -> bool| matches!(self, Self::Known(cmp) if what(cmp));
        json!({
            "name": self.name(),
            "readable": is(|cmp| !cmp.is_in_browser()),
            "in_browser": is(Cmp::is_in_browser),
            "needs_map": is(Cmp::needs_map),
        })
    }
}

/// The managers of a page with this body and head.
pub(super) fn detect(body: &[u8], headers: &HeaderMap) -> Vec<Detected> {
    let holds = |texts: &[&str]| texts.iter().any(|text| holds(body, text));
    let known = Cmp::all().filter(|cmp| holds(texts(*cmp)) || sets_cookie(headers, *cmp));
    let others = OTHERS.iter().filter(|(_, texts)| holds(texts));
    known.map(Detected::Known).chain(others.map(|(name, _)| Detected::Other(name))).collect()
}

fn holds(body: &[u8], text: &str) -> bool {
    memchr::memmem::find(body, text.as_bytes()).is_some()
}

fn sets_cookie(headers: &HeaderMap, cmp: Cmp) -> bool {
    headers.get_all(SET_COOKIE).iter().any(|cookie| {
        let name = cookie.as_bytes().split(|b| *b == b'=').next().unwrap_or_default();
        cmp.writes(name.trim_ascii())
    })
}

/// The managers of all pages, each once.
pub(super) fn all(pages: &[Scanned]) -> Vec<Detected> {
    let mut all = Vec::new();
    for cmp in pages.iter().flat_map(|page| &page.cmps) {
        if !all.contains(cmp) {
            all.push(*cmp);
        }
    }
    all
}

/// What to write into the configuration for them.
pub(super) fn config(cmps: &[Detected]) -> Option<String> {
    let known = |cmp: &Detected| match cmp {
        Detected::Known(cmp) => Some(*cmp),
        Detected::Other(_) => None,
    };
    let known: Vec<Cmp> = cmps.iter().filter_map(known).collect();
    if known.is_empty() {
        return None;
    }
    let names: Vec<String> = known.iter().map(|cmp| format!("\"{cmp}\"")).collect();
    let mut lines = format!("[consent]\ncmp = [{}]", names.join(", "));
    for cmp in known.iter().filter(|cmp| cmp.needs_map()) {
        lines.push_str(&format!("\nmap.{cmp} = {{ nameOfTheService = \"analytics\" }}"));
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use std::path::Path;

    #[test]
    fn managers_are_recognised_and_their_lines_are_right() {
        let cookie = |value: &'static str| {
            let value = http::HeaderValue::from_static(value);
            [(SET_COOKIE, value)].into_iter().collect::<HeaderMap>()
        };
        for (body, headers, name) in [
            ("<script src=https://consent.cookiebot.com/uc.js>", HeaderMap::new(), "cookiebot"),
            (
                "<script src=//cdn.cookielaw.org/scripttemplates/otSDKStub.js>",
                HeaderMap::new(),
                "onetrust",
            ),
            ("", cookie("cookieyes-consent=a; Path=/"), "cookieyes"),
            ("<script>CookieConsent.run({})</script>", HeaderMap::new(), "vanilla-cookieconsent"),
            ("<script>var klaroConfig = {}</script>", HeaderMap::new(), "klaro"),
            ("<script src=//app.usercentrics.eu/latest/main.js>", HeaderMap::new(), "usercentrics"),
            ("", cookie("_iub_cs-123=a; Path=/"), "iubenda"),
            ("<script src=//static.axept.io/sdk.js>", HeaderMap::new(), "axeptio"),
            ("<script src=//app.termly.io/embed.min.js>", HeaderMap::new(), "termly"),
        ] {
            let found = detect(body.as_bytes(), &headers);
            assert_eq!(found.iter().map(Detected::name).collect::<Vec<_>>(), [name]);
            let lines = config(&found).unwrap_or_default();
            let parsed = Config::parse(&lines, "t", Path::new(""), &Overrides::default()).unwrap();
            let cmps = parsed.default.consent.cmps;
            assert!(lines.is_empty() || cmps.iter().map(|cmp| cmp.name()).eq([name]), "{lines}");
        }
        for cmp in Cmp::all() {
            for text in texts(cmp) {
                let found = detect(text.as_bytes(), &HeaderMap::new());
                assert_eq!(found, [Detected::Known(cmp)], "{text}");
            }
            let lines = config(&[Detected::Known(cmp)]).unwrap();
            Config::parse(&lines, "t", Path::new(""), &Overrides::default()).unwrap();
            let warned = Detected::Known(cmp).warning().is_some();
            assert_eq!(warned, cmp.is_in_browser());
        }
        assert!(detect(b"<p>our cookie consent</p>", &cookie("sid=1")).is_empty());
    }
}
