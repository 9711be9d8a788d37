//! Turns a receipt id into what its visitor chose, was shown and was asked about, as a page to print or as text.

use super::{
    ConfigFile, Opened, cells,
    cookie::{Cookie, Finding},
    page, print, say, time,
};
use crate::{
    catalog::VendorEntry,
    purpose::Purpose,
    record::{Chained, ConsentRecord, Filter, Flaw, Method, Minute, Store, StoreError, Verified},
};
use clap::ValueEnum;
use serde_json::Value;
use std::{process::ExitCode, time::SystemTime};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// How it is written.
    #[arg(long, default_value = "html")]
    format: Format,
    #[command(flatten)]
    config: ConfigFile,
}

/// Which one.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The receipt id: 32 hexadecimal digits, as the visitor's banner and cookie have it.
    #[arg(value_name = "ID")]
    receipt: Option<String>,
    /// The visitor's cookie in place of the id: whether it was signed here, and what it says other than its record.
    #[arg(long, value_name = "VALUE")]
    cookie: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A page to print, in one file.
    Html,
    /// Lines.
    Text,
}

/// Everything that is known of one receipt.
pub(super) struct Receipt {
    pub(super) id: String,
    pub(super) made: Minute,
    pub(super) choices: Vec<Shown>,
    pub(super) chain: Result<Verified, Flaw>,
    /// What is known of the cookie, where one was shown.
    pub(super) cookie: Option<Finding>,
}

/// One choice with what it names.
pub(super) struct Shown {
    pub(super) chained: Chained,
    /// What was shown; none where it is not known.
    pub(super) text: Option<String>,
    pub(super) purposes: Vec<Answer>,
}

/// What was answered for one purpose.
pub(super) struct Answer {
    pub(super) purpose: Purpose,
    pub(super) allowed: bool,
    /// The vendors, by name and id; none where the purpose was not asked about.
    pub(super) vendors: Vec<String>,
}

/// No record has the id.
#[derive(Debug, thiserror::Error)]
#[error(
    "no record has the receipt {0}; a refusal has none, and records go when they were kept for their time"
)]
struct Unknown(String);

