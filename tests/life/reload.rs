//! A configuration that is read again.

use super::program::{Load, Place, ask, origin, until};
use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

fn config(origin: SocketAddr, more: &str) -> String {
    format!(
        "header = false\n[listen]\naddress = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [records]\nstore = \"\"\n[origin]\nurl = \"http://{origin}\"\n{more}"
    )
}

#[test]
fn a_reload_changes_the_site_and_says_what_has_changed() {
    let (one, two) = (origin("one"), origin("two"));
    let place = Place::new();
    place.write(&config(one, "[collect]\nsecret = \"the first secret of ours\"\n"));
    let program = place.start();
    assert_eq!(ask(program.visitors, "GET", "/", "").unwrap(), (200, "one".to_owned()));
    place.write(&config(
        two,
        "[collect]\nsecret = \"the second secret of ours\"\n[limits]\nmax_head = \"64KiB\"\n",
    ));
    let (status, told) = program.admin("POST", "/reload");
    assert_eq!(
        (status, told),
        (
            200,
            format!(
                "collect.secret: (hidden) -> (hidden)\n\
                 limits.max_head: (none) -> \"64KiB\" (only after a restart)\n\
                 origin.url: \"http://{one}\" -> \"http://{two}\"\n"
            )
        )
    );
    assert_eq!(ask(program.visitors, "GET", "/", "").unwrap().1, "two");
    assert!(!program.said().contains("secret of ours"));
    // A signal does the same.
    place.write(&config(one, ""));
    program.signal("HUP");
    program.says(&format!("origin.url: \"http://{two}\" -> \"http://{one}\""));
    assert_eq!(ask(program.visitors, "GET", "/", "").unwrap().1, "one");
    assert_eq!(program.admin("GET", "/reload").0, 405);
    let page = ask(program.admin.unwrap(), "POST", "/reload", "Origin: http://evil.test\r\n");
    assert_eq!(page.unwrap().0, 403);
    let figures = program.admin("GET", "/metrics").1;
    assert!(figures.contains("consentry_reloads_total{outcome=\"taken\"} 2"), "{figures}");
}

#[test]
fn a_broken_file_changes_nothing_and_is_named() {
    let (one, two) = (origin("one"), origin("two"));
    let place = Place::new();
    place.write(&config(one, ""));
    let program = place.start();
    let file = place.file().display().to_string();
    let missing = place.folder.path().join("nowhere.pem");
    for (text, told) in [
        (
            config(two, "balance = \"fastest\"\nretries = \"2\"\n"),
            vec![
                format!("{file}:9:11: `balance` is `fastest`"),
                format!("{file}:10:11: `retries` is a string"),
            ],
        ),
        ("[origin".to_owned(), vec![format!("{file}:1:8: ")]),
        (config(two, "[origin.tls]\nca = \"nowhere.pem\"\n"), vec![missing.display().to_string()]),
        (config(two, "[gate]\nlists = [{ path = \"no.txt\" }]\n"), vec!["no.txt".to_owned()]),
        ("[listen]\naddress = \"127.0.0.1:0\"\n".to_owned(), vec!["which website".to_owned()]),
    ] {
        place.write(&text);
        let (status, answer) = program.admin("POST", "/reload");
        assert_eq!(status, 422, "{answer}");
        for told in told {
            assert!(answer.contains(&told), "{told:?} is not in {answer}");
            program.says(&told);
        }
        assert_eq!(ask(program.visitors, "GET", "/", "").unwrap().1, "one");
    }
    fs::remove_file(place.file()).unwrap();
    assert_eq!(program.admin("POST", "/reload").0, 422);
    program.signal("HUP");
    let refused = || program.said().matches("everything stays as it was").count();
    until(|| refused() == 7, || program.said());
    place.write(&config(two, ""));
    assert_eq!(program.admin("POST", "/reload").0, 200);
    assert_eq!(ask(program.visitors, "GET", "/", "").unwrap().1, "two");
}

/// As many reloads as fit into the time, a hundred at most, while visitors ask.
#[test]
fn a_hundred_reloads_fail_nobody() {
    let origins = [origin("one"), origin("two")];
    let place = Place::new();
    place.write(&config(origins[0], ""));
    let program = place.start();
    let load = Load::on(program.visitors);
    let start = Instant::now();
    let (mut done, mut before) = (0, None);
    while done < 100 && (done < 10 || start.elapsed() < Duration::from_secs(20)) {
        let health = if done % 3 == 0 {
            "[origin.health]\nkind = \"tcp\"\ninterval = \"50ms\"\n"
        } else {
            ""
        };
        place.write(&config(origins[done % 2], health));
        if done % 5 == 0 {
            program.signal("HUP");
        }
        assert_eq!(program.admin("POST", "/reload").0, 200);
        done += 1;
        if done == 10 {
            before = program.memory();
        }
    }
    let (asked, after) = (load.asked(), program.memory());
    assert_eq!(load.end(), Vec::<String>::new());
    assert!(asked > done, "{asked} requests in {done} reloads");
    eprintln!("{done} reloads, {asked} requests, {before:?} kB, then {after:?} kB");
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + (64 << 10), "{before} kB became {after} kB in {done} reloads");
    }
}

#[test]
fn a_request_ends_on_the_engine_that_it_began_with() {
    let (one, two) = (origin("one"), origin("two"));
    let place = Place::new();
    place.write(&config(one, ""));
    let program = place.start();
    let visitors = program.visitors;
    let slow = std::thread::spawn(move || ask(visitors, "GET", "/slow", "").unwrap());
    std::thread::sleep(Duration::from_millis(300));
    place.write(&config(two, ""));
    assert_eq!(program.admin("POST", "/reload").0, 200);
    assert_eq!(ask(visitors, "GET", "/", "").unwrap().1, "two");
    assert_eq!(slow.join().unwrap(), (200, ".".repeat(super::program::PIECES)));
}
