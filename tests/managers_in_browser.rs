//! Turns visits to real consent managers behind the proxy, in a real browser (`tests/browser/managers.mjs`), into a verdict.

#[path = "browser/mod.rs"]
mod browser;

#[test]
fn what_a_real_manager_allows_loads_and_the_rest_sends_nothing() {
    let packages = ["vanilla-cookieconsent", "klaro", "tarteaucitronjs", "cookieconsent"];
    browser::visits("managers", &packages, |_, _| {});
}
