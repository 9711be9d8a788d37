//! Turns visits to pages with real vendors' scripts behind the proxy, in a real browser (`tests/browser/clients.mjs`), into a verdict.

#[path = "browser/mod.rs"]
mod browser;

/// The packages whose files the stub serves as the vendors' own.
const PACKAGES: [&str; 11] = [
    "posthog-js",
    "mixpanel-browser",
    "@amplitude/analytics-browser",
    "@segment/analytics-next",
    "clarity-js",
    "@snowplow/browser-tracker",
    "@plausible-analytics/tracker",
    "@adobe/alloy",
    "@datadog/browser-rum",
    "autotrack",
    "@minimal-analytics/ga4",
];

#[test]
fn real_clients_send_nothing_before_a_yes_and_name_nobody_after_it() {
    browser::visits("clients", &PACKAGES, |_, _| {});
}
