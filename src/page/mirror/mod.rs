//! Turns the site's settings of consent into the script that reads choices in the browser, and what that script tells into a cookie.
//!
//! 1. The script is a file of its own, the same for every visitor, and names no visitor.
//! 2. What it tells is JSON, `{"cmp":"klaro","purposes":["analytics"]}`, bounded and read strictly; of a manager that the site
//!    does not name nothing is taken.
//! 3. The cookie is set by the server, for browsers forget those of scripts early; the script can read it, and it holds no
//!    identifier ([`crate::consent::mirror`]).

use super::File;
use crate::{
    consent::{
        Cmp, Config, Day, conventions, mirror,
        tcf::{Purposes, Use},
    },
    purpose::{Purpose, PurposeSet},
};
use http::HeaderValue;
use serde_json::{Map, Value, json};

/// Where the script is, and where it tells what it read; the latter without a further segment.
pub const NAME: &str = "mirror";
/// The longest that is told; bytes.
pub const MAX_TOLD: usize = 1024;

const SCRIPT: &str = include_str!("mirror.js");

/// What the script told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The manager that was asked.
    pub cmp: Cmp,
    /// What the visitor allows; the rest is refused.
    pub purposes: PurposeSet,
}

/// The script of a site whose own paths begin with `prefix`; none where no manager is read in the browser.
#[must_use]
pub fn script(config: &Config, prefix: &str) -> Option<File> {
    let cmps: Map<String, Value> = config.mirrored().map(|cmp| of(cmp, config)).collect();
    let words = conventions().map(|(purpose, words)| (letter(purpose), words.collect::<Vec<_>>()));
    let words: Map<String, Value> = words.map(|(l, words)| (l.to_owned(), json!(words))).collect();
    let uses = &config.tcf_purposes;
    let site = json!({
        "path": format!("{prefix}{NAME}"),
        "cookie": mirror::PREFIX,
        "cmps": cmps,
        "words": words,
        "tcf": { "f": numbers(uses.functional), "a": numbers(uses.analytics), "m": numbers(uses.marketing) },
    });
    (!cmps.is_empty()).then(|| File::script(SCRIPT.replacen("__SITE__", &site.to_string(), 1)))
}

/// What the script needs to know of one manager.
fn of(cmp: Cmp, config: &Config) -> (String, Value) {
    let map = config.maps.get(&cmp).filter(|map| !map.is_empty());
    let map = map.map(|map| {
        let letters = map.iter().map(|(name, purpose)| (name.clone(), json!(letter(*purpose))));
        letters.collect::<Map<_, _>>()
    });
    let own = || cmp.cookies().first().copied().unwrap_or_default();
    let key = config.cookies.get(&cmp).map_or_else(own, String::as_str);
    let revision = config.revisions.get(&cmp);
    (cmp.name().to_owned(), json!({ "map": map, "key": key, "revision": revision }))
}

const fn letter(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Necessary => "n",
        Purpose::Functional => "f",
        Purpose::Analytics => "a",
        Purpose::Marketing => "m",
    }
}

fn numbers(taken: Use) -> Value {
    let list = |set: Purposes| (1..=24_u8).filter(|n| set.contains(*n)).collect::<Vec<_>>();
    json!({ "all": list(taken.all()), "one": list(taken.one_of()) })
}

impl Told {
    /// What `body` says; nothing where it is malformed, or of a manager that is not read in the browser on this site.
    #[must_use]
    pub fn read(body: &[u8], config: &Config) -> Option<Self> {
        let told: Value = serde_json::from_slice(body.get(..body.len().min(MAX_TOLD + 1))?).ok()?;
        let name = told.get("cmp")?.as_str()?;
        let cmp = config.mirrored().find(|cmp| cmp.name() == name)?;
        let purpose = |value: &Value| {
            let name = value.as_str()?;
            Purpose::OPTIONAL.into_iter().find(|purpose| purpose.name() == name)
        };
        let purposes = told.get("purposes")?.as_array()?.iter().map(purpose);
        Some(Self { cmp, purposes: purposes.collect::<Option<PurposeSet>>()? })
    }

