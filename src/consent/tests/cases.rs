//! The values that each consent manager writes, and what they say; shapes as captured on real sites.

use crate::consent::Basis;

pub(super) fn cookiebot(fields: &str) -> String {
    format!(
        "CookieConsent={{stamp:'Tx6T+a/b==',necessary:true,{fields},ver:1,utc:1780155987483,region:'be'}}"
    )
}

const ONETRUST: &str = "isGpcEnabled=0&datestamp=Mon+Jun+01+2026+12%3A11%3A12+GMT%2B0200&version=202512.1.0\
&browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=1f&interactionCount=1&isAnonUser=1";

pub(super) fn onetrust(groups: &str, rest: &str, closed: &str) -> String {
    let groups = groups.replace(':', "%3A").replace(',', "%2C");
    format!("OptanonConsent={ONETRUST}&groups={groups}{rest}&intType=1&geolocation=NO%3B{closed}")
}

pub(super) const CLOSED: &str = "; OptanonAlertBoxClosed=2026-06-01T10:11:12.345Z";
pub(super) const PATH: &str = "&landingPath=NotLandingPage&AwaitingReconsent=false";

fn cookieyes(fields: &str) -> String {
    format!("cookieyes-consent=consentid:YjZOdg,{fields},other:no")
}

pub(super) fn vanilla(categories: &str, more: &str) -> String {
    format!(
        "cc_cookie={{\"categories\":[{categories}],\"revision\":3,\"data\":null,\
         \"consentTimestamp\":\"2026-06-01T10:11:12.345Z\",\"consentId\":\"x\",\"languageCode\":\"en\",\
         \"lastConsentTimestamp\":\"2026-06-01T10:11:12.345Z\",\"expirationTime\":1796000000000{more}}}"
    )
}

