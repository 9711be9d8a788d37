//! Turns visits to consent managers that keep the choice in the browser (`tests/browser/mirrors.mjs`) into a verdict.

#[path = "browser/mod.rs"]
mod browser;

#[test]
fn what_the_browser_keeps_reaches_the_server_and_nothing_else_does() {
    browser::visits("mirrors", &["vanilla-cookieconsent", "klaro"], |_, _| {});
}
