use super::*;
use crate::{
    catalog::{FirstParty, ListSource, ThirdParty},
    consent::{Cmp, Find, Iab},
    policy::{Regime, Tcf, csp::Wall},
    purpose::{Purpose, PurposeSet},
    rewrite::Gated,
};
use proptest::prelude::*;
use std::time::Duration;

const REFERENCE: &str = include_str!("../../conf/consentry.toml");

fn parse(text: &str) -> Result<Config, Problems> {
    Config::parse(text, "c.toml", Path::new("conf"), &Overrides::default())
}

/// `text` has exactly these problems, in this order.
#[track_caller]
fn has(text: &str, expected: &[&str]) {
    let problems = parse(text).expect_err("there are problems").to_string();
    assert_eq!(problems.lines().collect::<Vec<_>>(), expected, "in:\n{text}");
}

#[test]
fn the_empty_file_gives_the_defaults() {
    for text in ["", "\u{feff}"] {
        // Places that are relative stay so where the file is in no folder.
        let parsed = Config::parse(text, "c.toml", Path::new(""), &Overrides::default());
        assert_eq!(format!("{:?}", parsed.unwrap()), format!("{:?}", Config::default()));
    }
}

#[test]
fn unknown_keys_come_with_the_nearest_or_their_place() {
    has("orgin = 1", &["c.toml:1:1: unknown key `orgin`; write `origin`"]);
    has(
        "[gate]\nheuristic = true",
        &["c.toml:2:1: unknown key `heuristic` in [gate]; write `heuristics`"],
    );
    has(
        "[gate]\nmode = \"off\"",
        &[
            "c.toml:2:1: unknown key `mode` in [gate]; write it before the first table or in [[site]]",
        ],
    );
    has("max_tag = \"1MiB\"", &["c.toml:1:1: unknown key `max_tag`; write it in [limits]"]);
    has(
        "[listen]\ncolour = 1",
        &[
            "c.toml:2:1: unknown key `colour` in [listen]; write one of address, admin, trusted, forwarding, hsts, backlog, reuse_port, tcp_keepalive, certificate_refresh, handover",
        ],
    );
    has(
        "[consent]\nrule = [{ cookie = \"a\", path = \"\", equals = \"1\", purpos = \"marketing\", purpose = \"marketing\" }]",
        &["c.toml:2:50: unknown key `purpos` in [consent.rule]; write `purpose`"],
    );
}

#[test]
fn wrong_kinds_are_named() {
    has(
        "mode = 1\nheader = \"yes\"\nvendors = []\nlisten = 3\nsite = 1",
        &[
            "c.toml:1:8: `mode` is a number; write one of \"enforce\", \"report\", \"off\"",
            "c.toml:2:10: `header` is a string; write true or false, without quotes",
            "c.toml:3:11: `vendors` is an array; write text in quotes",
            "c.toml:4:10: `listen` is a number; write a table",
            "c.toml:5:8: `site` is a number; write an array: `[ ... ]`",
        ],
    );
    has(
        "[consent]\nmap = 1.5\ncmp = [1979-05-27]\nrule = [true]",
        &[
            "c.toml:2:7: `map` is a fraction; write a table",
            "c.toml:3:8: an entry of `cmp` is a date; write one of \"axeptio\", \"borlabs\", \"civic\", \"commanders-act\", \"complianz\", \"cookie-information\", \"cookie-script\", \"cookiebot\", \"cookiefirst\", \"cookiehub\", \"cookielawinfo-legacy\", \"cookieyes\", \"didomi\", \"drupal-eucc\", \"google-fc\", \"hubspot\", \"iubenda\", \"ketch\", \"klaro\", \"matomo\", \"onetrust\", \"osano-cmp\", \"osano-oss\", \"piwikpro\", \"shopify\", \"sourcepoint\", \"tarteaucitron\", \"tealium\", \"termly\", \"trustarc\", \"usercentrics\", \"vanilla-cookieconsent\", \"wp-consent-api\", \"zaraz\"",
            "c.toml:4:9: an entry of `rule` is true or false; write a table",
        ],
    );
}

