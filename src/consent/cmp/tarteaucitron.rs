//! Turns tarteaucitron's cookie into what it says.
//!
//! 1. The value is `!service=true!service=false!service=wait`; `wait` is no decision. A service twice is malformed.
//! 2. Services are the ones that tarteaucitron ships, with the types that it gives to them (tarteaucitron.services.js 1.34):
//!    analytics; ads, social networks and comments for marketing; video, support and other helps for functional. Those that
//!    it takes for analytics and that the catalogue takes for marketing (TikTok, Snapchat, Twitter) are marketing.
//! 3. A site's map takes the place of all of these.

use super::conventional;
use crate::{
    consent::{
        signal::Vote,
        source::{Said, Source},
    },
    purpose::Purpose,
};
use std::collections::BTreeMap;

const ANALYTICS: &str = "actistat adobeanalytics adobeworkspace amplitude analytics atinternet atinternethightrack clarity clicky compteur \
    contentsquare crazyegg emolytics etracker eulerian firebase force24 freshsalescrm gajs getplus getquanty gtag hotjar \
    hubspot kameleoon koban kompass leadforensicsold leadinfo matomo matomocloud matomoheatmap matomohightrack mautic \
    metrica microanalytics microsoftcampaignanalytics mixpanel multiplegtag openwebanalytics pardot pianoanalytics \
    piwikpro plausible plezi sharpspring shinystat simpleanalytics statcounter teambrain usercom userpilot verizondottag \
    visualrevenue webmecanik weborama wysistat wysistathightrack xiti xiti_smarttag zohopagesense gcmanalyticsstorage";

const MARKETING: &str = "activecampaign adform adsense adsenseauto adsensesearch adsensesearchform adsensesearchresult aduptech_ads \
    aduptech_conversion aduptech_retargeting affilae amazon antvoice cjcom clickdimensions clicmanager criteo criteoonetag \
    datingaffiliation datingaffiliationpopup doubleclick equativ eskimi facebookpixel goldenbees googleads \
    googleadwordsconversion googleadwordsremarketing googlepartners klaviyo kwanko leadforensics linkedininsighttag \
    madmetrics outbrain outbrainamplify pinterestpixel piximedia prelinker pubdirecte reddit shareasale skaze teads \
    thetradedesk twenga vshop xandr xandrconversion xandrsegment addthis addtoanyfeed addtoanyshare discord ekomi facebook \
    facebookcustomerchat facebooklikebox facebookpost gplus gplusbadge instagram linkedin pinterest rumbletalk shareaholic \
    sharethis sharethissticky twitter twitterembed twittertimeline disqus facebookcomment tiktok snapchat twitteruwt \
    gcmadstorage gcmadsuserdata gcmpersonalization";

const FUNCTIONAL: &str = "acast archive artetv calameo calameolibrary canalu dailymotion deezer fculture mixcloud playplay podcloud prezi \
    slideshare spotify tiktokvideo twitch videas vimeo webtvnu youtube youtubeapi youtubeplaylist brevochat dialoginsight \
    elfsight intercomChat markerio pipedrive purechat robofabrica screeb smartsupp studizz tawkto tolkaigenii ubib \
    userlike uservoice weply zoho zopim abtasty arcio dynatrace genially geoportail googlefonts googlemaps googlemapsembed \
    googlemapssearch googletagmanager helloasso jsapi m6meteo marketomunchkin matomotm meteofrance mtcaptcha \
    multiplegoogletagmanager myfeelback onesignal openstreetmap pingdom recaptcha seamlessaccess stonly stripe \
    tagcommander timelinejs twitterwidgetsapi typekit activecampaignvgo calendly collectchat crisp faciliti fillout \
    gagenda gallica gdocs gforms googlesignin goptimize gsheets gslides hcaptcha iframe issuu maps_noapi matterport \
    posthog sendinblue tolkai trustpilot gcmfunctionality";

const SERVICES: [(&str, Purpose); 4] = [
    (ANALYTICS, Purpose::Analytics),
    (MARKETING, Purpose::Marketing),
    (FUNCTIONAL, Purpose::Functional),
    ("gcmsecurity", Purpose::Necessary),
];

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    source.each(|value| decode(value, source))
}

fn decode(value: &str, source: &Source<'_>) -> Option<Said> {
    let mut cast = BTreeMap::new();
    for token in value.split('!').filter(|token| !token.is_empty()) {
        let (service, answer) = token.split_once('=')?;
        if cast.insert(service, vote(answer)?).is_some() {
            return None;
        }
    }
    if cast.values().all(|vote| *vote == Vote::Silent) {
        return Some(Said::nothing("no choice has been made yet"));
    }
    let cast: Vec<_> = cast.into_iter().collect();
    let shipped = |service: &str| conventional::among(service, &SERVICES);
    Some(Said::by(true, conventional::votes(source, &cast, shipped)))
}

fn vote(answer: &str) -> Option<Vote> {
    match answer {
        "true" => Some(Vote::Grant),
        "false" => Some(Vote::Deny),
        "wait" => Some(Vote::Silent),
        _ => None,
    }
}
