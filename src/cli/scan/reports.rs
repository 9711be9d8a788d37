//! Turns what browsers reported of pages' policies (`/reports` of the admin listener) into findings, and into the lines that end them.
//!
//! 1. A domain of nobody's is either needed or a tracker: there is a line for either.
//! 2. A vendor that the visitors allow and the policy does not name is needed by its id. A gated one needs no line: it was stopped, or
//!    would have been.
//! 3. What the configuration names already stays in the line, which is whole.

use super::work::{Loaded, Work};
use crate::config::Config;
use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::runtime::Runtime;

/// What stands for names that found no place.
const OTHER: &str = "other";
/// How many domains are listed.
const MOST: usize = 512;

#[derive(Deserialize)]
struct Reports {
    contacts: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    site: String,
    path: String,
    domain: String,
    vendor: Option<String>,
    allowed: Option<bool>,
    held: bool,
    count: u64,
}

/// What was reported of one domain.
#[derive(Debug, Default, PartialEq, Eq)]
struct Domain {
    vendor: Option<String>,
    allowed: bool,
    held: bool,
    count: u64,
    paths: BTreeSet<String>,
}

/// What was reported.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    /// By site and domain.
    domains: BTreeMap<(String, String), Domain>,
    /// What the configuration names already.
    named: Vec<String>,
    /// The ids of the catalogue's vendors; the many others are needed by their domains.
    known: BTreeSet<String>,
}

/// Reads the reports at `source`, a file or a URL.
pub(super) fn read(source: &str, runtime: &Runtime, config: &Config) -> anyhow::Result<Reported> {
    let work = super::work::of(&[source.to_owned()]);
    let work = work.first().unwrap_or(&Work::File(source.into())).clone();
    let Loaded { body, .. } = work.load(runtime)?;
    let reports: Reports = serde_json::from_slice(&body)
        .context("it holds no reports; write the URL of /reports on the admin listener, or a file that it was kept in")?;
    let known = config.vendors.iter().map(|vendor| vendor.id.clone()).collect();
    let named = config.default.csp.hosts.clone();
    Ok(Reported { named, known, ..Reported::of(reports.contacts) })
}

impl Reported {
    fn of(rows: Vec<Row>) -> Self {
        let mut domains: BTreeMap<(String, String), Domain> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.domain != OTHER) {
            let key = (row.site, row.domain);
            if domains.len() >= MOST && !domains.contains_key(&key) {
                continue;
            }
            let domain = domains.entry(key).or_default();
            domain.allowed |= row.allowed.unwrap_or_default();
            domain.held |= row.held;
            domain.vendor = row.vendor;
            domain.count = domain.count.saturating_add(row.count);
            domain.paths.insert(row.path);
        }
        Self { domains, named: Vec::new(), known: BTreeSet::new() }
    }

    /// What to write for what is needed.
    fn needed(&self) -> Vec<String> {
        let needs = |((_, name), domain): (&(String, String), &Domain)| match &domain.vendor {
            None => Some(name.clone()),
            Some(vendor) if self.known.contains(vendor) => domain.allowed.then(|| vendor.clone()),
            Some(_) => domain.allowed.then(|| name.clone()),
        };
        let mut all = self.named.clone();
        for name in self.domains.iter().filter_map(needs) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    fn config(&self) -> Option<String> {
        let needed = self.needed();
        let quoted: Vec<String> = needed.iter().map(|name| json!(name).to_string()).collect();
        (needed != self.named).then(|| format!("[gate]\ncsp_hosts = [{}]", quoted.join(", ")))
    }

    pub(super) fn json(&self) -> Value {
        let domains = self.domains.iter().map(|((site, name), domain)| {
            let Domain { vendor, allowed, held, count, paths } = domain;
            json!({
                "site": site, "domain": name, "vendor": vendor, "allowed": allowed, "held": held, "count": count, "paths": paths,
            })
        });
        json!({ "domains": domains.collect::<Vec<_>>(), "config": self.config() })
    }

    pub(super) fn text(&self) -> String {
        if self.domains.is_empty() {
            return "Browsers reported nothing.".to_owned();
        }
        let mut lines = vec!["Browsers reported that pages contact:".to_owned()];
        for ((site, name), domain) in &self.domains {
            let whose = domain.vendor.as_deref().unwrap_or("nobody known");
            let what = match (&domain.vendor, domain.allowed, domain.held) {
                (Some(_), false, true) => "stopped by the policy",
                (Some(_), false, false) => "not stopped: the policy only reports",
                (Some(_), true, _) => "allowed, and not in the policy",
                (None, _, true) => "stopped by the policy: is it needed?",
                (None, _, false) => "is it needed?",
            };
            lines.push(format!(
                "  {name} ({whose})\n           {} times on {site}, {what}",
                domain.count
            ));
            lines.extend(
                domain
                    .paths
                    .iter()
                    .take(3)
                    .map(|path| format!("           {}", super::text::short(path, 11))),
            );
        }
        lines.extend(
            self.config().map(|config| format!("\nFor what pages need, write:\n\n{config}")),
        );
        lines.extend(self.tracker().map(|vendor| format!("\nFor a tracker, write:\n\n{vendor}")));
        lines.join("\n")
    }

    /// The lines for the first domain of nobody's, were it a tracker.
    fn tracker(&self) -> Option<String> {
        let ((_, name), _) = self.domains.iter().find(|(_, domain)| domain.vendor.is_none())?;
        let id: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Some(format!(
            "[[vendor]]\nid = \"{id}\"\npurpose = \"marketing\"\nhosts = [{}]",
            json!(name)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Overrides,
        report::{Contact, Tally, Whose},
    };
    use std::path::Path;

    fn reported() -> Reported {
        let tally = Tally::default();
        for (domain, whose) in [
            ("cdn.test", Whose::Nobody),
            ("cdn.test", Whose::Nobody),
            ("hotjar.com", Whose::Vendor("hotjar".into(), false)),
            ("recaptcha.net", Whose::Vendor("recaptcha".into(), true)),
            ("tail.test", Whose::Vendor("a-company".into(), true)),
        ] {
            let (site, path) = ("s.test".into(), "/p".into());
            tally.note(Contact {
                site,
                path,
                domain: domain.into(),
                whose,
                directive: "img-src",
                held: true,
            });
        }
        let Reports { contacts } = serde_json::from_value(tally.json()).unwrap();
        let known = BTreeSet::from(["recaptcha".to_owned(), "hotjar".to_owned()]);
        Reported { named: vec!["kept.test".to_owned()], known, ..Reported::of(contacts) }
    }

    #[test]
    fn what_was_reported_has_its_lines() {
        let text = reported().text();
        let line =
            "[gate]\ncsp_hosts = [\"kept.test\", \"cdn.test\", \"recaptcha\", \"tail.test\"]";
        assert!(
            text.contains("  cdn.test (nobody known)\n           2 times on s.test, stopped"),
            "{text}"
        );
        assert!(text.contains(line) && text.contains("hotjar.com (hotjar)"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let tracker = reported().tracker().unwrap();
        for lines in [line, &tracker] {
            Config::parse(lines, "t", Path::new(""), &Overrides::default()).unwrap();
        }
        assert_eq!(reported().json()["config"], line);
        assert_eq!(Reported::default().text(), "Browsers reported nothing.");
    }
}
