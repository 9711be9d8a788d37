//! Turns a visit to the running demo in a real browser (`tests/browser/demo.mjs`) into a verdict.

#[path = "browser/mod.rs"]
mod browser;

#[test]
fn the_demo_keeps_its_promise() {
    browser::visits("demo", &[], |_, _| {});
}
