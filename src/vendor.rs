//! Names the company behind a tracker: plain data that decisions, findings and logs refer to.
//!
//! 1. A vendor has one purpose by default; the operator can change it in the catalogue.
//! 2. What no catalogue knows has a vendor too, whose [`Source`] says how it was recognised.
//! 3. What visitors are told of a vendor, its [`Facts`], is what GDPR 13(1) and CJEU C-673/17 ask for: who, what, how long, where.
//!    A fact that is not known is absent, never guessed.

use crate::purpose::Purpose;

/// Where the knowledge that something is this vendor's comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The vendor catalogue: built in, or the operator's own entry.
    Catalog,
    /// The long tail of domains under the catalogue.
    LongTail,
    /// A filter list that the operator loaded.
    List,
    /// It announces itself by name or by shape.
    Heuristic,
    /// Any other site, where the operator gates all of them.
    ThirdParty,
    /// The operator's `deny` list of hosts, or a first-party copy that the operator named.
    Operator,
}

impl Source {
    /// The name in logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::LongTail => "long-tail",
            Self::List => "list",
            Self::Heuristic => "heuristic",
            Self::ThirdParty => "third-party",
            Self::Operator => "operator",
        }
    }
}

/// The company behind a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Short, stable, lower case: `ga4`, `meta`; used in configuration, metrics and logs.
    pub id: Box<str>,
    /// For people: `Google Analytics 4`.
    pub name: Box<str>,
    /// What it uses data for.
    pub purpose: Purpose,
    /// Its id in IAB Europe's Global Vendor List, where it has one.
    pub gvl: Option<u16>,
    /// Its id in Google's list of ad technology providers, where it has one (Additional Consent).
    pub atp: Option<u32>,
    /// How it is known.
    pub source: Source,
    /// What visitors are told of it.
    pub facts: Facts,
}

/// What visitors are told of a vendor; what is empty is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The company, as its privacy policy names it for Europe; several where the entry stands for several services.
    pub company: Vec<String>,
    /// Where the company sits and data goes.
    pub country: Vec<Country>,
    /// What it may learn.
    pub receives: Vec<Received>,
    /// How long its longest-lived cookie lives, or data is held.
    pub keeps: Option<Period>,
    /// The address of its privacy policy, `https`; empty for none.
    pub policy_url: String,
}

impl Facts {
    /// What is known in `over` in the place of what is known here.
    pub fn replace(&mut self, over: &Self) {
        let Self { company, country, receives, keeps, policy_url } = over;
        if !company.is_empty() {
            self.company.clone_from(company);
        }
        if !country.is_empty() {
            self.country.clone_from(country);
        }
        if !receives.is_empty() {
            self.receives.clone_from(receives);
        }
        if !policy_url.is_empty() {
            self.policy_url.clone_from(policy_url);
        }
        self.keeps = keeps.or(self.keeps);
    }
}

/// A country by its two letters in ISO 3166-1, or `EU`, which ISO 3166 reserves for the European Union.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// The country `code`, two capital letters; whether there is such a country is not looked at.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// Its two letters.
    #[must_use]
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Something that a vendor may learn of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Received {
    /// What recognises the browser: an id in a cookie or in storage.
    Identifiers,
    /// The address on the internet.
    Ip,
    /// Browser, system, screen, language.
    Device,
    /// Which pages are visited, and what led there.
    Pages,
    /// Clicks, scrolling, and what else is done in a page.
    Actions,
    /// What is looked at in a shop, put in the basket and bought.
    Purchases,
    /// Where the visitor is.
    Location,
    /// Name, e-mail address, phone number, also as hashes.
    Contact,
    /// What is written in forms.
    FormContents,
    /// What is written in a chat or a comment.
    Messages,
    /// The course of a visit: movements of the pointer, and what the screen shows.
    Recordings,
    /// Which videos, sounds and posts are played or shown.
    Content,
    /// How fast pages are, and which errors happen in them.
    Performance,
}

impl Received {
    /// Everything, in the order in which it is told.
    pub const ALL: [Self; 13] = [
        Self::Identifiers,
        Self::Ip,
        Self::Device,
        Self::Pages,
        Self::Actions,
        Self::Purchases,
        Self::Location,
        Self::Contact,
        Self::FormContents,
        Self::Messages,
        Self::Recordings,
        Self::Content,
        Self::Performance,
    ];

    /// The name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identifiers => "identifiers",
            Self::Ip => "ip",
            Self::Device => "device",
            Self::Pages => "pages",
            Self::Actions => "actions",
            Self::Purchases => "purchases",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::FormContents => "form-contents",
            Self::Messages => "messages",
            Self::Recordings => "recordings",
            Self::Content => "content",
            Self::Performance => "performance",
        }
    }
}

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// Until the browser is closed.
    Session,
    /// So many days.
    Days(u16),
    /// So many months.
    Months(u16),
    /// So many years.
    Years(u16),
}
