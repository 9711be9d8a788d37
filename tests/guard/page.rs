//! A page gets the guard first, with what its visitor allows; the file and the state are at their paths.

use super::CATALOG_SHARED;
use consentry::{
    consent::Day,
    engine::{Client, Config, Engine, Locator, Own, Plan, Site, Treatment},
    page::guard,
    policy::Mode,
};
use http::{Request, Response, header};
use std::time::SystemTime;

const PAGE: &str = "<!doctype html><title>x</title><script src=/a.js></script><p>x</p>";

fn engine(mode: Mode) -> Engine {
    let guard = guard::Config { enabled: true, keep_queues: false };
    let (catalog, locator) = (CATALOG_SHARED.clone(), Locator::default());
    let sites = vec![Site { guard, mode, ..Site::default() }];
    Engine::new(Config { catalog, sites, locator, fingerprint: "tests".to_owned() }).unwrap()
}

fn plan(engine: &Engine, path: &str, choice: &str) -> Plan {
    let today = Day::of(SystemTime::now());
    let request = Request::get(format!("https://www.shop.example{path}"))
        .header(header::HOST, "www.shop.example")
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-dest", "document")
        .header(header::COOKIE, format!("consentry=v1.x.{today}.{choice}"));
    let request = request.body(()).unwrap().into_parts().0;
    engine.plan(&request, Client { ip: None, secure: true })
}

fn page(engine: &Engine, choice: &str) -> String {
    let Plan::Proxy(view) = plan(engine, "/", choice) else { unreachable!() };
    let response = Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    let response = response.body(()).unwrap().into_parts().0;
    let mut out = Vec::new();
    match view.body(&response) {
        Treatment::Rewrite(mut body) => {
            body.rewriter.feed(PAGE.as_bytes(), &mut out).unwrap();
            body.rewriter.finish(&mut out).unwrap();
        }
        Treatment::Other
        | Treatment::File(_)
        | Treatment::Passing(_)
        | Treatment::Bypass
        | Treatment::Perhaps(_)
        | Treatment::Unreadable(_) => out = PAGE.into(),
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn pages_get_the_guard_first() {
    let engine = engine(Mode::Enforce);
    for (choice, letters) in [("f0a0m0", ""), ("f1a0m1", "fm"), ("f1a1m1", "fam")] {
        let page = page(&engine, choice);
        let first = page.split("<script").nth(1).unwrap();
        assert!(first.starts_with(" src=\"/_consentry/guard/"), "{page}");
        for attribute in
            [format!("data-granted=\"{letters}\""), "data-site=\"shop.example\"".into()]
        {
            assert!(first.contains(&attribute), "{attribute}: {page}");
        }
        let path = first.split('"').nth(1).unwrap();
        let Plan::Own(Own::File { served, caching }) = plan(&engine, path, choice) else {
            unreachable!()
        };
        assert!(caching.to_str().unwrap().contains("immutable"));
        assert!(served.file().content_type.starts_with("text/javascript"));
        let Plan::Respond(reply) = plan(&engine, "/_consentry/guard/state", choice) else {
            unreachable!()
        };
        assert_eq!(reply.json.unwrap(), format!("{{\"granted\":\"{letters}\",\"told\":\"\"}}"));
    }
}

#[test]
fn words_are_in_the_language_of_the_page() {
    let engine = engine(Mode::Enforce);
    for (tag, lang, once) in
        [("de-AT", "de", "Einmal laden"), ("nn", "nb", "Last én gang"), ("xx", "en", "Load once")]
    {
        let path = format!("/_consentry/guard/words/{tag}");
        let Plan::Own(Own::File { served, .. }) = plan(&engine, &path, "f0a0m0") else {
            unreachable!()
        };
        let words: serde_json::Value = serde_json::from_slice(&served.file().body).unwrap();
        assert_eq!((&words["lang"], &words["once"]), (&lang.into(), &once.into()));
        assert!(words["text"].as_str().unwrap().contains("{host}"), "{words}");
    }
}

#[test]
fn the_guard_knows_the_sites_names_behind_which_there_is_a_vendor() {
    let engine = engine(Mode::Enforce);
    let chain = |to: &str| vec![to.to_owned()];
    let aliases = [
        ("metrics.shop.example".into(), chain("shop.102.122.2o7.net")),
        ("cdn.shop.example".into(), chain("d1.cdn.example")),
        ("www.shop.example".into(), chain("x.2o7.net")),
        ("metrics.other.example".into(), chain("x.2o7.net")),
    ];
    assert!(!page(&engine, "f0a0m0").contains("data-alias"));
    engine.uncloak(&aliases.into());
    let page = page(&engine, "f0a0m0");
    assert!(page.contains(" data-alias=\"a:metrics.shop.example\""), "{page}");
}

#[test]
fn a_site_that_only_reports_has_none() {
    assert_eq!(page(&engine(Mode::Report), "f0a0m0"), PAGE);
}