    /// The name and the value of the cookie.
    #[must_use]
    pub fn cookie(&self, today: Day, config: &Config) -> Option<(String, String)> {
        Some((mirror::cookie(self.cmp), mirror::value(self.purposes, today, config)?))
    }

    /// The value of `Set-Cookie`.
    #[must_use]
    pub fn set_cookie(&self, today: Day, config: &Config, secure: bool) -> Option<HeaderValue> {
        let (name, value) = self.cookie(today, config)?;
        let age = u64::from(config.max_age_days) * 86_400;
        let secure = if secure { "; Secure" } else { "" };
        let line = format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{secure}");
        HeaderValue::try_from(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn config() -> Config {
        let map = [("heatmap".to_owned(), Purpose::Analytics)].into();
        Config {
            cmps: vec![Cmp::Klaro, Cmp::Usercentrics, Cmp::OneTrust],
            mirrors: vec![Cmp::Klaro, Cmp::Usercentrics, Cmp::Termly],
            maps: [(Cmp::Klaro, map)].into(),
            ..Config::default()
        }
    }

    #[test]
    fn the_script_knows_the_site_and_nothing_else() {
        let file = script(&config(), "/_consentry/").unwrap();
        let text = std::str::from_utf8(&file.body).unwrap();
        let line = text.lines().find(|line| line.contains("const SITE = ")).unwrap();
        let json = line.trim().strip_prefix("const SITE = ").unwrap().trim_end_matches(';');
        let site: Value = serde_json::from_str(json).unwrap();
        let names: Vec<_> = site["cmps"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["klaro", "usercentrics"]);
        assert_eq!(
            site["cmps"]["klaro"],
            json!({ "map": { "heatmap": "a" }, "key": "klaro", "revision": null })
        );
        assert_eq!(site["tcf"]["a"], json!({ "all": [1], "one": [8, 9] }));
        assert_eq!(script(&Config::default(), "/_consentry/"), None);
        for forbidden in ["eval(", "innerHTML", "document.write", "new Function"] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn only_what_the_site_names_is_taken() {
        let told = |text: &str| Told::read(text.as_bytes(), &config());
        let analytics = PurposeSet::EMPTY.with(Purpose::Analytics);
        let some = told(r#"{"cmp":"klaro","purposes":["analytics"]}"#).unwrap();
        assert_eq!(some, Told { cmp: Cmp::Klaro, purposes: analytics });
        let none = told(r#"{"cmp":"usercentrics","purposes":[]}"#).unwrap();
        assert_eq!(none.purposes, PurposeSet::EMPTY);
        for wrong in [
            "",
            "[]",
            r#"{"cmp":"termly","purposes":[]}"#,
            r#"{"cmp":"onetrust","purposes":[]}"#,
            r#"{"cmp":"klaro"}"#,
            r#"{"cmp":"klaro","purposes":["necessary"]}"#,
            r#"{"cmp":"klaro","purposes":[1]}"#,
            r#"{"cmp":"klaro","purposes":"analytics"}"#,
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
        let long = format!(r#"{{"cmp":"klaro","x":"{}","purposes":[]}}"#, "x".repeat(MAX_TOLD));
        assert_eq!(told(&long), None);
    }

    #[test]
    fn a_refusal_is_a_cookie_too() {
        let told = Told { cmp: Cmp::Klaro, purposes: PurposeSet::EMPTY };
        let today = Day::of(UNIX_EPOCH + Duration::from_secs(1_781_524_800));
        let line = told.set_cookie(today, &config(), true).unwrap();
        let expected = "consentry-mirror-klaro=v1.0.20260615.f0a0m0.e; Path=/; Max-Age=15552000; SameSite=Lax; Secure";
        assert_eq!(line, expected);
    }
}