#[test]
fn unknown_names_come_with_the_known_ones() {
    has(
        "mode = \"enforced\"\nregime = \"gdpr\"\non_unreadable = \"Block\"",
        &[
            "c.toml:1:8: `mode` is `enforced`; write \"enforce\"",
            "c.toml:2:10: `regime` is `gdpr`; write one of \"opt-in\", \"opt-out\", \"none\"",
            "c.toml:3:17: `on_unreadable` is `Block`; write \"block\"",
        ],
    );
    has(
        "[consent]\ngpc = [\"marketing\", \"necessary\"]\ncmp = [\"onetrus\"]\nmap.clearo = {}\nmap.onetrust = { C1 = \"ads\" }",
        &[
            "c.toml:2:21: an entry of `gpc` is `necessary`; write one of \"functional\", \"analytics\", \"marketing\"",
            "c.toml:3:8: an entry of `cmp` is `onetrus`; write \"onetrust\"",
            "c.toml:4:5: unknown consent manager `clearo` in `map`; write `klaro`",
            "c.toml:5:23: `C1` is `ads`; write one of \"functional\", \"analytics\", \"marketing\", \"necessary\"",
        ],
    );
}

#[test]
fn the_support_of_gpc_has_a_date_and_a_meaning() {
    let config = parse("[consent]\ngpc_json = \"2026-11-01\"").unwrap();
    let day = config.default.consent.gpc_json.map(crate::consent::Day::iso);
    assert_eq!(day.as_deref(), Some("2026-11-01"));
    for (written, shown) in [
        ("\"2026-11-31\"", "`2026-11-31`, which is no date"),
        ("\"20261101\"", "`20261101`, which is no date"),
        ("2026-11-01", "a date"),
    ] {
        let what = format!(
            "c.toml:2:12: `gpc_json` is {shown}; write a date in quotes, as \"2026-11-01\""
        );
        has(&format!("[consent]\ngpc_json = {written}"), &[&what]);
    }
    has(
        "[consent]\ngpc = []\ngpc_json = \"2026-11-01\"",
        &[
            "c.toml:3:1: `gpc_json` says that GPC is respected, and `gpc` refuses nothing; write `gpc = [\"marketing\"]`",
        ],
    );
}

#[test]
fn the_purposes_of_the_tcf_can_be_chosen() {
    use crate::consent::tcf::{Purposes, Use, Uses};
    let of = |all, one_of| Use::new(Purposes::of(all), Purposes::of(one_of));
    let text = "[consent]\ntcf_purposes = { marketing = [1, [2, 4], 7] }\n\
                [[site]]\nhosts = [\"a.test\"]\norigin.url = \"http://a.test\"\nconsent.tcf_purposes.analytics = [1]";
    let config = parse(text).unwrap();
    let top = Uses { marketing: of(&[1, 7], &[2, 4]), ..Uses::DEFAULT };
    assert_eq!(config.default.consent.tcf_purposes, top);
    let site = Uses { analytics: of(&[1], &[]), ..top };
    assert_eq!(config.sites[0].consent.tcf_purposes, site);
    has(
        "[consent.tcf_purposes]\nmarketing = [2, 3]\nanalytics = [1, 12]\nfunctional = [1, [2], [3]]\nnecessary = []\n",
        &[
            "c.toml:2:13: `marketing` is without purpose 1; write 1 too: nothing else allows storage",
            "c.toml:3:13: `analytics` has an entry that is `12`; write a whole number from 1 to 11",
            "c.toml:4:14: `functional` has two inner lists; write at most one",
            "c.toml:5:1: unknown purpose `necessary` in `tcf_purposes`; write `functional`, `analytics` or `marketing`",
        ],
    );
}

#[test]
fn strings_of_the_iabs_frameworks_can_be_chosen() {
    let config = parse("[consent]\niab = [\"gpp\", \"tcf\"]\ntcf = \"require\"").unwrap();
    assert_eq!(config.default.consent.iab, [Iab::Gpp, Iab::Tcf]);
    assert_eq!(config.default.policy.tcf, Tcf::Require);
    has(
        "[consent]\niab = [\"tfc\"]\ntcf = \"on\"",
        &[
            "c.toml:2:8: an entry of `iab` is `tfc`; write \"tcf\"",
            "c.toml:3:7: `tcf` is `on`; write one of \"if-present\", \"require\", \"off\"",
        ],
    );
    let what =
        "`tcf` is \"require\", and `iab` has neither \"tcf\" nor \"gpp\", so no TC string is read";
    has(
        "[consent]\niab = [\"ac\"]\ntcf = \"require\"",
        &[&format!("c.toml:2:1: {what}; add \"tcf\" to `iab`")],
    );
}

