//! Each request of `tests/collect/requests` would leave as the file beside it says, and nothing of the person in it leaves.
//!
//! The requests are in the vendors' documented shapes. All of them are of one visitor, whose mail address, telephone number, IP address,
//! name and user id are wherever a page or a vendor's script might put them. `CONSENTRY_BLESS=1 cargo test --test collect` writes the
//! expected files anew; look at every difference before it is committed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod capture;
mod explain;
mod site;
mod vendors;

/// Texts of the person that may be in nothing that leaves, in lower case.
const PERSON: [&str; 8] = [
    "kari",
    "nordmann",
    "412 34 567",
    "41234567",
    "203.0.113",
    "4711",
    "9f86d081884c7d65",
    "aa86d0",
];

/// A cookie of a choice that was made today.
fn choice(purposes: &str) -> String {
    let today = consentry::consent::Day::of(std::time::SystemTime::now());
    format!("consentry=v1.p1.{today}.{purposes}")
}
