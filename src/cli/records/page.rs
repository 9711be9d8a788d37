//! Turns what is known of a receipt into one HTML file for a data protection officer to read, print and keep.
//!
//! 1. The file is whole: it loads nothing, and runs nothing (its own policy says so too).
//! 2. Everything from the store is escaped; it came from visitors' browsers and operators' files.

use super::{
    cookie::Finding,
    receipt::{Answer, Receipt, Shown, method, regime, verdict},
    shown, time,
};
use crate::{purpose::Purpose, record::Chained};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("receipt.css");

pub(super) fn html(receipt: &Receipt) -> String {
    let Receipt { id, made, choices, chain, cookie } = receipt;
    let answers: String = choices.iter().map(choice).collect();
    let texts: BTreeMap<&str, &Shown> =
        choices.iter().map(|shown| (&*shown.chained.record.text, shown)).collect();
    let texts: String = texts.into_values().map(text).collect();
    let state = if chain.is_ok() { "holds" } else { "broken" };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Consent record {id}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"kind\">Record of a choice about tracking</p>\n<h1>Receipt</h1>\n<p class=\"id\">{id}</p>\n</header>\n\
         {answers}{cookie}\
         <section class=\"{state}\">\n<h2>Integrity</h2>\n<p>{verdict}</p>\n<p>Each record holds the SHA-256 of itself and of the record \
         before it. <code>consentry records verify</code> checks all of them again.</p>\n</section>\n\
         {texts}\
         <footer>\n<p>Made {made} UTC from the store of records. A record holds no name, no address, no browser identification \
         and no page that was visited; only who has the receipt id, which is in a cookie on the visitor’s device, can be matched with it.</p>\n\
         </footer>\n</body>\n</html>",
        id = escape(id),
        cookie = cookie.as_ref().map(finding).unwrap_or_default(),
        verdict = escape(&verdict(chain)),
        made = time::shown(*made),
    )
}

fn finding(finding: &Finding) -> String {
    let state = if finding.is_right() { "holds" } else { "broken" };
    let words = finding
        .words()
        .iter()
        .map(|words| format!("<p>{}</p>\n", escape(words)))
        .collect::<String>();
    let same = "<p>It says what the record says.</p>\n";
    let same = if finding.differences.is_empty() { same } else { "" };
    format!("<section class=\"{state}\">\n<h2>Cookie</h2>\n{words}{same}</section>\n")
}

fn choice(shown: &Shown) -> String {
    let Shown { chained: Chained { seq, record, hash }, text: _, purposes } = shown;
    let fields = [
        ("Website", record.site.clone()),
        ("Time", format!("{} UTC, to the minute", time::shown(record.at))),
        ("Choice", method(record.method).to_owned()),
        ("Law", regime(record)),
        ("Language", record.language.clone()),
        ("Policy", record.policy.clone()),
    ];
    let proof = [
        ("Record", format!("number {seq}")),
        ("Id", record.id.clone()),
        ("Hash", hash.clone()),
        ("Text", record.text.clone()),
        ("Vendors", record.vendors.clone()),
        ("Software", record.software.clone()),
    ];
    let rows: String = purposes.iter().map(answer).collect();
    format!(
        "<section>\n<h2>What was chosen</h2>\n{}<table>\n<thead><tr><th>Purpose</th><th>Answer</th><th>For these services</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</section>\n<section>\n<h2>Proof</h2>\n{}</section>\n",
        list("fields", &fields),
        list("fields proof", &proof),
    )
}

fn text(Shown { chained, text, purposes: _ }: &Shown) -> String {
    let hash = escape(&chained.record.text);
    let body = shown::html(text.as_deref(), &chained.record.language);
    format!(
        "<section class=\"annex\">\n<h2>What was shown</h2>\n<p class=\"id\">{hash}</p>\n{body}</section>\n"
    )
}

fn answer(Answer { purpose, allowed, vendors }: &Answer) -> String {
    let (class, word) = match (allowed, vendors.is_empty()) {
        (true, _) => ("yes", "Allowed"),
        (false, false) => ("no", "Refused"),
        (false, true) => ("none", "Not asked"),
    };
    let vendors =
        if vendors.is_empty() { "none on this website".to_owned() } else { vendors.join(", ") };
    let name = match purpose {
        Purpose::Necessary => "Necessary",
        Purpose::Functional => "Functional",
        Purpose::Analytics => "Analytics",
        Purpose::Marketing => "Marketing",
    };
    format!(
        "<tr><th scope=\"row\">{name}</th><td class=\"{class}\">{word}</td><td>{}</td></tr>\n",
        escape(&vendors)
    )
}

fn list(class: &str, fields: &[(&str, String)]) -> String {
    let row = |(name, value): &(&str, String)| {
        format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value))
    };
    format!("<dl class=\"{class}\">\n{}</dl>\n", fields.iter().map(row).collect::<String>())
}

/// `text` between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && c != '\n' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
        escaped
    })
}
