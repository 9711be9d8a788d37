//! Turns one page in memory into what was found in it.

use super::{
    cmp::{self, Detected},
    effect::{self, Effect},
    work::Loaded,
};
use crate::{
    cli::{
        finding,
        visit::{self, NOWHERE, Visitor},
    },
    engine::{Engine, Treatment},
    policy::{Finding, Mode},
};
use http::{Response, response};
use serde_json::{Value, json};
use url::Url;

/// How far a page is read for what it calls itself; bytes.
const HEAD: usize = 256 << 10;

/// One finding, with what enforcement does.
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) effect: Effect,
}

/// A page that was scanned.
pub(super) struct Scanned {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) findings: Vec<Found>,
    pub(super) cmps: Vec<Detected>,
    /// What the gate does on its site.
    pub(super) mode: Mode,
    /// Why the page could not be read to its end.
    pub(super) unread: Option<String>,
    /// Why nothing was looked for.
    pub(super) note: Option<&'static str>,
}

impl Loaded {
    /// What is in the page; `base` is the URL of a page that came from a file.
    pub(super) fn scan(self, engine: &Engine, base: Option<&Url>) -> anyhow::Result<Scanned> {
        let Self { name, url, headers, body } = self;
        let own = || own_url(&body).or_else(|| Url::parse(NOWHERE).ok());
        let url = match url.or_else(|| base.cloned()).or_else(own) {
            Some(url) => url,
            None => visit::page_url(NOWHERE)?,
        };
        let mut view = visit::view(engine, &url, &Visitor::default())?;
        let mode = view.mode();
        view.enforce();
        let mut response = head()?;
        response.headers = headers;
        let treatment = view.body(&response);
        let (_, in_head) = view.head(&response, &treatment);
        let header = |finding| Found { effect: Effect::of_header(&finding), finding };
        let mut page = Scanned {
            cmps: cmp::detect(&body, &response.headers),
            findings: in_head.into_iter().map(header).collect(),
            name,
            url,
            mode,
            unread: None,
            note: None,
        };
        match treatment {
            Treatment::Other | Treatment::File(_) | Treatment::Passing(_) => {
                page.note = Some("it is no HTML")
            }
            Treatment::Bypass => {
                page.note = Some("the configuration grants everything without a choice");
            }
            Treatment::Unreadable(cause) => page.unread = Some(cause.name().to_owned()),
            Treatment::Rewrite(reading) | Treatment::Perhaps(reading) => {
                let mut rewriter = reading.rewriter;
                let mut out = Vec::new();
                let read = rewriter.feed(&body, &mut out).and_then(|()| rewriter.finish(&mut out));
                page.unread = read.err().map(|why| why.to_string());
                let found = rewriter.take_findings();
                let gated = effect::Engine { gate: view.gate(), config: &view.site().rewrite };
                let held = gated.held_back(&body, &found);
                let effect =
                    |finding| Found { effect: Effect::of(&finding, &body, &gated), finding };
                let mut all: Vec<Found> = found.into_iter().map(effect).collect();
                all.extend(
                    held.into_iter().map(|f| Found { effect: Effect::HeldBack, finding: f }),
                );
                all.sort_by_key(|found| found.finding.at);
                page.findings.extend(all);
            }
        }
        Ok(page)
    }
}

impl Scanned {
    pub(super) fn json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(Found::json).collect();
        json!({
            "page": self.name,
            "url": self.url.as_str(),
            "findings": findings,
            "cmps": self.cmps.iter().map(|cmp| cmp.name()).collect::<Vec<_>>(),
            "mode": self.mode.name(),
            "unread": self.unread,
            "note": self.note,
        })
    }
}

impl Found {
    fn json(&self) -> Value {
        let mut fields = finding::json(&self.finding);
        fields.insert("name".to_owned(), json!(self.finding.judged.vendor.name));
        fields.insert("effect".to_owned(), json!(self.effect.words()));
        Value::Object(fields)
    }
}

fn head() -> anyhow::Result<response::Parts> {
    Ok(Response::builder().body(())?.into_parts().0)
}

/// What a page calls itself: `<link rel=canonical>`, or `og:url`.
fn own_url(page: &[u8]) -> Option<Url> {
    let head = page.get(..HEAD).unwrap_or(page);
    let head = String::from_utf8_lossy(head);
    let tags = || head.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
    let named = |element: &'static str, mark: [&'static str; 2], value: &'static str| {
        tags()
            .filter(move |tag| {
                tag.get(..element.len()).is_some_and(|name| name.eq_ignore_ascii_case(element))
            })
            .filter(move |tag| {
                attribute(tag, mark[0]).is_some_and(|v| v.eq_ignore_ascii_case(mark[1]))
            })
            .filter_map(move |tag| visit::page_url(&attribute(tag, value)?).ok())
            .next()
    };
    named("link", ["rel", "canonical"], "href")
        .or_else(|| named("meta", ["property", "og:url"], "content"))
}

/// The value of an attribute in the text of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let place = lower.match_indices(name).map(|(at, _)| at).find_map(|at| {
        let before = lower.get(..at)?.chars().next_back()?;
        let value = lower.get(at + name.len()..)?.trim_start().strip_prefix('=')?;
        before.is_whitespace().then(|| lower.len() - value.trim_start().len())
    })?;
    let value = tag.get(place..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let text = match quote {
        Some(quote) => value.get(1..)?.split(quote).next()?,
        None => value.split_whitespace().next()?,
    };
    Some(htmlize::unescape_attribute(text.trim()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_it_is() {
        let own = |html: &str| own_url(html.as_bytes()).map(String::from);
        for (html, url) in [
            (r#"<LINK href='https://a.test/?x=1&amp;y' REL="canonical">"#, "https://a.test/?x=1&y"),
            ("<link rel=canonical href=https://a.test/b >", "https://a.test/b"),
            (r#"<meta property="og:url" content="https://b.test/">"#, "https://b.test/"),
            (
                r#"<meta property="og:url" content="https://b.test/"><link rel=canonical href="http://c.test">"#,
                "http://c.test/",
            ),
        ] {
            assert_eq!(own(html).as_deref(), Some(url), "{html}");
        }
        for html in ["", "<link rel=canonical href=/a>", "<link rel=icon href=https://a.test/>"] {
            assert_eq!(own(html), None, "{html}");
        }
    }
}