/// The cookie is not the one that was given with its receipt.
#[derive(Debug, thiserror::Error)]
#[error("the cookie: {0}")]
struct Doubtful(String);

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let opened = Opened::of(&arguments.config).await?;
    let cookie = arguments.which.cookie.as_ref().map(|text| Cookie::read(text, &opened.config));
    let cookie = cookie.transpose()?;
    let id = cookie.as_ref().map(|cookie| cookie.receipt.clone());
    let id = id.or_else(|| arguments.which.receipt.clone()).unwrap_or_default();
    let filter = Filter { receipt: Some(id.clone()), ..Filter::default() };
    let found = opened.store.records(&filter, 0).await?;
    opened.say_waiting();
    let finding = match (&cookie, found.last()) {
        (Some(cookie), Some(last)) => Some(cookie.beside(&last.record)),
        (Some(cookie), None) => Some(cookie.alone(&opened).await?),
        (None, _) => None,
    };
    if found.is_empty() {
        finding
            .iter()
            .flat_map(Finding::words)
            .for_each(|words| say(&format!("the cookie: {words}")));
        return Err(Unknown(id.escape_debug().to_string()).into());
    }
    let mut choices = Vec::new();
    for chained in found {
        choices.push(Shown::of(chained, &opened.store, &opened.config.vendors).await?);
    }
    let made = time::minute(SystemTime::now());
    let receipt =
        Receipt { id, made, choices, chain: opened.store.verify().await?, cookie: finding };
    print(&match arguments.format {
        Format::Html => page::html(&receipt),
        Format::Text => text(&receipt),
    })?;
    match receipt.cookie.filter(|finding| !finding.is_right()) {
        Some(finding) => Err(Doubtful(finding.words().join(" ")).into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

impl Shown {
    async fn of(
        chained: Chained,
        store: &Store,
        known: &[VendorEntry],
    ) -> Result<Self, StoreError> {
        let record = &chained.record;
        let text = store.text(&record.text).await?.map(|(_, body)| body);
        let list = store.vendors(&record.vendors).await?;
        let list = list.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
        let purposes = Purpose::OPTIONAL.map(|purpose| Answer {
            purpose,
            allowed: record.purposes.contains(purpose),
            vendors: vendors(&list, purpose, known),
        });
        Ok(Self { text, purposes: purposes.into(), chained })
    }
}

/// The vendors of `purpose` in a list as the banner's: `{"vendors": {"analytics": ["ga4"]}}`.
fn vendors(list: &Value, purpose: Purpose, known: &[VendorEntry]) -> Vec<String> {
    let ids = list.get("vendors").and_then(|all| all.get(purpose.name())).and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    let name = |id: &str| match known.iter().find(|entry| entry.id == id) {
        Some(entry) if entry.name != id => format!("{} ({id})", entry.name),
        Some(_) | None => id.to_owned(),
    };
    ids.map(name).collect()
}

/// How a choice was made, for people.
pub(super) const fn method(method: Method) -> &'static str {
    match method {
        Method::AcceptAll => "Everything that was asked was allowed with one click",
        Method::RejectAll => "Everything was refused with one click",
        Method::Custom => "Each purpose was answered by itself",
        Method::Withdraw => "Something that was allowed before was taken back",
    }
}

/// The law under which it was asked, for people.
pub(super) fn regime(record: &ConsentRecord) -> String {
    match &*record.regime {
        "opt-in" => "Nothing is used until it is allowed (opt-in)".to_owned(),
        "opt-out" => "What is not refused may be used (opt-out)".to_owned(),
        "none" => "No consent is needed".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether the records are what was written, for people.
pub(super) fn verdict(chain: &Result<Verified, Flaw>) -> String {
    match chain {
        Ok(Verified { records, head, .. }) => format!(
            "The chain of all {} in the store holds, up to record {head}: none was changed, removed, added or moved.",
            cells::many(*records, "record")
        ),
        Err(flaw) => format!("The chain of records is broken: {flaw}."),
    }
}

fn text(receipt: &Receipt) -> String {
    let mut lines = vec![format!("receipt   {}", cells::printable(&receipt.id))];
    for Shown { chained: Chained { seq, record, hash }, text, purposes } in &receipt.choices {
        let field = |name: &str, value: &str| format!("{name:<9} {}", cells::printable(value));
        lines.push(String::new());
        lines.push(field("website", &record.site));
        lines.push(field("time", &format!("{} UTC", time::shown(record.at))));
        lines.push(field("choice", method(record.method)));
        for Answer { purpose, allowed, vendors } in purposes {
            let answer = match (allowed, vendors.is_empty()) {
                (true, _) => format!("allowed: {}", vendors.join(", ")),
                (false, false) => format!("refused: {}", vendors.join(", ")),
                (false, true) => "not asked: none on this website".to_owned(),
            };
            lines.push(format!("  {:<12} {}", purpose.name(), cells::printable(&answer)));
        }
        lines.push(field("law", &regime(record)));
        lines.push(field("policy", &record.policy));
        lines.push(field("language", &record.language));
        let shown = if text.is_some() { &*record.text } else { "not known" };
        lines.push(field("text", shown));
        lines.push(field("vendors", &record.vendors));
        lines.push(field("software", &record.software));
        lines.push(field("record", &format!("{seq}, {hash}")));
    }
    lines.push(String::new());
    let words = receipt.cookie.iter().flat_map(Finding::words);
    lines.extend(words.map(|words| format!("cookie    {}", cells::printable(&words))));
    lines.push(verdict(&receipt.chain));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::built_in;
    use serde_json::json;

    #[test]
    fn lists_of_vendors_may_be_anything() {
        let known = built_in();
        let list = json!({"vendors": {"analytics": ["ga4", "acme", 7], "marketing": "x"}});
        let analytics = vendors(&list, Purpose::Analytics, &known);
        assert_eq!(analytics.len(), 2);
        assert!(analytics[0].ends_with("(ga4)") && analytics[1] == "acme", "{analytics:?}");
        for list in [Value::Null, json!([1]), json!({"vendors": []}), list] {
            assert!(vendors(&list, Purpose::Marketing, &known).is_empty());
        }
    }
}
