use super::*;
use url::Url;

fn entries() -> Vec<VendorEntry> {
    let entry = |id: &str, purpose, hosts: &[&str]| VendorEntry {
        id: id.into(),
        purpose: Some(purpose),
        hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
        cookies: vec![format!("_{id}*")],
        ..VendorEntry::default()
    };
    vec![
        entry("stats", Purpose::Analytics, &["stats.test"]),
        entry("pixel", Purpose::Marketing, &["shared.test/tr"]),
    ]
}

fn whose(url: &str, config: &Config, own: &[VendorEntry]) -> Option<String> {
    let catalog = Catalog::new(&entries(), own).unwrap();
    let page = Page::new(Url::parse("https://www.shop.example/a").unwrap());
    let url = page.url().join(url).unwrap();
    let target = Target::new(&url, Destination::Script, Shape::Plain)?;
    let scope = catalog.scope(config);
    catalog.classify(&target, &page, &scope, &scope.lists()).map(|v| v.id.to_string())
}

#[test]
fn the_first_that_speaks_decides() {
    let config = Config {
        allow: vec!["ok.stats.test".into()],
        deny: vec!["bad.test".into(), "ok.test".into()],
        ..Config::default()
    };
    for (url, vendor) in [
        ("//a.stats.test/x.js", Some("stats")),
        ("//ok.stats.test/x.js", None),
        ("//shared.test/tr?id=1", Some("pixel")),
        ("//shared.test/app.js", None),
        ("//x.bad.test/app.js", Some("denied")),
        ("//tracking.unknown.test/x.js", Some("unknown-tracker")),
        ("//fonts.unknown.test/x.js", None),
        ("//ads.shop-cdn.test/x.js", None),
        ("/ads/x.js", None),
        ("//ads.shop.example/x.js", None),
        ("data:text/javascript,1", None),
    ] {
        assert_eq!(whose(url, &config, &[]).as_deref(), vendor, "{url}");
    }
}

#[test]
fn all_third_parties_can_be_gated() {
    let config = Config { third_party: ThirdParty::All, ..Config::default() };
    assert_eq!(whose("//fonts.unknown.test/", &config, &[]).as_deref(), Some("third-party"));
    assert_eq!(whose("//cdn.shop.example/", &config, &[]), None);
}

#[test]
fn first_party_copies_and_own_hosts_are_known() {
    let copy = FirstParty { path: "/js/stats.js".into(), vendor: "stats".into() };
    let config = Config { first_party: vec![copy], ..Config::default() };
    assert_eq!(whose("/js/stats.js?v=1", &config, &[]).as_deref(), Some("stats"));
    assert_eq!(whose("/js/other.js", &config, &[]), None);
    let own = VendorEntry {
        id: "stats".into(),
        hosts: vec!["m.shop.example".into()],
        ..VendorEntry::default()
    };
    assert_eq!(whose("//m.shop.example/x", &Config::default(), &[own]).as_deref(), Some("stats"));
}

#[test]
fn own_entries_override() {
    let own = VendorEntry {
        id: "stats".into(),
        purpose: Some(Purpose::Necessary),
        hosts: vec!["stats2.test".into()],
        ..VendorEntry::default()
    };
    let catalog = Catalog::new(&entries(), &[own]).unwrap();
    assert_eq!(catalog.vendor("stats").unwrap().purpose, Purpose::Necessary);
    assert_eq!(catalog.cookie("_stats_1").unwrap().id.as_ref(), "stats");
    assert!(catalog.cookie("session").is_none());
}
