//! Turns a page's text and cookies into the consent managers that it uses.
//!
//! 1. A manager is recognised by the host or file of its script, by the call that starts it, or by its cookie.
//! 2. Those whose choice cannot be read on the server are named too, and said to be so.

use super::page::Scanned;
use crate::consent::Cmp;
use http::{HeaderMap, header::SET_COOKIE};
use serde_json::{Value, json};

/// A consent manager that a page uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detected {
    /// Its choice is read.
    Readable(Cmp),
    /// Its choice is not read.
    Other(&'static str),
}

/// Texts that only pages with the manager hold.
const READABLE: &[(Cmp, &[&str])] = &[
    (
        Cmp::Cookiebot,
        &["consent.cookiebot.com/", "consentcdn.cookiebot.com/", "consent.cookiebot.eu/"],
    ),
    (
        Cmp::OneTrust,
        &["cdn.cookielaw.org/", "otSDKStub", "cookie-cdn.cookiepro.com/", "OptanonWrapper"],
    ),
    (Cmp::CookieYes, &["cdn-cookieyes.com/", "app.cookieyes.com/"]),
    (
        Cmp::VanillaCookieConsent,
        &[
            "CookieConsent.run(",
            "cookieconsent.umd.js",
            "vanilla-cookieconsent",
            "initCookieConsent(",
        ],
    ),
    (Cmp::Klaro, &["klaroConfig", "cdn.kiprotect.com/klaro", "klaro.js", "klaro-no-css.js"]),
];

/// The same of managers that are not read.
const OTHERS: &[(&str, &[&str])] = &[
    ("Usercentrics", &["app.usercentrics.eu/", "web.cmp.usercentrics.eu/", "usercentrics-cmp"]),
    ("TrustArc", &["consent.trustarc.com/", "consent.truste.com/", "choices.truste.com/"]),
    ("Complianz", &["complianz-gdpr", "cmplz_", "cmplz-"]),
    ("Didomi", &["sdk.privacy-center.org/", "didomiConfig", "didomiOnReady"]),
    ("iubenda", &["cdn.iubenda.com/", "cs.iubenda.com/", "_iub.csConfiguration"]),
    (
        "InMobi Choice (Quantcast)",
        &["cmp.inmobi.com/", "quantcast.mgr.consensu.org/", "cmp.quantcast.com/"],
    ),
    ("Axeptio", &["static.axept.io/", "axeptioSettings"]),
    ("Osano", &["cmp.osano.com/", "cookieconsent.initialise("]),
    ("Borlabs Cookie", &["borlabs-cookie", "BorlabsCookie"]),
    ("Termly", &["app.termly.io/"]),
    ("CookieFirst", &["consent.cookiefirst.com/"]),
    ("CookieHub", &["cdn.cookiehub.eu/", "cookiehub.net/", "dash.cookiehub.com/"]),
    ("Civic Cookie Control", &["cc.cdn.civiccomputing.com/"]),
    ("tarteaucitron", &["tarteaucitron.init(", "tarteaucitron.js", "tarteaucitron.min.js"]),
    ("Sourcepoint", &["cdn.privacy-mgmt.com/", "_sp_queue", "sourcepoint.mgr.consensu.org/"]),
    ("Piwik PRO Consent Manager", &["ppms.cm.api"]),
    ("Ketch", &["global.ketchcdn.com/"]),
    ("CookieScript", &["cdn.cookie-script.com/", "cookie-script.com/s/"]),
    ("Cookie Information", &["policy.app.cookieinformation.com/", "CookieInformation"]),
    ("consentmanager", &["cdn.consentmanager.net/", "delivery.consentmanager.net/"]),
    ("Real Cookie Banner", &["real-cookie-banner"]),
    ("Pandectes", &["pandectes"]),
    ("Google Funding Choices", &["fundingchoicesmessages.google.com/"]),
    ("Commanders Act", &["cdn.trustcommander.net/"]),
    ("Moove GDPR", &["moove_gdpr"]),
    ("Drupal EU Cookie Compliance", &["eu_cookie_compliance"]),
];

impl Detected {
    /// The name: in configuration where it is readable, else its maker's.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Readable(cmp) => cmp.name(),
            Self::Other(name) => name,
        }
    }

    pub(super) fn json(self) -> Value {
        let needs_map = matches!(self, Self::Readable(cmp) if cmp.needs_map());
        let readable = matches!(self, Self::Readable(_));
        json!({ "name": self.name(), "readable": readable, "needs_map": needs_map })
    }
}

/// The managers of a page with this body and head.
pub(super) fn detect(body: &[u8], headers: &HeaderMap) -> Vec<Detected> {
    let holds = |texts: &&[&str]| texts.iter().any(|text| holds(body, text));
    let readable = READABLE
        .iter()
        .filter(|(cmp, texts)| holds(texts) || sets_cookie(headers, *cmp))
        .map(|(cmp, _)| Detected::Readable(*cmp));
    let others = OTHERS.iter().filter(|(_, texts)| holds(texts));
    readable.chain(others.map(|(name, _)| Detected::Other(name))).collect()
}

fn holds(body: &[u8], text: &str) -> bool {
    memchr::memmem::find(body, text.as_bytes()).is_some()
}

fn sets_cookie(headers: &HeaderMap, cmp: Cmp) -> bool {
    headers.get_all(SET_COOKIE).iter().any(|cookie| {
        let name = cookie.as_bytes().split(|b| *b == b'=').next().unwrap_or_default();
        cmp.cookies().iter().any(|own| own.as_bytes() == name.trim_ascii())
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
    let readable = |cmp: &Detected| match cmp {
        Detected::Readable(cmp) => Some(*cmp),
        Detected::Other(_) => None,
    };
    let readable: Vec<Cmp> = cmps.iter().filter_map(readable).collect();
    if readable.is_empty() {
        return None;
    }
    let names: Vec<String> = readable.iter().map(|cmp| format!("\"{cmp}\"")).collect();
    let mut lines = format!("[consent]\ncmp = [{}]", names.join(", "));
    for cmp in readable.iter().filter(|cmp| cmp.needs_map()) {
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
            ("<script src=//app.usercentrics.eu/latest/main.js>", HeaderMap::new(), "Usercentrics"),
        ] {
            let found = detect(body.as_bytes(), &headers);
            assert_eq!(found.iter().map(Detected::name).collect::<Vec<_>>(), [name]);
            let lines = config(&found).unwrap_or_default();
            let parsed = Config::parse(&lines, "t", Path::new(""), &Overrides::default()).unwrap();
            let cmps = parsed.default.consent.cmps;
            assert!(lines.is_empty() || cmps.iter().map(|cmp| cmp.name()).eq([name]), "{lines}");
        }
        assert!(detect(b"<p>our cookie consent</p>", &cookie("sid=1")).is_empty());
    }
}
