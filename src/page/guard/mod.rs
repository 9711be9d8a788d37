//! Turns the catalogue and the settings of a site into the script that holds the decision in the browser and, when the visitor allows
//! more, brings back what was held.
//!
//! 1. One file for all visitors of a site; what differs stands in the attributes of its element: `data-granted` the letters of what is
//!    allowed, `data-cmp` the cookies of other consent managers, `data-site` the registrable domain (`data-exact` where names below it are other sites), `data-kin` hosts of the site's own
//!    company, `data-except` hosts of vendors that a TC string holds back, `data-told` the list of vendors to whom alone something is
//!    allowed, `data-alias` the site's own names behind which there is a vendor, each behind a letter and a colon, and `data-withheld`
//!    where nothing is ever opened.
//! 2. Two files: the first, which comes before everything in a page, decides and holds; the second knows what becomes of what is allowed. It is
//!    got when it is needed first, and before it is here nothing is open. Neither knows of another release's: each is named by its hash.
//! 3. The parts of the code stand in files of their own. What leaves is made of them by a minifier and kept beside them, so no build needs
//!    one; tests hold it to what it is made of.

mod rules;
mod table;
mod told;

use self::rules::Rules;
pub use self::told::told;
use super::{File, texts::Language};
use crate::catalog::{Catalog, Prefix, Scope};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The vendors that read Consent Mode.
const GOOGLE: [&str; 5] = ["ga4", "gtm", "google_ads", "floodlight", "ga_ua"];

/// The code of both files, as `tests/browser/minify.mjs` makes it of the parts beside it; what it is made of is told in the first line.
const FIRST: &str = include_str!("first.min.js");
const SECOND: &str = include_str!("second.min.js");

/// What is told Google's tags before they run, as the server tells it; where they were told before, it is an update.
const CONSENT: &str = r#"consent(g,b){var d=window.dataLayer=window.dataLayer||[];function p(){d.push(arguments)}function s(l){return g.indexOf(l)<0?"denied":"granted"}p("consent",b?"update":"default",{ad_storage:s("m"),ad_user_data:s("m"),ad_personalization:s("m"),analytics_storage:s("a"),functionality_storage:s("f"),personalization_storage:s("f"),security_storage:"granted"});if(g.indexOf("m")<0){p("set","ads_data_redaction",true);p("set","url_passthrough",false)}}"#;

/// What the operator says of the guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Whether pages get it; default no, for a library says so itself.
    pub enabled: bool,
    /// Whether what pages noted in stubs before the visitor's choice is told after it; default no.
    pub keep_queues: bool,
}

/// What a site's guard is made of.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'s> {
    /// The vendors.
    pub catalog: &'s Catalog,
    /// The site's settings.
    pub scope: &'s Scope,
    /// Where vendors are served on the site itself, if they are.
    pub prefix: Option<&'s Prefix>,
    /// The ids of the vendors that are served there; none stands for all.
    pub offered: &'s BTreeSet<String>,
    /// Whether what pages noted in stubs before the visitor's choice is told after it.
    pub keeps_queues: bool,
}

/// The two files of a site's guard.
#[derive(Clone, Debug)]
pub struct Files {
    /// What comes first in a page.
    pub first: File,
    /// What comes behind it where something is allowed, and else when it is needed.
    pub second: File,
}

/// The guard of a site, whose files are served in the folder `base`, a path that ends in a slash.
#[must_use]
pub fn files(settings: Settings<'_>, base: &str) -> Files {
    let Settings { catalog, scope, prefix, offered, keeps_queues } = settings;
    let rules = Rules { catalog, scope, prefix, offered, keeps_queues };
    let second = call(SECOND, &rules.second(), &format!("{{{}}}", setups(catalog, prefix)));
    let mut told = rules.first();
    if let Some(told) = told.as_object_mut() {
        let name = format!("{base}{}.js", second.hash);
        told.insert("s".to_owned(), json!([name, second.integrity()]));
    }
    Files { first: call(FIRST, &told, "{}"), second }
}

/// The file that calls `code`, a function behind a line on what it is made of, with `told` as JSON and with `other`.
fn call(code: &str, told: &Value, other: &str) -> File {
    let told = told.to_string().replace('\\', "\\\\").replace('\'', "\\'");
    let code = code.split_once('\n').map_or(code, |(_, code)| code).trim_end();
    File::script(format!("({code})('{told}',{other},self);\n"))
}

/// The words of a held frame in `language`, as JSON that the guard reads.
#[must_use]
pub fn words(language: Language) -> File {
    let text = |key: &str| language.texts().get(key).cloned().unwrap_or_default();
    let words = serde_json::json!({
        "lang": language.tag(),
        "dir": if language.is_rtl() { "rtl" } else { "ltr" },
        "text": text("embed_text"),
        "once": text("embed_once"),
        "always": text("embed_always"),
        "failed": text("failed"),
    });
    File { content_type: "application/json", ..File::script(words.to_string()) }
}

/// The setups of the vendors that are served, as methods that get what is granted, what was before, and where vendors are served.
fn setups(catalog: &Catalog, prefix: Option<&Prefix>) -> String {
    if prefix.is_none() {
        return String::new();
    }
    let method = |id: &str| {
        let text = catalog.setup(id)?;
        let text = text.replace("\"{base}", "\"\"+base+\"").replace("'{base}", "''+base+'");
        (!text.contains("{base}")).then(|| format!(",\"{id}\"(g,b,base){{{text}}}"))
    };
    let methods = catalog.vendors().filter_map(|vendor| method(&vendor.id));
    methods.fold(CONSENT.to_owned(), |all, method| all + &method)
}