#[test]
fn a_cookies_domain_holds_the_sites_hosts() {
    let registered = "write the domain that you registered, as \"shop.example\", or \"\" for none";
    for (written, wrong) in [
        ("co.uk", format!(", for which browsers take no cookies; {registered}")),
        ("127.0.0.1", format!(", for which browsers take no cookies; {registered}")),
        ("localhost", format!(", for which browsers take no cookies; {registered}")),
        (".shop.example", "; write \"shop.example\": its subdomains are included".to_owned()),
        ("*.shop.example", "; write \"shop.example\": its subdomains are included".to_owned()),
    ] {
        let problem = format!("c.toml:2:17: `cookie_domain` is `{written}`{wrong}");
        has(&format!("[consent]\ncookie_domain = \"{written}\""), &[&problem]);
    }
    let site = |hosts: &str, domain: &str| {
        format!(
            "origin.url = \"http://127.0.0.1:1\"\n[[site]]\nhosts = [{hosts}]\nconsent.cookie_domain = \"{domain}\""
        )
    };
    for (hosts, outside) in [
        ("\"www.shop.example\", \"shop.example.org\"", "shop.example.org"),
        ("\"*.example\"", "*.example"),
        ("\"shop.example\", \"myshop.example\"", "myshop.example"),
    ] {
        let what = format!(
            "`cookie_domain` is `shop.example`, and the site's host `{outside}` is not in it"
        );
        let instead = "write a domain that all of `hosts` are in, or \"\" for none";
        has(&site(hosts, "shop.example"), &[&format!("c.toml:4:25: {what}; {instead}")]);
    }
    let what = "`cookie_domain` is `shop.example`, and `__Host-c` is a cookie of one host";
    has(
        "[consent]\ncookie = \"__Host-c\"\ncookie_domain = \"shop.example\"",
        &[&format!("c.toml:3:17: {what}; give the cookie another name")],
    );
    let hosts = "\"shop.example\", \"www.shop.example\", \"*.a.shop.example\", \"*.shop.example\"";
    let config = parse(&site(hosts, "Shop.Example")).unwrap();
    assert_eq!(config.sites[0].consent.cookie_domain.as_deref(), Some("shop.example"));
}

#[test]
fn values_out_of_range_come_with_the_range() {
    has(
        "[consent]\nmax_age_days = 0\n[limits]\nmax_tag = \"1B\"\nmax_inline = \"2MB\"\nmax_decoded = 5",
        &[
            "c.toml:2:16: `max_age_days` is `0`; write a whole number from 1 to 3650",
            "c.toml:4:11: `max_tag` is `1B`; write from \"1KiB\" to \"256MiB\"",
            "c.toml:5:14: `max_inline` is `2MB`, which is no size; write a number and a unit in quotes, as \"512B\", \"256KiB\", \"2MiB\" or \"1GiB\"",
            "c.toml:6:15: `max_decoded` is a number; write a number and a unit in quotes, as \"512B\", \"256KiB\", \"2MiB\" or \"1GiB\"",
        ],
    );
    has(
        "[origin]\nconnect_timeout = 3\nread_timeout = \"0s\"\nwrite_timeout = \"99999999999999999999s\"",
        &[
            "c.toml:2:19: `connect_timeout` is a number; write a number and a unit in quotes, as \"500ms\", \"30s\", \"5m\", \"12h\" or \"1d\"",
            "c.toml:3:16: `read_timeout` is `0s`; write from \"1ms\" to \"1h\"",
            "c.toml:4:17: `write_timeout` is `99999999999999999999s`, which is no duration; write a number and a unit in quotes, as \"500ms\", \"30s\", \"5m\", \"12h\" or \"1d\"",
        ],
    );
}

