//! Turns a consent manager's name into its decoder: one row of the table and one file for each.
//!
//! 1. A decoder answers `None` without the manager's cookies, and says nothing where it does not understand them.
//! 2. Cookies that are written before a click are never explicit.
//! 3. Names that the maker gives come from the maker's own sources; names that sites give come from the site's map, and
//!    from conventions where there is none.

mod axeptio;
mod borlabs;
mod civic;
mod commanders_act;
mod complianz;
mod conventional;
mod cookie_information;
mod cookie_script;
mod cookiebot;
mod cookiefirst;
mod cookiehub;
mod cookielawinfo;
mod cookieyes;
mod didomi;
mod drupal;
mod google_fc;
mod hubspot;
mod in_browser;
mod iubenda;
mod ketch;
mod klaro;
mod matomo;
mod onetrust;
mod osano_oss;
mod piwikpro;
mod shopify;
mod tarteaucitron;
mod tealium;
mod trustarc;
mod vanilla;
mod wp_consent_api;
mod zaraz;

pub use self::conventional::conventions;
pub(super) use self::google_fc::string as string_in_google_fc;
use super::{
    cookies::Cookies,
    source::{Said, Source},
};
use http::HeaderMap;
use std::{fmt, str::FromStr};

/// A name that is no known consent manager's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown consent manager `{0}`; write one of {names}", names = names())]
pub struct UnknownCmp(pub String);

struct Row {
    name: &'static str,
    /// The cookies that it writes, with `*` for any end; the first is the one that a site may rename.
    cookies: &'static [&'static str],
    traits: &'static [Trait],
    decode: fn(&Source<'_>) -> Option<Said>,
}

/// What is special about a manager.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trait {
    /// Its names are the site's own.
    NeedsMap,
    /// Its choice is not in the request.
    InBrowser,
    /// It can keep the choice in the browser too, as the site likes.
    Stored,
    /// Its cookies hold the revision of what was asked.
    Revision,
}

use Trait::{InBrowser, NeedsMap, Revision, Stored};

macro_rules! table {
    ($($(#[doc = $doc:literal])+ $cmp:ident: $name:literal, $cookies:expr, $traits:expr, $decode:expr;)+) => {
        /// A consent manager that is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cmp {
            $($(#[doc = $doc])+ $cmp,)+
        }

        impl Cmp {
            /// Every consent manager that is known, by its name in configuration.
            pub const NAMED: &[(&str, Self)] = &[$(($name, Self::$cmp),)+];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$cmp => {
                        &Row { name: $name, cookies: $cookies, traits: $traits, decode: $decode }
                    })+
                }
            }
        }
    };
}

table! {
    /// Axeptio.
    Axeptio: "axeptio",
        &["axeptio_cookies", "axeptio_authorized_vendors", "axeptio_all_vendors"], &[NeedsMap], axeptio::read;
    /// Borlabs Cookie.
    Borlabs: "borlabs", &["borlabs-cookie"], &[Revision], borlabs::read;
    /// Civic Cookie Control.
    Civic: "civic", &["CookieControl"], &[NeedsMap], civic::read;
    /// Commanders Act (TagCommander).
    CommandersAct: "commanders-act", &["TC_PRIVACY"], &[NeedsMap], commanders_act::read;
    /// Complianz.
    Complianz: "complianz", &["cmplz_*"], &[Revision], complianz::read;
    /// Cookie Information.
    CookieInformation: "cookie-information",
        &["CookieInformationConsent"], &[], cookie_information::read;
    /// CookieScript.
    CookieScript: "cookie-script", &["CookieScriptConsent"], &[], cookie_script::read;
    /// Cookiebot.
    Cookiebot: "cookiebot", &["CookieConsent"], &[], cookiebot::read;
    /// CookieFirst.
    CookieFirst: "cookiefirst", &["cookiefirst-consent"], &[Revision], cookiefirst::read;
    /// CookieHub.
    CookieHub: "cookiehub", &["cookiehub"], &[Revision], cookiehub::read;
    /// CookieYes's older WordPress plugin (GDPR Cookie Consent).
    CookieLawInfo: "cookielawinfo-legacy",
        &["cookielawinfo-checkbox-*", cookielawinfo::VIEWED, cookielawinfo::WHOLE], &[], cookielawinfo::read;
    /// CookieYes.
    CookieYes: "cookieyes", &["cookieyes-consent"], &[], cookieyes::read;
    /// Didomi.
    Didomi: "didomi", &["didomi_token", didomi::DCS], &[NeedsMap, Stored], didomi::read;
    /// Drupal's EU Cookie Compliance.
    DrupalEucc: "drupal-eucc",
        &["cookie-agreed", "cookie-agreed-categories", "cookie-agreed-version"], &[Revision], drupal::read;
    /// Google's consent manager (Funding Choices).
    GoogleFc: "google-fc", &["FCCDCF", google_fc::OTHER], &[], google_fc::read;
    /// HubSpot.
    HubSpot: "hubspot", &["__hs_cookie_cat_pref"], &[], hubspot::read;
    /// iubenda.
    Iubenda: "iubenda", &["_iub_cs-*"], &[], iubenda::read;
    /// Ketch.
    Ketch: "ketch", ketch::COOKIES, &[], ketch::read;
    /// Klaro.
    Klaro: "klaro", &["klaro"], &[NeedsMap, Stored], klaro::read;
    /// Matomo's own consent.
    Matomo: "matomo", &["mtm_consent", matomo::REMOVED, "mtm_cookie_consent"], &[], matomo::read;
    /// OneTrust and CookiePro.
    OneTrust: "onetrust", &["OptanonConsent", onetrust::CLOSED], &[], onetrust::read;
    /// Osano's consent manager.
    OsanoCmp: "osano-cmp", in_browser::OSANO, &[InBrowser], in_browser::osano;
    /// The open source Cookie Consent by Osano (Insites).
    OsanoOss: "osano-oss", &["cookieconsent_status"], &[], osano_oss::read;
    /// Piwik PRO.
    PiwikPro: "piwikpro", &["ppms_privacy_*"], &[], piwikpro::read;
    /// Shopify.
    Shopify: "shopify", &["_tracking_consent", shopify::ASSUMED], &[], shopify::read;
    /// Sourcepoint.
    Sourcepoint: "sourcepoint", in_browser::SOURCEPOINT, &[InBrowser], in_browser::sourcepoint;
    /// tarteaucitron.
    Tarteaucitron: "tarteaucitron", &["tarteaucitron"], &[], tarteaucitron::read;
    /// Tealium.
    Tealium: "tealium", &["CONSENTMGR"], &[], tealium::read;
    /// Termly.
    Termly: "termly", in_browser::TERMLY, &[InBrowser], in_browser::termly;
    /// TrustArc.
    TrustArc: "trustarc",
        &["notice_preferences", trustarc::LEVELS, trustarc::PERMIT, trustarc::BEHAVIOR, "cmapi_gtm_bl"], &[], trustarc::read;
    /// Usercentrics.
    Usercentrics: "usercentrics", in_browser::USERCENTRICS, &[InBrowser], in_browser::usercentrics;
    /// vanilla-cookieconsent 3.
    VanillaCookieConsent: "vanilla-cookieconsent", &["cc_cookie"], &[Revision, Stored], vanilla::read;
    /// The WP Consent API.
    WpConsentApi: "wp-consent-api", &["wp_consent_*"], &[], wp_consent_api::read;
    /// Zaraz.
    Zaraz: "zaraz", &["cf_consent"], &[NeedsMap], zaraz::read;
}

