//! Turns the visitor's choice into what Google's tags are told before they run (Consent Mode: `gtag("consent", "default", ...)`).
//!
//! 1. Without a default, tags take every type as granted; so a page with a Google tag always gets one, before the first script that
//!    has a part of Google's in it or speaks to its queue.
//! 2. Storage and use for advertising follow marketing, measurement follows analytics, functionality and personalisation follow
//!    functional; security needs no consent.
//! 3. Where marketing is denied, click identifiers are left out of hits and out of links.

use crate::{
    policy::{Gate, Ruling},
    purpose::Purpose,
};
use memchr::memmem;

/// The vendors that read Consent Mode.
pub(in crate::rewrite) const GOOGLE: [&str; 5] =
    ["ga4", "gtm", "google_ads", "floodlight", "ga_ua"];

/// The script; `None` where no Google tag may run.
pub(in crate::rewrite) fn consent_default(gate: &Gate) -> Option<String> {
    let known = GOOGLE.iter().filter_map(|id| gate.catalog().vendor(id));
    let allowed = known.into_iter().any(|vendor| gate.allows(vendor));
    allowed.then(|| text(gate.ruling()))
}

fn text(ruling: &Ruling) -> String {
    let state = |purpose| if ruling.grants(purpose) { "granted" } else { "denied" };
    let (ads, measured) = (state(Purpose::Marketing), state(Purpose::Analytics));
    let own = state(Purpose::Functional);
    let redacts = if ruling.grants(Purpose::Marketing) {
        ""
    } else {
        r#"g("set","ads_data_redaction",true);g("set","url_passthrough",false);"#
    };
    format!(
        r#"(function(){{var d=window.dataLayer=window.dataLayer||[];function g(){{d.push(arguments)}}g("consent","default",{{ad_storage:"{ads}",ad_user_data:"{ads}",ad_personalization:"{ads}",analytics_storage:"{measured}",functionality_storage:"{own}",personalization_storage:"{own}",security_storage:"granted"}});{redacts}}})();"#
    )
}

/// Whether a script speaks to Google's queue.
pub(in crate::rewrite) fn may_be_google(text: &[u8]) -> bool {
    memmem::find(text, b"dataLayer").is_some() || memmem::find(text, b"gtag(").is_some()
}