#[test]
fn addresses_and_urls_are_checked() {
    has(
        "[listen]\naddress = \"localhost:80\"\nadmin = \"x\"\n[origin]\nurl = \"shop.example\"",
        &[
            "c.toml:2:11: `address` is `localhost:80`, which is no address with a port; write \"127.0.0.1:80\"",
            "c.toml:3:9: `admin` is `x`, which is no address with a port; write \"127.0.0.1:8080\"",
            "c.toml:5:7: `url` is `shop.example`, which is no URL (relative URL without a base); write a URL such as \"http://127.0.0.1:3000\"",
        ],
    );
    has(
        "[listen]\nadmin = \"127.0.0.1:8080\"",
        &["c.toml:2:1: `admin` is 127.0.0.1:8080, where visitors are served; write another port"],
    );
    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let both = parse("[listen]\naddress = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"").unwrap();
    assert_eq!((both.listen.address(), both.listen.admin), (Some(free), Some(free)));
}

#[test]
fn consent_managers_that_need_a_map_have_one() {
    has(
        "[consent]\ncmp = [\"klaro\"]",
        &[
            "c.toml:2:1: `klaro` is in `cmp`, and `map` does not say what its names mean; write `map.klaro = { googleAnalytics = \"analytics\" }`",
        ],
    );
    // A site can bring the map for the manager that the top names.
    let sites = "[origin]\nurl = \"http://o.test\"\n[[site]]\nhosts = [\"a.test\"]\n";
    assert!(
        parse(&format!(
            "[consent]\ncmp = [\"klaro\"]\n{sites}consent.map.klaro = {{ x = \"analytics\" }}"
        ))
        .is_ok()
    );
    has(
        &format!("[consent]\ncmp = [\"klaro\"]\n{sites}"),
        &[
            "c.toml:5:1: `klaro` is in `cmp`, and `map` does not say what its names mean; write `map.klaro = { googleAnalytics = \"analytics\" }`",
        ],
    );
}

#[test]
fn renamed_cookies_and_revisions_are_read() {
    let config =
        parse("[consent]\npolicy = \"p2\"\ncookies.klaro = \"k\"\nrevisions.cookiehub = \"3\"")
            .unwrap();
    let consent = config.default.consent;
    assert_eq!(consent.policy.map(|policy| policy.to_string()).as_deref(), Some("p2"));
    assert_eq!(consent.cookies[&Cmp::Klaro], "k");
    assert_eq!(consent.revisions[&Cmp::CookieHub], "3");
    has(
        "[consent]\npolicy = \"P 2\"\ncookies.klaro = \"a;b\"\nrevisions.cookieyes = \"3\"\nrevisions.cookiehub = 3",
        &[
            "c.toml:2:10: `policy` is `P 2`; write 1 to 16 lower case letters and digits",
            "c.toml:3:17: `klaro` is `a;b`, which no cookie can be named; write letters, digits, `-`, `_` and `.`",
            "c.toml:4:11: `cookieyes` in `revisions` has no revision in its cookie; take it away",
            "c.toml:5:23: `cookiehub` is a number; write text in quotes",
        ],
    );
}

#[test]
fn maps_that_are_not_read_are_told() {
    let problem = "c.toml:2:1: `map` has `klaro`, which is not in `cmp` and so is not read; add \"klaro\" to `cmp`";
    has("[consent]\nmap.klaro = { a = \"analytics\" }", &[problem]);
    // A wrong map is a wrong map, and not a missing one too.
    has(
        "[consent]\ncmp = [\"klaro\"]\nmap.klaro = { a = \"analytic\" }",
        &["c.toml:3:19: `a` is `analytic`; write \"analytics\""],
    );
}

#[test]
fn rules_are_whole() {
    has(
        "[consent]\nrule = [\n{},\n{ cookie = \"a b\", path = \"\", regex = \"(\", equals = 1, purpose = \"x\" },\n]",
        &[
            "c.toml:3:1: `cookie` is missing in [consent.rule]; write `cookie = \"my_consent\"`",
            "c.toml:3:1: a rule says not where in the cookie to look; write `path = \"consents.analytics\"`, `path = \"\"` for the whole value, `regex = \"...\"`, `list = \",\"`, or `pairs = \"&\"` and `key = \"ads\"`",
            "c.toml:3:1: `equals` is missing in [consent.rule]; write `equals = \"true\"`",
            "c.toml:3:1: `purpose` is missing in [consent.rule]; write `purpose = \"analytics\"`",
            "c.toml:4:1: a rule has both `path` and `regex`; keep one of the two",
            "c.toml:4:12: `cookie` is `a b`, which no cookie can be named; write letters, digits, `-`, `_` and `.`",
            "c.toml:4:38: `regex` is `(`, which is no regular expression (unclosed group); mend it, in single quotes so that backslashes stay",
            "c.toml:4:52: `equals` is a number; write text in quotes",
            "c.toml:4:65: `purpose` is `x`; write one of \"functional\", \"analytics\", \"marketing\"",
        ],
    );
    let rest = "cookie = \"a\", equals = \"1\", purpose = \"analytics\"";
    has(
        &format!(
            "[consent]\nrule = [\n{{ pairs = \"&\", {rest} }},\n{{ key = \"b\", list = \",\", {rest} }},\n\
             {{ list = \"\", {rest} }},\n{{ list = \",\", pairs = \"&\", key = \"b\", {rest} }},\n]"
        ),
        &[
            "c.toml:3:3: `key` is missing in a rule with `pairs`; write `key = \"ads\"`",
            "c.toml:4:3: a rule has a `key`, and no `pairs` in which it is looked for; add `pairs = \"&\"`, or take it away",
            "c.toml:5:10: `list` is empty; write some text",
            "c.toml:6:1: a rule has both `list` and `pairs`; keep one of the two",
        ],
    );
}

#[test]
fn policies_are_checked() {
    has(
        "[gate]\ncsp = \"enforced\"\ncsp_hosts = [\"*.cdn.example\", \"https://cdn.example/\", \"recaptchaa\", \"cdn.example/x?y\"]",
        &[
            "c.toml:2:7: `csp` is `enforced`; write \"enforce\"",
            "c.toml:3:14: an entry of `csp_hosts` is `*.cdn.example`; write \"cdn.example\": its subdomains are included",
            "c.toml:3:31: an entry of `csp_hosts` is `https://cdn.example/`, which is not only a host; write \"cdn.example\"",
            "c.toml:3:55: an entry of `csp_hosts` is `recaptchaa`, which no vendor is called; write \"recaptcha\"",
            "c.toml:3:69: an entry of `csp_hosts` is `cdn.example/x?y`; write \"host\" or \"host/path\", without a query",
        ],
    );
    let csp = parse("[gate]\ncsp = \"enforce\"\ncsp_hosts = [\"CDN.example/a\", \"recaptcha\"]")
        .unwrap()
        .default
        .csp;
    assert_eq!(
        (csp.wall, csp.hosts),
        (Wall::Enforce, vec!["cdn.example/a".to_owned(), "recaptcha".to_owned()])
    );
}

#[test]
fn gates_are_checked() {
    has(
        "[gate]\nallow = [\"*.cdn.example\", \"x.example\"]\ndeny = [\"http://t.example/\", \"x.example\"]\nfirst_party = [{ path = \"matomo.js\", vendor = \"matomoo\" }, { path = \"/a*b\" }]",
        &[
            "c.toml:2:10: an entry of `allow` is `*.cdn.example`; write \"cdn.example\": its subdomains are included",
            "c.toml:3:1: `x.example` is both in `allow` and in `deny`; keep it in one of them",
            "c.toml:3:9: an entry of `deny` is `http://t.example/`, which is not only a host; write \"t.example\"",
            "c.toml:4:25: `path` is `matomo.js`, which does not begin with a slash; write \"/matomo.js\"",
            "c.toml:4:47: `vendor` is `matomoo`, which no vendor is called; write \"matomo\"",
            "c.toml:4:60: `vendor` is missing in [gate.first_party]; write `vendor = \"matomo\"`",
            "c.toml:4:69: `path` is `/a*b`; write a path without a query; `*` may only end it",
        ],
    );
    has(
        "[gate]\nlists = [{}, { path = \"a\", url = \"b\" }, { path = \"none.txt\" }, { url = \"ftp://a\", refresh = \"0s\" }]",
        &[
            "c.toml:2:10: a list has neither `path` nor `url`; write one of them: `url = \"https://lists.example/list.txt\"`",
            "c.toml:2:14: a list has both `path` and `url`; write one of them: `url = \"https://lists.example/list.txt\"`",
            "c.toml:2:43: `path` is `none.txt`, and there is no file conf/none.txt; write a path relative to this file, or a whole one",
            "c.toml:2:72: `url` is `ftp://a`, which is no http or https URL; write a URL such as \"https://lists.example/list.txt\"",
            "c.toml:2:93: `refresh` is `0s`; write from \"1s\" to \"1y\"",
        ],
    );
    has(
        "[gate]\nlist_cache = \"consentry.toml\"",
        &[
            "c.toml:2:1: `list_cache` is `consentry.toml`, which is a file; write the path of a folder",
        ],
    );
}

#[test]
fn regions_are_checked() {
    has(
        "[region]\nheader = \"CF Country\"\ndatabase = \"none.mmdb\"\nopt_out = [\"US\", \"USA\"]\nnone = [\"us\"]",
        &[
            "c.toml:2:10: `header` is `CF Country`, which no header can be named; write a header's name",
            "c.toml:3:1: `database` is `none.mmdb`: No such file or directory (os error 2); write the path of a database in MaxMind's format, relative to this file",
            "c.toml:4:18: an entry of `opt_out` is `USA`, which is no region; write a country as \"US\", or a part of one as \"US-CA\"",
            "c.toml:5:9: `US` is listed twice in [region]; keep it in one of the lists",
        ],
    );
    has(
        "[region]\nopt_out = [\"US\"]",
        &[
            "c.toml:1:2: [region] lists regions, and nothing says where a visitor is; write `header = \"CF-IPCountry\"` or `database = \"GeoLite2-Country.mmdb\"`",
        ],
    );
    has(
        "[region]\ndatabase = \"consentry.toml\"",
        &[
            "c.toml:2:1: `database` is `consentry.toml`: it is no database in MaxMind's format: invalid database: could not find MaxMind DB metadata in file; write the path of a database in MaxMind's format, relative to this file",
        ],
    );
}

#[test]
fn sites_are_checked() {
    has(
        "[[site]]\nmode = \"off\"\n[[site]]\nhosts = []\norigin.url = \"http://a.test\"\n[[site]]\nhosts = [\"A.test\", \"a.test.\", \"b.test:80\"]\norigin.url = \"http://a.test/x\"\n[site.gate]\nlist_cache = \"x\"",
        &[
            "c.toml:1:1: `hosts` is missing in [[site]]; write `hosts = [\"shop.example\"]`",
            "c.toml:1:1: this site has no origin, and [origin] gives none for all; write `origin.url = \"http://127.0.0.1:3000\"`",
            "c.toml:4:1: `hosts` is empty; write `hosts = [\"shop.example\"]`",
            "c.toml:7:20: `a.test` is already a host of the site on line 7; take it out of one of the two",
            "c.toml:7:31: an entry of `hosts` is `b.test:80`, with a port; write \"b.test\"",
            "c.toml:8:14: `url` is `http://a.test/x`, which is more than scheme, host and port; write \"http://a.test\"",
            "c.toml:10:1: unknown key `list_cache` in [site.gate]; write it in [gate]",
        ],
    );
}

#[test]
fn vendors_are_checked() {
    has(
        "[[vendor]]\nid = \"Acme\"\ngvl = 70000\n[[vendor]]\nid = \"acme\"\n[[vendor]]\nid = \"acme\"\nhosts = [\"a.example?x\", \"https://a.example/\"]\ncookies = [\"*\", \"a;b\"]\n[[vendor]]\nname = \"\"",
        &[
            "c.toml:2:6: `id` is `Acme`; write up to 64 lower case letters, digits, `-`, `_` and `.`",
            "c.toml:3:7: `gvl` is `70000`; write a whole number from 1 to 65535",
            "c.toml:4:1: the new vendor `acme` has no purpose; write `purpose = \"marketing\"`",
            "c.toml:4:1: nothing says how the new vendor `acme` is recognised; write `hosts = [\"tracker.example\"]`",
            "c.toml:7:1: the vendor `acme` is already given on line 4; make one table of the two",
            "c.toml:8:10: an entry of `hosts` is `a.example?x`, which is no host name; write a name such as \"www.example.org\"",
            "c.toml:8:25: an entry of `hosts` is `https://a.example/`, which is not only a host; write \"a.example\"",
            "c.toml:9:12: an entry of `cookies` is `*`, which is every cookie; write a part of the name",
            "c.toml:9:17: an entry of `cookies` is `a;b`, which no cookie can be named; write the cookie's name",
            "c.toml:10:1: `id` is missing in [[vendor]]; write `id = \"my-tracker\"`",
            "c.toml:11:8: `name` is empty; write some text",
        ],
    );
}

#[test]
fn syntax_errors_do_not_hide_other_problems() {
    has(
        "mode = enforce\n[gate]\nheuristic = true\n[gate]\nallow = [\"a",
        &[
            "c.toml:1:8: string values must be quoted; write `\"enforce\"`",
            "c.toml:3:1: unknown key `heuristic` in [gate]; write `heuristics`",
            "c.toml:4:2: duplicate key; keep only one of the two",
            "c.toml:5:12: invalid basic string; write `\"` here",
        ],
    );
    // What seems to be missing may be in the part that could not be read.
    has("[[site]\nhosts = [\"a.test\"]", &["c.toml:1:8: unclosed array table; write `]` here"]);
}

#[test]
fn hostile_files_are_bounded() {
    for text in
        ["[".repeat(200_000), "a=[".repeat(100_000), "a.".repeat(100_000), "a=b\n".repeat(50_000)]
    {
        assert!(parse(&text).is_err());
    }
    let long = "#".repeat((16 << 20) + 1);
    has(&long, &["c.toml: the file has more than 16 MiB; split it or make it shorter"]);
    let escape = parse("mode = \"\\u001b[2J\"").unwrap_err().to_string();
    assert!(!escape.contains('\u{1b}'), "{escape}");
}

#[test]
fn a_site_begins_with_the_top() {
    let config = parse(
        "regime = \"opt-out\"\n[origin]\nurl = \"http://o.test\"\nread_timeout = \"5m\"\n\
         [consent]\ncmp = [\"klaro\"]\nmap.klaro = { a = \"analytics\" }\ngpc = []\nallow_implied = true\n\
         [gate]\nallow = [\"a.test\"]\ngated = \"inert\"\n[limits]\nmax_tag = \"4KiB\"\n\
         [[site]]\nhosts = [\"*.shop.test\"]\norigin.url = \"https://s.test:8443\"\ngate.allow = [\"b.test\"]\n\
         consent.map.klaro = { b = \"marketing\" }\n[[site]]\nhosts = [\"c.test\"]\n",
    )
    .unwrap();
    let [first, second] = config.sites.as_slice() else { panic!("two sites") };
    assert_eq!(first.hosts, [HostPattern::Below("shop.test".to_owned())]);
    assert_eq!(first.origin.servers.first().map(|s| s.url.as_str()), Some("https://s.test:8443/"));
    assert_eq!(first.origin.read_timeout, Duration::from_secs(300));
    assert_eq!(first.gate.allow, ["b.test"]);
    assert_eq!((first.regime, first.rewrite.gated), (Regime::OptOut, Gated::Inert));
    assert_eq!(first.rewrite.max_tag, 4096);
    assert_eq!(first.consent.maps[&Cmp::Klaro].len(), 2);
    assert!(first.policy.allow_implied && first.consent.gpc == PurposeSet::EMPTY);
    assert_eq!(second.gate.allow, ["a.test"]);
    assert_eq!(second.origin.servers.first().map(|s| s.url.as_str()), Some("http://o.test/"));
    assert_eq!(second.consent.maps[&Cmp::Klaro].len(), 1);
}

#[test]
fn rules_lists_and_copies_are_read() {
    let config = parse(
        "[consent]\nrule = [{ cookie = \"c\", regex = 'v(\\d)', equals = \"1\", purpose = \"analytics\" }]\n\
         [gate]\nthird_party = \"all\"\nlist_cache = \"cache\"\nfirst_party = [{ path = \"/m/*\", vendor = \"matomo\" }]\n\
         lists = [{ path = \"consentry.toml\" }, { url = \"http://l.test\", purpose = \"analytics\", refresh = \"12h\" }]\n",
    );
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let whole = "[consent]\nrule = [{ cookie = \"c\", list = \"|\", equals = \"1\", purpose = \"analytics\" },\n\
        { cookie = \"c\", pairs = \"&\", key = \"ads\", equals = \"1\", purpose = \"marketing\" }]";
    let rules = parse(whole).unwrap_or_else(|problems| panic!("{problems}")).default.consent.rules;
    assert!(matches!(&rules[0].find, Find::List(separator) if separator == "|"));
    let pairs = Find::Pairs { separator: "&".to_owned(), key: "ads".to_owned() };
    assert_eq!(format!("{:?}", rules[1].find), format!("{pairs:?}"));
    let rule = &config.default.consent.rules[0];
    assert!(matches!(&rule.find, Find::Regex(regex) if regex.as_str() == "v(\\d)"));
    assert_eq!(
        (rule.purpose, config.default.gate.third_party),
        (Purpose::Analytics, ThirdParty::All)
    );
    assert_eq!(config.list_cache, Some(PathBuf::from("conf/cache")));
    let copy = FirstParty { path: "/m/*".to_owned(), vendor: "matomo".to_owned() };
    assert_eq!(config.default.gate.first_party, [copy]);
    let [file, url] = config.default.gate.lists.as_slice() else { panic!("two lists") };
    assert_eq!(file.source, ListSource::File(PathBuf::from("conf/consentry.toml")));
    assert_eq!((file.purpose, file.refresh), (Purpose::Marketing, Duration::from_secs(86400)));
    assert_eq!(url.source, ListSource::Url("http://l.test/".to_owned()));
    assert_eq!((url.purpose, url.refresh), (Purpose::Analytics, Duration::from_secs(43200)));
}

#[test]
fn the_command_line_counts_for_more() {
    let overrides = Overrides {
        origin: Some(origin_url("http://cli.test").unwrap()),
        address: Some(listen_address("127.0.0.1:1").unwrap()),
        mode: Some(Mode::Report),
        offline: false,
    };
    let text = "[[site]]\nhosts = [\"a.test\"]\nmode = \"off\"\n[[site]]\nhosts = [\"b.test\"]\norigin.url = \"http://own.test\"";
    let config = Config::parse(text, "c.toml", Path::new(""), &overrides).unwrap();
    let origins: Vec<_> =
        config.sites.iter().flat_map(|s| &s.origin.servers).map(|s| s.url.as_str()).collect();
    assert_eq!(origins, ["http://cli.test/", "http://own.test/"]);
    assert!(config.sites.iter().all(|site| site.mode == Mode::Report));
    assert_eq!((config.default.mode, config.listen.address().unwrap().port()), (Mode::Report, 1));
}

#[test]
fn vendors_are_added_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = "[[vendor]]\nid = \"x\"\nname = \"X\"\npurpose = \"analytics\"\nhosts = [\"x.test\"]\nsurrogate = \"s\"\n";
    std::fs::write(folder.path().join("v.toml"), catalogue).unwrap();
    let text = "vendors = \"v.toml\"\n[[vendor]]\nid = \"x\"\npurpose = \"marketing\"\nhosts = [\"Y.test/p\"]\nsurrogate = \"\"\n\
                [[vendor]]\nid = \"z\"\npurpose = \"functional\"\ncookies = [\"_z*\"]\ngvl = 7\natp = 89\n";
    let config = Config::parse(text, "c.toml", folder.path(), &Overrides::default()).unwrap();
    let [x, z] = config.vendors.as_slice() else { panic!("two vendors") };
    assert_eq!(
        (x.name.as_str(), x.purpose, x.surrogate.as_str()),
        ("X", Some(Purpose::Marketing), "")
    );
    assert_eq!(x.hosts, ["x.test", "y.test/p"]);
    assert_eq!((z.name.as_str(), z.purpose), ("z", Some(Purpose::Functional)));
    assert_eq!((z.gvl, z.atp, x.atp), (Some(7), Some(89), None));
}

