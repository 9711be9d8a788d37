//! Turns a page's text and cookies into the consent managers that it uses.
//!
//! 1. A manager is recognised by the host or file of its script, by the call that starts it, or by its cookie.
//! 2. Those whose choice cannot be read on the server are named too, and said to be so: what leaves nothing in the request
//!    belongs into the configuration all the same, so that nothing is assumed.

use super::page::Scanned;
use crate::consent::Cmp;
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

/// Texts that only pages with the manager hold.
const fn texts(cmp: Cmp) -> &'static [&'static str] {
    match cmp {
        Cmp::Axeptio => &["static.axept.io/", "axeptioSettings"],
        Cmp::Borlabs => &["borlabs-cookie", "BorlabsCookie"],
        Cmp::Civic => &["cc.cdn.civiccomputing.com/", "CookieControl.load("],
        Cmp::CommandersAct => &["cdn.trustcommander.net/"],
        Cmp::Complianz => &["complianz-gdpr", "cmplz_", "cmplz-"],
        Cmp::CookieInformation => &["policy.app.cookieinformation.com/", "CookieInformation"],
        Cmp::CookieScript => &["cdn.cookie-script.com/", "cookie-script.com/s/"],
        Cmp::Cookiebot => {
            &["consent.cookiebot.com/", "consentcdn.cookiebot.com/", "consent.cookiebot.eu/"]
        }
        Cmp::CookieFirst => &["consent.cookiefirst.com/"],
        Cmp::CookieHub => &["cdn.cookiehub.eu/", "cookiehub.net/", "dash.cookiehub.com/"],
        Cmp::CookieLawInfo => &["plugins/cookie-law-info/", "cli_cookiebar_settings"],
        Cmp::CookieYes => &["cdn-cookieyes.com/", "app.cookieyes.com/"],
        Cmp::Didomi => &["sdk.privacy-center.org/", "didomiConfig", "didomiOnReady"],
        Cmp::DrupalEucc => &["eu_cookie_compliance"],
        Cmp::GoogleFc => &["fundingchoicesmessages.google.com/"],
        Cmp::HubSpot => &["js.hs-banner.com/"],
        Cmp::Iubenda => &["cdn.iubenda.com/", "cs.iubenda.com/", "_iub.csConfiguration"],
        Cmp::Ketch => &["global.ketchcdn.com/"],
        Cmp::Klaro => &["klaroConfig", "cdn.kiprotect.com/klaro", "klaro.js", "klaro-no-css.js"],
        Cmp::Matomo => &["'requireConsent'", "\"requireConsent\"", "rememberConsentGiven"],
        Cmp::OneTrust => {
            &["cdn.cookielaw.org/", "otSDKStub", "cookie-cdn.cookiepro.com/", "OptanonWrapper"]
        }
        Cmp::OsanoCmp => &["cmp.osano.com/"],
        Cmp::OsanoOss => {
            &["cookieconsent.initialise(", "libs/cookieconsent2/", "npm/cookieconsent@"]
        }
        Cmp::PiwikPro => &["ppms.cm.api"],
        Cmp::Shopify => &["shopifycloud/consent-tracking-api/", "Shopify.customerPrivacy"],
        Cmp::Sourcepoint => {
            &["cdn.privacy-mgmt.com/", "_sp_queue", "sourcepoint.mgr.consensu.org/"]
        }
        Cmp::Tarteaucitron => &["tarteaucitron.init(", "tarteaucitron.js", "tarteaucitron.min.js"],
        Cmp::Tealium => &["utag.gdpr", "__tealiumGDPR"],
        Cmp::Termly => &["app.termly.io/"],
        Cmp::TrustArc => &["consent.trustarc.com/", "consent.truste.com/", "choices.truste.com/"],
        Cmp::Usercentrics => {
            &["app.usercentrics.eu/", "web.cmp.usercentrics.eu/", "usercentrics-cmp"]
        }
        Cmp::VanillaCookieConsent => &[
            "CookieConsent.run(",
            "cookieconsent.umd.js",
            "vanilla-cookieconsent",
            "initCookieConsent(",
        ],
        Cmp::WpConsentApi => &["plugins/wp-consent-api/", "wp_consent_type", "wp_set_consent("],
        Cmp::Zaraz => &["zaraz.consent"],
    }
}

/// The same of managers that are not read.
const OTHERS: &[(&str, &[&str])] = &[
    (
        "InMobi Choice (Quantcast)",
        &["cmp.inmobi.com/", "quantcast.mgr.consensu.org/", "cmp.quantcast.com/"],
    ),
    ("consentmanager", &["cdn.consentmanager.net/", "delivery.consentmanager.net/"]),
    ("Real Cookie Banner", &["real-cookie-banner"]),
    ("Pandectes", &["pandectes"]),
    ("Moove GDPR", &["moove_gdpr"]),
];

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