/// Every real shape: cookie, source, basis, votes.
pub(super) fn cases() -> Vec<(String, &'static str, Basis, &'static str)> {
    use Basis::{Explicit, Implied, None};
    let all = "preferences:true,statistics:true,marketing:true";
    let refused = "preferences:false,statistics:false,marketing:false";
    let yes = "necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes";
    let some = "necessary:yes,functional:yes,analytics:yes,performance:no,advertisement:no";
    let blank = "necessary:,functional:,analytics:,performance:,advertisement:";
    vec![
        ("consentry=v1.p1.20260601.f1a1m0".into(), "own", Explicit, "++-"),
        ("consentry=v1.p1.20260601.f0a0m0.id-1.sig_2".into(), "own", Explicit, "---"),
        ("consentry=v1.p1.20250601.f1a1m1".into(), "own", None, "???"),
        ("consentry=v1.p1.20260617.f1a1m1".into(), "own", None, "???"),
        ("consentry=v1.p1.20260616.f1a1m1".into(), "own", Explicit, "+++"),
        ("consentry=yes".into(), "own", None, "???"),
        (cookiebot(&format!("{all},method:'explicit'")), "cookiebot", Explicit, "+++"),
        (cookiebot(&format!("{refused},method:'explicit'")), "cookiebot", Explicit, "---"),
        (
            cookiebot("preferences:false,statistics:true,marketing:false,method:\"explicit\""),
            "cookiebot",
            Explicit,
            "-+-",
        ),
        (cookiebot(&format!("{all},method:'implied'")), "cookiebot", Implied, "+++"),
        (cookiebot(all), "cookiebot", Implied, "+++"),
        (
            cookiebot(&format!("{all},method:'explicit'")).replace("Tx6T+a/b==", "-1"),
            "cookiebot",
            Implied,
            "+++",
        ),
        (
            cookiebot(&format!("{all},method:'explicit'")).replace("17801", "17001"),
            "cookiebot",
            None,
            "???",
        ),
        (
            cookiebot(&format!("{all},method:'explicit'")).replace("17801", "17901"),
            "cookiebot",
            None,
            "???",
        ),
        (cookiebot(&format!("{all},method:'explicit',marketing:false")), "cookiebot", None, "???"),
        ("CookieConsent=0".into(), "cookiebot", Explicit, "---"),
        ("CookieConsent=-1".into(), "cookiebot", Implied, "+++"),
        ("CookieConsent=true".into(), "cookiebot", None, "???"),
        ("CookieConsent={marketing:true,method:'explicit'".into(), "cookiebot", None, "???"),
        (
            onetrust("C0001:1,C0002:1,C0003:1,C0004:1,C0005:1", PATH, CLOSED),
            "onetrust",
            Explicit,
            "+++",
        ),
        (onetrust("C0001:1,C0002:0,C0003:0,C0004:0", PATH, CLOSED), "onetrust", Explicit, "---"),
        (
            onetrust("C0001:1,C0002:1,C0003:0,C0004:1,C0005:0", PATH, CLOSED),
            "onetrust",
            Explicit,
            "-+-",
        ),
        (onetrust("1:1,2:1,3:0,4:1,0_12:1", PATH, CLOSED), "onetrust", Explicit, "-++"),
        (onetrust("C0004:1,C0004:0", PATH, CLOSED), "onetrust", Explicit, "??-"),
        (onetrust("C0035:1,STACK42:1", PATH, CLOSED), "onetrust", None, "???"),
        (onetrust("C0004:1", PATH, ""), "onetrust", Implied, "??+"),
        (onetrust("C0004:1", PATH, "; OptanonAlertBoxClosed=true"), "onetrust", None, "???"),
        (
            onetrust("C0004:1", PATH, "; OptanonAlertBoxClosed=2025-06-01T10:11:12.345Z"),
            "onetrust",
            None,
            "???",
        ),
        (
            onetrust("C0004:1", "&landingPath=https%3A%2F%2Fa.test%2F", CLOSED),
            "onetrust",
            None,
            "???",
        ),
        (onetrust("C0004:1", "&AwaitingReconsent=true", CLOSED), "onetrust", None, "???"),
        (onetrust("C0004:1", "&groups=C0004%3A1", CLOSED), "onetrust", None, "???"),
        (onetrust("C0004:yes", PATH, CLOSED), "onetrust", None, "???"),
        (cookieyes(&format!("consent:yes,action:yes,{yes}")), "cookieyes", Explicit, "+++"),
        (cookieyes(&format!("consent:yes,action:yes,{some}")), "cookieyes", Explicit, "+--"),
        (
            cookieyes(&format!("consent:no,action:yes,{}", yes.replace("yes", "no"))),
            "cookieyes",
            Explicit,
            "---",
        ),
        (cookieyes(&format!("consent:no,action:yes,{yes}")), "cookieyes", Explicit, "---"),
        (cookieyes(&format!("consent:yes,action:no,{yes}")), "cookieyes", Implied, "+++"),
        (cookieyes(&format!("consent:,action:,{blank}")), "cookieyes", None, "???"),
        (
            cookieyes(&format!("consent:yes,action:yes,{yes},analytics:yes")),
            "cookieyes",
            None,
            "???",
        ),
        (vanilla(r#""necessary","analytics""#, ""), "vanilla-cookieconsent", Explicit, "-+-"),
        (
            vanilla(r#""necessary","functionality","analytics","ads""#, ""),
            "vanilla-cookieconsent",
            Explicit,
            "+++",
        ),
        (vanilla(r#""necessary""#, ""), "vanilla-cookieconsent", Explicit, "---"),
        (vanilla(r#""social""#, ""), "vanilla-cookieconsent", Explicit, "---"),
        (
            vanilla(r#""social""#, r#","services":{"social":[]}"#),
            "vanilla-cookieconsent",
            Explicit,
            "--+",
        ),
        (
            vanilla(r#""social""#, r#","services":{"social":[],"ads":[]}"#),
            "vanilla-cookieconsent",
            Explicit,
            "---",
        ),
        (
            vanilla(r#""ads""#, "").replace("2026-06-01", "2025-06-01"),
            "vanilla-cookieconsent",
            None,
            "???",
        ),
        (vanilla(r#""ads",1"#, ""), "vanilla-cookieconsent", None, "???"),
        (
            r#"klaro={"googleAnalytics":true,"matomo":true,"meta":false,"x":true}"#.into(),
            "klaro",
            Explicit,
            "?+-",
        ),
        (
            r#"klaro={"googleAnalytics":true,"matomo":false,"meta":true}"#.into(),
            "klaro",
            Explicit,
            "?-+",
        ),
        (r#"klaro={"meta":true}"#.into(), "klaro", Explicit, "??+"),
        (r#"klaro={"meta":"true"}"#.into(), "klaro", None, "???"),
        (r#"klaro={"x":true}"#.into(), "klaro", None, "???"),
        ("other=1; cookieconsent=true".into(), "nobody", None, ""),
    ]
}
