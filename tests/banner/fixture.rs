//! Banners of a made-up shop in three languages, as files for the browser.

use consentry::{
    page::{
        File,
        banner::{self, Data, Link, Position, Shown, Standing, Told, Vendor},
    },
    purpose::{Purpose, PurposeSet},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Service, company, country, what it receives, how long, policy; by purpose.
const VENDORS: [(Purpose, [&str; 6]); 12] = [
    (
        Purpose::Functional,
        [
            "YouTube",
            "Google Ireland Limited",
            "Ireland",
            "Address of the page, IP address, kind of device, what is played",
            "180 days",
            "https://policies.google.com/privacy",
        ],
    ),
    (
        Purpose::Functional,
        [
            "Google Maps",
            "Google Ireland Limited",
            "Ireland",
            "Address of the page, IP address, kind of device",
            "180 days",
            "https://policies.google.com/privacy",
        ],
    ),
    (
        Purpose::Functional,
        [
            "Intercom",
            "Intercom R&D Unlimited Company",
            "Ireland",
            "Address of the page, IP address, messages that you write",
            "270 days",
            "https://www.intercom.com/legal/privacy",
        ],
    ),
    (
        Purpose::Analytics,
        [
            "Google Analytics",
            "Google Ireland Limited",
            "Ireland",
            "Address of the page, kind of device, an id of your browser, what you click",
            "400 days",
            "https://policies.google.com/privacy",
        ],
    ),
    (
        Purpose::Analytics,
        [
            "Hotjar",
            "Hotjar Limited",
            "Malta",
            "Address of the page, kind of device, movements of the mouse, what you click",
            "365 days",
            "https://www.hotjar.com/legal/policies/privacy",
        ],
    ),
    (
        Purpose::Analytics,
        [
            "Microsoft Clarity",
            "Microsoft Ireland Operations Limited",
            "Ireland",
            "Address of the page, kind of device, movements of the mouse",
            "390 days",
            "https://privacy.microsoft.com/privacystatement",
        ],
    ),
    (
        Purpose::Analytics,
        [
            "Matomo Cloud",
            "InnoCraft Limited",
            "New Zealand",
            "Address of the page, kind of device",
            "390 days",
            "https://matomo.org/privacy-policy/",
        ],
    ),
    (
        Purpose::Marketing,
        [
            "Meta Pixel",
            "Meta Platforms Ireland Limited",
            "Ireland",
            "Address of the page, IP address, an id of your browser, purchases",
            "90 days",
            "https://www.facebook.com/privacy/policy",
        ],
    ),
    (
        Purpose::Marketing,
        [
            "Google Ads",
            "Google Ireland Limited",
            "Ireland",
            "Address of the page, IP address, an id of your browser, purchases",
            "90 days",
            "https://policies.google.com/privacy",
        ],
    ),
    (
        Purpose::Marketing,
        [
            "TikTok Pixel",
            "TikTok Technology Limited",
            "Ireland",
            "Address of the page, IP address, an id of your browser",
            "390 days",
            "https://www.tiktok.com/legal/privacy-policy-eea",
        ],
    ),
    (
        Purpose::Marketing,
        [
            "LinkedIn Insight Tag",
            "LinkedIn Ireland Unlimited Company",
            "Ireland",
            "Address of the page, IP address, membership",
            "180 days",
            "https://www.linkedin.com/legal/privacy-policy",
        ],
    ),
    (
        Purpose::Marketing,
        [
            "Pinterest Tag",
            "Pinterest Europe Limited",
            "Ireland",
            "Address of the page, IP address, an id of your browser",
            "365 days",
            "https://policy.pinterest.com/privacy-policy",
        ],
    ),
];

/// The texts of a language: the program's, or else this test's own.
pub(crate) fn texts(lang: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["src/page/texts", "tests/banner"];
    let text = places
        .iter()
        .find_map(|place| fs::read_to_string(root.join(place).join(format!("{lang}.toml"))).ok());
    let table: toml::Table = text.unwrap().parse().unwrap();
    let text = |(key, value): (String, toml::Value)| Some((key, value.as_str()?.to_owned()));
    table.into_iter().filter_map(text).collect()
}

/// The shop's banner.
pub(crate) fn banner(lang: &str) -> Data {
    let texts = texts(lang);
    let of = |key: &str| texts.get(key).cloned().unwrap();
    let shown = |id: Purpose| Shown {
        id,
        name: of(&format!("{id}_name")),
        description: of(&format!("{id}_text")),
        vendors: VENDORS
            .iter()
            .filter(|(of, _)| *of == id)
            .map(|(_, facts)| vendor(facts))
            .collect(),
    };
    let link = |key: &str, href: &str| Link { text: of(key), href: href.into() };
    Data {
        lang: lang.into(),
        is_rtl: lang == "ar",
        policy: "a1b2c3d4".into(),
        purposes: Purpose::OPTIONAL.map(shown).to_vec(),
        links: vec![link("link_privacy", "/privacy"), link("link_imprint", "/imprint")],
        texts,
        ..Data::default()
    }
}

fn vendor(facts: &[&str; 6]) -> Vendor {
    let [name, company, country, receives, keeps, policy] = facts.map(str::to_owned);
    let id = name.to_lowercase().replace(' ', "_");
    Vendor { id, name, company, receives, keeps, country, policy }
}

/// The page without JavaScript: 0 before a choice, 1 after one, 2 with Global Privacy Control and an old list, 3 where the law lets
/// all be.
pub(crate) fn page(data: &Data, state: u8) -> File {
    let is_chosen = state == 1;
    let all: PurposeSet = Purpose::OPTIONAL.into_iter().collect();
    let analytics = PurposeSet::EMPTY.with(Purpose::Analytics);
    let standing = Standing {
        is_chosen,
        granted: match state {
            1 => analytics,
            3 => all,
            _ => PurposeSet::EMPTY,
        },
        has_changed: state == 2,
        signal: (state == 2).then_some(Told::Gpc),
        receipt: is_chosen.then(|| "5f0c1c3a9d7b4e2f8a6b0c1d2e3f4a5b".into()),
        just_saved: is_chosen,
        back: "/tea?cup=2".into(),
    };
    banner::form(data, &standing)
}

/// All of it, in a folder.
pub(crate) fn write(to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    let put = |name: String, bytes: &[u8]| fs::write::<PathBuf, _>(to.join(name), bytes).unwrap();
    for lang in ["en", "de", "ar"] {
        let data = banner(lang);
        put(format!("{lang}.js"), &banner::script(&data).body);
        for state in 0..4 {
            let file = page(&data, state);
            put(format!("{lang}-{state}.html"), &file.body);
            put(format!("{lang}-{state}.csp"), file.policy.unwrap().as_bytes());
        }
        put(format!("{lang}.json"), data.shown().as_bytes());
    }
    for (name, change) in variants() {
        let mut data = banner("en");
        change(&mut data);
        put(format!("{name}.js"), &banner::script(&data).body);
    }
}

type Change = fn(&mut Data);

/// The shop with other options.
fn variants() -> [(&'static str, Change); 5] {
    [
        ("start", |data| data.options.position = Position::Start),
        ("end", |data| data.options.position = Position::End),
        ("reload", |data| data.options.after = banner::After::Reload),
        ("wordpress", |data| data.options.wp_consent = true),
        ("bare", |data| {
            data.options.button = None;
            data.options.data_layer = false;
            data.options.dnt = Purpose::OPTIONAL.into_iter().collect();
            data.purposes.truncate(2);
            data.links.clear();
        }),
    ]
}
