//! The cookies of every consent manager in five states: everything accepted, everything refused, some of both, no choice
//! yet, and wrong bytes. Shapes are as captured on real sites or as the makers document them; the values are made up.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The time of the choice in the ways in which cookies write it.
pub(super) struct At<'t> {
    /// Seconds of the epoch.
    pub(super) seconds: u64,
    /// The same as `2026-06-01T10:11:12.345Z`.
    pub(super) iso: &'t str,
}

/// One state of one consent manager.
pub(super) struct State {
    pub(super) cmp: &'static str,
    pub(super) cookie: String,
    /// The name of the signal that holds the choice.
    pub(super) signal: &'static str,
    /// The name of the basis; empty where there is no signal.
    pub(super) basis: &'static str,
    /// Functional, analytics, marketing: `+` yes, `-` no, `?` nothing.
    pub(super) votes: &'static str,
}

/// The manager that cannot say "some" without the site's own numbers.
pub(super) const MAPPED: &str = "commanders-act";
/// What its numbers mean.
pub(super) const MAP: [(&str, &str); 3] =
    [("1", "functional"), ("2", "analytics"), ("3", "marketing")];

/// Everything, in the order of the states above.
pub(super) fn states(at: &At<'_>) -> Vec<State> {
    let fill = |text: &str| {
        let cookie = text.replace("{ISO}", at.iso).replace("{MS}", &format!("{}345", at.seconds));
        dated(&encoded(&cookie.replace("{S}", &at.seconds.to_string())), at.seconds)
    };
    let rows = FIRST.iter().chain(SECOND).chain(THIRD);
    let state = |cmp: &'static str, (cookie, basis, votes): &(&str, &'static str, &'static str)| {
        let signal = if cookie.contains(TIME) { "tcf" } else { cmp };
        State { cmp, cookie: fill(cookie), signal, basis, votes }
    };
    rows.flat_map(|(cmp, states)| states.iter().map(move |one| state(cmp, one))).collect()
}

/// `text` with what stands between `<<` and `>>` in base64.
fn encoded(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<<") else { return text.to_owned() };
    let (inside, after) = rest.split_once(">>").unwrap_or((rest, ""));
    format!("{before}{}{after}", BASE64_STANDARD.encode(inside))
}

/// The time that TC strings of the IAB's own library were made at: 36 bits of tenths of seconds, twice.
const TIME: &str = "QlH_MAQlH_MA";

/// `text` with TC strings made at `seconds`.
fn dated(text: &str, seconds: u64) -> String {
    let letters: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let letter = |at: u32| letters.get((((seconds * 10) >> (30 - at * 6)) & 63) as usize);
    let time: String = (0..6).filter_map(letter).collect();
    text.replace(TIME, &time.repeat(2))
}

type Row = (&'static str, [(&'static str, &'static str, &'static str); 5]);