#[test]
fn problems_in_other_files_name_those_files() {
    let folder = tempfile::tempdir().unwrap();
    let (config, catalogue) = (folder.path().join("c.toml"), folder.path().join("v.toml"));
    let problems = || Config::load(&config, &Overrides::default()).unwrap_err().to_string();
    let missing = "the file cannot be read (No such file or directory (os error 2)); give the path of a file that is there and readable";
    assert_eq!(problems(), format!("{}: {missing}", config.display()));
    std::fs::write(&config, "vendors = \"v.toml\"\nmoed = \"off\"").unwrap();
    let first = format!("{}:2:1: unknown key `moed`; write `mode`", config.display());
    let (c, v) = (config.display(), catalogue.display());
    assert_eq!(problems(), format!("{c}:1:1: `vendors` is `{v}`: {missing}\n{first}"));
    std::fs::write(&catalogue, "\n[[vendors]]\n").unwrap();
    assert_eq!(problems(), format!("{first}\n{v}:2:3: unknown key `vendors`; write `vendor`"));
    std::fs::write(&config, b"a = 1\n\xff").unwrap();
    assert_eq!(problems(), format!("{c}:2:1: the text is not UTF-8; save the file as UTF-8"));
}

#[test]
fn the_built_in_catalogue_is_right() {
    let text = include_str!("../../conf/vendors.toml");
    let read = vendors(text, "conf/vendors.toml").unwrap_or_else(|problems| panic!("{problems}"));
    assert!(!read.is_empty() && read == built_in());
}

proptest! {
    #[test]
    fn any_text_gives_a_configuration_or_problems(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn a_mutated_reference_gives_a_configuration_or_problems(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12),
        examples: bool,
    ) {
        let text = if examples { REFERENCE.replace("\n#", "\n") } else { REFERENCE.to_owned() };
        let mut bytes = text.into_bytes();
        for (index, byte, kind) in cuts {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(problems) = parse(&text) {
            let lines = text.lines().count() + 1;
            for problem in problems.0 {
                prop_assert!((1..=lines).contains(&problem.line) && problem.column > 0, "{problem}");
                prop_assert!(!problem.what.is_empty() && !problem.instead.is_empty());
            }
        }
    }
}
