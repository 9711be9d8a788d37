//! Turns a consent manager's name into its decoder: one row of the table for each.

use super::{
    cookiebot, cookieyes, klaro, onetrust,
    source::{Said, Source},
    vanilla,
};
use std::{fmt, str::FromStr};

/// A consent manager whose cookie can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cmp {
    /// Cookiebot, `CookieConsent`.
    Cookiebot,
    /// OneTrust and CookiePro, `OptanonConsent`.
    OneTrust,
    /// CookieYes, `cookieyes-consent`.
    CookieYes,
    /// vanilla-cookieconsent 3, `cc_cookie`.
    VanillaCookieConsent,
    /// Klaro, `klaro`.
    Klaro,
}

/// A name that is no known consent manager's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown consent manager `{0}`; write one of cookiebot, onetrust, cookieyes, vanilla-cookieconsent, klaro"
)]
pub struct UnknownCmp(pub String);

struct Row {
    name: &'static str,
    /// The cookies that it writes; the first is the one that a site may rename.
    cookies: &'static [&'static str],
    needs_map: bool,
    decode: fn(&Source<'_>) -> Option<Said>,
}

/// Writes a [`Row`]: name, cookies, whether it needs a map, decoder.
const fn row(
    name: &'static str,
    cookies: &'static [&'static str],
    needs_map: bool,
    decode: fn(&Source<'_>) -> Option<Said>,
) -> Row {
    Row { name, cookies, needs_map, decode }
}

// === impl Cmp ===

impl Cmp {
    /// Every consent manager that can be read.
    pub const ALL: [Self; 5] =
        [Self::Cookiebot, Self::OneTrust, Self::CookieYes, Self::VanillaCookieConsent, Self::Klaro];

    const fn row(self) -> Row {
        match self {
            Self::Cookiebot => row("cookiebot", &["CookieConsent"], false, cookiebot::read),
            Self::OneTrust => {
                row("onetrust", &["OptanonConsent", onetrust::CLOSED], false, onetrust::read)
            }
            Self::CookieYes => row("cookieyes", &["cookieyes-consent"], false, cookieyes::read),
            Self::VanillaCookieConsent => {
                row("vanilla-cookieconsent", &["cc_cookie"], false, vanilla::read)
            }
            Self::Klaro => row("klaro", &["klaro"], true, klaro::read),
        }
    }

    /// The name in configuration, logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The names of the cookies that it writes, by which it is recognised.
    #[must_use]
    pub const fn cookies(self) -> &'static [&'static str] {
        self.row().cookies
    }

    /// Whether its cookie can only be read with a map of the site's own names.
    #[must_use]
    pub const fn needs_map(self) -> bool {
        self.row().needs_map
    }

    /// The name of the cookie that holds the choice, where the site has not renamed it.
    pub(super) fn cookie(self) -> &'static str {
        self.cookies().first().copied().unwrap_or_default()
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
        let named = Self::ALL.into_iter().find(|cmp| cmp.name() == name);
        named.ok_or_else(|| UnknownCmp(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_the_error_lists_them_all() {
        let error = "OneTrust".parse::<Cmp>().unwrap_err().to_string();
        for cmp in Cmp::ALL {
            assert_eq!(cmp.name().parse(), Ok(cmp));
            assert!(error.contains(cmp.name()) && !cmp.cookie().is_empty());
        }
    }
}