fn names() -> String {
    Cmp::all().map(Cmp::name).collect::<Vec<_>>().join(", ")
}

// === impl Cmp ===

impl Cmp {
    /// Every consent manager that is known, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMED.iter().map(|(_, cmp)| *cmp)
    }

    /// The name in configuration, logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The names of the cookies that it writes, by which it is recognised; `*` stands for any end.
    #[must_use]
    pub const fn cookies(self) -> &'static [&'static str] {
        self.row().cookies
    }

    /// Whether it is read where the operator names no consent managers.
    #[must_use]
    pub fn is_usual(self) -> bool {
        !self.needs_map() && !self.is_in_browser()
    }

    /// Whether its cookie can only be read for sure with a map of the site's own names.
    #[must_use]
    pub fn needs_map(self) -> bool {
        self.row().traits.contains(&NeedsMap)
    }

    /// Whether it keeps the choice in the browser, so that no request holds it.
    #[must_use]
    pub fn is_in_browser(self) -> bool {
        self.row().traits.contains(&InBrowser)
    }

    /// Whether a script can read its choice in the browser, where it may keep it.
    #[must_use]
    pub fn can_be_mirrored(self) -> bool {
        self.is_in_browser() || self.row().traits.contains(&Stored)
    }

    /// Whether its cookies hold the revision that a choice was made under.
    #[must_use]
    pub fn has_revision(self) -> bool {
        self.row().traits.contains(&Revision)
    }

    /// Whether it writes a cookie of this name.
    #[must_use]
    pub fn writes(self, cookie: &[u8]) -> bool {
        self.cookies().iter().any(|own| match own.strip_suffix('*') {
            Some(prefix) => cookie.starts_with(prefix.as_bytes()),
            None => own.as_bytes() == cookie,
        })
    }

    /// Those whose cookies are in a request with these `headers`; none where the cookies are too long
    /// to be read.
    #[must_use]
    pub fn seen(headers: &HeaderMap) -> Vec<Self> {
        let Ok(cookies) = Cookies::read(headers) else { return Vec::new() };
        Self::all().filter(|cmp| cookies.names().any(|name| cmp.writes(name))).collect()
    }

    /// The name of the cookie that holds the choice, or what the names of those begin with, where the
    /// site has not renamed it.
    pub(super) fn cookie(self) -> &'static str {
        self.cookies().first().map_or("", |cookie| cookie.trim_end_matches('*'))
    }

    /// What its cookies say; `None` without them.
    pub(super) fn read(self, source: &Source<'_>) -> Option<Said> {
        (self.row().decode)(source)
    }
}

impl fmt::Display for Cmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cmp {
    type Err = UnknownCmp;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::all().find(|cmp| cmp.name() == name);
        named.ok_or_else(|| UnknownCmp(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::COOKIE;

    #[test]
    fn names_round_trip_and_the_error_lists_them_all() {
        let error = "OneTrust".parse::<Cmp>().unwrap_err().to_string();
        for cmp in Cmp::all() {
            assert_eq!(cmp.name().parse(), Ok(cmp));
            assert!(error.contains(cmp.name()) && !cmp.cookie().is_empty());
        }
        assert!(Cmp::all().map(Cmp::name).is_sorted());
        assert_eq!(Cmp::all().count(), 34);
    }

    #[test]
    fn managers_are_seen_by_their_cookies() {
        let cookies = "a=1; cmplz_marketing=deny; OptanonConsent=x; _iub_cs-123=x; klaro2=x; b";
        let headers = [(COOKIE, cookies.parse().unwrap())].into_iter().collect();
        assert_eq!(Cmp::seen(&headers), [Cmp::Complianz, Cmp::Iubenda, Cmp::OneTrust]);
        assert_eq!(Cmp::seen(&HeaderMap::new()), []);
    }
}
