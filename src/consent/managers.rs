//! Turns a page's text into whether the site has a consent manager of its own.
//!
//! 1. A manager is recognised by the host or file of its script, or by the call that starts it.
//! 2. A page is looked at as it comes, in pieces: a text that two pieces share is found too.

use super::Cmp;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Texts that only pages with the manager hold.
#[must_use]
pub const fn texts(cmp: Cmp) -> &'static [&'static str] {
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

/// The same of managers whose choice is not read, by their makers' names.
pub const OTHERS: &[(&str, &[&str])] = &[
    (
        "InMobi Choice (Quantcast)",
        &["cmp.inmobi.com/", "quantcast.mgr.consensu.org/", "cmp.quantcast.com/"],
    ),
    ("consentmanager", &["cdn.consentmanager.net/", "delivery.consentmanager.net/"]),
    ("Real Cookie Banner", &["real-cookie-banner"]),
    ("Pandectes", &["pandectes"]),
    ("Moove GDPR", &["moove_gdpr"]),
];

/// Whether one page has a consent manager; the clones are of the same page.
#[derive(Clone, Debug)]
pub struct Managers(Option<Arc<AtomicBool>>);

/// The look at one page's text.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<AtomicBool>,
    /// The end of what was seen, in which a text may have begun.
    tail: Vec<u8>,
}

static ALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let all: Vec<_> = every().map(regex::escape).collect();
    RegexBuilder::new(&all.join("|")).unicode(false).build().ok()
});
static LONGEST: LazyLock<usize> = LazyLock::new(|| every().map(str::len).max().unwrap_or(0));

fn every() -> impl Iterator<Item = &'static str> {
    let known = Cmp::all().flat_map(|cmp| texts(cmp).iter().copied());
    known.chain(OTHERS.iter().flat_map(|(_, texts)| texts.iter().copied()))
}

// === impl Managers ===

impl Managers {
    /// Of a page that is looked at.
    #[must_use]
    pub fn watched() -> Self {
        Self(Some(Arc::default()))
    }

    /// Of a page that is not: none is seen in it.
    #[must_use]
    pub const fn unwatched() -> Self {
        Self(None)
    }

    /// The look at the page, from its beginning on.
    #[must_use]
    pub fn watch(&self) -> Option<Watch> {
        self.0.clone().map(|seen| Watch { seen, tail: Vec::new() })
    }

    /// Whether one was seen so far.
    #[must_use]
    pub fn were_seen(&self) -> bool {
        self.0.as_ref().is_some_and(|seen| seen.load(Relaxed))
    }
}

// === impl Watch ===

impl Watch {
    /// Looks at the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.seen.load(Relaxed) {
            return;
        }
        let most = LONGEST.saturating_sub(1);
        let start = bytes.get(..most).unwrap_or(bytes);
        self.tail.extend_from_slice(start);
        let found = |bytes: &[u8]| ALL.as_ref().is_some_and(|all| all.is_match(bytes));
        if found(&self.tail) || found(bytes) {
            self.seen.store(true, Relaxed);
        }
        if bytes.len() >= most {
            self.tail.clear();
            self.tail.extend_from_slice(bytes.get(bytes.len() - most..).unwrap_or_default());
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sees(pieces: &[&[u8]]) -> bool {
        let managers = Managers::watched();
        let mut watch = managers.watch().unwrap();
        pieces.iter().for_each(|piece| watch.feed(piece));
        managers.were_seen()
    }

    #[test]
    fn every_text_is_seen() {
        for text in every() {
            assert!(sees(&[b"<p>", text.as_bytes(), b"</p>"]), "{text}");
        }
        assert!(!sees(&[b"<p>our cookie consent</p>"]));
        assert!(Managers::unwatched().watch().is_none() && !Managers::unwatched().were_seen());
    }

    proptest! {
        #[test]
        fn cuts_hide_nothing(at in proptest::collection::vec(0_usize..300, 0..8), before in 0_usize..120) {
            let page = format!("{}consent.cookiebot.com/uc.js{}", "a".repeat(before), "b".repeat(100));
            let mut cuts: Vec<_> = at.into_iter().map(|at| at.min(page.len())).chain([0, page.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|w| &page.as_bytes()[w[0]..w[1]]).collect();
            prop_assert!(sees(&pieces));
            let none = page.replace("cookiebot", "cookiebox");
            let pieces: Vec<_> = cuts.windows(2).map(|w| &none.as_bytes()[w[0]..w[1]]).collect();
            prop_assert!(!sees(&pieces));
        }
    }
}
