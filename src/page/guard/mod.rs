//! Turns the catalogue and the settings of a site into the script that holds the decision in the browser and, when the visitor allows
//! more, brings back what was held.
//!
//! 1. One file for all visitors of a site; what differs stands in the attributes of its element: `data-granted` the letters of what is
//!    allowed, `data-cmp` the cookies of other consent managers, `data-site` the registrable domain (`data-exact` where names below it are other sites), `data-kin` hosts of the site's own
//!    company, `data-except` hosts of vendors that a TC string holds back, `data-alias` the site's own names behind which there is a
//!    vendor, each behind a letter and a colon, and `data-withheld` where nothing is ever opened.
//! 2. The parts of the code stand in files of their own, and leave without comments and indentation.

mod rules;
mod table;

use self::rules::Rules;
use super::{File, texts::Language};
use crate::catalog::{Catalog, Prefix, Scope};
use std::{collections::BTreeSet, fmt::Write as _};

/// The vendors that read Consent Mode.
const GOOGLE: [&str; 5] = ["ga4", "gtm", "google_ads", "floodlight", "ga_ua"];

const CODE: [&str; 8] = [
    include_str!("decide.js"),
    include_str!("net.js"),
    include_str!("dom.js"),
    include_str!("markup.js"),
    include_str!("hooks.js"),
    include_str!("revive.js"),
    include_str!("place.js"),
    include_str!("main.js"),
];

/// What the script's own element says, which a worker is told instead; `tag` is that element as markup.
const BOOT: &str = r#"if(!boot.origin){const s=document.currentScript,d=s.dataset;Object.assign(boot,{granted:"",site:location.hostname},d,{src:s.src,origin:new URL(s.src).origin});boot.tag="<script src=\""+s.src+"\""+(s.nonce?" nonce=\""+s.nonce+"\"":"")+Object.keys(d).map(k=>" data-"+k+"=\""+d[k].replace(/&/g,"&amp;").replace(/"/g,"&quot;")+"\"").join("")+"></"+"script>"}
"#;

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

/// The guard of a site.
#[must_use]
pub fn file(settings: Settings<'_>) -> File {
    let Settings { catalog, scope, prefix, offered, keeps_queues } = settings;
    let rules = Rules { catalog, scope, prefix, offered, keeps_queues }.write().to_string();
    let mut text = String::from("(function start(told,boot,self,setups){'use strict';\n");
    text.push_str(BOOT);
    text.push_str("const source=Reflect.apply(Function.prototype.toString,start,[]);\n");
    CODE.iter().for_each(|part| strip(part, &mut text));
    let rules = rules.replace('\\', "\\\\").replace('\'', "\\'");
    let _ = writeln!(text, "}})('{rules}',{{}},self,{{{}}});", setups(catalog, prefix));
    File::script(text)
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

/// Appends `code` without its comments, which have lines of their own, and without indentation.
fn strip(code: &str, out: &mut String) {
    let mut within = false;
    for line in code.lines().map(str::trim) {
        within |= line.starts_with("/**");
        if !within && !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
        within &= !line.ends_with("*/");
    }
}