const FIRST: &[Row] = &[
    (
        "axeptio",
        [
            (
                r#"axeptio_cookies={"$$token":"k1","$$date":"{ISO}","$$cookiesVersion":{"name":"x-en","identifier":"6"},"google_analytics":true,"Facebook_Pixel":true,"youtube":true,"$$completed":true}; axeptio_authorized_vendors=%2Cgoogle_analytics%2C"#,
                "explicit",
                "+++",
            ),
            (
                r#"axeptio_cookies={"$$token":"k1","$$date":"{ISO}","$$cookiesVersion":{},"google_analytics":false,"Facebook_Pixel":false,"youtube":false,"$$completed":true}; axeptio_authorized_vendors=%2C%2C"#,
                "explicit",
                "---",
            ),
            (
                r#"axeptio_cookies={"$$token":"k1","$$date":"{ISO}","$$cookiesVersion":{},"google_analytics":true,"Facebook_Pixel":false,"youtube":false,"$$completed":true}"#,
                "explicit",
                "-+-",
            ),
            (
                r#"axeptio_cookies={"$$token":"k1","$$date":"{ISO}","$$cookiesVersion":{},"google_analytics":true,"Facebook_Pixel":true,"$$completed":false}"#,
                "none",
                "???",
            ),
            (r#"axeptio_cookies={"google_analytics":true,"$$completed":true"#, "none", "???"),
        ],
    ),
    (
        "borlabs",
        [
            (
                r#"borlabs-cookie={"consents":{"essential":["borlabs-cookie"],"statistics":["google-analytics"],"marketing":["facebook-pixel"],"external-media":["youtube"]},"domainPath":"shop.example/","expires":"Tue, 01 Dec 2026 10:11:12 GMT","uid":"anonymous","v3":true,"version":1}"#,
                "explicit",
                "+++",
            ),
            (
                r#"borlabs-cookie={"consents":{"essential":["borlabs-cookie"]},"domainPath":"shop.example/","expires":"Tue, 01 Dec 2026 10:11:12 GMT","uid":"anonymous","v3":true,"version":1}"#,
                "explicit",
                "---",
            ),
            (
                r#"borlabs-cookie={"consents":{"essential":["borlabs-cookie"],"statistics":["google-analytics"],"external-media":["youtube"]},"domainPath":"shop.example/","uid":"anonymous","v3":true,"version":1}"#,
                "explicit",
                "++-",
            ),
            ("borlabs-other=1", "", ""),
            (
                r#"borlabs-cookie={"consents":["statistics","marketing"],"version":1}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "civic",
        [
            (
                r#"CookieControl={"necessaryCookies":["wordpress_*"],"optionalCookies":{"preferences":"accepted","analytics":"accepted","marketing":"accepted"},"statement":{},"consentDate":{MS},"consentExpiry":90,"interactedWith":true,"user":"A1"}"#,
                "explicit",
                "+++",
            ),
            (
                r#"CookieControl={"necessaryCookies":[],"optionalCookies":{"preferences":"revoked","analytics":"revoked","marketing":"revoked"},"statement":{},"consentDate":{MS},"consentExpiry":90,"interactedWith":true,"user":"A1"}"#,
                "explicit",
                "---",
            ),
            (
                r#"CookieControl={"necessaryCookies":[],"optionalCookies":{"analytics":"accepted","marketing":"legitimate interest"},"statement":{},"consentDate":{MS},"consentExpiry":90,"interactedWith":true,"user":"A1"}"#,
                "explicit",
                "?+?",
            ),
            (
                r#"CookieControl={"necessaryCookies":[],"optionalCookies":{"analytics":"accepted","marketing":"accepted"},"initialState":{"type":"notify"},"statement":{},"consentDate":{MS},"consentExpiry":90,"interactedWith":false,"user":"A1"}"#,
                "implied",
                "?++",
            ),
            (
                r#"CookieControl={"optionalCookies":{"analytics":true},"interactedWith":true}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "commanders-act",
        [
            ("TC_PRIVACY=0@007|3|2741@1,2,3@@{MS},{MS},9999999999999@", "explicit", "+++"),
            ("TC_PRIVACY=1@007|3|2741@@@{MS},{MS},9999999999999@", "explicit", "---"),
            ("TC_PRIVACY=0%40007%7C3%7C2741%402%40%40{MS}", "explicit", "-+-"),
            ("TC_OTHER=0@007", "", ""),
            ("TC_PRIVACY=0@007@1,2,3", "none", "???"),
        ],
    ),
    (
        "complianz",
        [
            (
                "cmplz_banner-status=dismissed; cmplz_policy_id=12; cmplz_functional=allow; cmplz_preferences=allow; cmplz_statistics=allow; cmplz_marketing=allow; cmplz_consented_services={\"youtube\":true}",
                "explicit",
                "+++",
            ),
            (
                "cmplz_banner-status=dismissed; cmplz_policy_id=12; cmplz_functional=allow; cmplz_preferences=deny; cmplz_statistics=deny; cmplz_marketing=deny",
                "explicit",
                "---",
            ),
            (
                "cmplz_banner-status=dismissed; cmplz_policy_id=12; cmplz_functional=allow; cmplz_preferences=deny; cmplz_statistics=allow; cmplz_marketing=deny",
                "explicit",
                "-+-",
            ),
            (
                "cmplz_functional=allow; cmplz_preferences=allow; cmplz_statistics=allow; cmplz_marketing=allow",
                "implied",
                "+++",
            ),
            (
                "cmplz_banner-status=dismissed; cmplz_marketing=%ff; cmplz_statistics=yes",
                "none",
                "???",
            ),
        ],
    ),
    (
        "cookie-information",
        [
            (
                r#"CookieInformationConsent={"website_uuid":"0a-1b","timestamp":"{ISO}","consent_url":"https://shop.example/","consent_website":"shop.example","consent_domain":"shop.example","user_uid":"2c","consents_approved":["cookie_cat_necessary","cookie_cat_functional","cookie_cat_statistic","cookie_cat_marketing","cookie_cat_unclassified"],"consents_denied":[],"user_agent":"Mozilla/5.0"}"#,
                "explicit",
                "+++",
            ),
            (
                r#"CookieInformationConsent={"timestamp":"{ISO}","consents_approved":["cookie_cat_necessary"],"consents_denied":["cookie_cat_functional","cookie_cat_statistic","cookie_cat_marketing","cookie_cat_unclassified"]}"#,
                "explicit",
                "---",
            ),
            (
                r#"CookieInformationConsent={"timestamp":"{ISO}","consents_approved":["cookie_cat_necessary","cookie_cat_statistic"],"consents_denied":["cookie_cat_functional","cookie_cat_marketing"]}"#,
                "explicit",
                "-+-",
            ),
            (
                r#"CookieInformationConsent={"timestamp":"{ISO}","consents_approved":[],"consents_denied":[]}"#,
                "none",
                "???",
            ),
            (
                r#"CookieInformationConsent={"consents_approved":"cookie_cat_marketing"}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "cookie-script",
        [
            (
                r#"CookieScriptConsent={"bannershown":1,"action":"accept","consenttime":{S},"categories":"[\"performance\",\"targeting\",\"functionality\",\"unclassified\"]","key":"5d"}"#,
                "explicit",
                "+++",
            ),
            (
                r#"CookieScriptConsent={"bannershown":1,"action":"reject","consenttime":{S},"categories":"[]","key":"5d"}"#,
                "explicit",
                "---",
            ),
            (
                r#"CookieScriptConsent={"bannershown":1,"action":"accept","consenttime":{S},"categories":["performance"],"key":"5d"}"#,
                "explicit",
                "-+-",
            ),
            (r#"CookieScriptConsent={"bannershown":1}"#, "none", "???"),
            (
                r#"CookieScriptConsent={"action":"accept","categories":"[\"performance\""}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "cookiebot",
        [
            (
                "CookieConsent={stamp:%27Tx6T+a/b==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:{MS}%2Cregion:%27be%27}",
                "explicit",
                "+++",
            ),
            (
                "CookieConsent={stamp:%27Tx6T+a/b==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:{MS}%2Cregion:%27be%27}",
                "explicit",
                "---",
            ),
            (
                "CookieConsent={stamp:'Tx6T+a/b==',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit',ver:1,utc:{MS},region:'be'}",
                "explicit",
                "-+-",
            ),
            (
                "CookieConsent={stamp:%27-1%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27implied%27%2Cver:1%2Cutc:{MS}%2Cregion:%27us-06%27}",
                "implied",
                "+++",
            ),
            ("CookieConsent={stamp:'x',marketing:true,method:'explicit'", "none", "???"),
        ],
    ),
    (
        "cookiefirst",
        [
            (
                r#"cookiefirst-consent={"necessary":true,"performance":true,"functional":true,"advertising":true,"timestamp":{S},"type":"category","version":"8d1e"}"#,
                "explicit",
                "+++",
            ),
            (
                r#"cookiefirst-consent={"necessary":true,"performance":false,"functional":false,"advertising":false,"timestamp":{S},"type":"category","version":"8d1e"}"#,
                "explicit",
                "---",
            ),
            (
                r#"cookiefirst-consent={"necessary":true,"performance":true,"functional":true,"advertising":false,"timestamp":{S},"type":"category","version":"8d1e"}"#,
                "explicit",
                "++-",
            ),
            ("cookiefirst-id=5", "", ""),
            (r#"cookiefirst-consent={"performance":"true","advertising":1}"#, "none", "???"),
        ],
    ),
    (
        "cookiehub",
        [
            (
                r#"cookiehub=<<{"answered":true,"revision":1,"dnt":false,"allowSale":true,"implict":false,"region":"","token":"t","timestamp":"{ISO}","allAllowed":true,"categories":[],"vendors":[],"services":[]}>>"#,
                "explicit",
                "+++",
            ),
            (
                r#"cookiehub=<<{"answered":true,"revision":1,"dnt":false,"allowSale":false,"implict":false,"region":"","token":"t","timestamp":"{ISO}","allAllowed":false,"categories":[],"vendors":[],"services":[]}>>"#,
                "explicit",
                "---",
            ),
            (
                r#"cookiehub=<<{"answered":true,"revision":1,"dnt":false,"implicit":false,"timestamp":"{ISO}","allAllowed":false,"categories":[{"cid":1,"id":"necessary","value":true,"preconsent":true,"fired":true},{"cid":2,"id":"preferences","value":false,"preconsent":false,"fired":false},{"cid":3,"id":"analytics","value":true,"preconsent":false,"fired":true},{"cid":4,"id":"marketing","value":false,"preconsent":false,"fired":false}]}>>"#,
                "explicit",
                "-+-",
            ),
            (
                r#"cookiehub=<<{"answered":false,"revision":1,"dnt":false,"allowSale":true,"implict":true,"region":"","token":"","timestamp":"{ISO}","allAllowed":true,"categories":[],"vendors":[],"services":[]}>>"#,
                "implied",
                "+++",
            ),
            (
                "cookiehub=eyJhbnN3ZXJlZCI6dHJ1ZSwicmV2aXNpb24iOjEsImFsbEFsbG93ZWQiOnRyd",
                "none",
                "???",
            ),
        ],
    ),
    (
        "cookielawinfo-legacy",
        [
            (
                "viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-functional=yes; cookielawinfo-checkbox-performance=yes; cookielawinfo-checkbox-analytics=yes; cookielawinfo-checkbox-advertisement=yes; cookielawinfo-checkbox-others=yes; CookieLawInfoConsent=<<{\"necessary\":true,\"functional\":true,\"performance\":true,\"analytics\":true,\"advertisement\":true,\"others\":true,\"ver\":\"1\"}>>",
                "explicit",
                "+++",
            ),
            (
                "viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-functional=no; cookielawinfo-checkbox-performance=no; cookielawinfo-checkbox-analytics=no; cookielawinfo-checkbox-advertisement=no",
                "explicit",
                "---",
            ),
            (
                "viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-functional=no; cookielawinfo-checkbox-performance=yes; cookielawinfo-checkbox-analytics=yes; cookielawinfo-checkbox-advertisement=no",
                "explicit",
                "-+-",
            ),
            (
                "cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-non-necessary=yes",
                "implied",
                "+++",
            ),
            (
                "viewed_cookie_policy=yes; cookielawinfo-checkbox-analytics=1; cookielawinfo-checkbox-advertisement=%",
                "none",
                "???",
            ),
        ],
    ),
];

const SECOND: &[Row] = &[
    (
        "cookieyes",
        [
            (
                "cookieyes-consent=consentid:YjZOdg,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes,other:yes",
                "explicit",
                "+++",
            ),
            (
                "cookieyes-consent=consentid:YjZOdg,consent:no,action:yes,necessary:yes,functional:no,analytics:no,performance:no,advertisement:no,other:no",
                "explicit",
                "---",
            ),
            (
                "cookieyes-consent=consentid:YjZOdg,consent:yes,action:yes,necessary:yes,functional:no,analytics:yes,performance:yes,advertisement:no,other:no",
                "explicit",
                "-+-",
            ),
            (
                "cookieyes-consent=consentid:YjZOdg,consent:yes,action:no,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes,other:yes",
                "implied",
                "+++",
            ),
            (
                "cookieyes-consent=consentid:YjZOdg,consent:yes,action:yes,analytics=yes",
                "none",
                "???",
            ),
        ],
    ),
    (
        "didomi",
        [
            (
                r#"didomi_token=<<{"user_id":"18f","created":"{ISO}","updated":"{ISO}","vendors":{"enabled":["google","c:hotjar"],"disabled":[]},"purposes":{"enabled":["cookies","analytics","select_personalized_content","create_ads_profile","select_personalized_ads"],"disabled":[]},"vendors_li":{"enabled":["google"]},"version":2}>>"#,
                "explicit",
                "+++",
            ),
            (
                r#"didomi_token=<<{"user_id":"18f","created":"{ISO}","updated":"{ISO}","vendors":{"enabled":[],"disabled":["google"]},"purposes":{"enabled":[],"disabled":["cookies","analytics","select_personalized_content","create_ads_profile"]},"version":2}>>"#,
                "explicit",
                "---",
            ),
            (
                r#"didomi_token=<<{"user_id":"18f","created":"{ISO}","updated":"{ISO}","vendors":{"enabled":["c:hotjar"],"disabled":["google"]},"purposes":{"enabled":["cookies","analytics"],"disabled":["create_ads_profile","select_personalized_content"]},"version":2}>>"#,
                "explicit",
                "-+-",
            ),
            (
                r#"didomi_token=<<{"user_id":"18f","created":"{ISO}","updated":"{ISO}","version":null}>>"#,
                "none",
                "???",
            ),
            (
                "didomi_token=eyJ1c2VyX2lkIjoiMThmIiwicHVycG9zZXMiOnsiZW5hYmxlZCI6WyJhbmFseXRpY3",
                "none",
                "???",
            ),
        ],
    ),
    (
        "drupal-eucc",
        [
            (
                r#"cookie-agreed=2; cookie-agreed-version=1.0.0; cookie-agreed-categories=["functional","analytics","marketing"]"#,
                "explicit",
                "+++",
            ),
            ("cookie-agreed=0; cookie-agreed-version=1.0.0", "explicit", "---"),
            (
                "cookie-agreed=2; cookie-agreed-version=1.0.0; cookie-agreed-categories=%5B%22necessary%22%2C%22analytics%22%5D",
                "explicit",
                "-+-",
            ),
            ("cookie-agreed-version=1.0.0", "", ""),
            (r#"cookie-agreed=2; cookie-agreed-categories=["analytics""#, "none", "???"),
        ],
    ),
    (
        "google-fc",
        [
            (
                r#"FCCDCF=[null,null,null,["CQlH_MAQlH_MAAfABAENBjFgAP_gAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA","1~39.4.3.9","0a1b"],null,null,[[32,"[\"0c2d\",[1780308672,345000000]]"]]]"#,
                "explicit",
                "?++",
            ),
            (
                r#"FCCDCF=[null,null,null,["CQlH_MAQlH_MAAfABAENBjFgAAAAAEPgAAYgAAAMZgHAAKAAyACAAFoAMgAaABFACYAFsAMIAhABSALzAYyAAAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA","1~","0a1b"],null,null,[]]"#,
                "explicit",
                "?--",
            ),
            (
                r#"FCCDCF=%5Bnull%2Cnull%2Cnull%2C%5B%22CQlH_MAQlH_MAAfABAENBjFgAICAAEPgAAYgGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAxmAcAAoADIAIAAWgAyABoAEUAJgAWwAwgCEAFIAvMBjIAAA.IGMwDgAFAAZABAAC0AGQANAAigBMAC2AGEAQgApAF5gMZAAA.YAAAAAAAAAAA%22%2C%221~39%22%2C%220a1b%22%5D%2Cnull%2Cnull%2C%5B%5D%5D"#,
                "explicit",
                "?+-",
            ),
            (
                r#"FCCDCF=[null,null,null,null,null,null,[[32,"[\"0c2d\",[1780308672,345000000]]"]]]; FCNEC=[["AKsRol9"],null,[]]"#,
                "none",
                "???",
            ),
            (r#"FCCDCF=[null,null,null,["CQABCAAQABCAAAHABBENBVFgAP"#, "none", "???"),
        ],
    ),
    (
        "hubspot",
        [
            ("__hs_cookie_cat_pref=1:true,2:true,3:true", "explicit", "+++"),
            ("__hs_cookie_cat_pref=1:false,2:false,3:false", "explicit", "---"),
            ("__hs_cookie_cat_pref=1:true_2:false_3:false", "explicit", "-+-"),
            ("__hstc=1.2.3", "", ""),
            ("__hs_cookie_cat_pref=1:true,2", "none", "???"),
        ],
    ),
    (
        "iubenda",
        [
            (
                r#"_iub_cs-12345678={"timestamp":"{ISO}","version":"1.68.3","purposes":{"1":true,"2":true,"3":true,"4":true,"5":true},"id":12345678}"#,
                "explicit",
                "+++",
            ),
            (
                r#"_iub_cs-12345678={"timestamp":"{ISO}","version":"1.68.3","purposes":{"1":true,"2":false,"3":false,"4":false,"5":false},"id":12345678}"#,
                "explicit",
                "---",
            ),
            (
                r#"_iub_cs-s123={"timestamp":"{ISO}","version":"1.68.3","purposes":{"1":true,"4":true},"id":12345678}"#,
                "explicit",
                "-+-",
            ),
            ("_iub_previous_preference_id={}", "", ""),
            (
                r#"_iub_cs-12345678={"timestamp":"{ISO}","purposes":{"4":true,"5":"true"}}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "ketch",
        [
            (
                r#"_ketch_consent_v1_=<<{"analytics":{"status":"granted","canonicalPurposes":["analytics"]},"behavioral_advertising":{"status":"granted","canonicalPurposes":["behavioral_advertising"]},"essential_services":{"status":"granted","canonicalPurposes":["essential_services"]},"personalization":{"status":"granted","canonicalPurposes":["personalization"]}}>>"#,
                "implied",
                "+++",
            ),
            (
                r#"_ketch_consent_v1_=<<{"analytics":{"status":"denied","canonicalPurposes":["analytics"]},"behavioral_advertising":{"status":"denied","canonicalPurposes":["behavioral_advertising"]},"personalization":{"status":"denied","canonicalPurposes":["personalization"]}}>>"#,
                "implied",
                "---",
            ),
            (
                r#"_ketch_consent_v1_=<<{"analytics":{"status":"granted","canonicalPurposes":["analytics"]},"behavioral_advertising":{"status":"denied","canonicalPurposes":["behavioral_advertising"]}}>>"#,
                "implied",
                "?+-",
            ),
            ("_ketch_other=1", "", ""),
            ("_ketch_consent_v1_=eyJhbmFseXRpY3MiOnsic3RhdHVzIjoiZ3JhbnRlZ", "none", "???"),
        ],
    ),
    (
        "klaro",
        [
            (
                r#"klaro={"googleAnalytics":true,"youtube":true,"facebook-pixel":true}"#,
                "explicit",
                "+++",
            ),
            (
                r#"klaro={"googleAnalytics":false,"youtube":false,"facebook-pixel":false}"#,
                "explicit",
                "---",
            ),
            (
                "klaro=%7B%22googleAnalytics%22%3Atrue%2C%22facebook-pixel%22%3Afalse%7D",
                "explicit",
                "?+-",
            ),
            ("klaro-other=1", "", ""),
            (r#"klaro={"googleAnalytics":"true"}"#, "none", "???"),
        ],
    ),
    (
        "matomo",
        [
            ("mtm_consent={MS}; mtm_cookie_consent={MS}", "explicit", "?+?"),
            ("mtm_consent_removed={MS}", "explicit", "?-?"),
            ("mtm_consent={MS}; mtm_consent_removed={MS}", "explicit", "?-?"),
            ("mtm_cookie_consent={MS}", "", ""),
            ("mtm_consent=yes", "none", "???"),
        ],
    ),
    (
        "onetrust",
        [
            (
                "OptanonConsent=isGpcEnabled=0&datestamp=Mon+Jun+01+2026&version=202512.1.0&browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=1f&interactionCount=1&isAnonUser=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1&intType=1&geolocation=NO%3B&AwaitingReconsent=false; OptanonAlertBoxClosed={ISO}",
                "explicit",
                "+++",
            ),
            (
                "OptanonConsent=isGpcEnabled=0&version=202512.1.0&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0&intType=2&AwaitingReconsent=false; OptanonAlertBoxClosed={ISO}",
                "explicit",
                "---",
            ),
            (
                "OptanonConsent=isGpcEnabled=0&version=202512.1.0&interactionCount=2&landingPath=NotLandingPage&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0&intType=3&AwaitingReconsent=false; OptanonAlertBoxClosed={ISO}",
                "explicit",
                "-+-",
            ),
            (
                "OptanonConsent=isGpcEnabled=0&version=202512.1.0&interactionCount=1&landingPath=https%3A%2F%2Fshop.example%2F&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1",
                "none",
                "???",
            ),
            ("OptanonConsent=groups=C0002%3Ayes; OptanonAlertBoxClosed={ISO}", "none", "???"),
        ],
    ),
    (
        "osano-cmp",
        [
            (
                "osano_consentmanager=JhR3c9_q-Zk2Vw; osano_consentmanager_uuid=0a1b",
                "opaque",
                "???",
            ),
            (
                "osano_consentmanager=MmF1d7_p-Xk1Tz; osano_consentmanager_uuid=0a1b",
                "opaque",
                "???",
            ),
            (
                "osano_consentmanager=PpQ9e4_r-Aa8Bc; osano_consentmanager_uuid=0a1b",
                "opaque",
                "???",
            ),
            ("other=1", "none", "???"),
            ("osano_consentmanager=%", "opaque", "???"),
        ],
    ),
];

const THIRD: &[Row] = &[
    (
        "osano-oss",
        [
            ("cookieconsent_status=allow", "explicit", "+++"),
            ("cookieconsent_status=deny", "explicit", "---"),
            ("cookieconsent_status=allow; cookieconsent_status=deny", "explicit", "---"),
            ("cookieconsent_status=dismiss", "none", "???"),
            ("cookieconsent_status=true", "none", "???"),
        ],
    ),
    (
        "piwikpro",
        [
            (
                r#"ppms_privacy_0a1b-2c3d={"visitorId":"4e5f","domain":{"normalized":"shop.example","isWildcard":false,"pattern":"shop.example"},"consents":{"analytics":{"status":1},"remarketing":{"status":1},"marketing_automation":{"status":1}}}"#,
                "explicit",
                "?++",
            ),
            (
                r#"ppms_privacy_0a1b-2c3d={"visitorId":"4e5f","domain":{},"consents":{"analytics":{"status":0},"remarketing":{"status":0}}}"#,
                "explicit",
                "?--",
            ),
            (
                "ppms_privacy_0a1b-2c3d=%7B%22visitorId%22%3A%224e5f%22%2C%22consents%22%3A%7B%22analytics%22%3A%7B%22status%22%3A1%7D%2C%22remarketing%22%3A%7B%22status%22%3A0%7D%7D%7D",
                "explicit",
                "?+-",
            ),
            (
                r#"ppms_privacy_0a1b-2c3d={"visitorId":"4e5f","domain":{},"consents":{"analytics":{"status":-1},"remarketing":{"status":-1}}}"#,
                "none",
                "???",
            ),
            (
                r#"ppms_privacy_0a1b-2c3d={"consents":{"analytics":{"status":"granted"}}}"#,
                "none",
                "???",
            ),
        ],
    ),
    (
        "shopify",
        [
            (
                r#"_tracking_consent={"con":{"CMP":{"a":"1","m":"1","p":"1","s":"1"}},"v":"2.1","region":"DEBE","reg":"GDPR","purposes":{"a":true,"p":true,"m":true,"t":true},"display_banner":false,"sale_of_data_region":false}"#,
                "explicit",
                "+++",
            ),
            (
                r#"_tracking_consent={"con":{"CMP":{"a":"0","m":"0","p":"0","s":"0"}},"v":"2.1","region":"DEBE","reg":"GDPR","purposes":{"a":false,"p":false,"m":false,"t":false},"display_banner":false,"sale_of_data_region":false}"#,
                "explicit",
                "---",
            ),
            (
                r#"_tracking_consent={"con":{"CMP":{"a":"1","m":"0","p":"0","s":""}},"v":"2.1","region":"DEBE","reg":"GDPR","purposes":{"a":true,"p":false,"m":false,"t":false}}"#,
                "explicit",
                "-+-",
            ),
            (
                r#"_tracking_consent={"con":{"CMP":{"a":"","m":"","p":"","s":""}},"v":"2.1","region":"USTX","reg":"","purposes":{"a":true,"p":true,"m":true,"t":true},"display_banner":false,"sale_of_data_region":false}"#,
                "implied",
                "+++",
            ),
            (r#"_tracking_consent={"con":{"CMP":{"a":"yes"}},"v":"2.1"}"#, "none", "???"),
        ],
    ),
    (
        "sourcepoint",
        [
            ("consentUUID=0a1b2c3d_25; consentDate={ISO}", "opaque", "???"),
            ("consentUUID=4e5f6a7b_25; consentDate={ISO}", "opaque", "???"),
            ("consentUUID=8c9d0e1f_25; consentDate={ISO}", "opaque", "???"),
            ("other=1", "none", "???"),
            ("consentUUID=%", "opaque", "???"),
        ],
    ),
    (
        "tarteaucitron",
        [
            ("tarteaucitron=!gtag=true!facebookpixel=true!youtube=true", "explicit", "+++"),
            ("tarteaucitron=!gtag=false!facebookpixel=false!youtube=false", "explicit", "---"),
            ("tarteaucitron=!gtag=true!facebookpixel=false!youtube=wait", "explicit", "?+-"),
            ("tarteaucitron=!gtag=wait!facebookpixel=wait", "none", "???"),
            ("tarteaucitron=!gtag=true!facebookpixel", "none", "???"),
        ],
    ),
    (
        "tealium",
        [
            (
                "CONSENTMGR=c1:1%7Cc2:1%7Cc3:1%7Cc4:1%7Cc5:1%7Cc6:1%7Cc7:1%7Cc8:1%7Cc9:1%7Cc10:1%7Cc11:1%7Cc12:1%7Cc13:1%7Cc14:1%7Cc15:1%7Cts:{MS}%7Cconsent:true",
                "explicit",
                "+++",
            ),
            ("CONSENTMGR=ts:{MS}%7Cconsent:false", "explicit", "---"),
            ("CONSENTMGR=consent:true|ts:{MS}|c1:1|c3:0|c6:0", "explicit", "-+-"),
            ("utag_main=v_id:1", "", ""),
            ("CONSENTMGR=consent:true|ts:soon|c1:1", "none", "???"),
        ],
    ),
    (
        "termly",
        [
            ("TERMLY_API_CACHE=1", "opaque", "???"),
            ("TERMLY_API_CACHE=%7B%7D", "opaque", "???"),
            ("a=1; TERMLY_API_CACHE=x", "opaque", "???"),
            ("other=1", "none", "???"),
            ("TERMLY_API_CACHE=%", "opaque", "???"),
        ],
    ),
    (
        "trustarc",
        [
            (
                "notice_behavior=expressed,eu; notice_preferences=2:; notice_gdpr_prefs=0,1,2:1a8b5d; cmapi_cookie_privacy=permit 1,2,3; cmapi_gtm_bl=",
                "explicit",
                "+++",
            ),
            (
                "notice_behavior=expressed,eu; notice_preferences=0:; notice_gdpr_prefs=0:1a8b5d; cmapi_cookie_privacy=permit 1 required; cmapi_gtm_bl=ga-ms-ua-ta-asp-bzi-sp-awct-cts-csm-img-flc-fls-mpm-mpr-m6d-tc-tdc",
                "explicit",
                "---",
            ),
            (
                "notice_behavior=expressed,eu; notice_preferences=1:; notice_gdpr_prefs=0|1:1a8b5d; cmapi_cookie_privacy=permit_1|2",
                "explicit",
                "++-",
            ),
            (
                "notice_behavior=implied,us; notice_preferences=2:; notice_gdpr_prefs=0,1,2:1a8b5d; cmapi_cookie_privacy=permit 1,2,3",
                "implied",
                "+++",
            ),
            (
                "notice_behavior=expressed,eu; notice_preferences=all; notice_gdpr_prefs=0,x:; cmapi_cookie_privacy=permit",
                "none",
                "???",
            ),
        ],
    ),
    (
        "usercentrics",
        [
            ("ucString=0a1b", "opaque", "???"),
            ("ucString=2c3d", "opaque", "???"),
            ("ucData=4e5f", "opaque", "???"),
            ("other=1", "none", "???"),
            ("ucData=%", "opaque", "???"),
        ],
    ),
    (
        "vanilla-cookieconsent",
        [
            (
                r#"cc_cookie={"categories":["necessary","functionality","analytics","marketing"],"revision":0,"data":null,"consentTimestamp":"{ISO}","consentId":"0a","services":{"necessary":[],"functionality":[],"analytics":["ga"],"marketing":[]},"languageCode":"en","lastConsentTimestamp":"{ISO}","expirationTime":1796000000000}"#,
                "explicit",
                "+++",
            ),
            (
                r#"cc_cookie={"categories":["necessary"],"revision":0,"data":null,"consentTimestamp":"{ISO}","consentId":"0a","services":{"necessary":[],"analytics":[]},"languageCode":"en","lastConsentTimestamp":"{ISO}"}"#,
                "explicit",
                "---",
            ),
            (
                r#"cc_cookie={"categories":["necessary","analytics"],"revision":0,"data":null,"consentTimestamp":"{ISO}","consentId":"0a","services":{"analytics":["ga"]},"languageCode":"en","lastConsentTimestamp":"{ISO}"}"#,
                "explicit",
                "-+-",
            ),
            ("cc_other=1", "", ""),
            (r#"cc_cookie={"categories":["analytics",1]}"#, "none", "???"),
        ],
    ),
    (
        "wp-consent-api",
        [
            (
                "wp_consent_functional=allow; wp_consent_preferences=allow; wp_consent_statistics=allow; wp_consent_statistics-anonymous=allow; wp_consent_marketing=allow; cmplz_banner-status=dismissed",
                "explicit",
                "+++",
            ),
            (
                "wp_consent_functional=allow; wp_consent_preferences=deny; wp_consent_statistics=deny; wp_consent_statistics-anonymous=allow; wp_consent_marketing=deny; cmplz_banner-status=dismissed",
                "explicit",
                "---",
            ),
            (
                "wp_consent_functional=allow; wp_consent_preferences=deny; wp_consent_statistics=allow; wp_consent_marketing=deny; cmplz_banner-status=dismissed",
                "explicit",
                "-+-",
            ),
            (
                "wp_consent_functional=allow; wp_consent_preferences=allow; wp_consent_statistics=allow; wp_consent_marketing=allow",
                "implied",
                "+++",
            ),
            (
                "wp_consent_statistics=1; wp_consent_marketing=%zz; cmplz_banner-status=dismissed",
                "none",
                "???",
            ),
        ],
    ),
    (
        "zaraz",
        [
            (
                r#"cf_consent={"functional":true,"analytics":true,"marketing":true}"#,
                "explicit",
                "+++",
            ),
            (
                r#"cf_consent={"functional":false,"analytics":false,"marketing":false}"#,
                "explicit",
                "---",
            ),
            (
                r#"cf_consent={"functional":false,"analytics":true,"marketing":false}"#,
                "explicit",
                "-+-",
            ),
            ("cf_other=1", "", ""),
            (r#"cf_consent={"analytics":1}"#, "none", "???"),
        ],
    ),
];
