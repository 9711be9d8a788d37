//! Turns what the visitor allows, and what the page claims, into the parameters of Google Consent Mode that leave.
//!
//! 1. Each of the four types of Consent Mode is granted if we grant its purpose and the client does not claim that it is denied: what the
//!    client says can lower our verdict, never raise it.
//! 2. A client that claims more than we grant has not seen the choice that we saw; that is reported as a mismatch.
//! 3. A claim that cannot be read grants none of the advertising types.
//! 4. Without marketing, what identifies a click or a person to advertising does not leave ([`is_advertising`]).
//! 5. Google documents `gcs` in part and `gcd` not at all: the bytes are in [`CODES`], and nowhere else.

use super::body::decode_query;
use crate::purpose::{Purpose, PurposeSet};

/// The parameters' bytes.
struct Codes {
    /// What `gcs` begins with.
    gcs: &'static str,
    /// What `gcd` begins with; then, for each type, its letter and a digit between.
    gcd: &'static str,
    granted: char,
    denied: char,
    between: char,
    end: char,
    /// Letters that a client writes where a type is granted, denied, and not set.
    claims_granted: &'static str,
    claims_denied: &'static str,
    claims_nothing: &'static str,
}

/// As seen in requests of `gtag.js` with consent given by an update: `11r1r1r1r5`; all denied: `11p1p1p1p5`.
const CODES: Codes = Codes {
    gcs: "G1",
    gcd: "11",
    granted: 'r',
    denied: 'p',
    between: '1',
    end: '5',
    claims_granted: "nrtv",
    claims_denied: "mpqu",
    claims_nothing: "l",
};

/// Parameters that identify a click, a browser or a person to advertising; `*` at the end stands for anything.
const ADVERTISING: &[&str] = &[
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "gclsrc",
    "gad_source",
    "gad_campaignid",
    "gclaw",
    "gcldc",
    "gclgb",
    "gclgf",
    "gclha",
    "gcllp",
    "_gcl*",
    "gac",
    "gacgb",
    "auid",
    "auiddc",
    "em",
    "ph",
    "pd",
    "user_data*",
    "dma_cps",
    "fbclid",
    "msclkid",
];

/// Parameters of URLs that identify a click.
const CLICKS: &[&str] = &[
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "gclsrc",
    "gad_source",
    "gad_campaignid",
    "_gl",
    "_gac",
    "fbclid",
    "msclkid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "igshid",
    "yclid",
    "ysclid",
    "rdt_cid",
    "epik",
    "sccid",
    "sc_cid",
    "obclid",
    "tblci",
    "irclickid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "wickedid",
    "vero_id",
    "s_cid",
    "ef_id",
    "qclid",
    "dicbo",
];

/// A type of Consent Mode, in the order in which `gcd` has them: ad_storage, analytics_storage, ad_user_data, ad_personalization.
const PURPOSES: [Purpose; 4] =
    [Purpose::Marketing, Purpose::Analytics, Purpose::Marketing, Purpose::Marketing];

/// What the client says of each type; `None` where it says nothing.
type Claim = [Option<bool>; 4];

/// What is stamped on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamps {
    pub(super) gcs: String,
    pub(super) gcd: String,
    pub(super) npa: &'static str,
    /// Whether what identifies to advertising may leave.
    pub(super) advertising: bool,
    /// Whether the client claimed more than we grant.
    pub(super) mismatch: bool,
}

impl Stamps {
    /// The stamps for requests whose parameters are in `queries`; the claims of all of them count.
    pub(super) fn new<'a>(
        purposes: PurposeSet,
        queries: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let claims: Vec<Claim> = queries.into_iter().flat_map(claims).collect();
        let ours = PURPOSES.map(|purpose| purposes.contains(purpose));
        let mut granted = ours;
        let mut mismatch = false;
        for claim in claims {
            for ((granted, ours), claim) in granted.iter_mut().zip(ours).zip(claim) {
                *granted &= claim != Some(false);
                mismatch |= claim == Some(true) && !ours;
            }
        }
        Self::of(granted, mismatch)
    }

    fn of(granted: [bool; 4], mismatch: bool) -> Self {
        let [ad_storage, analytics_storage, ad_user_data, ad_personalization] = granted;
        let gcs = format!("{}{}{}", CODES.gcs, u8::from(ad_storage), u8::from(analytics_storage));
        let mut gcd = CODES.gcd.to_owned();
        for (at, granted) in granted.into_iter().enumerate() {
            if at > 0 {
                gcd.push(CODES.between);
            }
            gcd.push(if granted { CODES.granted } else { CODES.denied });
        }
        gcd.push(CODES.end);
        let npa = if ad_personalization { "0" } else { "1" };
        Self { gcs, gcd, npa, advertising: ad_storage && ad_user_data, mismatch }
    }

    /// The value of a parameter that is stamped.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        match name {
            "gcs" => Some(&self.gcs),
            "gcd" => Some(&self.gcd),
            "npa" => Some(self.npa),
            _ => None,
        }
    }
}

/// The parameters that are stamped.
pub(super) const STAMPED: [&str; 3] = ["gcs", "gcd", "npa"];

/// Whether `name` identifies a click, a browser or a person to advertising.
pub(super) fn is_advertising(name: &str) -> bool {
    ADVERTISING.iter().any(|listed| match listed.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *listed,
    })
}

/// Whether a parameter of a page's URL identifies a click.
pub(super) fn is_click(name: &str) -> bool {
    CLICKS.iter().any(|click| name.eq_ignore_ascii_case(click))
}

/// What the stamped parameters in `query` claim.
fn claims(query: &str) -> Vec<Claim> {
    let pairs = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    let stamped = pairs.filter_map(|(name, value)| {
        let name = decode_query(name);
        STAMPED.contains(&&*name).then(|| claim(&name, &decode_query(value)))
    });
    stamped.flatten().collect()
}

fn claim(name: &str, value: &str) -> Option<Claim> {
    const UNREADABLE: Claim = [Some(false), None, Some(false), Some(false)];
    match name {
        "gcs" => Some(gcs(value).unwrap_or(UNREADABLE)),
        "gcd" => Some(gcd(value).unwrap_or(UNREADABLE)),
        "npa" => Some([None, None, None, Some(value == "0")]),
        _ => None,
    }
}

fn gcs(value: &str) -> Option<Claim> {
    let digit = |c| match c {
        '1' => Some(Some(true)),
        '0' => Some(Some(false)),
        '-' => Some(None),
        _ => None,
    };
    let mut chars = value.strip_prefix(CODES.gcs)?.chars();
    Some([digit(chars.next()?)?, digit(chars.next()?)?, None, None])
}

/// Digits and, for each type, a letter; what else there is nobody has explained.
fn gcd(value: &str) -> Option<Claim> {
    let letters = value.chars().filter(char::is_ascii_alphabetic).map(|letter| {
        let letter = letter.to_ascii_lowercase();
        if CODES.claims_granted.contains(letter) {
            Some(Some(true))
        } else if CODES.claims_denied.contains(letter) {
            Some(Some(false))
        } else {
            CODES.claims_nothing.contains(letter).then_some(None)
        }
    });
    letters.collect::<Option<Vec<_>>>()?.get(..4)?.try_into().ok()
}
